"""The picture of a run follows from its events alone, whenever and however often they are told."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.runbooks.events import Ended, HostDone, Other, Outcome, RunEvent, TaskStarted, read_event
from bot.runbooks.progress import fold, read, started, written

STORY: list[RunEvent] = [
    Other(1),
    TaskStarted(2, "Drain"),
    HostDone(3, "web1", "Drain", Outcome.CHANGED, plan=("ready → drain",)),
    HostDone(4, "web2", "Drain", Outcome.UNREACHABLE, says="no route to host"),
    TaskStarted(5, "Restart"),
    HostDone(6, "web1", "Restart", Outcome.FAILED, says="exit 1", ignored=True),
    HostDone(7, "web1", "Try again", Outcome.CHANGED),
    Ended(8, (), ("web2",)),
]


def test_each_host_has_its_own_progress_and_what_went_wrong_is_named() -> None:
    progress = fold(started(("web1", "web2")), STORY)
    assert (progress.hosts["web1"].tasks, progress.hosts["web1"].changed, progress.hosts["web1"].failed) == (3, 2, False)
    assert progress.hosts["web2"].unreachable
    assert progress.failures == ("web2: Drain: no route to host",)
    assert progress.plan == ("web1: ready → drain", "web1: Try again")
    assert progress.ended
    assert not progress.succeeded


@given(st.lists(st.integers(0, len(STORY)), max_size=6))
def test_events_that_are_told_again_change_nothing(cuts: list[int]) -> None:
    progress = started(("web1", "web2"))
    seen = 0
    for cut in [*sorted(cuts), len(STORY)]:
        progress = fold(progress, STORY[max(0, seen - 2) : cut])  # with an overlap, as after a restart
        seen = max(seen, cut)
    assert progress == fold(started(("web1", "web2")), STORY)


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
    for kind in kinds:
        event = read_event(
            {"counter": 1, "event": kind, "event_data": {"host": "web1", "task": "t", "res": raw, "dark": raw, "failures": raw}}
        )
        json.loads(written(fold(started(("web1",)), [event])))
