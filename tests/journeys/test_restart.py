"""The bot ends and begins again: what it was doing is finished, what it knew is known, and it says how it is."""

import asyncio
import contextlib
import re
from datetime import timedelta

import aiohttp

from tests.journeys import roads
from tests.journeys.records import told
from tests.world import Json, World


async def ask(world: World, path: str) -> tuple[int, Json]:
    async with aiohttp.ClientSession() as probe, probe.get(f"http://127.0.0.1:{world.bot.port}{path}") as answer:
        return answer.status, await answer.json(content_type=None)


async def test_stopping_finishes_the_page_that_is_being_sent(world: World) -> None:
    world.sandbox.fault(service="sms", delay_s=0.4)
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.sandbox.until(lambda: not world.sandbox.outside.faults.faults)  # Twilio holds the text in its hands
    assert world.phone("ana").received == []
    await world.stop()
    [text] = world.phone("ana").received
    assert "SEV1 #1 checkout is down" in text

    await world.start()
    assert world.phone("ana").received == [text]
    _, page = await roads.opened(roads.page_link(world, "ana"))
    stands = re.search(r"<dt>Ana Silva \(you\)</dt><dd>(was paged|has the page on their phone)</dd>", " ".join(page.split()))
    assert stands, "it was written down, not only sent; a receipt may have come since"


async def test_everything_goes_on_where_it_was(world: World) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    link = roads.page_link(world, "ana")
    for minutes in (1, 1):
        await world.stop()
        await world.start()
        await world.advance(minutes=minutes)
    assert len(world.phone("ana").received) == 1
    assert world.phone("bo").received == []

    await world.advance(minutes=1)
    assert "checkout is down" in world.phone("bo").last_sms
    await roads.opened(link, "POST", action="acknowledge")
    await world.settled()
    await world.stop()
    await world.start()
    assert "<@U0ANA000000> acknowledged" in await world.card(1)
    channel = await world.channel_name(1)
    await world.user("kim").command("/inc resolve restarted", channel)
    await world.settled()
    await world.stop()
    await world.start()
    await world.user("kim").press("Undo", channel)
    await world.settled()
    assert "*Investigating*" in await world.card(1)
    assert len(await world.bot_channels()) == 1
    assert len([text for text in await world.channel_texts(1) if "#1 SEV1 checkout is down" in text]) == 1


async def test_after_an_outage_only_the_newest_step_is_paged_and_says_how_late_it_is(sqlite_world: World) -> None:
    world = sqlite_world
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    await world.stop()
    before = told(world)
    world.clock.advance(timedelta(minutes=12))
    await world.start()
    await world.settled()
    late = {person: texts[len(before[person]) :] for person, texts in told(world).items() if texts[len(before[person]) :]}
    assert set(late) <= {"ana", "bea", "kim"}, "the step of minute 3 has passed; that of minute 8 is the newest"
    assert "checkout is down" in world.phone("bea").last_sms
    assert "late" in world.phone("bea").last_sms
    assert world.phone("bo").received == []


async def test_how_it_is_is_told_to_whoever_asks(sqlite_world: World) -> None:
    world = sqlite_world
    async with aiohttp.ClientSession() as probe, probe.get(f"http://127.0.0.1:{world.bot.port}/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")
    status, said = await ask(world, "/readyz")
    assert status == 200
    assert said["ready"] is True
    assert {name: check["ok"] for name, check in said["checks"].items()} == dict.fromkeys(
        ("database", "worker", "slack", "socket", "watchdog", "configuration", "runbooks", "audit"), True
    )

    world.sandbox.fault(service="slack", status=503, count=0)
    await world.user("kim").command("/inc sev1 checkout is down")
    with contextlib.suppress(TimeoutError):
        await world.settled()
    status, said = await ask(world, "/readyz")
    assert status == 200, "pages leave without Slack"
    assert said["ready"] is True
    assert said["checks"]["slack"]["ok"] is False
    assert said["checks"]["slack"]["says"].startswith("degraded: ")
    assert "checkout is down" in world.phone("ana").last_sms
    world.sandbox.clear_faults()
    await world.advance(minutes=1)
    assert (await ask(world, "/readyz"))[1]["checks"]["slack"]["ok"] is True

    async with aiohttp.ClientSession() as probe, probe.get(f"http://127.0.0.1:{world.bot.port}/metrics") as answer:
        metrics = await answer.text()
        assert answer.content_type == "text/plain"
    for name in (
        'tocsin_page_attempts_total{method="sms",outcome="Accepted"}',
        'tocsin_work_ended_total{kind="deliver_page",outcome="Done"}',
        'tocsin_slack_requests_total{kind="Command"',
        "tocsin_http_request_seconds_bucket",
        "tocsin_slack_ack_seconds_bucket",
        "tocsin_work_lateness_seconds_bucket",
    ):
        assert name in metrics, name
    assert "checkout" not in metrics


async def test_a_bot_that_begins_while_slack_is_down_is_ready_and_pages(sqlite_world: World) -> None:
    world = sqlite_world
    await world.stop()
    world.sandbox.fault(service="slack", status=503, count=0)
    ended = world.bot
    starting = asyncio.create_task(world.start())
    await world.sandbox.until(lambda: world.bot is not ended and world.bot.port != 0)
    world.sandbox.serve(f"http://127.0.0.1:{world.bot.port}")
    status, said = await ask(world, "/readyz")
    assert status == 200
    assert said["checks"]["socket"]["ok"] is False

    text = {"MessageSid": "SM1", "From": world.phone("kim").number, "To": "+15550100000", "Body": "sev1 checkout is down"}
    await world.sandbox.outside.phones.webhooks.post(f"{world.sandbox.url}/hooks/twilio/sms", text)
    await world.sandbox.until(lambda: "checkout is down" in world.phone("ana").last_sms)
    world.sandbox.clear_faults()
    await starting
    await world.advance(minutes=1)
    assert "#1 SEV1 checkout is down" in await world.card(1)
