"""After somebody took a page: it wears off without a sign of life, can be snoozed and given back, and goes on where it stopped."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.db import ActorId
from bot.errors import InvalidInput, NotFound
from bot.paging.holding import Holding
from bot.paging.messages import PageReturned, PageSnoozed
from bot.paging.models import Page
from bot.paging.states import PageState
from tests.paging.conftest import Room

ALL_AT_ONCE = ("email", "slack", "sms")


def told(*people: str) -> list[str]:
    return sorted(f"{person} {method}" for person in people for method in ALL_AT_ONCE)


async def state(room: Room) -> PageState:
    async with room.database.read() as tx:
        return (await tx.session.execute(select(Page.state))).scalars().one()  # type: ignore[call-overload]


async def acknowledged(room: Room, by: str, severity: int = 1) -> int:
    page = await room.start(severity)
    room.new()
    async with room.database.begin(actor=ActorId(by)) as tx:
        await room.paging.acknowledge(tx, page)
    await room.worker.drain()
    return page


@pytest.mark.parametrize(("severity", "minutes"), [(1, 10), (2, 20)])
async def test_an_acknowledgement_wears_off_and_the_same_step_is_paged_again(room: Room, severity: int, minutes: int) -> None:
    await acknowledged(room, "ana", severity)
    await room.advance(minutes - 0.01)
    assert room.new() == []
    await room.advance(0.02)
    assert room.new() == told("ana")
    assert [(fact.person, fact.why) for fact in room.said(PageReturned)] == [("ana", f"no sign of life for {minutes} min")]
    await room.advance(3 if severity == 1 else 5)
    assert room.new() == sorted([*told("bo"), "ana voice"])


async def test_below_sev2_an_acknowledgement_holds(sqlite_room: Room) -> None:
    await acknowledged(sqlite_room, "ana", 3)
    await sqlite_room.advance(24 * 60)
    assert sqlite_room.new() == []


async def test_who_fell_asleep_is_paged_with_the_step_that_had_come_to_others(sqlite_room: Room) -> None:
    room = sqlite_room
    page = await room.start(1)
    await room.advance(4)
    room.new()
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.acknowledge(tx, page)
    await room.worker.drain()
    assert room.new() == ["bo sms"]  # the stand-down
    await room.advance(10)
    assert room.new() == told("ana", "bo")


async def test_a_text_of_the_holder_renews_it(room: Room) -> None:
    await acknowledged(room, "ana")
    await room.advance(9)
    await room.sandbox.phone("ana").reply("?")
    assert room.new() == ["ana sms"]
    await room.advance(9.9)
    assert room.new() == []
    await room.advance(0.2)
    assert room.new() == told("ana")


async def test_a_visit_of_the_holder_to_the_link_renews_it_and_nobody_elses_does(room: Room) -> None:
    page = await room.start(1)
    await room.advance(3)
    room.new()
    links = {name: room.link(name) for name in ("ana", "bo")}
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.acknowledge(tx, page)
    await room.worker.drain()
    room.new()
    await room.advance(5)
    async with room.client.get(links["bo"]) as answer:
        assert answer.status == 200
    await room.advance(4)
    async with room.client.get(links["ana"]) as answer:
        assert answer.status == 200
    await room.advance(9)
    assert room.new() == []
    await room.advance(1.1)
    assert room.new() == told("ana", "bo")


async def test_a_snooze_pauses_the_ladder_and_pages_again_to_the_second(room: Room) -> None:
    await room.start(1)
    room.new()
    await room.sandbox.phone("ana").reply("s30")
    assert "paged again at" in room.sandbox.phone("ana").last_sms
    assert room.new() == ["ana sms"]
    assert len(room.said(PageSnoozed)) == 1
    await room.advance(29.9)
    assert room.new() == []
    await room.advance(0.2)
    assert room.new() == told("ana")
    await room.advance(3)
    assert room.new() == sorted([*told("bo"), "ana voice"])


async def test_a_page_that_one_has_snoozed_can_be_taken_by_another(sqlite_room: Room) -> None:
    room = sqlite_room
    page = await room.start(1)
    await room.sandbox.phone("ana").reply("1s15")
    async with room.database.begin(actor=ActorId("bo")) as tx:
        await room.paging.acknowledge(tx, page)
    await room.worker.drain()
    room.new()
    await room.advance(9.9)
    assert room.new() == []


async def test_an_urgent_page_cannot_be_put_off_until_the_morning(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    await room.sandbox.phone("ana").reply("s5h")
    assert "1 h at most" in room.sandbox.phone("ana").last_sms
    assert await state(room) is PageState.OPEN


async def given_back(room: Room, by: str) -> None:
    holding = Holding(room.paging, room.paging.climbing)
    async with room.database.begin(actor=ActorId(by)) as tx:
        await holding.give_back(tx, 42)
    await room.worker.drain()


async def test_given_back_by_the_only_one_of_its_step_the_next_person_is_paged_now(room: Room) -> None:
    await acknowledged(room, "ana")
    await room.advance(5)
    await given_back(room, "ana")
    assert room.new() == told("bo")
    await room.advance(4.99)  # the manager follows the secondary after five minutes, as the ladder says
    assert room.new() == ["bo voice"]
    await room.advance(0.02)
    assert room.new() == told("bea", "kim")


async def test_given_back_by_another_the_step_is_paged_again(room: Room) -> None:
    await acknowledged(room, "lee")
    assert room.new() == ["ana sms"]  # the stand-down
    await given_back(room, "lee")
    assert room.new() == told("ana")
    assert await state(room) is PageState.OPEN


async def test_what_nobody_holds_cannot_be_given_back(sqlite_room: Room) -> None:
    await sqlite_room.start(1)
    with pytest.raises(NotFound, match="Nobody holds the page of #42"):
        await given_back(sqlite_room, "ana")


async def test_a_snooze_of_no_time_is_refused(sqlite_room: Room) -> None:
    page = await sqlite_room.start(3)
    holding = Holding(sqlite_room.paging, sqlite_room.paging.climbing)
    async with sqlite_room.database.begin(actor=ActorId("ana")) as tx:
        with pytest.raises(InvalidInput, match="1 d at most"):
            await holding.snooze(tx, page, timedelta(0))
