"""Nothing that hangs keeps a page waiting."""

import asyncio
import time

from bot.db import BOT
from tests.journeys.stories import told
from tests.world import World

MANY = 120
"""More than the connections that an HTTP client opens by default."""


async def test_a_page_by_direct_message_does_not_wait_for_calls_of_slack_that_hang(sqlite_world: World) -> None:
    world = sqlite_world
    world.sandbox.fault(service="slack", method="users.info", delay_s=5.0, count=0)
    gateway = world.bot.rooms.gateway
    hanging = [asyncio.create_task(gateway.call("users.info", user=f"U{number}")) for number in range(50)]
    hanging += [asyncio.create_task(gateway.post_to(f"{world.sandbox.url}/api/users.info", {})) for _ in range(MANY - 50)]
    await world.sandbox.until(lambda: len(world.sandbox.calls("users.info")) >= 50)

    asked_at = time.monotonic()
    assert "Paging" in told(await world.user("kim").command("/inc sev1 checkout is down"))
    await world.sandbox.until(lambda: any(call["args"].get("channel") == "U0ANA000000" for call in world.sandbox.calls("chat.postMessage")))
    assert time.monotonic() - asked_at < 2

    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
    world.sandbox.clear_faults()


async def test_a_call_does_not_wait_for_texts_that_hang(sqlite_world: World) -> None:
    world = sqlite_world
    world.sandbox.fault(service="sms", delay_s=5.0, count=0)
    twilio = world.bot.rooms.twilio
    assert twilio is not None
    texts = [asyncio.create_task(twilio.make("Messages", {"To": "+15550100001", "Body": "hi"})) for _ in range(MANY)]
    await asyncio.sleep(0.3)

    asked_at = time.monotonic()
    await twilio.make("Calls", {"To": "+15550100001", "Url": f"{world.sandbox.url}/hooks/twilio/voice/1/x"})
    assert time.monotonic() - asked_at < 2

    for task in texts:
        task.cancel()
    await asyncio.gather(*texts, return_exceptions=True)


async def test_a_new_incident_gets_its_channel_while_old_ones_are_read_and_refreshed(sqlite_world: World) -> None:
    world = sqlite_world
    for number in range(10):
        await world.user("kim").command(f"/inc sev3 matter {number} of its own")
    await world.settled()
    created = len(world.sandbox.calls("conversations.create"))
    for method in ("conversations.history", "chat.update"):
        world.sandbox.fault(service="slack", method=method, delay_s=4.0, count=0)
    async with world.bot.database.begin(actor=BOT) as tx:
        await world.bot.rooms.repair.repair_open(tx)
    await world.sandbox.until(lambda: len(world.sandbox.calls("conversations.history")) >= 8)
    async with world.bot.database.begin(actor=BOT) as tx:
        for number in range(1, 11):
            await world.bot.rooms.incidents.update(tx, number, "still at it")

    asked_at = time.monotonic()
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.sandbox.until(lambda: len(world.sandbox.calls("conversations.create")) > created)
    assert time.monotonic() - asked_at < 2
    world.sandbox.clear_faults()
