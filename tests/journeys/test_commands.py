"""The verbs, as they are typed, pressed and said to the bot, and what each does."""

import asyncio

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from bot.incidents import timeline
from bot.incidents.lifecycle import IncidentState
from bot.incidents.models import COMMANDER, Role
from tests.journeys.stories import calls, commander, incident, lines, told, whispered
from tests.world import World

NAME = "inc-1-checkout-is-down"


@pytest.fixture
async def channel(world: World) -> str:
    """The channel of an incident that kim has declared, and of which ana was paged."""
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    return NAME


async def do(world: World, person: str, line: str, channel: str = NAME) -> str:
    """Type a command, let it have its effect, and return what the person was told."""
    said = await world.user(person).command(line, channel)
    await world.settled()
    return told(said)


async def press(world: World, person: str, label: str, channel: str = NAME) -> str:
    """Press a button, and return what the person was told by the app alone."""
    before = len(await whispered(world, person, channel))
    await world.user(person).press(label, channel)
    await world.settled()
    return "\n".join(message.shown for message in (await whispered(world, person, channel))[before:])


async def test_states_move_by_command_and_refused_moves_offer_the_legal_ones(world: World, channel: str) -> None:
    assert "#1 is mitigating now" in await do(world, "kim", "/inc status mitigating")
    refused = await do(world, "kim", "/inc status triage")
    assert "is mitigating and cannot go to triage" in refused
    assert "cancelled, investigating, merged, monitoring, resolved" in refused
    assert "Say which incident it is the same as" in await do(world, "kim", "/inc status merged")
    await do(world, "kim", "/inc status")
    view = await world.user("kim").view()
    assert "Monitoring" in lines(view) and "Merged" not in lines(view)
    await world.user("kim").submit({"state": {"value": "monitoring"}})
    await world.settled()
    assert (await incident(world)).state is IncidentState.MONITORING
    assert "*Monitoring* since" in await world.card(1)


async def test_an_update_promises_the_next_and_a_broken_promise_is_spoken_of(world: World, channel: str) -> None:
    await do(world, "kim", "/inc lead me")
    await do(world, "kim", "/inc update rollback done, watching next 20m")
    said = (await world.channel_texts(1))[-1]
    assert "*Update* by <@U0KIM000000>: rollback done" in said and "Next update by" in said
    assert "*Latest update:* rollback done" in await world.card(1)

    await world.advance(minutes=19)
    assert not any("is due" in text for text in await world.channel_texts(1))
    await world.advance(minutes=2)
    assert [text for text in await world.channel_texts(1) if "<@U0KIM000000>: the update promised for now is due" in text]

    await world.advance(minutes=31)
    assert len([text for text in await world.channel_texts(1) if "is due" in text]) == 2, "again after as long as the severity says"
    await do(world, "kim", "/inc update still watching")
    await world.advance(minutes=29)
    assert len([text for text in await world.channel_texts(1) if "is due" in text]) == 2


async def test_resolving_can_be_undone_for_five_minutes_and_stands_after(world: World, channel: str) -> None:
    await do(world, "ana", "/inc ack")
    await do(world, "kim", "/inc resolve config rolled back")
    assert (await incident(world)).state is IncidentState.RESOLVED
    assert "*Resolved* by <@U0KIM000000>: config rolled back" in "\n".join(await world.channel_texts(1))
    assert "Resolve" not in (await world.card(1)).splitlines(), "what is over offers no buttons"
    assert "was resolved at 09:00 UTC already" in await do(world, "ana", "/inc resolve once more")

    await world.advance(minutes=4)
    await press(world, "kim", "Undo")
    assert (await incident(world)).state is IncidentState.INVESTIGATING
    assert (await incident(world)).ended_at is None

    await do(world, "kim", "/inc resolve now it is")
    await world.advance(minutes=6)
    assert "can be undone for 5 min" in await press(world, "kim", "Undo")
    assert (await incident(world)).state is IncidentState.RESOLVED


async def test_undoing_a_resolve_that_nobody_had_answered_pages_again(world: World, channel: str) -> None:
    await do(world, "kim", "/inc resolve it went away")
    texts = len(world.phone("ana").received)
    await press(world, "kim", "Undo")
    assert len(world.phone("ana").received) > texts
    await world.advance(minutes=4)
    assert any("SEV1 #1" in text for text in world.phone("bo").received), "and the ladder goes on"


async def test_reopening_pages_on_call_and_who_led_and_restarts_the_clocks(world: World, channel: str) -> None:
    await do(world, "ana", "/inc ack")
    await do(world, "kim", "/inc lead @lee")
    await do(world, "kim", "/inc resolve done")
    await world.advance(hours=2)
    texts = {name: len(world.phone(name).received) for name in ("ana", "lee")}

    await do(world, "kim", "/inc reopen errors are back")
    stored = await incident(world)
    assert stored.state is IncidentState.INVESTIGATING
    assert stored.reopened_at == world.clock.now() and stored.next_update_at is not None and stored.next_update_at > world.clock.now()
    for name, before in texts.items():
        assert "SEV1 #1" in "\n".join(world.phone(name).received[before:])
    assert "nothing to reopen" in await do(world, "kim", "/inc reopen again")


async def test_cancelling_stands_everybody_down(world: World, channel: str) -> None:
    await do(world, "kim", "/inc cancel it was a test")
    assert (await incident(world)).state is IncidentState.CANCELLED
    await world.advance(minutes=30)
    assert not any("SEV1 #1" in text for text in world.phone("bo").received)
    assert "already" in await do(world, "ana", "/inc cancel me too")
    assert "reopen it first" in await do(world, "ana", "/inc update hm")
    assert "nobody is paged" in await do(world, "ana", "/inc page @lee come")


async def test_there_is_one_commander_and_who_had_the_seat_is_told(world: World, channel: str) -> None:
    await press(world, "kim", "I'm commander")
    assert "*Commander:* <@U0KIM000000>" in await world.card(1)
    assert "leads #1 already" in await press(world, "kim", "I'm commander")

    assert "<@U0KIM000000>, who led before, is told" in await press(world, "lee", "I'm commander")
    assert "<@U0LEE000000> leads now, in place of <@U0KIM000000>" in "\n".join(await world.channel_texts(1))
    assert "*Commander:* <@U0LEE000000>" in await world.card(1)
    await do(world, "bea", "/inc #1 lead @bo", "ops")
    assert await commander(world) == "bo"


async def test_when_many_take_the_seat_at_once_one_has_it(world: World, channel: str) -> None:
    people = ("ana", "bo", "kim", "lee", "bea", "max")
    await asyncio.gather(*(world.user(name).command("/inc #1 lead me") for name in people for _ in range(2)))
    await world.settled()
    async with world.bot.database.read() as tx:
        seats = select(func.count()).where(col(Role.incident_id) == 1, col(Role.role) == COMMANDER, col(Role.until).is_(None))
        assert (await tx.session.execute(seats)).scalar_one() == 1
    assert f"*Commander:* <@U0{(await commander(world) or '').upper()}" in await world.card(1)


async def test_the_first_to_answer_leads_after_five_minutes_of_an_empty_seat(world: World, channel: str) -> None:
    await do(world, "ana", "/inc ack")
    await world.advance(minutes=4)
    assert await commander(world) is None
    await world.advance(minutes=2)
    assert "*Commander:* <@U0ANA000000> (acting)" in await world.card(1)

    await do(world, "ana", "/inc lead me")
    assert "*Commander:* <@U0ANA000000>\n" in await world.card(1)
    await do(world, "ana", "/inc leave")
    assert "Nobody leads now" in "\n".join(await world.channel_texts(1))
    await world.advance(minutes=10)
    assert await commander(world) is None, "who left is not put back"


async def test_people_join_and_leave(world: World, channel: str) -> None:
    assert "You are part of #1" in await do(world, "bea", "/inc #1 join", "ops")
    assert "<@U0BEA000000>" in await world.card(1)
    members = next(one for one in await world.sandbox.channels() if one.get("name") == channel)["members"]
    assert "U0BEA000000" in members
    assert "no longer part" in await do(world, "bea", "/inc leave")
    assert "no part in #1" in await do(world, "bea", "/inc leave")
    assert "<@U0BEA000000>" not in await world.card(1)


async def test_people_and_teams_are_paged_by_name_and_the_ladder_is_escalated(world: World, channel: str) -> None:
    assert "<@U0LEE000000>: being paged for #1" in await do(world, "kim", "/inc page @lee the gateway needs you")
    assert "the gateway needs you" in world.phone("lee").last_sms
    assert "infra: being paged" in await do(world, "kim", "/inc page @infra disks")
    assert "disks" in world.phone("bea").last_sms
    assert "not in Tocsin's directory" in await do(world, "kim", "/inc page @gus come")

    await press(world, "kim", "Escalate")
    assert "SEV1 #1" in world.phone("bo").last_sms
    await press(world, "bo", "Ack")
    assert "<@U0BO0000000> acknowledged" in await world.card(1)

    await world.advance(minutes=6)
    said = "\n".join(await world.channel_texts(1))
    assert "<@U0LEE000000> was paged by name and has not answered" in said
    assert "Everybody on the escalation ladder" not in said
    assert not any("Nobody has answered" in text for text in await world.sandbox.channel("ops").texts())


async def test_the_cards_buttons_do_what_the_commands_do(world: World, channel: str) -> None:
    await press(world, "ana", "Ack")
    assert "<@U0ANA000000> acknowledged" in await world.card(1)
    assert "You took this page" in await press(world, "ana", "Ack")
    assert "Ana Silva took this page" in await press(world, "bo", "Ack")

    await world.user("ana").press("Update", channel)
    await world.settled()
    await world.user("ana").submit({"words": {"value": "rolling back"}})
    await world.settled()
    assert "*Update* by <@U0ANA000000>: rolling back" in "\n".join(await world.channel_texts(1))

    await world.user("ana").press("Resolve", channel)
    await world.settled()
    await world.user("ana").submit({"words": {"value": "config rolled back"}})
    await world.settled()
    assert (await incident(world)).state is IncidentState.RESOLVED


async def test_notes_lists_and_help_are_answered_in_private(world: World, channel: str) -> None:
    assert "Written down for #1: failover began" in await do(world, "kim", "/inc note failover began")
    assert "#1 SEV1 checkout is down" in await do(world, "lee", "/inc list", "ops")
    assert "All quiet" in await do(world, "lee", "/inc list mine", "ops")
    assert "*Severity:* SEV1" in await do(world, "lee", "/inc #1", "ops")
    shown = await do(world, "lee", "/inc help", "ops")
    for verb in ("resolve config rolled back", "page @payments", "sev 2 only EU affected"):
        assert verb in shown
    assert "undone for 5 min" in await do(world, "lee", "/inc help resolve", "ops")
    assert len(await world.channel_texts(1)) == 1, "nothing of it is public"


async def test_what_is_ambiguous_does_nothing_and_its_buttons_do_what_they_say(world: World, channel: str) -> None:
    asked = await do(world, "kim", "/inc status page is down", "ops")
    assert "Nothing has happened yet" in asked and "Declare “status page is down”" in asked and "Do it on #1" in asked
    await press(world, "kim", "Declare “status page is down”", "ops")
    assert "#2" in await world.card(2) and "status page is down" in await world.card(2)

    await do(world, "lee", "/inc #1 join", "ops")
    asked = await do(world, "lee", "/inc update server is slow", "ops")
    assert (await incident(world)).last_update is None
    await press(world, "lee", "Do it on #1", "ops")
    assert (await incident(world)).last_update == "server is slow"

    assert "`reslove` is no command. Did you mean `resolve`" in await do(world, "lee", "/inc reslove", channel)
    assert "Nothing has happened" in await do(world, "lee", "/inc checkout", "ops")
    assert len(await world.bot_channels()) == 2


async def test_a_mention_acts_where_slash_commands_do_not_work(world: World, channel: str) -> None:
    thread = await world.user("ana").message("what do we know?", channel)
    await world.user("ana").message("@tocsin ack", channel, thread_ts=thread["ts"])
    await world.settled()
    assert "<@U0ANA000000> acknowledged" in await world.card(1)
    answer = (await whispered(world, "ana", channel))[-1]
    assert "You took #1" in answer.shown and answer.thread_ts == thread["ts"]

    await world.user("ana").message("@tocsin status triage", channel)
    await world.settled()
    assert "cannot go to triage" in (await whispered(world, "ana", channel))[-1].shown
    await world.user("ana").message("@tocsin update", channel)
    await world.settled()
    assert "Say it in one line" in (await whispered(world, "ana", channel))[-1].shown

    for talk in ("@tocsin thanks for paging ana", "I think @tocsin update is great", "@ana resolve it with @tocsin"):
        await world.user("ana").message(talk, channel)
        await world.settled()
    assert len(await world.bot_channels()) == 1
    assert (await incident(world)).state is IncidentState.INVESTIGATING


async def test_doubled_commands_and_clicks_change_nothing_the_second_time(world: World, channel: str) -> None:
    said = await asyncio.gather(*(world.user(name).command("/inc #1 resolve done") for name in ("kim", "lee")))
    await world.settled()
    assert sorted("already" in told(one) for one in said) == [False, True]
    resolved = [text for text in await world.channel_texts(1) if text.startswith("*Resolved*")]
    assert len(resolved) == 1
    posts = [call for call in calls(world, "chat.postMessage") if "Resolved" in call["args"]["text"]]
    assert len(posts) == 1


async def test_a_form_typed_outside_asks_for_the_incident(world: World, channel: str) -> None:
    await do(world, "lee", "/inc note", "ops")
    view = await world.user("lee").view()
    assert "Which incident?" in lines(view)
    await world.user("lee").submit({"incident": {"value": "1"}, "words": {"value": "seen from the outside"}})
    await world.settled()
    async with world.bot.database.read() as tx:
        assert "seen from the outside" in [entry.text for entry in await timeline.entries(tx, 1)]
