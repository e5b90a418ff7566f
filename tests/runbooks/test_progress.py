"""The picture of a run follows from its events alone, whenever and however often they are told."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.runbooks.events import Ended, HostDone, Other, Outcome, RunEvent, TaskStarted, read_event
from bot.runbooks.progress import fates, fold, outcome, read, started, written

STORY: list[RunEvent] = [
    Other(1),
    TaskStarted(2, "Drain"),
    HostDone(3, "web1", "Drain", Outcome.CHANGED, plan=("ready → drain",), cautions=("v42 contains a migration",), reports={"left": "v42"}),
    HostDone(4, "web2", "Drain", Outcome.UNREACHABLE, says="no route to host"),
    TaskStarted(5, "Restart"),
    HostDone(6, "web1", "Restart", Outcome.FAILED, says="exit 1", ignored=True),
    HostDone(7, "web1", "Try again", Outcome.CHANGED),
    Ended(8, (), ("web2",), {"count": 7}),
]


def test_each_host_has_its_own_progress_and_what_went_wrong_is_named() -> None:
    progress = fold(started(("web1", "web2")), STORY)
    assert (progress.hosts["web1"].tasks, progress.hosts["web1"].changed, progress.hosts["web1"].failed) == (3, 2, False)
    assert progress.hosts["web2"].unreachable
    assert progress.failures == ("web2: Drain: no route to host",)
    assert progress.plan == ("web1: ready → drain", "web1: Try again")
    assert progress.ended
    assert not progress.succeeded


def test_what_a_playbook_rescued_or_ignored_is_told_and_is_no_failure_in_the_end() -> None:
    story: list[RunEvent] = [
        HostDone(1, "web1", "Fence", Outcome.UNREACHABLE, says="no route to host"),
        HostDone(2, "web1", "Promote", Outcome.FAILED, says="exit 1"),
    ]
    progress = fold(started(("web1",)), story)
    assert (progress.hosts["web1"].failed, progress.hosts["web1"].unreachable) == (True, True)
    ended = fold(progress, [Ended(3, (), ())])
    assert ended.succeeded
    assert len(ended.failures) == 2


@given(st.lists(st.integers(0, len(STORY)), max_size=6))
def test_events_that_are_told_again_change_nothing(cuts: list[int]) -> None:
    progress = started(("web1", "web2"))
    seen = 0
    for cut in [*sorted(cuts), len(STORY)]:
        progress = fold(progress, STORY[max(0, seen - 2) : cut])  # with an overlap, as after a restart
        seen = max(seen, cut)
    assert progress == fold(started(("web1", "web2")), STORY)


def test_what_hosts_report_is_known_where_those_that_came_to_the_end_say_the_same() -> None:
    told = [HostDone(number, f"web{number}", "Release", Outcome.CHANGED, reports={"left": "v42"}) for number in (1, 2)]
    same = fold(started(("web1", "web2", "web3")), [*told, Ended(3, (), (), {"count": 2})])
    assert outcome(same) == {"left": "v42", "count": 2}
    another = HostDone(4, "web3", "Release", Outcome.CHANGED, reports={"left": "v40"})
    assert outcome(fold(same, [another])) == {"count": 2}
    failed = HostDone(5, "web3", "Stop here", Outcome.FAILED)
    assert outcome(fold(same, [another, failed])) == {"left": "v42", "count": 2}


def test_what_to_know_before_approving_is_told_once_however_many_hosts_say_it() -> None:
    told = [HostDone(number, f"web{number}", "Release", Outcome.CHANGED, cautions=("v42 contains a migration",)) for number in (1, 2)]
    assert fold(started(("web1", "web2")), told).cautions == ("v42 contains a migration",)


def test_how_each_host_fared_is_one_line() -> None:
    done = [HostDone(number, f"web{number}", "Release", outcome) for number, outcome in enumerate(Outcome, 1)]
    assert fates(fold(started(("web1", "web2", "web3", "web4", "web5")), done)) == (
        "failed: web4; out of reach: web5; changed: web2; unchanged: web1, web3"
    )


def test_the_picture_comes_back_from_its_row() -> None:
    progress = fold(started(("web1", "web2")), STORY)
    assert read(written(progress)) == progress


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    )
)
def test_no_output_of_ansible_breaks_the_picture(raw: object) -> None:
    kinds = ("runner_on_ok", "runner_on_failed", "playbook_on_stats", "playbook_on_task_start")
    of_run = {"dark": raw, "failures": raw, "artifact_data": raw}
    for kind, result in ((kind, result) for kind in kinds for result in (raw, {"cautions": raw, "plan": raw, "reports": raw})):
        event = read_event({"counter": 1, "event": kind, "event_data": {"host": "web1", "task": "t", "res": result, **of_run}})
        json.loads(written(fold(started(("web1",)), [event])))
