"""An alert becomes an incident, pages, is answered by phone; when it stops, that is said, and people decide."""

import asyncio
import re
from datetime import datetime, timedelta

import aiohttp
from sqlalchemy import func, select
from sqlmodel import col

from bot.alerts.models import Alert
from bot.incidents.models import Incident
from tests.journeys import roads
from tests.journeys.records import told
from tests.world import Json, World

FOREVER = "0001-01-01T00:00:00Z"


def alert(name: str, starts: datetime, *, ends: datetime | None = None, instance: str = "a:9100", **labels: str) -> Json:
    """One alert as Alertmanager tells of it."""
    return {
        "status": "resolved" if ends else "firing",
        "labels": {"alertname": name, "severity": "critical", "service": "checkout", "instance": instance, **labels},
        "annotations": {"summary": "one in five payments fails"},
        "startsAt": starts.isoformat(),
        "endsAt": ends.isoformat() if ends else FOREVER,
        "generatorURL": "http://prometheus.example.com/graph",
        "fingerprint": f"{abs(hash((name, instance))):016x}"[:16],
    }


def webhook(*alerts: Json) -> Json:
    """A group of alerts, version 4."""
    is_firing = any(one["status"] == "firing" for one in alerts)
    return {
        "version": "4",
        "groupKey": '{}:{alertname="PaymentsFail"}',
        "truncatedAlerts": 0,
        "status": "firing" if is_firing else "resolved",
        "receiver": "tocsin",
        "groupLabels": {"alertname": "PaymentsFail"},
        "commonLabels": {"alertname": "PaymentsFail", "service": "checkout", "severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.com",
        "alerts": list(alerts),
    }


async def post(world: World, *webhooks: Json) -> list[int]:
    """Deliver webhooks, all at once; their statuses."""
    async with aiohttp.ClientSession() as monitoring:

        async def deliver(body: Json) -> int:
            async with monitoring.post(f"{world.sandbox.url}/hooks/alertmanager/sandbox", json=body) as answer:
                return answer.status

        return await asyncio.gather(*(deliver(body) for body in webhooks))


async def test_an_alert_pages_is_answered_by_phone_and_its_end_is_said(world: World) -> None:
    began = world.clock.now() - timedelta(minutes=7)
    assert await post(world, webhook(alert("PaymentsFail", began))) == [202]
    await world.settled()
    assert "SEV2 #1 PaymentsFail: one in five payments fails" in world.phone("ana").last_sms
    card = await world.card(1)
    assert "*Severity:* SEV2" in card
    assert "critical" in card
    assert "Checkout (tier 0)" in card

    await world.advance(minutes=2)
    spoken = " ".join((await world.phone("ana").answer())["spoken"])
    assert "Sev 2, incident 1: PaymentsFail: one in five payments fails" in spoken
    heard = await world.phone("ana").keys("4")
    assert "#1 is yours." in " ".join(heard["spoken"])
    await world.settled()
    assert "<@U0ANA000000> acknowledged" in await world.card(1)

    await world.advance(minutes=20)
    assert world.phone("bo").received == []
    await post(world, webhook(alert("PaymentsFail", began, ends=world.clock.now())))
    await world.settled()
    assert any("No alert fires any more" in text and "when you agree" in text for text in await world.channel_texts(1))
    assert "*Investigating*" in await world.card(1)

    await world.user("ana").command("/inc resolve The bank is back", await world.channel_name(1))
    await world.settled()
    document = await world.postmortem(1)
    assert "(MTTD) | 7 min" in document
    assert "(MTTR) | 29 min" in document
    assert re.search(r"\| impact started \(recorded 7 min \S*later\)|impact started.*recorded 7 min", document)


async def test_nobody_touched_it_so_it_ends_with_its_alert(sqlite_world: World) -> None:
    world = sqlite_world
    began = world.clock.now()
    await post(world, webhook(alert("PaymentsFail", began)))
    await world.advance(minutes=4)
    await post(world, webhook(alert("PaymentsFail", began, ends=world.clock.now())))
    await world.settled()
    assert "*Resolved*" in await world.card(1)
    assert "#1: over. You are no longer needed. Thank you." in world.phone("ana").received
    await world.advance(minutes=30)
    assert world.phone("bo").received == []


async def test_a_storm_of_two_hundred_webhooks_to_one_group_pages_once(world: World) -> None:
    began = world.clock.now()
    storm = [webhook(*(alert("PaymentsFail", began, instance=f"{number % 50}:9100") for number in range(at, at + 3))) for at in range(200)]
    assert set(await post(world, *storm)) == {202}
    await world.settled()

    async with world.bot.database.read() as tx:
        assert (await tx.session.execute(select(func.count()).select_from(Incident))).scalar_one() == 1
        known = select(func.count(), func.min(col(Alert.incident_id)), func.max(col(Alert.incident_id))).select_from(Alert)
        assert tuple((await tx.session.execute(known)).one()) == (50, 1, 1)
    reached = {person: texts for person, texts in told(world).items() if texts}
    assert list(reached) == ["ana"]
    assert len(reached["ana"]) == 2, "one text, one mail"
    assert len(await world.bot_channels()) == 1
    page = await roads.direct_page(world, "ana")
    dm = await world.sandbox.channel(await roads.direct(world, "ana")).messages()
    assert [message.ts for message in dm if message.text.startswith("SEV")] == [page.ts]
    assert len(await world.channel_texts(1)) <= 2
