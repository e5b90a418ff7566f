"""The life of a postmortem."""

import pytest

from bot.errors import InvalidTransition
from bot.postmortems.states import ALLOWED, SENTENCES, PostmortemState, takes_new_facts
from bot.states import move

S = PostmortemState


def test_every_state_has_its_sentence_and_moves() -> None:
    assert set(SENTENCES) == set(ALLOWED) == set(S)


@pytest.mark.parametrize(
    "path",
    [
        (S.DRAFT, S.IN_REVIEW, S.APPROVED, S.PUBLISHED, S.DRAFT),
        (S.DRAFT, S.IN_REVIEW, S.DRAFT),
        (S.DRAFT, S.IN_REVIEW, S.APPROVED, S.IN_REVIEW),
    ],
)
def test_the_roads_of_a_postmortem(path: tuple[PostmortemState, ...]) -> None:
    state = path[0]
    for wanted in path[1:]:
        state = move(ALLOWED, state, wanted)
    assert state is path[-1]


def test_nothing_is_published_that_nobody_approved() -> None:
    assert [state for state in S if S.PUBLISHED in ALLOWED[state]] == [S.APPROVED]
    with pytest.raises(InvalidTransition):
        move(ALLOWED, S.DRAFT, S.APPROVED)


def test_only_a_draft_takes_new_facts() -> None:
    assert [state for state in S if takes_new_facts(state)] == [S.DRAFT]
