"""`kill -9` at every step boundary of declare → page → channel, and after: when the bot is back, all is as if it had not been."""

import asyncio
import signal
from collections import Counter
from dataclasses import fields
from datetime import timedelta

import pytest

from bot.incidents.tasks import ItemPriority
from tests.faults.conftest import Build
from tests.faults.story import End, end_of, tell

pytestmark = pytest.mark.asyncio(loop_scope="module")

POINTS = {
    "declared": (
        "declared, before commit",
        "command: committed, not answered",
        "open_channel: claimed",
        "channel: created, not stored",
        "open_channel: done, not noted",
        "invite_responders: claimed",
        "invite_responders: done, not noted",
        "post_card: claimed",
        "card: posted, not stored",
        "post_card: done, not noted",
        "dress_channel: done, not noted",
        "dress_channel: done, not noted#2",
        "confirm_declared: done, not noted",
        "page sms: marked as being called",
        "page sms: accepted, not recorded",
        "page sms: recorded",
        "page slack: marked as being called",
        "page slack: accepted, not recorded",
        "page slack: recorded",
        "page email: marked as being called",
        "page email: accepted, not recorded",
        "page email: recorded",
        "deliver_page: claimed",
        "deliver_page: done, not noted",
        "deliver_page: done, not noted#3",
    ),
    "alerted": ("alerts: before commit", "alerts: committed, not answered"),
    "noted": ("say_in_ops: claimed", "say_in_ops: done, not noted"),
    "escalated": (
        "take_step: claimed",
        "take_step: done, not noted",
        "page voice: marked as being called",
        "page voice: accepted, not recorded",
        "page voice: recorded",
    ),
    "acknowledged": ("text: committed, not answered", "refresh_page_messages: done, not noted#2"),
    "mailed": ("mail: committed, not answered", "reply_by_mail: claimed", "reply_by_mail: done, not noted"),
    "pressed": ("click: committed, not answered",),
    "updated": ("say_in_channel: claimed", "say_in_channel: done, not noted", "refresh_card: done, not noted"),
    "reloaded": ("configuration: before commit", "configuration: in force, not told"),
    "handed over": (
        "watch_schedule: claimed",
        "watch_schedule: done, not noted#8",
        "send_handoff_note: claimed",
        "send_handoff_note: done, not noted",
        "follow_on_call: claimed",
        "follow_on_call: done, not noted#2",
        "nudge_incoming: claimed",
        "nudge_incoming: done, not noted",
        "nudge_incoming: done, not noted#2",
        "tell_person: done, not noted#2",
    ),
    "covered": (
        "ask_team: claimed",
        "ask_team: done, not noted",
        "close_cover: claimed",
        "close_cover: done, not noted",
        "tell_person: claimed",
        "tell_person: done, not noted",
        "click: committed, not answered#2",
    ),
    "ran": (
        "prepare_run: claimed",
        "run: rehearsed, not written down",
        "prepare_run: done, not noted",
        "run: card posted, not stored",
        "show_run: done, not noted",
        "begin_run: claimed",
        "run: called running, not started",
        "run: started, not followed",
        "begin_run: done, not noted",
        "follow_run: claimed",
        "run: files brought, not shared",
        "run: files shared, not noted",
    ),
    "drawn": (
        "picture: brought, not shared",
        "picture: shared, not noted",
        "meeting: file brought, not shared",
        "meeting: file shared, not noted",
    ),
    "tracked": (
        "issue: made, not stored",
        "sync_item: done, not noted",
        "issue: changed, not noted",
        "github: committed, not answered",
    ),
    "published": ("canvas: made, not stored", "publish: out, not noted", "publish: out, not noted#3"),
    "resolved": ("stand_down_person: done, not noted", "draft_postmortem: done, not noted"),
}
"""Where the bot dies, by the chapter of the story in which it comes there."""
BLIND = "email"
"""Nobody can ask a mail server what it has taken: only this way may a page go out twice, and then it says so."""
AGAIN_WITHIN = timedelta(seconds=30)
"""A page whose process died is tried again by then, the lease of ten seconds included."""
AT_ONCE = 4
UNDISTURBED: dict[str, End] = {}


async def undisturbed(build: Build, chapter: str) -> End:
    """How a chapter ends when nobody dies."""
    if chapter not in UNDISTURBED:
        async with build("sqlite") as house:
            assert await tell(house, chapter) == []
            UNDISTURBED[chapter] = await end_of(house)
    return UNDISTURBED[chapter]


async def killed(build: Build, kind: str, chapter: str, point: str) -> End:
    """How a chapter ends when the bot dies at a point of it."""
    async with build(kind) as house:
        deaths = await tell(house, chapter, die_at=point)
        assert deaths == [-signal.SIGKILL], f"{deaths}\n{house.last_words()}"
        return await end_of(house)


def check(end: End, expected: End) -> None:
    """The same end; a page sent twice only where nobody could know, and then it says so."""
    twice = Counter({where: count for where, count in end.extra.items() if count})
    assert sum(twice.values()) <= 1
    assert end.late <= AGAIN_WITHIN
    assert all(method == BLIND for _, method in twice)
    assert not twice or end.labelled[next(iter(twice))] == 1, "a second send must say what it may be"
    differences = {
        field.name: apart(getattr(end, field.name), getattr(expected, field.name))
        for field in fields(End)
        if field.name not in ("extra", "labelled", "late") and getattr(end, field.name) != getattr(expected, field.name)
    }
    assert differences == {}, "the story ends otherwise (is, should be)"


def apart(found: object, expected: object) -> tuple[object, object]:
    """What there is, and what there should be; of many counted things only those that differ."""
    if isinstance(found, Counter) and isinstance(expected, Counter):
        return found - expected, expected - found
    return found, expected


async def test_an_undisturbed_story_is_whole(build: Build) -> None:
    end = await undisturbed(build, "declared")
    assert end.channels == ["inc-…-checkout-is-down"]
    assert end.posts == Counter({"🔴 #… SEV1 checkout is down": 1})
    assert (end.pins, end.links) == (1, {"channel": True, "card": True})
    assert end.invited == {"ana", "kim", "bo", "lee"}, "who was paged, who declared it, and who could help"
    assert end.reached == {("ana", "sms"), ("ana", "slack"), ("ana", "email")}
    assert not any(end.extra.values())
    assert not any(end.labelled.values())
    assert end.given_up == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("chapter", POINTS)
async def test_a_kill_at_any_step_changes_nothing(build: Build, chapter: str, kind: str) -> None:
    """Several at once: most of the time goes by in waiting."""
    expected, room, failed = await undisturbed(build, chapter), asyncio.Semaphore(AT_ONCE), []

    async def one(point: str) -> None:
        async with room:
            try:
                check(await killed(build, kind, chapter, point), expected)
            except Exception as error:
                error.add_note(f"killed at: {point}")
                failed.append(error)

    await asyncio.gather(*map(one, POINTS[chapter]))
    if failed:
        raise ExceptionGroup(f"{len(failed)} of {len(POINTS[chapter])} points", failed)


async def test_an_undisturbed_handoff_tells_everybody_once(build: Build) -> None:
    end = await undisturbed(build, "handed over")
    mine = [text for (person, text) in end.letters if person == "kim" and "Payments primary" in text]
    assert len([text for text in mine if "You are on call as Payments primary since" in text and "Do you have it?" not in text]) == 1
    assert len([text for text in mine if "Do you have it?" in text]) == 1
    assert set(end.letters.values()) == {1}
    assert end.oncall["payments-primary kim silent"] == 1
    assert end.team["topic: On call: Kim Ji-woo, then Bo Lindqvist"] == 1


async def test_an_undisturbed_item_has_one_issue_and_is_done_on_both_sides(build: Build) -> None:
    end = await undisturbed(build, "tracked")
    assert end.items == [
        ("add canary alarm", "kim", ItemPriority.P0, "github:zoe"),
        (1, "add canary alarm", "closed", ("kim",), ("p0", "sev1")),
    ]


async def test_an_undisturbed_run_does_its_work_once_on_each_host(build: Build) -> None:
    end = await undisturbed(build, "ran")
    assert end.ran == Counter({"succeeded": 1, "one": 1, "two": 1})


async def test_an_undisturbed_cover_is_asked_once_and_closed(build: Build) -> None:
    end = await undisturbed(build, "covered")
    assert end.oncall["payments-primary swap accepted kim"] == 1
    [question] = [text for text in end.team if "Payments primary" in text]
    assert ":white_check_mark: Kim Ji-woo has it." in question and "I take it" not in question
    assert set(end.letters.values()) == {1}


async def test_an_undisturbed_reload_is_told_once(build: Build) -> None:
    end = await undisturbed(build, "reloaded")
    [(text, times)] = [(text, times) for text, times in end.ops.items() if "configuration" in text]
    assert times == 1, end.ops
    assert "kim instead of ana" in text
    assert end.epochs["payments-primary"] == 2
