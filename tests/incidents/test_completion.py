"""How many action items were done, and how many in time."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.incidents.completion import Owed, Tally, said, tally

TODAY = date(2026, 6, 30)
SINCE = TODAY - timedelta(days=90)
MADE = date(2026, 5, 1)
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
OWED = st.builds(Owed, DAYS, st.none() | DAYS, st.none() | DAYS)


def test_items_count_by_their_day_and_are_done_in_time_on_it() -> None:
    items = [
        Owed(MADE, due_on=date(2026, 5, 8), done_on=date(2026, 5, 8)),
        Owed(MADE, due_on=date(2026, 5, 8), done_on=date(2026, 5, 9)),
        Owed(MADE, done_on=date(2026, 5, 9)),
        Owed(MADE, due_on=date(2026, 6, 29)),
        Owed(MADE, due_on=TODAY),
        Owed(MADE, due_on=date(2026, 7, 1)),
        Owed(date(2026, 1, 1)),
    ]
    found = tally(items, SINCE, TODAY)
    assert found == Tally(in_time=1, late=1, undated=1, open=2, overdue=1), (
        "what is due tomorrow, or was made before the span, does not count"
    )
    assert said(found) == "3 of 5 done (60 %): 1 in time, 1 late, 1 without a day; 2 open, 1 of them overdue"


def test_of_nothing_there_is_no_rate() -> None:
    assert tally([], SINCE, TODAY).rate is None
    assert said(Tally()) == "none"
    assert said(Tally(in_time=2)) == "2 of 2 done (100 %): 2 in time"


@given(st.lists(OWED, max_size=20), st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_each_item_counts_once_and_finishing_one_never_lowers_the_rate(items: list[Owed], until: date) -> None:
    found = tally(items, date(2026, 1, 1), until)
    assert found.all <= len(items) and 0 <= found.overdue <= found.open
    better = tally([Owed(one.made_on, one.due_on, one.done_on or until) for one in items], date(2026, 1, 1), until)
    assert better.all == found.all and better.open == 0 and better.done >= found.done
