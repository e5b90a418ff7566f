"""Real webhooks of an Alertmanager, posted to the running bot over HTTP."""

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from bot.alerts.models import Alert, AlertEvent
from bot.alerts.sources import AlertStatus
from bot.incidents import timeline
from bot.incidents.lifecycle import IncidentState
from bot.incidents.models import Incident
from tests.world import World

PAYLOADS = Path(__file__).parents[1] / "data" / "alertmanager"
Answer = tuple[int, dict[str, Any]]


def payload(name: str) -> bytes:
    """A webhook's body as a real Alertmanager sent it."""
    return (PAYLOADS / f"alertmanager-{name}.json").read_bytes()


async def post(world: World, body: bytes, key: str = "sandbox") -> Answer:
    """Deliver a webhook through the public address."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{world.sandbox.url}/hooks/alertmanager/{key}", data=io.BytesIO(body)) as answer,
    ):
        return answer.status, await answer.json()


async def incident(world: World, number: int) -> Incident:
    async with world.bot.database.read() as tx:
        return await world.bot.rooms.incidents.get(tx, number)


async def incidents(world: World) -> int:
    async with world.bot.database.read() as tx:
        return int((await tx.session.execute(select(func.count()).select_from(Incident))).scalar_one())


async def alerts(world: World, status: AlertStatus) -> int:
    async with world.bot.database.read() as tx:
        found = select(func.count()).select_from(Alert).where(col(Alert.status) == status)
        return int((await tx.session.execute(found)).scalar_one())


@pytest.mark.parametrize(
    ("name", "title", "severity", "service"),
    [
        ("single-firing", 'DiskAlmostFull: Disk /var/lib/"odd" ümläut on 127.0.0.1:19101 is almost full', 2, "storage"),
        ("single-firing-groupby-all", 'DiskAlmostFull: Disk /var/lib/"odd" ümläut on 127.0.0.1:19101 is almost full', 2, "storage"),
        ("grouped-firing-40", "QueueBacklog ×40 on queue", 4, "queue"),
        ("grouped-mixed-20firing-20resolved", "QueueBacklog ×20 on queue", 4, "queue"),
        ("truncated-firing-10-of-40", "QueueBacklog ×10+ on queue", 4, "queue"),
    ],
)
async def test_a_firing_group_is_one_incident_however_often_it_is_delivered(
    world: World, name: str, title: str, severity: int, service: str
) -> None:
    statuses = [status for status, _ in await asyncio.gather(*(post(world, payload(name)) for _ in range(5)))]
    await world.settled()
    status, again = await post(world, payload(name))

    assert statuses == [202] * 5
    assert (status, again["incident"], again["new"]) == (202, 1, 0)
    found = await incident(world, 1)
    assert (found.title, found.severity, found.service) == (title, severity, service)
    assert await incidents(world) == 1


async def test_each_alerts_own_status_counts_and_not_the_webhooks(world: World) -> None:
    _, said = await post(world, payload("grouped-mixed-20firing-20resolved"))

    assert json.loads(payload("grouped-mixed-20firing-20resolved"))["status"] == "firing"
    assert said["new"] == 20
    assert (await alerts(world, AlertStatus.FIRING), await alerts(world, AlertStatus.RESOLVED)) == (20, 20)


async def test_an_alert_born_sev4_opens_no_channel_and_wakes_nobody(world: World) -> None:
    before = {channel["name"] for channel in await world.sandbox.channels() if channel.get("name")}
    await post(world, payload("grouped-firing-40"))
    await world.advance(hours=5)

    assert {channel["name"] for channel in await world.sandbox.channels() if channel.get("name")} == before
    for name in ("ana", "bo", "kim", "lee", "bea", "max"):
        assert world.phone(name).sms == []
        assert world.phone(name).calls == []
        assert world.sandbox.mailbox(name) == []
    digest = [text for text in await world.sandbox.channel("ops").texts() if "QueueBacklog" in text]
    assert len(digest) == 1
    assert "SEV4" in digest[0]


async def test_an_alert_born_sev2_pages_the_owner_and_says_its_rule_on_the_card(world: World) -> None:
    await post(world, payload("single-firing"))
    await world.settled()

    assert "SEV2 #1 DiskAlmostFull" in world.phone("bea").last_sms
    card = await world.card(1)
    assert 'the alert is labelled "critical"' in card
    assert "tier 1" in card
    assert "*Alerts:* 1 firing, 0 resolved" in card


async def test_left_out_alerts_are_said_on_the_timeline(world: World) -> None:
    status, said = await post(world, payload("truncated-firing-10-of-40"))

    assert (status, said["truncated"]) == (202, 30)
    async with world.bot.database.read() as tx:
        lines = [entry.text for entry in await timeline.entries(tx, 1)]
    assert any("30 more alerts" in line for line in lines)


@pytest.mark.parametrize("name", ["single-resolved", "grouped-resolved-20"])
async def test_a_resolution_without_an_open_alert_is_recorded_and_opens_nothing(world: World, name: str) -> None:
    status, said = await post(world, payload(name))
    again, repeated = await post(world, payload(name))

    assert (status, again) == (202, 202)
    assert said["incident"] is None
    assert await incidents(world) == 0
    assert await alerts(world, AlertStatus.RESOLVED) == said["resolved"] > 0
    assert repeated["resolved"] == 0


async def test_an_untouched_incident_ends_with_its_alert_and_a_copy_of_the_end_changes_nothing(world: World) -> None:
    await post(world, payload("single-firing"))
    await world.settled()
    await post(world, payload("single-resolved"))
    await world.settled()
    ended = await incident(world, 1)
    assert ended.state is IncidentState.RESOLVED

    await world.advance(minutes=1)
    _, said = await post(world, payload("single-resolved"))
    assert said["resolved"] == 0
    assert (await incident(world, 1)).ended_at == ended.ended_at


async def test_what_is_cancelled_by_people_is_not_reopened_by_its_alert(world: World) -> None:
    await post(world, payload("single-firing"))
    await world.settled()
    said = await world.user("bea").command("/inc #1 cancel it was a test", await world.channel_name(1))
    assert said["ok"], said
    await world.settled()
    await post(world, payload("single-resolved"))
    _, said = await post(world, payload("single-firing"))

    assert said["incident"] == 2
    assert (await incident(world, 1)).state is IncidentState.CANCELLED


async def test_an_incident_that_a_person_took_is_left_to_them(world: World) -> None:
    await post(world, payload("single-firing"))
    await world.settled()
    await world.phone("bea").reply("1a")
    await post(world, payload("single-resolved"))
    await world.settled()

    assert (await incident(world, 1)).state is IncidentState.INVESTIGATING
    assert any("No alert fires any more" in text for text in await world.channel_texts(1))


async def test_an_alert_that_fires_again_soon_reopens_and_later_is_a_new_linked_incident(world: World) -> None:
    again = json.loads(payload("single-firing"))
    gone = json.loads(payload("single-resolved"))
    await post(world, json.dumps(again).encode())
    await post(world, json.dumps(gone).encode())
    await world.advance(minutes=10)
    again["alerts"][0]["startsAt"] = "2026-11-22T21:50:00Z"
    await post(world, json.dumps(again).encode())
    assert (await incident(world, 1)).state is IncidentState.INVESTIGATING

    gone["alerts"][0].update(startsAt="2026-11-22T21:50:00Z", endsAt="2026-11-22T21:55:00Z")
    await post(world, json.dumps(gone).encode())
    await world.advance(minutes=31)
    again["alerts"][0]["startsAt"] = "2026-11-22T22:40:00Z"
    _, said = await post(world, json.dumps(again).encode())
    async with world.bot.database.read() as tx:
        states = [(await world.bot.rooms.incidents.get(tx, number)).state for number in (1, said["incident"])]
        lines = [entry.text for entry in await timeline.entries(tx, said["incident"])]
    assert said["incident"] == 2
    assert states[1] is IncidentState.INVESTIGATING
    assert any("#1" in line for line in lines)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "not JSON"),
        (b"not json", 400, "not JSON"),
        (payload("single-firing")[:700], 400, "not JSON"),
        (b"[]", 400, "object"),
        (b'{"version": "3", "groupKey": "x", "alerts": []}', 400, "version"),
        (b'{"version": "4", "groupKey": "x", "alerts": 7}', 400, "alerts"),
        (b'{"version": "4", "groupKey": "x", "alerts": [{"status": "firing"}]}', 400, "labels"),
        (b"\xff\xfe\x00", 400, "not JSON"),
        (b"[" * 100_000, 400, "not JSON"),
        (b'{"a": "' + b"x" * 10_000_000 + b'"}', 413, "larger than"),
    ],
    ids=["empty", "text", "cut off", "list", "version", "alerts", "labels", "bytes", "deep", "10 MB"],
)
async def test_garbage_is_refused_with_a_sentence_and_loses_nothing(world: World, body: bytes, status: int, words: str) -> None:
    await post(world, payload("single-firing"))
    answered, said = await post(world, body)

    assert answered == status
    assert words in said["error"]
    assert await alerts(world, AlertStatus.FIRING) == 1
    assert (await post(world, payload("grouped-firing-40")))[0] == 202


async def test_a_wrong_key_is_refused_and_never_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    status, said = await post(world, payload("single-firing"), key="guessed-secret")

    assert status == 403
    assert "key" in said["error"]
    assert await incidents(world) == 0
    assert "guessed-secret" not in caplog.text


async def test_webhooks_of_eight_senders_at_once_leave_one_row_for_each_alert(world: World) -> None:
    base = json.loads(payload("grouped-firing-40"))

    def body(part: int) -> bytes:
        some = [dict(alert, fingerprint=f"{part % 4}-{place}") for place, alert in enumerate(base["alerts"])]
        return json.dumps({**base, "groupKey": f"group {part % 4}", "alerts": some}).encode()

    answers = await asyncio.gather(*(post(world, body(part)) for part in range(32)))
    async with world.bot.database.read() as tx:
        rows = (await tx.session.execute(select(func.count()).select_from(Alert))).scalar_one()
        events = (await tx.session.execute(select(func.count()).select_from(AlertEvent))).scalar_one()
    assert {status for status, _ in answers} == {202}
    assert sum(said["new"] for _, said in answers) == rows == events == 160


async def test_a_worse_alert_raises_what_nobody_has_touched_and_pages(world: World) -> None:
    mild = json.loads(payload("single-firing"))
    mild["alerts"][0]["labels"]["severity"] = "warning"
    worse = json.loads(payload("single-firing"))
    worse["alerts"][0]["fingerprint"] = "another"
    await post(world, json.dumps(mild).encode())
    assert (await incident(world, 1)).severity == 4
    await post(world, json.dumps(worse).encode())
    await world.settled()

    assert (await incident(world, 1)).severity == 2
    assert "SEV2 #1" in world.phone("bea").last_sms
