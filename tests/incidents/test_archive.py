"""Looking back among incidents, on both databases."""

import pytest

from bot.clock import FakeClock
from bot.db import ActorId, Database, Tx
from bot.incidents import archive, roles, timeline
from bot.incidents.lifecycle import IncidentState
from bot.incidents.models import Incident

KIM, LEE = ActorId("kim"), ActorId("lee")


async def add(tx: Tx, title: str, *, service: str | None = None, is_private: bool = False) -> Incident:
    incident = Incident(
        title=title, state=IncidentState.INVESTIGATING, severity=2, rule="typed", is_confirmed=True, origin="slack", service=service,
        declared_by=tx.actor, declared_at=tx.now, is_private=is_private,
    )  # fmt: skip
    tx.session.add(incident)
    await tx.session.flush()
    return incident


@pytest.fixture
async def past(database: Database, clock: FakeClock) -> Database:
    """Four incidents of kim's, the last of them private."""
    async with database.begin(actor=KIM) as tx:
        await add(tx, "Checkout is down", service="checkout")
        sessions = await add(tx, "redis failover hangs", service="sessions")
        await add(tx, "uploads at 50% of _normal_ speed")
        await add(tx, "redis failover leaked customer data", is_private=True)
        await timeline.record(tx, sessions.number, "resolved", "Moved to the STANDBY in eu")
        await timeline.record(tx, sessions.number, "paged", "ana was paged by sms")
    return database


async def test_a_private_incident_is_seen_by_who_is_part_of_it_alone(past: Database) -> None:
    async def like_the_second(who: ActorId) -> list[int]:
        async with past.begin(actor=who) as tx:
            return [one.number for one, _ in await archive.similar(tx, await tx.session.get_one(Incident, 2))]

    assert (await like_the_second(KIM), await like_the_second(LEE)) == ([4], [])
    async with past.begin(actor=LEE) as tx:
        await roles.take_part(tx, 4, LEE)
    assert await like_the_second(LEE) == [4]


async def test_what_is_like_an_incident_comes_with_how_it_ended(past: Database) -> None:
    async with past.begin(actor=LEE) as tx:
        new = await add(tx, "redis failover again")
        [(one, like)] = await archive.similar(tx, new)
        assert (one.number, like.why) == (2, "both say “failover”, “redis”")
        assert await archive.ending(tx, one) == "Moved to the STANDBY in eu"
