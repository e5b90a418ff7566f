"""The door in a workspace, by WebSocket and by HTTP: people type, press and fill in, and see what was answered."""

from collections.abc import AsyncIterator

import pytest

from bot.db import Database
from bot.sandbox.testing import Sandbox
from bot.sandbox.workspace.model import readable_id
from bot.slack.gateway import Degraded, Healthy, Ok
from bot.slack.requests import MessageBody, MessageChange
from tests.slack.ledger import notes
from tests.slack.lobby import Lobby

KIM = readable_id("U", "kim")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(params=["socket", "http"])
async def lobby(request: pytest.FixtureRequest, sandbox: Sandbox, sqlite_database: Database) -> AsyncIterator[Lobby]:
    lobby = Lobby(sandbox, sqlite_database, request.param)
    await lobby.start()
    await lobby.connected()
    yield lobby
    await lobby.close()


async def test_a_command_is_answered_and_its_button_works(lobby: Lobby, sandbox: Sandbox) -> None:
    kim = sandbox.user("kim")
    assert (await kim.command("/inc checkout is down"))["ok"] is True
    assert "Declared: checkout is down" in (await kim.sees("general"))[-1].shown
    assert "Declared: checkout is down" not in "".join(await sandbox.channel("general").texts("bo"))
    await kim.press("Ack", "general")
    await lobby.door.settle()
    assert (await sandbox.channel("general").texts("bo"))[-1] == f"slack:{KIM} has checkout is down"
    assert await notes(lobby.database) == 2


async def test_a_refusal_is_seen_by_who_asked(lobby: Lobby, sandbox: Sandbox) -> None:
    assert (await sandbox.user("kim").command("/inc never"))["ok"] is True
    assert (await sandbox.user("kim").sees("general"))[-1].shown == "Never is not an option."
    assert await notes(lobby.database) == 0


async def test_a_form_opens_in_time_says_what_is_wrong_and_closes(lobby: Lobby, sandbox: Sandbox) -> None:
    kim = sandbox.user("kim")
    await kim.command("/inc")
    await sandbox.until(kim.views)
    refused = await kim.submit({"title": {"title": "nothing"}})
    assert refused["errors"] == {"title": "Say what is wrong."}
    assert (await kim.submit({"title": {"title": "search is slow"}}))["ok"] is True
    await lobby.door.settle()
    assert await kim.views() == []
    told = sandbox.calls("chat.postMessage")[-1]["args"]  # we are not in #general, so nothing can be shown there: it is said directly
    assert (told["channel"], told["text"]) == (KIM, "Declared: search is slow")


async def test_an_unknown_command_of_ours_is_answered(lobby: Lobby, sandbox: Sandbox) -> None:
    assert (await sandbox.user("kim").command("/oncall"))["ok"] is True
    assert "/oncall" in (await sandbox.user("kim").sees("general"))[-1].shown


async def test_messages_and_what_happens_to_them_are_heard_once(lobby: Lobby, sandbox: Sandbox) -> None:
    await channel_with_kim(lobby, sandbox)
    kim = sandbox.user("kim")
    ts = (await kim.message("it <!channel> & broke", channel="inc-1"))["ts"]
    await sandbox.until(lambda: len(lobby.heard) == 1)
    await kim.edit("it broke", "inc-1", ts)
    await sandbox.until(lambda: len(lobby.heard) == 2)
    await kim.react("eyes", "inc-1", ts)
    await sandbox.until(lambda: len(lobby.heard) == 3)
    await kim.delete("inc-1", ts)
    await sandbox.until(lambda: len(lobby.heard) == 4)
    changes = [event.body.change for event in lobby.heard if isinstance(event.body, MessageBody)]
    assert changes == [MessageChange.POSTED, MessageChange.EDITED, MessageChange.DELETED]
    assert {event.body.ts for event in lobby.heard if isinstance(event.body, MessageBody)} == {ts}
    assert lobby.words[1:3] == ["it broke", "eyes"]


async def test_events_sent_twice_change_nothing_the_second_time(lobby: Lobby, sandbox: Sandbox) -> None:
    await channel_with_kim(lobby, sandbox)
    before = await notes(lobby.database)
    sandbox.fault(service="events", method="message", error="duplicate")
    await sandbox.user("kim").message("once", channel="inc-1")
    await sandbox.until(lambda: delivered(sandbox, "message", "once") == 2)
    assert lobby.words == ["once"]
    assert await notes(lobby.database) == before + 1


async def test_our_own_words_do_not_come_back(lobby: Lobby, sandbox: Sandbox) -> None:
    channel = await channel_with_kim(lobby, sandbox)
    posted = await lobby.gateway.call("chat.postMessage", channel=channel, text="card")
    assert isinstance(posted, Ok)
    await lobby.gateway.call("chat.update", channel=channel, ts=posted.text("ts"), text="card, edited")
    await sandbox.user("kim").message("last", channel="inc-1")
    await sandbox.until(lambda: "last" in lobby.words)
    assert not {"card", "card, edited"} & set(lobby.words)


async def test_identity_is_learned_and_health_follows_the_token(lobby: Lobby, sandbox: Sandbox) -> None:
    us = await lobby.learn_identity()
    assert us is not None
    assert (us.bot_user, us.url.startswith("http")) == (sandbox.outside.app.bot_user, True)
    sandbox.fault(service="slack", method="chat.postMessage", error="token_revoked")
    await lobby.gateway.call("chat.postMessage", channel="general", text="x")
    assert isinstance(lobby.gateway.health, Degraded)
    await lobby.gateway.call("auth.test")
    assert lobby.gateway.health == Healthy()


async def test_the_acknowledgement_does_not_wait_for_a_slow_slack(lobby: Lobby, sandbox: Sandbox) -> None:
    """P17: while every call takes seconds, commands are acknowledged at once, and no call precedes that."""
    sandbox.fault(service="slack", delay_s=0.5, count=0)
    took = []
    for _ in range(5):
        outcome = await sandbox.user("kim").command("/inc")
        assert outcome["ok"] is True
        answered = [attempt for attempt in (await sandbox.get("/deliveries")) if attempt["what"] == "/inc"][-1]
        took.append(answered["end"] - answered["start"])
        await sandbox.until(lambda: len(sandbox.calls("views.open")) == len(took))
        assert sandbox.calls("views.open")[-1]["start"] >= answered["end"] - 0.005
    assert max(took) < 0.2
    sandbox.clear_faults()


async def channel_with_kim(lobby: Lobby, sandbox: Sandbox) -> str:
    """A channel of ours that kim has joined, with all the news of that heard and forgotten; its id."""
    await lobby.learn_identity()
    created = await lobby.gateway.call("conversations.create", name="inc-1")
    assert isinstance(created, Ok)
    channel = created.text("channel", "id")
    await lobby.gateway.call("conversations.invite", channel=channel, users=KIM)
    await sandbox.until(lambda: KIM in [event.user for event in lobby.heard])  # the message that says that kim joined
    await sandbox.until(lambda: all(one.end for one in sandbox.outside.workspace.team.delivery.attempts))
    lobby.heard.clear()
    return channel


def delivered(sandbox: Sandbox, what: str, text: str) -> int:
    """How often an event about this message was answered."""
    attempts = sandbox.outside.workspace.team.delivery.attempts
    return len([one for one in attempts if one.what == what and one.payload["event"].get("text") == text and one.end])
