"""An alert that fires and stops again and again: what it does to people, and when it is believed to be over."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from bot.alerts.flapping import Flaps, flaps, is_quiet
from bot.incidents import timeline
from bot.incidents.lifecycle import IncidentState
from bot.paging.models import Page
from tests.alerts.test_web import incident, incidents, payload, post
from tests.world import World

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def minutes_ago(*minutes: float) -> list[datetime]:
    return [NOW - timedelta(minutes=one) for one in minutes]


def test_three_times_within_the_hour_is_flapping_and_says_how_often_in_how_long() -> None:
    assert flaps(minutes_ago(10, 0), 3, HOUR, NOW) is None
    found = flaps(minutes_ago(20, 10, 0), 3, HOUR, NOW)
    assert found == Flaps(3, NOW - timedelta(minutes=20)) and found.sentence(NOW) == "flapping: 3 times in 20 min"
    assert flaps(minutes_ago(60, 10, 0), 3, HOUR, NOW) is None
    assert flaps(minutes_ago(20, 10, 0), 0, HOUR, NOW) is None


@given(st.lists(st.floats(0, 500).map(lambda ago: NOW - timedelta(minutes=ago))), st.integers(1, 10))
def test_what_is_called_flapping_did_fire_so_often_within_that_time(fired: list[datetime], after: int) -> None:
    found = flaps(fired, after, HOUR, NOW)
    lately = [one for one in fired if NOW - one < HOUR]
    assert (found is not None) == (len(lately) >= after)


def test_quiet_is_counted_from_the_last_change() -> None:
    assert is_quiet(NOW - timedelta(minutes=15), timedelta(minutes=15), NOW)
    assert not is_quiet(NOW - timedelta(minutes=14), timedelta(minutes=15), NOW)


class Monitoring:
    """One alert that fires and stops as told."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def fires(self) -> int:
        body = json.loads(payload("single-firing"))
        body["alerts"][0]["startsAt"] = self.world.clock.now().isoformat()
        _, said = await post(self.world, json.dumps(body).encode())
        await self.world.settled()
        return int(said["incident"])

    async def stops(self) -> None:
        body = json.loads(payload("single-resolved"))
        now = self.world.clock.now().isoformat()
        body["alerts"][0].update(startsAt=now, endsAt=now)
        await post(self.world, json.dumps(body).encode())
        await self.world.settled()

    async def flaps(self, times: int) -> None:
        """Fire and stop so often, three minutes each."""
        for _ in range(times):
            await self.fires()
            await self.world.advance(minutes=1)
            await self.stops()
            await self.world.advance(minutes=2)


async def pages(world: World) -> list[str]:
    """The remark of every page by a ladder."""
    async with world.bot.database.read() as tx:
        mine = select(col(Page.words)).where(col(Page.incident_id) == 1, col(Page.asked_by).is_(None)).order_by(col(Page.id))
        return list((await tx.session.execute(mine)).scalars())


async def test_it_pages_three_times_says_that_it_flaps_and_then_nobody_until_it_is_quiet(world: World) -> None:
    monitoring = Monitoring(world)
    await monitoring.flaps(2)
    assert await pages(world) == ["", ""]
    assert (await incident(world, 1)).state is IncidentState.RESOLVED

    await monitoring.fires()
    assert await pages(world) == ["", "", "flapping: 3 times in 6 min"]
    text = world.phone("bea").last_sms
    assert text.startswith("SEV2 #1 ") and "(flapping: 3 times in 6 min)" in text
    await world.phone("bea").reply("a")
    sent = len(world.phone("bea").received)
    await monitoring.stops()
    assert (await incident(world, 1)).state is IncidentState.INVESTIGATING, "that it stops means nothing any more"
    await world.advance(minutes=2)
    await monitoring.flaps(3)
    assert len(await pages(world)) == 3 and len(world.phone("bea").received) == sent, "joined in silence"
    assert "flapping" in await world.card(1)

    await world.advance(minutes=16)
    assert any("No alert fires any more" in said for said in await world.channel_texts(1))
    async with world.bot.database.read() as tx:
        said = [entry.text for entry in await timeline.entries(tx, 1)]
    assert any("flapping: 3 times in 6 min. It stays open until it has been quiet for 15m" in line for line in said)
    assert await incidents(world) == 1


async def test_untouched_it_ends_by_itself_once_it_is_quiet_and_not_before(world: World) -> None:
    monitoring = Monitoring(world)
    await monitoring.flaps(3)
    assert (await incident(world, 1)).state is IncidentState.INVESTIGATING
    await world.advance(minutes=10)
    await monitoring.flaps(1)
    await world.advance(minutes=12)
    assert (await incident(world, 1)).state is IncidentState.INVESTIGATING, "twelve minutes are not fifteen"
    await world.advance(minutes=2)
    assert (await incident(world, 1)).state is IncidentState.RESOLVED
    assert len(await pages(world)) == 3


async def test_a_new_incident_of_what_once_flapped_pages_like_any_other(world: World) -> None:
    monitoring = Monitoring(world)
    await monitoring.flaps(3)
    await world.advance(minutes=60)
    assert (await incident(world, 1)).state is IncidentState.RESOLVED
    assert await monitoring.fires() == 2
    assert "#2" in world.phone("bea").last_sms and "flapping" not in world.phone("bea").last_sms
    await monitoring.stops()
    assert (await incident(world, 2)).state is IncidentState.RESOLVED
