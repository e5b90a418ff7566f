"""Push notifications and webhooks in a page's story: sent beside the others, answered on the lock screen, failing in the open."""

import json
from pathlib import Path

import pytest

from bot.config.loader import load
from bot.config.models import Config, Person, Webhook
from bot.paging import story
from bot.paging.messages import AttemptFailed, PageAcknowledged
from bot.paging.models import Page
from bot.paging.states import AttemptState, PageState
from tests.paging.conftest import Room

SANDBOX = Path("bot/sandbox/config")


@pytest.fixture
def config() -> Config:
    """Ana's phone takes pushes, and her team has a webhook. Where they go is known once the sandbox listens: see `arrange`."""
    return load(SANDBOX, {})


def arrange(room: Room) -> None:
    """Give Ana a push address and her team a webhook, as a reload would."""
    ana, payments = room.config.people["ana"], room.config.teams["payments"]
    push = Person.model_validate(
        {**ana.model_dump(exclude={"rules", "push"}), "push": f"ntfy://127.0.0.1:{room.sandbox.outside.server.port}/ana"}
    )
    hook = Webhook(url=f"{room.url}/sandbox/hooks/payments", key="a key of these tests")  # type: ignore[arg-type]
    room.paging.directory.config = room.config.model_copy(
        update={
            "people": {**room.config.people, "ana": push},
            "teams": {**room.config.teams, "payments": payments.model_copy(update={"webhook": hook})},
        }
    )


async def test_an_urgent_page_goes_to_the_lock_screen_and_the_webhook_at_once(sqlite_room: Room) -> None:
    arrange(sqlite_room)
    await sqlite_room.start(severity=1)
    assert sqlite_room.new() == ["ana email", "ana push", "ana slack", "ana sms", "payments webhook"]
    [push] = sqlite_room.sandbox.phone("ana").phone.pushes
    assert push.title == "SEV1 #42 Checkout is down" and "Checkout, since 09:00" in push.text
    said = json.loads(sqlite_room.sandbox.outside.hooks.heard[0].body)
    assert (said["person"], said["incident"], said["link"]) == ("ana", 42, push.click)


async def test_acknowledge_on_the_lock_screen_takes_the_page_and_the_notification_goes(sqlite_room: Room) -> None:
    arrange(sqlite_room)
    page_id = await sqlite_room.start(severity=1)
    answered = await sqlite_room.sandbox.post("/phones/ana/tap", label="Acknowledge")
    assert answered["ok"]
    [taken] = sqlite_room.said(PageAcknowledged)
    assert taken.by == "ana"  # type: ignore[attr-defined]
    async with sqlite_room.database.read() as tx:
        page = await tx.session.get(Page, page_id)
        lines = await story.of_incident(tx, sqlite_room.paging.directory, 42)
    assert page is not None and page.state == PageState.ACKNOWLEDGED
    assert sqlite_room.sandbox.phone("ana").phone.pushes[0].is_cleared
    assert "Ana Silva answered (push notification)" in [line.text for line in lines]


async def test_a_webhook_that_refuses_is_told_and_does_not_hold_up_the_rest(sqlite_room: Room) -> None:
    arrange(sqlite_room)
    sqlite_room.sandbox.fault(service="webhook", status=410, count=0)
    await sqlite_room.start(severity=1)
    [failed] = sqlite_room.said(AttemptFailed)
    assert (failed.method, failed.why) == ("webhook", "The webhook answered HTTP 410: look at its address.")  # type: ignore[attr-defined]
    assert "ana sms" in sqlite_room.new()


async def test_a_webhook_that_is_down_is_tried_again_under_the_same_id_and_says_so(sqlite_room: Room) -> None:
    arrange(sqlite_room)
    sqlite_room.sandbox.fault(service="webhook", reset="after", count=1)
    await sqlite_room.start(severity=1)
    await sqlite_room.advance(minutes=0.5)
    first, second = sqlite_room.sandbox.outside.hooks.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert [json.loads(one.body)["possible_duplicate"] for one in (first, second)] == [False, True]
    async with sqlite_room.database.read() as tx:
        lines = await story.of_incident(tx, sqlite_room.paging.directory, 42)
    assert [line.state for line in lines if line.method == "webhook"] == [AttemptState.ACCEPTED]
