"""When a notice for customers is drafted, and when a draft is not true any more."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incidents.drafts import ALLOWED, SENTENCES, Notice, NoticeKind, NoticeState, is_stale, wanted

PROBLEM, OVER = NoticeKind
DRAFT, APPROVED, DISCARDED, WITHDRAWN = NoticeState


@pytest.mark.parametrize(
    ("notices", "concerns", "is_over", "draft"),
    [
        ([], True, False, PROBLEM),
        ([], False, False, None),
        ([], False, True, None),
        ([(PROBLEM, DRAFT)], True, False, None),
        ([(PROBLEM, DISCARDED)], True, False, None),
        ([(PROBLEM, WITHDRAWN)], True, False, PROBLEM),
        ([(PROBLEM, APPROVED)], False, True, OVER),
        ([(PROBLEM, DISCARDED)], False, True, None),
        ([(PROBLEM, APPROVED), (OVER, DISCARDED)], False, True, None),
        ([(PROBLEM, APPROVED), (OVER, WITHDRAWN)], False, True, OVER),
    ],
)
def test_a_draft_of_the_problem_once_and_of_its_end_where_customers_were_told(
    notices: list[tuple[NoticeKind, NoticeState]], concerns: bool, is_over: bool, draft: NoticeKind | None
) -> None:
    assert wanted([Notice(*one) for one in notices], concerns_customers=concerns, is_over=is_over) is draft


def test_a_draft_that_is_no_longer_so_is_withdrawn_and_nothing_decided_is() -> None:
    assert is_stale(Notice(PROBLEM, DRAFT), concerns_customers=False, is_over=False)
    assert is_stale(Notice(PROBLEM, DRAFT), concerns_customers=True, is_over=True)
    assert is_stale(Notice(OVER, DRAFT), concerns_customers=True, is_over=False)
    assert not is_stale(Notice(OVER, DRAFT), concerns_customers=False, is_over=True)
    assert not is_stale(Notice(PROBLEM, APPROVED), concerns_customers=False, is_over=True)


def test_every_state_has_a_sentence_and_what_is_decided_stays() -> None:
    assert set(SENTENCES) == set(ALLOWED) == set(NoticeState)
    assert all(not ALLOWED[state] for state in (APPROVED, DISCARDED, WITHDRAWN))


@given(steps=st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from((None, APPROVED, DISCARDED))), max_size=30))
def test_there_is_never_more_than_one_draft_nor_an_end_without_a_beginning(
    steps: list[tuple[bool, bool, NoticeState | None]],
) -> None:
    notices: list[Notice] = []
    for concerns, is_over, decision in steps:
        so = {"concerns_customers": concerns and not is_over, "is_over": is_over}
        notices = [Notice(one.kind, WITHDRAWN) if is_stale(one, **so) else one for one in notices]
        if kind := wanted(notices, **so):
            notices.append(Notice(kind, DRAFT))
        assert sum(one.state is DRAFT for one in notices) <= 1
        notices = [Notice(one.kind, decision) if decision and one.state is DRAFT else one for one in notices]
    approved = [one.kind for one in notices if one.state is APPROVED]
    assert approved in ([], [PROBLEM], [PROBLEM, OVER])
    assert all(one != other for one, other in pairwise(approved))
