"""Parts in an incident: never two commanders, whatever happens at once."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from bot.clock import FakeClock
from bot.db import ActorId, Database
from bot.errors import AlreadyDone
from bot.incidents import roles
from bot.incidents.lifecycle import IncidentState
from bot.incidents.models import COMMANDER, Incident, Role

ANA, BO, KIM = ActorId("ana"), ActorId("bo"), ActorId("kim")


@pytest.fixture
async def number(database: Database, clock: FakeClock) -> int:
    """An incident with nobody in it."""
    async with database.begin(actor=KIM) as tx:
        incident = Incident(
            title="checkout is down", state=IncidentState.INVESTIGATING, severity=1, rule="typed", is_confirmed=True, origin="slack",
            declared_by=KIM, declared_at=clock.now(),
        )  # fmt: skip
        tx.session.add(incident)
        await tx.session.flush()
        return incident.number


async def leaders(database: Database) -> list[str]:
    async with database.read() as tx:
        seats = select(col(Role.person)).where(col(Role.role) == COMMANDER, col(Role.until).is_(None))
        return list((await tx.session.execute(seats)).scalars())


async def test_the_seat_passes_on_and_says_who_had_it(database: Database, number: int) -> None:
    async with database.begin(actor=ANA) as tx:
        assert await roles.lead(tx, number, ANA) is None
    async with database.begin(actor=BO) as tx:
        before = await roles.lead(tx, number, BO)
        assert before is not None and before.person == ANA
    assert await leaders(database) == [BO]
    with pytest.raises(AlreadyDone):
        async with database.begin(actor=BO) as tx:
            await roles.lead(tx, number, BO)


async def test_an_acting_commander_becomes_one_by_saying_so(database: Database, number: int) -> None:
    async with database.begin(actor=ANA) as tx:
        await roles.lead(tx, number, ANA, is_acting=True)
    async with database.begin(actor=ANA) as tx:
        await roles.lead(tx, number, ANA)
    async with database.read() as tx:
        seat = await roles.commander(tx, number)
        assert seat is not None and not seat.is_acting


async def test_the_database_itself_refuses_a_second_commander(database: Database, number: int) -> None:
    async with database.begin(actor=ANA) as tx:
        await roles.lead(tx, number, ANA)
    with pytest.raises(IntegrityError):
        async with database.begin(actor=BO) as tx:
            tx.session.add(Role(incident_id=number, role=COMMANDER, person=BO, since=tx.now))
    assert await leaders(database) == [ANA]


async def test_when_many_take_the_seat_at_once_each_follows_the_one_before(database: Database, number: int) -> None:
    told: list[str | None] = []

    async def take(person: ActorId) -> None:
        async with database.begin(actor=person) as tx:
            before = await roles.lead(tx, number, person)
            told.append(before.person if before else None)

    people = [ActorId(f"p{n}") for n in range(12)]
    await asyncio.gather(*(take(person) for person in people))
    last = await leaders(database)
    assert len(last) == 1
    assert sorted(str(one) for one in (*told, *last)) == sorted([*people, "None"]), "each was told of exactly one, and one leads"


async def test_joining_twice_at_once_is_joining_once_and_leaving_ends_every_part(database: Database, number: int) -> None:
    async def join() -> bool:
        async with database.begin(actor=ANA) as tx:
            return await roles.take_part(tx, number, ANA)

    assert sorted(await asyncio.gather(*(join() for _ in range(8)))) == [False] * 7 + [True]
    async with database.begin(actor=ANA) as tx:
        await roles.lead(tx, number, ANA)
        assert await roles.leave(tx, number, ANA) == 2
        assert await roles.holders(tx, number) == []
        assert await roles.of_person(tx, ANA) == frozenset()
