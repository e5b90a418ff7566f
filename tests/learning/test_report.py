"""The report as one value: what is counted, compared, named and left unnamed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incidents.lifecycle import Durations
from bot.incidents.likeness import Told
from bot.learning import charts, wording
from bot.learning.due import is_due
from bot.learning.estimates import Change
from bot.learning.recurring import groups
from bot.learning.report import AlertQuality, Item, Material, Past, Report, Review, report
from bot.oncall.fairness import quarter

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 10, 20, tzinfo=UTC)
THIS, BEFORE = quarter("2026q3", NOW, BERLIN.key), quarter("2026q2", NOW, BERLIN.key)
END, DAY, MINUTE = THIS.end, timedelta(days=1), timedelta(minutes=1)


def past(number: int, at: datetime, **more: object) -> Past:
    wanted: dict[str, object] = {"title": f"thing {number} broke", "severity": 2, "durations": Durations(), **more}
    return Past(number=number, declared_at=at, **wanted)  # type: ignore[arg-type]


def drawn(*incidents: Past, until: datetime = END, **more: object) -> Report:
    return report("Acme", None, THIS, BEFORE, until, BERLIN, Material(incidents, **more))  # type: ignore[arg-type]


def test_quarters_and_months_are_the_companys_own() -> None:
    first_of_july = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)  # half past midnight in Berlin
    found = drawn(past(1, first_of_july), past(2, first_of_july - timedelta(hours=1)), past(3, END - MINUTE), past(4, END))
    assert (found.total.now, found.total.before) == (2, 1)
    assert [(month.first, sum(month.counts)) for month in found.months] == [
        (date(2026, 4, 1), 0), (date(2026, 5, 1), 0), (date(2026, 6, 1), 1),
        (date(2026, 7, 1), 1), (date(2026, 8, 1), 0), (date(2026, 9, 1), 1),
    ]  # fmt: skip


def test_a_private_incident_is_counted_and_nothing_of_it_is_told() -> None:
    at = THIS.start + DAY
    secret = past(7, at, title="acme takeover leaked", is_private=True, tags=("takeover", "security", "deploy"), severity=1)
    also = past(8, at, title="acme takeover leaked again", is_private=True)
    shared = past(9, at, title="acme takeover page is slow", tags=("deploy",))
    found = drawn(secret, also, shared, vocabulary=("security",))
    assert (found.total.now, found.private, found.severities[0].now, found.tagged) == (3, 2, 1, 2)
    assert {bar.name: bar.now for bar in found.causes} == {"deploy": 2, "security": 1}, "its own word is nobody else's"
    assert found.alike == ()
    assert "leaked" not in repr(found) and "takeover" not in repr(found)


def test_what_is_most_often_is_named_and_the_rest_is_one_line() -> None:
    at = THIS.start + DAY
    incidents = [past(n, at, service=f"s{min(n, 11):02}") for n in range(1, 15)]
    found = drawn(*incidents, past(20, BEFORE.start, service="s11"))
    assert [(bar.name, bar.now, bar.before) for bar in found.services][:2] == [("s11", 4, 1), ("s01", 1, 0)]
    assert (found.services[-1].name, found.services[-1].now) == ("3 others", 3)
    assert sum(bar.now for bar in found.services) == found.total.now == 14


def test_a_trend_is_claimed_of_six_and_more_and_never_of_fewer() -> None:
    def of(count: int, minutes: int, start: datetime, first: int) -> list[Past]:
        took = [Durations(mttr=(minutes + n) * MINUTE) for n in range(count)]
        return [past(first + n, start + DAY, durations=one) for n, one in enumerate(took)]

    def resolving(*incidents: Past) -> tuple[Change, str]:
        [found] = [one for one in drawn(*incidents).times if one.name == "Time to resolve"]
        return found.change, wording.change_text(found)

    assert resolving(*of(6, 10, THIS.start, 1), *of(6, 100, BEFORE.start, 50)) == (
        Change.SHORTER, "Shorter than the quarter before (1 h 42 min).",
    )  # fmt: skip
    assert resolving(*of(5, 10, THIS.start, 1), *of(60, 100, BEFORE.start, 50))[0] is Change.FEW
    said = resolving(*of(6, 10, THIS.start, 1), *of(1, 100, BEFORE.start, 50))[1]
    assert said == "The quarter before: 1 h 40 min of 1; too few to compare."
    urgent, leisurely = of(6, 10, THIS.start, 1), [replace(one, severity=4) for one in of(6, 9999, THIS.start, 30)]
    [found] = [one for one in drawn(*urgent, *leisurely).times if one.name == "Time to resolve"]
    assert found.now.n == 6, "what wakes nobody waits for days, and is no measure of how fast people are"
    assert found.months[3][1] == found.now and found.months[0][1].n == 0


def test_action_items_are_as_they_stood_when_the_quarter_ended() -> None:
    made = THIS.start + 10 * DAY
    due = (made + 7 * DAY).date()
    items = (
        Item(made, made + 2 * DAY, due), Item(made, made + 9 * DAY, due), Item(made, END + DAY, due), Item(made, None, None),
        Item(BEFORE.start + DAY, None, date(2026, 12, 1)), Item(END + DAY),
    )  # fmt: skip
    found = drawn(items=items).items
    assert (found.counted.in_time, found.counted.late, found.counted.open, found.counted.overdue) == (1, 1, 2, 1)
    assert (found.open, found.overdue, found.lives, found.half_life) == (3, 1, 5, None)
    assert wording.items_text(drawn(items=items)) == (
        "Action items due: 2 of 4 done (50 %): 1 in time, 1 late; 2 open, 1 of them overdue. "
        "Of all, fewer than half of the recent ones are done; 3 open now."
    )


def test_reviews_are_in_time_until_the_end_of_their_day() -> None:
    over = THIS.start + 10 * DAY
    day = (over + 5 * DAY).astimezone(BERLIN).date()
    late_evening = datetime(day.year, day.month, day.day, 23, 30, tzinfo=BERLIN)
    reviews = [
        Review(over, day, late_evening), Review(over, day, late_evening + timedelta(hours=1)), Review(over, day),
        Review(over, None, over + DAY),
        Review(over, day, END + DAY), Review(over, date(2027, 1, 1)),
    ]  # fmt: skip
    found = drawn(*(past(n, THIS.start + DAY, review=one) for n, one in enumerate(reviews, start=1)), past(30, over)).reviews
    assert (found.over, found.published, found.in_time, found.had_a_day, found.overdue, found.took.n) == (6, 3, 1, 4, 2, 3)


def test_an_empty_quarter_says_so_and_nothing_else() -> None:
    found = drawn()
    assert wording.headlines(found) == ("No incident, and none in the quarter before.",)
    assert charts.stacks(found)[0].says == "Apr: none" and all(not stack.parts for stack in charts.stacks(found))
    assert charts.pairs(found.causes) == [] and charts.marks(found.times[0], THIS.start.date())[0].value == "–"


def test_sentences_are_in_the_singular_where_there_is_one() -> None:
    one = past(1, THIS.start + DAY, is_open=True, is_private=True, severity=1)
    assert wording.headlines(drawn(one))[0] == (
        "1 incident (1 SEV1), 1 more than the quarter before. 1 of them is private. 1 is not over yet."
    )
    running = drawn(one, past(2, BEFORE.start), until=THIS.start + 5 * DAY)
    assert wording.headlines(running)[0].startswith("1 incident so far (1 SEV1), 1 in all of the quarter before.")
    assert wording.alerts_text(AlertQuality(fired=200, acted_on=199, noise=1)) == (
        "Alerts: 199 of 200 (99 %) firings were acted on; 1 % needed nobody."
    )


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=95.5), "1 min 36 s"), (timedelta(minutes=47, seconds=40), "48 min"),
        (timedelta(hours=2, minutes=5), "2 h 05 min"),
        (timedelta(days=2, hours=1), "2 d 1 h 00 min"), (timedelta(days=11, hours=15), "12 d"),
    ],
)  # fmt: skip
def test_a_duration_is_no_more_exact_than_its_size_allows(span: timedelta, said: str) -> None:
    assert wording.rough(span) == said


def test_incidents_are_alike_by_rare_words_and_not_by_what_all_say() -> None:
    titles = [
        "redis failover hangs", "redis failover hung in eu", "checkout is slow", "checkout: search hangs", "search index is old",
        "checkout cards declined", "redis", "CHECKOUT is down",
    ]  # fmt: skip
    told = [Told(n, title, None) for n, title in enumerate(titles, start=1)]
    assert [(group.numbers, group.words) for group in groups(told)] == [((3, 8), ("checkout",)), ((1, 2), ("failover", "redis"))]
    assert groups(told[:1]) == groups([]) == ()


TITLES = st.lists(st.lists(st.sampled_from(["redis", "disk", "full", "eu", "slow", "card"]), min_size=1, max_size=4), max_size=12)


@given(TITLES, st.randoms(use_true_random=False))
def test_nobody_is_in_two_groups_and_the_order_of_telling_changes_nothing(titles: list[list[str]], random: st.DataObject) -> None:
    told = [Told(n, " ".join(title), None) for n, title in enumerate(titles, start=1)]
    found = groups(told)
    grouped = [number for group in found for number in group.numbers]
    assert len(grouped) == len(set(grouped)) and all(len(group.numbers) >= 2 for group in found)
    random.shuffle(told)  # type: ignore[attr-defined]
    assert groups(told) == found


@given(
    st.lists(st.tuples(st.integers(0, 250), st.integers(1, 4), st.booleans(), st.sets(st.sampled_from("abc"))), max_size=25), st.randoms()
)
def test_the_sums_agree_whatever_the_order(rows: list[tuple[int, int, bool, set[str]]], random: st.DataObject) -> None:
    incidents = [
        past(n, BEFORE.start + day * DAY, severity=severity, is_private=hidden, tags=tuple(sorted(tags)), service=min(tags, default=None))
        for n, (day, severity, hidden, tags) in enumerate(rows, start=1)
    ]
    found = drawn(*incidents, vocabulary=("a",))
    assert sum(bar.now for bar in found.severities) == found.total.now == sum(bar.now for bar in found.services)
    assert sum(sum(month.counts) for month in found.months) == found.total.now + found.total.before
    assert all(part.start >= 0 and part.start + part.width <= 100.05 for stack in charts.stacks(found) for part in stack.parts)
    random.shuffle(incidents)  # type: ignore[attr-defined]
    assert drawn(*incidents, vocabulary=("a",)) == found


def test_the_report_is_due_on_the_first_working_day_in_the_morning() -> None:
    began = quarter("2026q3", NOW, "Europe/Berlin").end  # a Thursday
    hours = timedelta(hours=1)
    assert [is_due(began + n * hours, began, BERLIN, 9) for n in (8, 9, 50, 24 * 7 - 1, 24 * 7)] == [False, True, True, True, False]
    sunday = datetime(2028, 9, 30, 22, tzinfo=UTC)
    assert sunday.astimezone(BERLIN).weekday() == 6
    saturday = datetime(2028, 6, 30, 22, tzinfo=UTC)
    assert not is_due(saturday + 33 * hours, saturday, BERLIN, 9) and is_due(saturday + 57 * hours, saturday, BERLIN, 9)
    assert not is_due(sunday + 20 * hours, sunday, BERLIN, 9) and is_due(sunday + 33 * hours, sunday, BERLIN, 9)
