"""What differs between two versions is shown, and nothing of either is left out."""

from datetime import UTC, datetime, timedelta

from hypothesis import given

from bot.postmortems.differences import Change, differences
from bot.postmortems.history import Version, told
from bot.postmortems.merging import blocks, tidy
from bot.postmortems.states import VersionKind
from tests.postmortems.test_merging import DOCUMENTS

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@given(DOCUMENTS, DOCUMENTS)
def test_both_versions_can_be_read_from_what_differs(before: str, after: str) -> None:
    found = differences(before, after)
    assert [one.before for one in found if one.before] == [one.text for one in blocks(before)]
    assert [one.after for one in found if one.after] == [one.text for one in blocks(after)]
    assert all(one.is_same for one in differences(before, before))


def test_in_a_changed_sentence_the_changed_words_are_told() -> None:
    (title, changed, added) = differences(
        tidy("# A\n\nThe cache was flushed at nine."), tidy("# A\n\nThe cache was emptied at nine.\n\nNew.")
    )
    assert title.is_same
    assert [(one.change, one.text) for one in changed.pieces] == [
        (Change.SAME, "The cache was "),
        (Change.REMOVED, "flushed"),
        (Change.ADDED, "emptied"),
        (Change.SAME, " at nine."),
    ]
    assert (added.before, added.after) == ("", "New.")


def version(number: int, kind: VersionKind, author: str, minutes: int, why: str = "") -> Version:
    return Version(number, kind, author, NOW + timedelta(minutes=minutes), why)


def test_what_one_person_saves_in_one_sitting_is_one_line_of_the_history() -> None:
    edited = VersionKind.EDITED
    lines = told(
        [
            version(1, VersionKind.ASSEMBLED, "tocsin", 0),
            *(version(number, edited, "kim", number) for number in (2, 3, 4)),
            version(5, edited, "ana", 5),
            version(6, edited, "kim", 6),
            version(7, edited, "kim", 60),
            version(8, VersionKind.RESTORED, "kim", 61, "as it was in version 5"),
        ]
    )
    assert [(one.number, one.before, one.author) for one in lines] == [
        (1, None, "tocsin"),
        (4, 1, "kim"),
        (5, 4, "ana"),
        (6, 5, "kim"),
        (7, 6, "kim"),
        (8, 7, "kim"),
    ]
    assert lines[-1].what == "brought back, as it was in version 5"
