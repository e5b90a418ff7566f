"""Whose approval counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.postmortems.approval import lacks

PEOPLE = st.frozensets(st.sampled_from(["ana", "bo", "kim", "lee"]))


@pytest.mark.parametrize(
    ("approvers", "owner", "authors", "needed", "left"),
    [
        ((), "kim", (), 1, 1),
        (("ana",), "kim", (), 1, 0),
        (("ana",), "kim", (), 2, 1),
        (("ana", "bo"), "kim", ("ana",), 2, 0),
        (("kim",), "kim", (), 1, 1),  # the owner's own
        (("ana",), "kim", ("ana",), 1, 1),  # who wrote it, alone
        (("ana", "bo"), "kim", ("ana", "bo"), 2, 1),
        (("ana",), None, (), 1, 0),
    ],
)
def test_how_many_are_still_wanted(approvers: tuple[str, ...], owner: str | None, authors: tuple[str, ...], needed: int, left: int) -> None:
    assert lacks(approvers, owner, authors, needed) == left


@given(PEOPLE, st.sampled_from(["ana", "kim", None]), PEOPLE, st.integers(1, 3))
def test_nothing_is_approved_by_its_owner_and_its_authors_alone(
    approvers: frozenset[str], owner: str | None, authors: frozenset[str], needed: int
) -> None:
    left = lacks(approvers, owner, authors, needed)
    assert 0 <= left <= needed
    if left == 0:
        assert len(approvers - {owner}) >= needed and approvers - {owner} - authors
