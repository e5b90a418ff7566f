"""What must not end a page: a lease that ran out under a handler, a ladder that is exchanged, a fallback that is called again."""

from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from bot.db import BOT, ActorId
from bot.paging.states import PageState
from bot.work import queue
from bot.work.models import WorkItem
from bot.work.orders import Priority, WorkState
from bot.work.queue import Lane
from tests.paging.conftest import Room
from tests.paging.test_escalation import page_of


async def dead(room: Room) -> list[str | None]:
    async with room.database.read() as tx:
        return list((await tx.session.execute(select(col(WorkItem.last_error)).where(col(WorkItem.state) == WorkState.DEAD))).scalars())


async def test_a_page_whose_lease_ran_out_before_it_was_sent_is_sent_after_all(room: Room) -> None:
    await room.start(1, drain=False)
    async with room.database.begin(actor=BOT) as tx:
        (claim,) = await queue.claim(tx, Lane("sms", Priority.PAGE), lease="of a process that was paused", limit=1)
    room.clock.advance(queue.LEASE + timedelta(seconds=1))

    await room.worker._work(claim)  # it wakes up, and nobody else has taken the item meanwhile
    await room.advance(0.1)

    assert len(room.sandbox.phone("ana").received) == 1


async def test_a_lower_severity_pages_nobody_again_and_the_ladder_goes_on(room: Room) -> None:
    await room.start(1)
    await room.advance(4)
    assert "bo sms" in room.new()
    async with room.database.begin(actor=ActorId("kim")) as tx:
        await room.paging.reconsider(tx, 42, severity=2, title="Checkout is slow")

    await room.advance(6)
    assert {one for one in room.new() if "voice" not in one} == set(), "the secondary of SEV2, at minute 5, was paged at minute 3 already"
    await room.advance(5)
    assert {"bea sms", "kim sms"} <= set(room.new())
    assert await dead(room) == []


async def test_a_ladder_exchanged_while_somebody_had_the_page_is_the_one_that_goes_on(room: Room) -> None:
    page = await room.start(1)
    await room.advance(4)
    async with room.database.begin(actor=ActorId("bo")) as tx:
        await room.paging.acknowledge(tx, page)
        await room.paging.reconsider(tx, 42, severity=3, title="Checkout is slow")
        await room.paging.decline(tx, page)
    room.new()

    await room.advance(120)
    assert {one.split()[0] for one in room.new()} <= {"ana", "bo"}, "SEV3 has nobody above"
    assert (await page_of(room, page)).state is PageState.EXHAUSTED


async def test_the_fallback_is_paged_again_when_a_later_round_means_them(room: Room) -> None:
    policy = room.config.policies["sev3"]
    only_executives = policy.steps[0].model_copy(update={"targets": room.config.policies["sev1"].steps[-1].targets})
    policy = policy.model_copy(update={"steps": (only_executives,), "repeats": 1})
    vacant = room.config.model_copy(update={"executives": (), "policies": {**room.config.policies, "sev3": policy}})
    room.paging.directory.config = vacant
    await room.start(3)
    assert set(room.new()) == {"ana email", "ana slack", "max email", "max slack"}

    room.paging.directory.config = vacant.model_copy(update={"executives": ("max",)})
    await room.advance(6)
    assert set(room.new()) == {"max email", "max slack"}
    assert await dead(room) == []
