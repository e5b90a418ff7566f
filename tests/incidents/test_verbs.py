"""The table of verbs is true: what it lists for each surface is there, and nothing else is offered."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import FakeClock
from bot.incidents.verbs import SPELLINGS, TABLE, TYPED, Surface, Verb
from bot.sandbox.testing import elements, message_of
from bot.slack.requests import Click, MessageAction, Shortcut, Submission
from tests.world import World, running_world

CARD = {"ack": "incident.ack", "lead": "incident.lead", "update": "incident.update", "escalate": "incident.escalate",
        "resolve": "incident.resolve", "sev": "incident.severity:confirm",
        "join": "incident.join", "page": "incident.page_next"}  # fmt: skip
FORMS = {"new": "incident.declare", "run": "run.choose"}
MESSAGE = {"new": "declare.from_message", "note": "timeline.add"}


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A bot with an incident whose severity nobody has confirmed."""
    async with running_world(sqlite_url, tmp_path, clock) as world:
        await world.user("kim").command("/inc checkout is slow")
        await world.settled()
        yield world


def having(surface: Surface) -> list[Verb]:
    """The verbs that list this surface."""
    return [verb for verb in TABLE if surface in verb.surfaces]


async def shown(world: World, line: str) -> str:
    """What kim is told."""
    response = (await world.user("kim").command(line, "ops"))["response"]
    return message_of(response).shown if response else ""


async def test_help_lists_what_can_be_typed_and_nothing_else(world: World) -> None:
    listed = await shown(world, "/inc help")
    for verb in TABLE:
        assert f"`/inc {verb.example}`" in listed, verb.name
        assert verb.surfaces >= TYPED, f"{verb.name} can be typed and said wherever it can be done"


async def test_the_card_has_the_buttons_that_the_table_lists(world: World) -> None:
    messages = await world.sandbox.channel(await world.channel_name(1)).messages()
    card = next(message for message in messages if "#1 SEV" in message.shown)
    pressed = {str(element["action_id"]) for element in elements(card.blocks)}
    assert {verb.name for verb in having(Surface.CARD)} == CARD.keys()
    assert set(CARD.values()) <= pressed
    heard = world.bot.rooms.door.names(Click)
    for action in pressed:
        assert any(action == name or (name.endswith("*") and action.startswith(name[:-1])) for name in heard), action


async def test_every_form_that_the_table_lists_opens_and_is_heard(world: World) -> None:
    kim = world.user("kim")
    await kim.command("/inc sev3 search is slow")  # so that there is something to merge into
    await world.settled()
    for verb in having(Surface.FORM):
        await kim.command("/inc" if verb.name == "new" else f"/inc #1 {verb.name}")
        await world.settled()
        view = await kim.view()
        assert view["callback_id"] == FORMS.get(verb.name, f"incident.form:{verb.name}")
        await kim.close()
    assert {"incident.declare", "incident.form:*"} <= world.bot.rooms.door.names(Submission)


async def test_shortcuts_are_those_of_the_table(world: World) -> None:
    door = world.bot.rooms.door
    assert {verb.name for verb in having(Surface.MESSAGE)} == MESSAGE.keys()
    assert door.names(MessageAction) == set(MESSAGE.values())
    assert [verb.name for verb in having(Surface.SHORTCUT)] == ["new"]
    assert door.names(Shortcut) == {"declare.open"}


async def test_a_message_and_a_shortcut_open_the_form_that_declares(world: World) -> None:
    lee = world.user("lee")
    message = await lee.message("nobody can log in since <!here> nine", "general")
    await lee.post("message_action", channel="general", ts=message["ts"], callback_id="declare.from_message")
    await world.settled()
    title = next(block for block in (await lee.view())["blocks"] if block["block_id"] == "title")
    assert title["element"]["initial_value"].startswith("nobody can log in since")
    await lee.submit({"title": {"value": "nobody can log in"}})
    await world.settled()
    assert "nobody can log in" in await world.card(2)

    await lee.post("shortcut", callback_id="declare.open")
    await world.settled()
    assert (await lee.view())["callback_id"] == "incident.declare"


def test_no_two_verbs_share_a_spelling() -> None:
    spellings = [spelling for verb in TABLE for spelling in (verb.name, *verb.aliases)]
    assert len(spellings) == len(set(spellings)) == len(SPELLINGS)
