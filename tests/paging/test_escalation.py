"""Who is paged when, until somebody answers. Everything that reaches a person is asserted, minute by minute."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from bot.config.models import Person
from bot.db import ActorId, Database
from bot.errors import AlreadyDone, NotFound
from bot.paging.messages import PageEscalated, PageExhausted, PageStandDown, PersonPaged, StepSkipped
from bot.paging.models import Page, PageAttempt
from bot.paging.states import AttemptState, PageState
from bot.work.models import WorkItem
from bot.work.orders import WorkState
from tests.paging.conftest import Room

AT_ONCE = ("email", "slack", "sms")


def told(*people: str, by: tuple[str, ...] = AT_ONCE) -> list[str]:
    return sorted(f"{person} {method}" for person in people for method in by)


async def page_of(room: Room, page_id: int) -> Page:
    async with room.database.read() as tx:
        return await room.paging.page(tx, page_id, hold=False)


async def test_sev1_climbs_to_the_executive_and_then_says_that_nobody_answered(room: Room) -> None:
    page = await room.start(1)
    assert room.new() == told("ana")
    sent = {}
    for minute in range(1, 21):
        await room.advance(1)
        if new := room.new():
            sent[minute] = new
    assert sent == {
        2: ["ana voice"],
        3: told("bo"),
        5: ["bo voice"],
        8: told("bea", "kim"),
        10: ["bea voice", "kim voice"],
        15: told("max"),
        17: ["max voice"],
    }
    assert [fact.step for fact in room.said(PageEscalated)] == [1, 2, 3]
    assert len(room.said(PageExhausted)) == 1
    assert (await page_of(room, page)).state is PageState.EXHAUSTED
    await room.advance(600)
    assert room.new() == []


async def test_the_secondary_of_sev2_is_paged_at_its_minute_and_not_before(room: Room) -> None:
    await room.start(2)
    assert room.new() == told("ana")
    await room.advance(4.98)
    assert room.new() == ["ana voice"]
    await room.advance(0.02)
    assert room.new() == told("bo")


async def test_a_hand_off_between_two_steps_reaches_the_new_person(room: Room) -> None:
    room.clock.advance(timedelta(hours=2, minutes=45))  # 11:45: kim's turn in db ends at noon
    await room.start(3, "queue")
    assert room.new() == told("kim", by=("email", "slack"))
    await room.advance(30)
    assert room.new() == sorted([*told("lee", by=("email", "slack")), "kim sms"])


async def test_a_step_that_finds_nobody_is_skipped_at_once_and_said(room: Room) -> None:
    await room.start(1, "queue")  # db has no secondary
    await room.advance(3)
    assert [(fact.role, fact.why) for fact in room.said(StepSkipped)] == [("secondary", "Databases has no secondary rotation")]
    assert "bea sms" in room.new()  # the manager, whose time would have been minute 8
    await room.advance(6.9)
    assert "max sms" not in room.new()
    await room.advance(0.1)
    assert "max sms" in room.new()  # seven minutes after the step before, as the ladder says


async def test_with_no_team_at_all_the_next_step_that_finds_somebody_is_taken(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1, None)
    assert room.new() == told("max")  # primary, secondary, manager and expert are nobody
    assert [fact.role for fact in room.said(StepSkipped)] == ["primary", "secondary", "manager and expert"]


async def test_when_every_step_is_empty_the_fallback_is_paged(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(3, None)
    assert room.new() == told("ana", "max", by=("email", "slack"))
    await room.advance(5)
    assert len(room.said(PageExhausted)) == 1


async def test_sev4_pages_nobody(sqlite_room: Room) -> None:
    room = sqlite_room
    async with room.database.begin(actor=ActorId("lee")) as tx:
        assert await room.paging.start(tx, room.request(4)) is None
    await room.advance(60)
    assert room.all_sent() == []
    assert room.facts == []


async def test_after_an_outage_of_ours_only_the_newest_step_is_paged_and_says_how_late_it_is(room: Room) -> None:
    await room.start(1)
    room.new()
    room.clock.advance(timedelta(minutes=42))
    await room.worker.drain()
    assert room.new() == sorted([*told("max"), "ana voice"])
    assert "late by 27 min" in room.sandbox.phone("max").last_sms
    assert [fact.role for fact in room.said(StepSkipped)] == ["secondary", "manager and expert"]
    await room.advance(60)
    assert room.new() == ["max voice"]


async def test_two_routes_to_one_person_are_one_page(room: Room) -> None:
    payments = room.config.teams["payments"].model_copy(update={"manager": "kim"})
    config = room.config.model_copy(update={"teams": {**room.config.teams, "payments": payments}})
    room.paging.directory.config = config
    await room.start(1)
    await room.advance(8)
    assert len(room.sandbox.phone("kim").received) == 1
    assert "bea sms" not in room.all_sent()


async def test_a_raised_severity_pages_again_and_a_lowered_one_does_not(room: Room) -> None:
    page = await room.start(3)
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.acknowledge(tx, page)
    await room.advance(10)
    assert room.new() == told("ana", by=("email", "slack"))
    async with room.database.begin(actor=ActorId("kim")) as tx:
        assert await room.paging.reconsider(tx, 42, 1, "Checkout is down everywhere")
    await room.worker.drain()
    assert room.new() == told("ana")
    assert (await page_of(room, page)).state is PageState.OPEN
    async with room.database.begin(actor=ActorId("kim")) as tx:
        await room.paging.reconsider(tx, 42, 2, "Checkout is slow")
    await room.advance(4)
    assert room.new() == ["ana voice"]
    await room.advance(1)
    assert room.new() == told("bo")  # the ladder of SEV2, counted from the same start


async def test_a_severity_that_pages_nobody_ends_the_page(room: Room) -> None:
    page = await room.start(1)
    async with room.database.begin(actor=ActorId("kim")) as tx:
        await room.paging.reconsider(tx, 42, 4, "one host")
    await room.advance(30)
    assert (await page_of(room, page)).state is PageState.CLOSED
    assert len(room.said(PageStandDown)) == 1
    assert room.all_sent().count("ana sms") == 2
    assert "no longer needed" in room.sandbox.phone("ana").last_sms


async def test_escalating_by_hand_takes_the_next_step_now_and_a_stale_click_takes_none(room: Room) -> None:
    page = await room.start(1)
    room.new()
    before = (await page_of(room, page)).version
    async with room.database.begin(actor=ActorId("kim")) as tx:
        await room.paging.escalate_page(tx, page, before)
    await room.worker.drain()
    assert room.new() == told("bo")
    with pytest.raises(AlreadyDone, match="moved on"):
        async with room.database.begin(actor=ActorId("bea")) as tx:
            await room.paging.escalate_page(tx, page, before)
    await room.advance(4.9)
    assert told("bea")[0] not in room.new()
    await room.advance(0.1)
    assert "bea sms" in room.new()  # five minutes after bo, as on the ladder


async def test_who_cannot_is_left_alone_and_the_next_person_is_paged_now(room: Room) -> None:
    page = await room.start(1)
    room.new()
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.decline(tx, page)
    await room.advance(2.5)
    assert room.new() == sorted([*told("bo"), "bo voice"])  # and no call to ana
    with pytest.raises(AlreadyDone, match="said so already"):
        async with room.database.begin(actor=ActorId("ana")) as tx:
            await room.paging.decline(tx, page)
    async with room.database.begin(actor=ActorId("bo")) as tx:
        await room.paging.acknowledge(tx, page)
    await room.worker.drain()
    assert room.new() == []  # ana declined: no text to tell her that she is not needed


async def test_the_ladder_goes_on_where_it_stopped_when_the_one_who_had_it_cannot_go_on(room: Room) -> None:
    page = await room.start(1)
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.acknowledge(tx, page)
    await room.advance(9.9)
    room.new()
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.decline(tx, page)
    await room.worker.drain()
    assert room.new() == told("bo")  # the second step, not the executive's


async def test_resolving_ends_everything_and_tells_who_was_asked(room: Room) -> None:
    page = await room.start(1)
    await room.advance(3)
    room.new()
    async with room.database.begin(actor=ActorId("kim")) as tx:
        await room.paging.stand_down(tx, 42)
    await room.advance(60)
    assert room.new() == ["ana sms", "bo sms"]
    assert room.sandbox.phone("bo").last_sms == "#42: over. You are no longer needed. Thank you."
    assert (await page_of(room, page)).state is PageState.CLOSED


async def test_a_person_is_paged_by_name_on_a_page_of_their_own(room: Room) -> None:
    await room.start(2)
    room.new()
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.page_person(tx, room.request(2), "person:lee", "db failover needs you")
    await room.worker.drain()
    assert room.new() == told("lee")
    assert "db failover needs you" in room.sandbox.phone("lee").last_sms
    assert "Ana Silva asks for you" in room.sandbox.phone("lee").last_sms
    async with room.database.begin(actor=ActorId("lee")) as tx:
        await room.paging.acknowledge_incident(tx, 42)  # both: lee answers for it
        assert await room.paging.open_page(tx, 42) is None
    with pytest.raises(NotFound, match="Nobody was paged"):
        async with room.database.begin(actor=ActorId("ana")) as tx:
            await room.paging.page_person(tx, room.request(2), "team:nobody")
    people = {**room.config.people, "max": Person(id="max", name="Max Adeyemi")}
    room.paging.directory.config = room.config.model_copy(update={"people": people})
    with pytest.raises(NotFound, match="Nobody was paged: Max Adeyemi has no way to be reached"):
        async with room.database.begin(actor=ActorId("ana")) as tx:
            await room.paging.page_person(tx, room.request(2), "person:max")


async def test_a_second_start_for_the_same_incident_pages_nobody_again(room: Room) -> None:
    page = await room.start(1)
    room.new()
    assert await room.start(1) == page
    assert room.new() == []


async def test_no_send_begins_after_an_acknowledgement(room: Room, database: Database) -> None:
    page = await room.start(1, drain=False)
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.acknowledge(tx, page)
        waiting = select(col(WorkItem.kind)).where(col(WorkItem.state) == WorkState.WAITING)
        assert set((await tx.session.execute(waiting)).scalars()) == {"refresh_page_messages", "hold_ends"}
    await room.advance(9)
    assert room.all_sent() == []
    async with database.read() as tx:
        states = set((await tx.session.execute(select(col(PageAttempt.state)))).scalars())
    assert states == {AttemptState.SUPPRESSED}
    assert room.said(PersonPaged) == []


async def test_an_order_that_slipped_through_looks_again_before_it_sends(sqlite_room: Room) -> None:
    room = sqlite_room
    page = await room.start(1, drain=False)
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.acknowledge(tx, page)
        await tx.changed(update(PageAttempt).values(state=AttemptState.PLANNED))
        await tx.changed(update(WorkItem).where(col(WorkItem.kind) == "deliver_page").values(state=WorkState.WAITING))
    await room.advance(9)
    assert room.all_sent() == []
