"""What an item and its issue take over from each other: each change once, the later of two, and then there is peace."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.trackers.agreement import Shared, agree, labels_of, relabelled, taking, title_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAME = Shared("add alarm", False, "kim")
SIDES = st.builds(Shared, st.sampled_from(["add alarm", "add two alarms", "drop it"]), st.booleans(), st.sampled_from(["", "kim", "bo"]))
MOMENTS = st.integers(0, 10).map(lambda seconds: NOON + timedelta(seconds=seconds))


def test_what_one_side_changed_the_other_takes() -> None:
    there = Shared("add two alarms", True, "kim")
    taken = agree(SAME, SAME, there, SAME, NOON, NOON)
    assert (taken.take, taken.send, taken.disputes) == ({"title": "add two alarms", "is_done": True}, {}, ())
    sent = agree(there, SAME, SAME, SAME, NOON, NOON)
    assert (sent.take, sent.send, sent.disputes) == ({}, {"title": "add two alarms", "is_done": True}, ())


def test_both_may_change_different_things() -> None:
    found = agree(Shared("add alarm", True, "kim"), SAME, Shared("add alarm", False, "bo"), SAME, NOON, NOON)
    assert (found.take, found.send, found.disputes) == ({"assignee": "bo"}, {"is_done": True}, ())


@pytest.mark.parametrize(("seconds", "is_ours"), [(-60, False), (0, False), (1, True), (60, True)])
def test_of_two_changes_of_the_same_thing_the_later_one_counts(seconds: int, is_ours: bool) -> None:
    ours, theirs = Shared("ours", False, "kim"), Shared("theirs", False, "kim")
    found = agree(ours, SAME, theirs, SAME, NOON + timedelta(seconds=seconds), NOON)
    assert found.send == ({"title": "ours"} if is_ours else {})
    assert found.take == ({} if is_ours else {"title": "theirs"})
    [dispute] = found.disputes
    assert (dispute.field, dispute.ours, dispute.theirs, dispute.is_ours) == ("title", "ours", "theirs", is_ours)


def test_the_same_change_on_both_sides_is_none_to_speak_of() -> None:
    both = Shared("add alarm", True, "kim")
    found = agree(both, SAME, both, SAME, NOON, NOON)
    assert (found.take, found.send, found.disputes) == ({}, {}, ())


def test_a_side_that_answers_in_other_words_has_changed_nothing() -> None:
    seen = Shared("add ala…", False, "")
    found = agree(SAME, SAME, seen, seen, NOON, NOON)
    assert (found.take, found.send) == ({}, {})


@given(SIDES, SIDES, SIDES, MOMENTS, MOMENTS)
def test_after_they_agreed_both_say_the_same_and_nothing_is_left_to_do(
    before: Shared, ours: Shared, theirs: Shared, ours_at: datetime, theirs_at: datetime
) -> None:
    found = agree(ours, before, theirs, before, ours_at, theirs_at)
    ours, theirs = taking(ours, found.take), taking(theirs, found.send)
    assert ours == theirs
    again = agree(ours, ours, theirs, theirs, ours_at, theirs_at)
    assert not again.take and not again.send and not again.disputes, "no ping-pong"


def test_a_title_is_one_line_and_no_longer_than_github_takes() -> None:
    assert title_of("two\nlines  of words") == "two lines of words"
    assert len(title_of("x" * 1000)) == 256 and title_of("x" * 1000).endswith("…")


def test_only_our_labels_are_changed() -> None:
    before, ours = labels_of(1, None, None), labels_of(1, "p1", "detect")
    assert ours == ("sev1", "p1", "detect")
    assert relabelled(("good first issue", "sev1"), before, ours) == ("good first issue", "sev1", "p1", "detect")
    assert relabelled(("good first issue", "p1", "sev1"), ours, before) == ("good first issue", "sev1")
    assert relabelled(("sev1",), before, before) is None
