"""A drill pages whoever is on call: nobody can take it for the real thing, nobody above them is woken, and it counts nowhere."""

from datetime import timedelta

from bot.db import ActorId
from bot.paging.messages import FallbackPaged, PageExhausted
from bot.paging.taken import pages_taken
from tests.paging.conftest import Room
from tests.paging.test_escalation import told


async def test_a_drill_wakes_those_on_call_alone_and_says_so_first(room: Room) -> None:
    await room.sandbox.phone("bo").policy(calls="answer")
    await room.start(1, drill=True)
    assert room.new() == told("ana")
    await room.advance(30)
    assert room.new() == sorted([*told("bo"), "ana voice", "bo voice"]), "no manager, no executive, no fallback, no second round"
    assert len(room.said(PageExhausted)) == 1 and not room.said(FallbackPaged)

    [sms], [mail], [call] = room.sandbox.phone("bo").received, room.sandbox.mailbox("bo"), room.sandbox.phone("bo").calls
    assert sms.startswith("DRILL SEV1 #42 Checkout is down") and mail.subject.startswith("DRILL SEV1 #42")
    assert "Drill. This is a drill. Tocsin. Sev 1" in str(call.spoken), call.spoken
    assert "DRILL SEV1 #42" in (await room.dm("bo")).splitlines()[0]

    await room.sandbox.phone("bo").reply(f"{sms.partition('Reply ')[2][0]}a")
    await room.at_rest()
    assert room.sandbox.phone("bo").last_sms.startswith("DRILL #42 is yours")
    assert room.sandbox.phone("ana").last_sms.startswith("DRILL #42: handled by Bo")
    real = await room.start(1, incident=43)
    async with room.database.begin(actor=ActorId("bo")) as tx:
        await room.paging.acknowledge(tx, real)
        hour = timedelta(hours=1)
        assert await pages_taken(tx, ["payments"], tx.now - hour, tx.now + hour) == {"bo": 1}, "the drill is not counted"


async def test_where_a_drill_and_the_real_thing_are_told_together_the_real_one_comes_first(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1, drill=True, drain=False)
    await room.start(2, incident=43, drain=False)
    await room.at_rest()
    text = room.sandbox.phone("ana").last_sms
    assert text.startswith("2 pages") and text.index("SEV2 #43") < text.index("DRILL SEV1 #42"), text
