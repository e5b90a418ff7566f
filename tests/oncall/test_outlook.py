"""Which gaps are news: each is told once, and once more when it is filled, however time goes by."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.oncall.outlook import AHEAD, FARTHEST, News, Outlook, Time, news, remembered, without

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = "Europe/Berlin"


def between(first: float, last: float) -> Time:
    """A time in hours from Monday, 09:00."""
    return MONDAY + first * HOUR, MONDAY + last * HOUR


class Team:
    """Looks ahead at a plan of gaps, and keeps what it knows."""

    def __init__(self, *gaps: Time) -> None:
        self.gaps = list(gaps)
        self.known = Outlook()

    def look(self, now: datetime) -> News:
        until = now + AHEAD
        found = [(max(start, now), min(end, now + FARTHEST)) for start, end in self.gaps if start < until and end > now]
        new = news(self.known, found, now, ZONE)
        self.known = remembered(self.known, found, now, until)
        return new


def looks(team: Team, days: int, start: datetime = MONDAY) -> list[News]:
    """What is new on each of so many days."""
    return [new for day in range(days) if (new := team.look(start + day * DAY)) != News((), ())]


def test_a_gap_is_told_once_while_it_comes_and_passes() -> None:
    gap = between(100, 110)
    assert looks(Team(gap), 30) == [News((gap,), ())]


def test_a_gap_is_told_when_it_comes_into_sight() -> None:
    gap = between(20 * 24, 20 * 24 + 5)
    assert Team(gap).look(MONDAY) == News((), ())
    [new] = looks(Team(gap), 30)
    assert new.opened == (gap,)


def test_one_that_has_no_end_in_sight_is_told_once_not_each_day() -> None:
    endless = between(30, 24 * 365)
    assert looks(Team(endless), 60) == [News(((endless[0], MONDAY + FARTHEST),), ())]
    assert len(looks(Team(between(24 * 16, 24 * 365)), 60)) == 1


def test_nights_without_anybody_are_told_once_also_when_clocks_change() -> None:
    nights = [between(24 * day + 10 - (day >= 27), 24 * day + 22 - (day >= 26)) for day in range(70)]  # 20:00 to 08:00 in Berlin
    [new] = looks(Team(*nights), 60)
    assert len(new.opened) == 14


def test_what_is_filled_is_told_once_and_told_anew_when_it_opens_again() -> None:
    gap = between(100, 110)
    team = Team(gap)
    team.look(MONDAY)
    team.gaps = [between(104, 110)]
    assert team.look(MONDAY + HOUR) == News((), (between(100, 104),))
    team.gaps = []
    assert team.look(MONDAY + 2 * HOUR) == News((), (between(104, 110),))
    assert team.look(MONDAY + 3 * HOUR) == News((), ())
    team.gaps = [gap]
    assert team.look(MONDAY + 4 * HOUR) == News((gap,), ())


def test_a_night_that_somebody_gives_back_is_told_although_all_nights_are_gaps() -> None:
    nights = [between(24 * day + 10, 24 * day + 22) for day in range(40)]
    team = Team(*nights)
    looks(team, 9)
    tonight = team.gaps.pop(11)
    assert team.look(MONDAY + 9 * DAY) == News((), (tonight,))
    team.gaps = nights
    assert team.look(MONDAY + 10 * DAY) == News((tonight,), ())


def test_one_that_grows_tells_only_what_is_added() -> None:
    team = Team(between(100, 110))
    team.look(MONDAY)
    team.gaps = [between(100, 120)]
    assert team.look(MONDAY + HOUR) == News((between(110, 120),), ())


hours = st.integers(0, 40 * 24)
times = st.lists(st.tuples(hours, st.integers(1, 100)).map(lambda pair: between(pair[0], pair[0] + pair[1])), max_size=6)


@given(st.lists(times, min_size=1, max_size=5), st.integers(1, 200))
def test_at_every_moment_what_was_told_is_what_is_open(plans: list[list[Time]], step: int) -> None:
    """Told and not taken back, together with what a week or a continuation explains, is exactly the gaps in sight."""
    team, now = Team(), MONDAY
    for plan in plans:
        team.gaps = without(plan, [])
        before = team.known
        new = team.look(now)
        in_sight = [(max(start, now), end) for start, end in team.gaps if start < now + AHEAD and end > now]
        assert without(new.opened, in_sight) == [], "nothing is told that is not so"
        assert without(new.closed, before.gaps) == [], "nothing is taken back that was not known"
        seen = [(now, min(before.until, now + AHEAD))] if before.until and before.until > now else []
        unsaid = without(without(in_sight, before.gaps), new.opened)
        assert without(unsaid, without(unsaid, seen)) == [], "what opens within what was in sight is always told"
        assert team.look(now) == News((), ()), "the same again is no news"
        now += step * HOUR


@given(times, times)
def test_taking_away_leaves_exactly_the_rest(some: list[Time], others: list[Time]) -> None:
    left = without(some, others)
    assert without(left, some) == [] and without(left, others) == left
    for hour in range(0, 45 * 24, 7):
        at = MONDAY + hour * HOUR
        inside = [any(start <= at < end for start, end in each) for each in (some, others, left)]
        assert inside[2] == (inside[0] and not inside[1])
