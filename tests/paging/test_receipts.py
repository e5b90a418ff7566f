"""What follows when a provider took a page and nobody knows whether it arrived: the person's next method, without waiting for the step."""

from bot.db import BOT
from bot.paging.messages import PageEscalated
from tests.paging.conftest import Room
from tests.paging.rules import with_rules

AT_ONCE = ["ana email", "ana slack", "ana sms"]


async def test_a_text_without_a_receipt_brings_the_call_forward_after_a_minute(room: Room) -> None:
    await room.sandbox.phone("ana").policy(receipts="silent")
    await room.start(1)
    assert room.new() == AT_ONCE
    await room.advance(0.99)
    assert room.new() == []
    await room.advance(0.02)
    assert room.new() == ["ana voice"]
    await room.advance(1.9)
    assert room.new() == []  # its own time brings no second call


async def test_a_text_that_arrived_leaves_the_call_to_its_time(sqlite_room: Room) -> None:
    await sqlite_room.start(1)
    await sqlite_room.sandbox.settled()
    sqlite_room.new()
    await sqlite_room.advance(1.9)
    assert sqlite_room.new() == []


async def test_below_sev2_nobody_is_called_for_a_missing_receipt(sqlite_room: Room) -> None:
    await sqlite_room.sandbox.phone("ana").policy(receipts="silent")
    await sqlite_room.start(3)
    await sqlite_room.advance(29)
    assert sqlite_room.new() == ["ana email", "ana slack", "ana sms"]


async def test_a_voicemail_is_no_answer(room: Room) -> None:
    with_rules(room, "ana", ("voice", 0), ("sms", 2))
    await room.sandbox.phone("ana").policy(calls="voicemail")
    await room.start(1)
    await room.sandbox.settled()
    await room.worker.drain()
    assert room.new() == ["ana sms", "ana voice"]
    await room.advance(2.9)
    assert room.new() == []
    await room.advance(0.2)
    assert "bo sms" in room.new()


async def test_delays_are_kept_to_the_second(room: Room) -> None:
    with_rules(room, "ana", ("sms", 0.5), ("voice", 1), ("email", 1.5))
    await room.start(1)
    for step in (["ana sms"], ["ana voice"], ["ana email"]):
        await room.advance(0.49)
        assert room.new() == []
        await room.advance(0.01)
        assert room.new() == step


async def test_where_the_first_method_is_missing_the_rest_moves_up(room_without_twilio: Room) -> None:
    room = room_without_twilio
    with_rules(room, "ana", ("sms", 0), ("email", 2))
    await room.start(1)
    assert room.new() == ["ana email"]


async def test_a_lowered_severity_says_no_step_that_paged_nobody(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    await room.advance(4)
    assert len(room.said(PageEscalated)) == 1
    async with room.database.begin(actor=BOT) as tx:
        await room.paging.reconsider(tx, 42, 2, "Checkout is slow")
    room.new()
    await room.advance(2)
    assert room.new() == ["bo voice"]
    assert len(room.said(PageEscalated)) == 1
