"""A run that waits for approval finds its approvers: told in Slack, then paged, never who asked; decided, it leaves everybody alone."""

from pathlib import Path

import pytest

from bot.incidents import timeline
from tests.journeys.roads import direct
from tests.journeys.runbooks import declared, released
from tests.journeys.stories import calls, whispered
from tests.journeys.stories import run_card as card
from tests.world import World

QUICK = {"check_mode": False, "approvers": "involved"}


async def told(world: World, person: str, words: str) -> str:
    """The direct message to somebody that says this; "" when there is none."""
    texts = await world.sandbox.channel(await direct(world, person)).texts()
    return next((text for text in reversed(texts) if words in text), "")


@pytest.mark.parametrize("runbook_config", [QUICK], indirect=True)
async def test_approvers_are_told_at_once_and_paged_step_by_step_until_one_has_decided(runbook_world: World, runbook_config: Path) -> None:
    world, kim, bo, lee = runbook_world, *(runbook_world.user(name) for name in ("kim", "bo", "lee"))
    channel = await declared(world)
    await world.user("ana").command("/inc ack", channel)
    await kim.command("/inc run release to=v41", channel)
    await card(world, 1, "waiting")
    for person, why in (("ana", "responder of #1"), ("bo", "secondary on call for Payments")):
        ask = await told(world, person, "asks for your approval")
        for words in (
            "<@U0KIM000000>",
            "SEV2 #1 checkout is down",
            "to *v41*",
            "2 hosts (web1, web2)",
            f"you: {why}",
            "Approve",
            "Decline",
        ):
            assert words in ask
    assert not [call for call in calls(world, "chat.postMessage") if call["args"].get("channel") == "U0KIM000000"]
    await world.phone("ana").policy(calls="answer")
    texts = {name: len(world.phone(name).received) for name in ("ana", "bo", "kim", "bea")}

    await world.advance(minutes=1, seconds=5)
    assert "Kim Ji-woo asks for you" in world.phone("ana").last_sms
    assert '"approve run 1: Write a release"' in world.phone("ana").last_sms
    assert len(world.phone("bo").received) == texts["bo"]
    await world.advance(minutes=4)
    assert "Kim Ji-woo asks for you: approve run 1: Write a release." in " ".join(world.phone("ana").calls[-1].spoken)
    assert all("approve run 1" in world.phone(name).last_sms for name in ("bo", "bea"))
    assert len(world.phone("kim").received) == texts["kim"]
    assert any("paged Bo Lindqvist by SMS for run 1" in text for text in await timeline_of(world))

    await world.advance(minutes=1)
    await lee.command("/inc #1 leave", channel)
    await lee.press("Approve", channel)
    await world.settled()
    assert "release is for who has a part in #1 to approve: `/inc join` first." in (await whispered(world, "lee", channel))[-1].shown
    await bo.press("Approve", await direct(world, "bo"))
    await card(world, 1, "succeeded")
    assert set(released(world).values()) == {"v41"}
    assert world.phone("ana").last_sms == "#1, run 1: decided. You are no longer needed. Thank you."
    assert "Approve" not in (await told(world, "ana", "Run 1: Write a release")).replace("Approved", "")
    before = len(world.phone("bea").received), len(world.phone("ana").calls)
    await world.advance(minutes=5)
    assert (len(world.phone("bea").received), len(world.phone("ana").calls)) == before


@pytest.mark.parametrize("runbook_config", [QUICK], indirect=True)
async def test_of_a_private_incident_only_those_hear_who_have_heard_before_and_sooner_once_it_is_urgent(
    runbook_world: World, runbook_config: Path
) -> None:
    world, kim = runbook_world, runbook_world.user("kim")
    await kim.command("/inc")
    await kim.submit(
        {
            "title": {"value": "checkout leaks"},
            "service": {"value": "checkout"},
            "private": {"value": ["private"]},
            "severity": {"value": "3"},
        }
    )
    await world.settled()
    channel = await world.channel_name(1)
    await world.user("ana").command("/inc #1 ack", channel)
    await kim.command("/inc run release to=v41", channel)
    await card(world, 1, "waiting")
    await world.settled()
    assert "Approve" in await told(world, "ana", "asks for your approval")  # she was paged for the incident
    assert not [call for call in calls(world, "chat.postMessage") if call["args"].get("channel") == "U0BO0000000"]
    await world.advance(minutes=2)
    assert "asks for you" not in world.phone("ana").last_sms
    await kim.command("/inc sev 2 it spreads", channel)
    await world.advance(minutes=1, seconds=1)
    assert "SEV2 #1, private" in world.phone("ana").last_sms
    assert "Kim Ji-woo asks for you" in world.phone("ana").last_sms
    assert "release" not in world.phone("ana").last_sms


async def timeline_of(world: World) -> list[str]:
    """What was written down about #1."""
    async with world.bot.database.read() as tx:
        return [entry.text for entry in await timeline.entries(tx, 1)]
