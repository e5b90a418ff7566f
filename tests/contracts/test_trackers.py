"""One suite, every tracker: what it makes of an issue, what each answer of the outside means, and that nothing is made twice."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.clock import FakeClock
from bot.sandbox.github import Issue as StoredIssue
from bot.sandbox.github import Repository
from bot.sandbox.keys import GITHUB_TOKEN
from bot.sandbox.testing import Sandbox
from bot.trackers.answers import GITHUB, OF_AN_ISSUE, Ending, Failure
from bot.trackers.github import GitHub
from bot.trackers.tracker import Draft, Issue, Page, Tracker, Unconnected

PLACE = "example/checkout"
DRAFT = Draft("Add canary alarm", "Before the next deploy.", "mark of item 7", "kim", ("sev1", "p1"))


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
async def github(sandbox: Sandbox) -> AsyncIterator[GitHub]:
    tracker = GitHub(f"{sandbox.url}/github", GITHUB_TOKEN)
    yield tracker
    await tracker.close()


@pytest.fixture(params=["github", "none"])
async def tracker(request: pytest.FixtureRequest, github: GitHub) -> Tracker:
    """A tracker, and none: both answer every question with a value."""
    return github if request.param == "github" else Unconnected()


def repository(sandbox: Sandbox, name: str = PLACE) -> Repository:
    found = sandbox.outside.github.repository(name)
    assert found is not None
    return found


async def made(tracker: GitHub, draft: Draft = DRAFT) -> Issue:
    issue = await tracker.create(PLACE, draft)
    assert isinstance(issue, Issue)
    return issue


def stored(sandbox: Sandbox, number: int = 1) -> StoredIssue:
    return repository(sandbox).issues[number]


async def test_every_question_has_an_answer_that_is_a_value(tracker: Tracker, clock: FakeClock) -> None:
    answers = [
        await tracker.create(PLACE, DRAFT),
        await tracker.find(PLACE, DRAFT.mark, clock.now()),
        await tracker.read(PLACE, 1),
        await tracker.write(PLACE, 1, {"is_done": True}),
        await tracker.changed(PLACE, clock.now(), 1),
        await tracker.say(PLACE, 1, "Words.", "mark"),
    ]
    if isinstance(tracker, Unconnected):
        assert all(isinstance(one, Failure) and one.ending is Ending.BLOCKED and "GITHUB_TOKEN" in one.why for one in answers)
    else:
        assert not any(isinstance(one, Failure) for one in answers)


async def test_an_issue_is_made_found_by_its_mark_changed_and_closed(sandbox: Sandbox, github: GitHub, clock: FakeClock) -> None:
    issue = await made(github)
    assert (issue.place, issue.number, issue.title, issue.assignees, issue.labels) == (PLACE, 1, DRAFT.title, ("kim",), ("sev1", "p1"))
    assert issue.url == f"{sandbox.url}/sandbox/github/{PLACE}/issues/1" and not issue.is_done
    assert stored(sandbox).body == "Before the next deploy.\n\n<!-- mark of item 7 -->"
    found = await github.find(PLACE, DRAFT.mark, clock.now() - timedelta(minutes=5))
    assert isinstance(found, Issue) and found.outside_id == issue.outside_id
    assert await github.find(PLACE, "mark of item 8", clock.now() - timedelta(minutes=5)) is None
    closed = await github.write(PLACE, 1, {"title": "Add two", "is_done": True, "assignees": ["bo"], "labels": ["sev1", "p0"]})
    assert isinstance(closed, Issue) and (closed.title, closed.is_done, closed.assignees, closed.labels) == (
        "Add two",
        True,
        ("bo",),
        ("sev1", "p0"),
    )
    assert closed.closed_by == "tocsin-sandbox"
    opened = await github.write(PLACE, 1, {"is_done": False})
    assert isinstance(opened, Issue) and not opened.is_done and opened.closed_by == ""
    await sandbox.post(f"/github/{PLACE}/1", user="zoe", action="not planned")
    read = await github.read(PLACE, 1)
    assert isinstance(read, Issue) and (read.closed_by, read.remark) == ("zoe", "not planned")


async def test_a_comment_is_made_once_for_each_mark(sandbox: Sandbox, github: GitHub) -> None:
    await made(github)
    for mark in ("first", "first", "second"):
        assert await github.say(PLACE, 1, "Both changed it.", mark) is None
    assert [one.body for one in stored(sandbox).comments] == ["Both changed it.\n\n<!-- first -->", "Both changed it.\n\n<!-- second -->"]


async def test_what_changed_comes_page_by_page_the_longest_ago_first(sandbox: Sandbox, github: GitHub, clock: FakeClock) -> None:
    here, began = repository(sandbox), clock.now()
    for number in range(130):
        sandbox.outside.github.open(here, f"issue {number}", "", "zoe")
        clock.advance(timedelta(seconds=1))
    sandbox.outside.github.change(here, here.issues[1], "zoe", title="again")
    first, second = await github.changed(PLACE, began, 1), await github.changed(PLACE, began, 2)
    assert isinstance(first, Page) and isinstance(second, Page)
    assert (len(first.issues), first.is_last, len(second.issues), second.is_last) == (100, False, 30, True)
    assert (first.issues[0].number, second.issues[-1].number) == (2, 1)
    later = await github.changed(PLACE, clock.now(), 1)
    assert isinstance(later, Page) and [one.number for one in later.issues] == [1]


@pytest.mark.parametrize("status", sorted({*GITHUB, *OF_AN_ISSUE} - {301, 307, 308, 404, 410, 422, 429}))
async def test_each_answer_has_its_ending(sandbox: Sandbox, github: GitHub, status: int) -> None:
    sandbox.fault(service="github", status=status, error="because", count=1)
    answer = await github.create(PLACE, DRAFT)
    ending, sentence = GITHUB[status]
    assert isinstance(answer, Failure) and answer.ending is ending
    assert answer.why == sentence.format(place=PLACE, said="because")
    assert not repository(sandbox).issues


async def test_an_answer_that_is_in_no_table_has_an_ending_too(sandbox: Sandbox, github: GitHub) -> None:
    for status, ending in ((418, Ending.REFUSED), (599, Ending.LATER)):
        sandbox.fault(service="github", status=status, count=1)
        answer = await github.create(PLACE, DRAFT)
        assert isinstance(answer, Failure) and answer.ending is ending


async def test_a_token_that_is_not_accepted_and_a_repository_that_is_not_there_block(sandbox: Sandbox, github: GitHub) -> None:
    elsewhere = await github.create("example/nothing", DRAFT)
    assert isinstance(elsewhere, Failure) and (elsewhere.status, elsewhere.ending) == (404, Ending.BLOCKED)
    repository(sandbox).has_issues = False
    off = await github.create(PLACE, DRAFT)
    assert isinstance(off, Failure) and (off.status, off.ending) == (410, Ending.BLOCKED) and "switched off" in off.why
    sandbox.outside.github.token = "another"
    refused = await github.create(PLACE, DRAFT)
    assert isinstance(refused, Failure) and (refused.status, refused.ending) == (401, Ending.BLOCKED)


async def test_a_title_that_is_too_long_is_refused_and_says_why(github: GitHub) -> None:
    refused = await github.create(PLACE, replace(DRAFT, title="x" * 257))
    assert isinstance(refused, Failure) and (refused.status, refused.ending) == (422, Ending.REFUSED)
    assert "title is too long" in refused.why


@pytest.mark.parametrize("login", ["max", "nobody-at-all"])
async def test_whom_github_does_not_let_be_assigned_it_leaves_out(github: GitHub, login: str) -> None:
    issue = await made(github, replace(DRAFT, assignee=login))
    assert issue.assignees == ()
    changed = await github.write(PLACE, 1, {"assignees": [login], "title": "Another"})
    assert isinstance(changed, Issue) and (changed.assignees, changed.title) == ((), "Another")


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [({"status": 429, "retry_after_s": 7}, 7), ({"status": 403, "retry_after_s": 9}, 9), ({"status": 403, "error": "rate limit"}, 60)],
)
async def test_a_limit_says_when_to_come_back(sandbox: Sandbox, github: GitHub, fault: dict[str, object], seconds: int) -> None:
    sandbox.fault(service="github", count=1, **fault)
    answer = await github.create(PLACE, DRAFT)
    assert isinstance(answer, Failure) and answer.ending is Ending.LATER
    assert answer.after is not None and abs(answer.after - timedelta(seconds=seconds)) <= timedelta(seconds=2)


async def test_github_that_is_away_or_hangs_up_is_tried_again_and_asked_first(sandbox: Sandbox, github: GitHub, clock: FakeClock) -> None:
    sandbox.fault(service="github", reset="after", method="POST")
    answer = await github.create(PLACE, DRAFT)
    assert isinstance(answer, Failure) and answer.ending is Ending.LATER
    assert isinstance(await github.find(PLACE, DRAFT.mark, clock.now() - timedelta(minutes=5)), Issue), "it was made all the same"
    nowhere = GitHub("http://127.0.0.1:1", GITHUB_TOKEN)
    answer = await nowhere.read(PLACE, 1)
    await nowhere.close()
    assert answer == Failure(Ending.LATER, "GitHub cannot be reached.")


async def test_an_issue_that_was_moved_is_read_where_it_is_and_one_that_is_gone_is_gone(sandbox: Sandbox, github: GitHub) -> None:
    for _ in range(3):
        await made(github)
    await sandbox.post(f"/github/{PLACE}/1", user="zoe", action="transfer", value="example/platform")
    moved = await github.read(PLACE, 1)
    assert isinstance(moved, Issue) and (moved.place, moved.number, moved.title) == ("example/platform", 1, DRAFT.title)
    written = await github.write(PLACE, 1, {"is_done": True})
    assert isinstance(written, Issue) and written.is_done and written.place == "example/platform"
    await sandbox.post(f"/github/{PLACE}/2", user="zoe", action="delete")
    deleted = await github.read(PLACE, 2)
    assert isinstance(deleted, Failure) and (deleted.status, deleted.ending) == (410, Ending.GONE)
    await sandbox.post(f"/github/{PLACE}/3", user="zoe", action="transfer", value="example/platform")
    repository(sandbox, "example/platform").is_visible = False
    hidden = await github.read(PLACE, 3)
    assert isinstance(hidden, Failure) and (hidden.status, hidden.ending) == (404, Ending.GONE)
    repository(sandbox).is_visible = False
    unseen = await github.read(PLACE, 2)
    assert isinstance(unseen, Failure) and unseen.ending is Ending.BLOCKED, "what we cannot see is not gone"
