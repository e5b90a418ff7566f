"""From the draft to what is published, in Slack alone: edited by hand, kept through a reopening, and approved by two."""

import json

from sqlalchemy import select
from sqlmodel import col

from bot.postmortems.messages import RemindOfPostmortem
from bot.postmortems.models import Postmortem
from bot.work.models import WorkItem
from bot.work.orders import WorkState
from tests.journeys.roads import direct
from tests.world import World

CAUSE = "A deploy emptied the cache; nothing had told anybody that it could."


async def stands(world: World) -> Postmortem:
    async with world.bot.database.read() as tx:
        found = await tx.session.get(Postmortem, 1)
    assert found is not None
    return found


async def write(world: World, person: str, section: str, old: str, new: str) -> str:
    """Edit one part of the document in Slack's form, by the button under the draft; what the bot says to it."""
    who, channel = world.user(person), await world.channel_name(1)
    await who.press("Edit", channel)
    await world.settled()
    offered = [one for block in (await who.view())["blocks"] for one in block.get("element", {}).get("options", ())]
    (chosen,) = [one for one in offered if one["text"]["text"] == section]
    await who.submit({"section": {"value": chosen["value"]}})
    await world.settled()
    (field,) = [block["element"] for block in (await who.view())["blocks"] if block["type"] == "input"]
    assert old in field["initial_value"]
    answer = await who.submit({"text": {"value": field["initial_value"].replace(old, new)}})
    await world.settled()
    return json.dumps([answer, await who.views()], ensure_ascii=False)


async def reminder(world: World) -> WorkState:
    """Whether somebody is still to be reminded of it."""
    async with world.bot.database.read() as tx:
        found = await tx.session.execute(select(WorkItem).where(col(WorkItem.kind) == RemindOfPostmortem.kind()))
        return found.scalar_one().state


async def told(world: World, person: str) -> str:
    return "\n".join(message.shown for message in await world.user(person).sees(await direct(world, person)))


async def test_a_postmortem_is_edited_kept_reviewed_and_published_in_slack_alone(sqlite_world: World) -> None:
    world = sqlite_world
    kim, ana, bo = (world.user(name) for name in ("kim", "ana", "bo"))
    await kim.command("/inc sev1 checkout is down")
    await world.settled()
    channel = await world.channel_name(1)
    await kim.command("/inc lead me", channel)
    await world.advance(minutes=10)
    await kim.command("/inc resolve config rolled back", channel)
    draft = await world.heard(1, "Postmortem draft ready")
    assert "owned by <@U0KIM000000>. It is to be in review by Mon 9 Mar." in draft.shown

    # Written by hand, and words that look for who are pointed out.
    said = await write(world, "bo", "Summary", "SEV1 in", "Ana should have known. SEV1 in")
    assert "It is saved" in said and "should have known" in said and "Say what was known then" in said
    await write(world, "bo", "Summary", "Ana should have known. SEV1 in", f"{CAUSE} SEV1 in")

    # It is not over after all: what was written stays, and where the facts say something else now, both are there.
    await kim.command("/inc reopen errors are back", channel)
    await world.advance(minutes=30)
    await kim.command("/inc resolve cache doubled", channel)
    await world.settled()
    document = (await stands(world)).markdown
    assert CAUSE in document and "resolved: cache doubled" in document, "newer facts come into the places that nobody wrote in"
    where = await kim.command("/inc postmortem", channel)
    assert "1 place has two texts." in json.dumps(where)

    assert await reminder(world) is WorkState.WAITING

    # Two have to agree with the same text.
    await kim.press("Ask for a review", channel)
    await world.settled()
    await kim.submit({"people": {"value": ["@ana", "@bo"]}})
    await world.heard(1, "2 approvals are wanted")
    read = (await stands(world)).version
    await ana.press(f"Approve version {read}", await direct(world, "ana"))
    await world.heard(1, "one more approval is wanted")
    await write(world, "kim", "Summary", CAUSE, f"{CAUSE} It does now.")
    await world.heard(1, f"the approval of <@U0ANA000000> is withdrawn: version {read + 1} is another text")
    await ana.press(f"Approve version {read}", await direct(world, "ana"))
    await world.settled()
    assert f"Version {read} was changed meanwhile: it is version {read + 1} now." in await told(world, "ana")

    # Nobody publishes what has two texts for one place.
    await ana.command("/inc postmortem approve", channel)
    await bo.command("/inc postmortem approve", channel)
    await world.heard(1, "It may be published.")
    await kim.press("Publish", channel)
    await world.settled()
    assert "two texts for one place" in "\n".join(message.shown for message in await kim.sees(channel))
    await kim.command("/inc postmortem", channel)
    await world.settled()
    assert "What became known since" in (await kim.sees(channel))[-1].shown
    await kim.press("Leave it", channel)
    await world.settled()
    await kim.press("Publish", channel)
    await world.heard(1, "Postmortem published")
    assert ((await stands(world)).state, (await stands(world)).published_version) == ("published", read + 1)

    assert await reminder(world) is WorkState.CANCELLED, "and nobody is reminded of it any more"
