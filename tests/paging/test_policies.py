"""A policy edited while a page runs: the page keeps its own until somebody applies the new one, and a stale click applies nothing."""

import pytest

from bot.db import ActorId
from bot.errors import AlreadyDone
from bot.paging.messages import PageAcknowledged, PolicyApplied, PolicyChanged
from bot.paging.policies import Policies
from bot.paging.states import PageState
from tests.paging.conftest import Room
from tests.paging.test_escalation import page_of, told
from tests.paging.test_places import climbs


def policies(room: Room) -> Policies:
    return Policies(room.paging, room.paging.climbing)


async def offered(room: Room) -> list[str]:
    async with room.database.read() as tx:
        return [str(block.to_dict()) for block in await policies(room).offer(tx, 42)]


async def apply(room: Room, page: int, by: str = "kim", version: int | None = None) -> str:
    async with room.database.begin(actor=ActorId(by)) as tx:
        said = await policies(room).apply(tx, page, version)
    await room.worker.drain()
    return said


async def test_an_edited_policy_is_offered_and_changes_nothing_by_itself(room: Room) -> None:
    await room.start(1)
    assert await offered(room) == []
    climbs(room, (0, "person:lee"), (5, "executive"))
    [offer] = await offered(room)
    assert "Policy sev1 has changed since this page began." in offer
    assert "Apply the new one" in offer
    room.new()
    await room.advance(8)
    assert "lee sms" not in room.all_sent()
    assert {one.split()[0] for one in room.new()} == {"ana", "bo", "bea", "kim"}  # the ladder that it began with


async def test_applying_it_calls_off_the_old_steps_and_pages_the_first_of_the_new(room: Room) -> None:
    page = await room.start(1)
    room.new()
    await room.advance(1)
    climbs(room, (0, "person:lee"), (5, "executive"))
    assert await apply(room, page) == (
        "Policy sev1 is applied as it is now; its ladder begins anew: person:lee at once, executive after 5 min."
    )
    assert room.new() == told("lee")
    [applied] = room.said(PolicyApplied)
    assert applied.by == "kim"
    assert applied.stopped == "secondary, manager and expert, executive"
    await room.advance(4.9)
    assert room.new() == ["lee voice"]  # no call to ana, no secondary
    await room.advance(0.1)
    assert room.new() == told("max")
    assert await offered(room) == []


async def test_a_click_on_a_card_of_before_applies_nothing(room: Room) -> None:
    page = await room.start(1)
    version = (await page_of(room, page)).version
    climbs(room, (0, "person:lee"))
    await room.advance(3)  # the next step was taken meanwhile
    with pytest.raises(AlreadyDone, match="moved on meanwhile"):
        await apply(room, page, version=version)
    current = (await page_of(room, page)).version
    await apply(room, page, version=current)
    with pytest.raises(AlreadyDone):  # a double click
        await apply(room, page, version=current)
    with pytest.raises(AlreadyDone, match="follows its policy as it is now"):
        await apply(room, page)
    assert len(room.said(PolicyApplied)) == 1


async def test_applied_to_a_page_that_somebody_has_it_pages_nobody_until_it_comes_back(room: Room) -> None:
    page = await room.start(1)
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.acknowledge(tx, page)
    room.new()
    climbs(room, (0, "person:lee"), (5, "executive"))
    assert "should it come back: person:lee at once" in await apply(room, page)
    assert room.new() == []
    assert (await page_of(room, page)).acknowledged_by == "ana"
    assert len(room.said(PageAcknowledged)) == 1
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.decline(tx, page)
    await room.worker.drain()
    assert room.new() == told("lee")


async def test_a_policy_that_is_gone_or_pages_nobody_by_now_changes_nothing_and_offers_nothing(sqlite_room: Room) -> None:
    room = sqlite_room
    page = await room.start(1)
    climbs(room)  # no steps at all
    assert await offered(room) == []
    directory = room.paging.directory
    others = {name: policy for name, policy in directory.config.policies.items() if name != "sev1"}
    level = directory.config.severity.model_copy(update={"sev1": directory.config.severity.sev1.model_copy(update={"policy": "sev3"})})
    directory.config = directory.config.model_copy(update={"policies": others, "severity": level})
    [offer] = await offered(room)  # the severity has another policy now
    assert "Policy sev3" in offer
    await room.advance(3)
    assert "bo sms" in room.all_sent()
    assert (await page_of(room, page)).state is PageState.OPEN


async def test_an_exhausted_page_can_be_given_new_steps_and_a_page_by_name_is_none_of_its_business(sqlite_room: Room) -> None:
    room = sqlite_room
    page = await room.start(1)
    async with room.database.begin(actor=ActorId("ana")) as tx:
        named = await room.paging.page_person(tx, room.request(1), "person:lee")
    await room.advance(21)
    climbs(room, (0, "person:bo"))
    room.new()
    with pytest.raises(AlreadyDone):
        await apply(room, named)
    await apply(room, page)
    assert room.new() == told("bo")
    assert (await page_of(room, page)).state is PageState.OPEN
    async with room.database.begin(actor=ActorId("lee")) as tx:
        await room.paging.stand_down(tx, 42)
    with pytest.raises(AlreadyDone, match="needs nobody any more"):
        await apply(room, page)


async def test_a_changed_configuration_is_said_for_each_running_page_that_it_would_change(sqlite_room: Room) -> None:
    room = sqlite_room
    page = await room.start(1)
    async with room.database.begin(actor=ActorId("tocsin")) as tx:
        await policies(room).on_configuration(tx)
    assert room.said(PolicyChanged) == []
    climbs(room, (0, "person:lee"))
    async with room.database.begin(actor=ActorId("tocsin")) as tx:
        await policies(room).on_configuration(tx)
    assert [(fact.page_id, fact.policy) for fact in room.said(PolicyChanged)] == [(page, "sev1")]
