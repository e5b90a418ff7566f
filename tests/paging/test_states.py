"""Pages and attempts: legal moves, and receipts that come twice and out of order."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidTransition
from bot.paging.states import (
    ATTEMPT_ALLOWED,
    ATTEMPT_SENTENCES,
    PAGE_ALLOWED,
    PAGE_SENTENCES,
    RECEIPTS,
    AttemptState,
    PageState,
    after_receipt,
    needs_answer,
)
from bot.states import move

A, P = AttemptState, PageState


def test_every_state_has_its_sentence_and_its_moves() -> None:
    assert set(PAGE_SENTENCES) == set(PAGE_ALLOWED) == set(P)
    assert set(ATTEMPT_SENTENCES) == set(ATTEMPT_ALLOWED) == set(A)


def test_an_answer_counts_as_long_as_the_page_is_not_closed() -> None:
    assert [state for state in P if needs_answer(state)] == [P.OPEN, P.SNOOZED, P.EXHAUSTED]
    for state in P:
        if needs_answer(state):
            assert move(PAGE_ALLOWED, state, P.ACKNOWLEDGED) is P.ACKNOWLEDGED


def test_a_closed_page_stays_closed() -> None:
    for wanted in P:
        with pytest.raises(InvalidTransition):
            move(PAGE_ALLOWED, P.CLOSED, wanted)


def test_a_call_is_never_planned_again_without_being_claimed() -> None:
    with pytest.raises(InvalidTransition):
        move(ATTEMPT_ALLOWED, A.CALLING, A.PLANNED)


@pytest.mark.parametrize("order", list(permutations(RECEIPTS)))
def test_receipts_in_any_order_and_twice_end_in_the_furthest(order: tuple[AttemptState, ...]) -> None:
    state = A.CALLING
    for receipt in order + order:
        state = after_receipt(state, receipt)
    assert state is A.ANSWERED


RANK = {state: rank for rank, state in enumerate(RECEIPTS)}


@given(st.sampled_from(A), st.sampled_from([*RECEIPTS, A.FAILED]))
def test_a_late_receipt_never_moves_an_attempt_back(current: AttemptState, receipt: AttemptState) -> None:
    after = after_receipt(current, receipt)
    if current in RANK and after in RANK:
        assert RANK[after] >= RANK[current]
    if current in {A.SUPPRESSED, A.ANSWERED, A.PLANNED}:
        assert after is current


def test_a_delivery_after_a_reported_failure_counts() -> None:
    assert after_receipt(A.FAILED, A.DELIVERED) is A.DELIVERED
    assert after_receipt(A.DELIVERED, A.FAILED) is A.DELIVERED
