"""Who could help, in which order and why; and what holds whoever is asked, and whatever happens."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incidents import width
from bot.incidents.lifecycle import IncidentState
from bot.incidents.width import Candidate, Part, Situation, choose, in_order, to_invite

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CHECKOUT = Part("Checkout", (Candidate("ana", "primary on call for Payments"), Candidate("bo", "secondary on call for Payments")), ("kim",))
GATEWAY = Part(
    "API gateway", (Candidate("bo", "primary on call for Platform"), Candidate("ida", "secondary on call for Platform")), ("lee",)
)
ORDER = in_order(CHECKOUT, [GATEWAY])
OPEN = Situation(1, IncidentState.INVESTIGATING, is_private=False, is_drill=False, is_opted_in=True, is_confirmed_by_person=True,
                 responders=3, wanted=10)  # fmt: skip
TEAM = frozenset({"ana", "bo", "kim", "lee", "ida", "zoe"})


def people(candidates: tuple[Candidate, ...]) -> str:
    return " ".join(one.person for one in candidates)


def test_those_nearest_come_first_and_each_says_why() -> None:
    assert people(ORDER) == "ana bo kim ida lee"
    assert [one.why for one in ORDER] == [
        "primary on call for Payments",
        "secondary on call for Payments",
        "expert for Checkout",
        "secondary on call for Platform, a dependency",
        "expert for API gateway, a dependency",
    ]


def test_invitations_fill_up_to_what_is_wanted_and_leave_out_who_is_away() -> None:
    assert people(to_invite(ORDER, {"ana"}, {"kim"}, wanted=3)) == "bo ida"
    assert to_invite(ORDER, {"ana", "bo"}, set(), wanted=2) == ()
    assert to_invite(ORDER, {"ana", "bo", "max"}, set(), wanted=2) == ()


def test_the_next_are_asked_with_the_reasons_of_those_who_are_not() -> None:
    choice = choose(ORDER, {"ana": "responds already", "bo": "said that they cannot"}, {"ana", "bo"}, {})
    assert people(choice.chosen) == "kim ida lee"
    assert [(one.candidate.person, one.reason) for one in choice.left_out] == [("ana", "responds already"), ("bo", "said that they cannot")]


def test_no_team_gives_more_than_half_of_it() -> None:
    choice = choose(
        ORDER, {"ana": "responds already"}, {"ana"}, {"Payments": {"ana", "bo", "kim"}, "Platform": {"bo", "ida", "lee", "kim"}}
    )
    assert people(choice.chosen) == "ida lee"
    assert [one.reason for one in choice.left_out[1:]] == ["half of Payments is busy with it already"] * 2


@given(
    order=st.permutations(sorted(TEAM)),
    teams=st.dictionaries(st.sampled_from(["Payments", "Platform", "DB"]), st.frozensets(st.sampled_from(sorted(TEAM))), max_size=3),
    busy=st.frozensets(st.sampled_from(sorted(TEAM))),
    limit=st.integers(0, 4),
)
def test_whoever_is_busy_no_choice_takes_a_team_beyond_its_half(
    order: list[str], teams: Mapping[str, frozenset[str]], busy: frozenset[str], limit: int
) -> None:
    chosen = choose([Candidate(one, "expert") for one in order], dict.fromkeys(busy, "busy"), busy, teams, limit).chosen
    asked = {one.person for one in chosen}
    assert len(chosen) == len(asked) <= limit and not asked & busy
    for team in teams.values():
        assert 2 * len(team & (asked | busy)) <= len(team) or not team & asked


@pytest.mark.parametrize(
    ("situation", "why"),
    [
        (OPEN, None),
        (replace(OPEN, is_opted_in=False), "its service has not opted in"),
        (replace(OPEN, is_drill=True), "it is a drill, so only those are paged who are on call for it"),
        (replace(OPEN, is_private=True), "it is private, so only those join who are called by name"),
        (replace(OPEN, state=IncidentState.TRIAGE), "nobody has accepted it yet"),
        (replace(OPEN, state=IncidentState.RESOLVED), "it is resolved"),
        (replace(OPEN, severity=2), "it is a SEV2"),
        (replace(OPEN, is_confirmed_by_person=False), "no person has confirmed it"),
        (replace(OPEN, responders=10), "10 of 10 respond"),
    ],
)
def test_with_nobody_asking_nobody_is_paged_unless_everything_allows_it(situation: Situation, why: str | None) -> None:
    assert width.why_not_alone(situation) == why


def test_three_in_five_minutes_whoever_paged_them() -> None:
    assert width.allowance([], NOW) == 3 and width.next_look([], NOW) == NOW + timedelta(minutes=5)
    at = [NOW - timedelta(minutes=5), NOW - timedelta(minutes=4, seconds=59), NOW]
    assert width.allowance(at, NOW) == 1
    assert width.next_look(at, NOW) == NOW + timedelta(seconds=1)
    assert width.allowance([NOW] * 4, NOW) == 0


@given(steps=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 3)), max_size=60))
def test_however_often_it_is_looked_at_no_five_minutes_have_more_than_three(steps: list[tuple[int, int]]) -> None:
    now, at = NOW, list[datetime]()
    for seconds, wanted in steps:
        now += timedelta(seconds=seconds)
        at += [now] * min(wanted, width.allowance(at, now))
    for moment in at:
        assert sum(moment <= other < moment + timedelta(minutes=5) for other in at) <= 3
