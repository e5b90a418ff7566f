"""The card shows how things stand, whatever became of earlier edits."""

from datetime import timedelta

from bot.db import BOT
from tests.world import World


async def test_a_slow_edit_of_the_card_never_overwrites_a_newer_one(sqlite_world: World) -> None:
    world = sqlite_world
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.advance(seconds=3)
    edits = len(world.sandbox.calls("chat.update"))

    world.sandbox.fault(service="slack", method="chat.update", delay_s=0.5, count=1)
    async with world.bot.database.begin(actor=BOT) as tx:
        await world.bot.rooms.incidents.refresh(tx, await world.bot.rooms.incidents.held(tx, 1), at_leisure=True)
    world.clock.advance(timedelta(seconds=2))
    world.bot.worker.wake()
    await world.sandbox.until(lambda: len(world.sandbox.calls("chat.update")) > edits)
    await world.user("ana").command("/inc #1 lead me")
    await world.settled()
    await world.advance(seconds=3)

    assert "*Commander:* <@U0ANA000000>" in await world.card(1)
