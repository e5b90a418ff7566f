"""Primary and secondary: by a rotation of its own, or whoever comes next."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.oncall.rotation import Override, Rotation
from bot.oncall.schedule import Role, Schedule, holder

START = datetime.fromisoformat("2026-03-02T09:00")  # a wall time
PRIMARY = Rotation("payments", "UTC", START, ("ana", "bo", "kim"))
DURING_ANAS = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
ALL_WEEK = (datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 3, 9, 9, 0, tzinfo=UTC))


def test_the_secondary_has_a_rotation_of_its_own() -> None:
    schedule = Schedule(PRIMARY, Rotation("backup", "UTC", START, ("lee",)))
    assert holder(schedule, Role.PRIMARY, DURING_ANAS).person == "ana"
    assert holder(schedule, Role.SECONDARY, DURING_ANAS).person == "lee"


def test_without_one_it_is_who_has_the_next_turn() -> None:
    found = holder(Schedule(PRIMARY), Role.SECONDARY, DURING_ANAS)
    assert (found.person, found.why) == ("bo", "next turn in payments")


def test_it_is_never_the_primary_again() -> None:
    stand_in = Override(*ALL_WEEK, "bo")
    assert holder(Schedule(PRIMARY), Role.SECONDARY, DURING_ANAS, primary=[stand_in]).person == "kim"
    alone = Schedule(Rotation("solo", "UTC", START, ("ana",)))
    assert holder(alone, Role.SECONDARY, DURING_ANAS).person is None


def test_the_secondary_can_be_overridden_too() -> None:
    stand_in = Override(*ALL_WEEK, "lee")
    assert holder(Schedule(PRIMARY), Role.SECONDARY, DURING_ANAS, secondary=[stand_in]).person == "lee"
    assert holder(Schedule(PRIMARY), Role.PRIMARY, DURING_ANAS, secondary=[stand_in]).person == "ana"


def test_before_the_start_there_is_no_secondary() -> None:
    assert holder(Schedule(PRIMARY), Role.SECONDARY, datetime(2026, 3, 1, tzinfo=UTC)).person is None


@given(st.lists(st.sampled_from(["ana", "bo", "kim", "lee", None]), min_size=1, max_size=6), st.integers(0, 5000))
def test_primary_and_secondary_are_always_two_people(people: list[str | None], hours: int) -> None:
    schedule = Schedule(Rotation("any", "Europe/Berlin", START, tuple(people)))
    moment = datetime.fromtimestamp(DURING_ANAS.timestamp() + hours * 3600, UTC)
    first, second = (holder(schedule, role, moment).person for role in (Role.PRIMARY, Role.SECONDARY))
    assert second is None or first != second
    if len({person for person in people if person}) >= 2:
        assert second is not None
