"""Scenarios with the complete list of what was sent, minute by minute: what is listed here, and nothing else."""

from datetime import timedelta

from sqlalchemy import text

from bot.config.escalation import EscalationPolicy, EscalationStep
from bot.config.values import Target
from bot.db import BOT, ActorId
from bot.paging.messages import PageExhausted, StepSkipped
from tests.paging.conftest import Room
from tests.paging.test_receipts import with_rules

Sent = dict[int, list[str]]


def told(*people: str) -> list[str]:
    return sorted(f"{person} {method}" for person in people for method in ("email", "slack", "sms"))


async def played(room: Room, minutes: int, start: int = 0) -> Sent:
    """Everything that leaves the house in these minutes, under the minute in which it did."""
    sent: Sent = {start: room.new()}
    for minute in range(start + 1, start + minutes + 1):
        await room.advance(1)
        sent[minute] = room.new()
    return {minute: what for minute, what in sent.items() if what}


def with_ladder(room: Room, *steps: tuple[int, str], repeats: int = 0, last_wait: int = 5, severity: int = 1) -> None:
    """Give SEV1, or another severity, another ladder: (minute, targets)."""
    made = [
        EscalationStep(after=timedelta(minutes=minute), targets=tuple(map(Target.model_validate, targets.split())))
        for minute, targets in steps
    ]
    policy = EscalationPolicy(id=f"sev{severity}", steps=tuple(made), repeats=repeats, last_wait=timedelta(minutes=last_wait))
    config = room.paging.directory.config
    room.paging.directory.config = config.model_copy(update={"policies": {**config.policies, policy.id: policy}})


def with_only_texts(room: Room, *people: str) -> None:
    for person in people:
        room.config = room.paging.directory.config
        with_rules(room, person, ("sms", 0))


async def test_an_answer_at_minute_4_ends_a_ladder_of_0_3_and_8(room: Room) -> None:
    await room.start(1)
    assert await played(room, 4) == {0: told("ana"), 2: ["ana voice"], 3: told("bo")}
    await room.sandbox.phone("bo").reply("ack")
    assert await played(room, 9, start=4) == {4: ["bo sms"], 5: ["ana sms"]}  # the answer to bo, and ana may sleep on


async def test_resolved_before_the_first_send_nothing_is_sent(room: Room) -> None:
    await room.start(1, drain=False)
    async with room.database.begin(actor=ActorId("lee")) as tx:
        await room.paging.stand_down(tx, 42)
    assert await played(room, 30) == {}


async def test_a_ladder_repeated_twice_is_then_exhausted(sqlite_room: Room) -> None:
    room = sqlite_room
    with_only_texts(room, "ana", "bo")
    with_ladder(room, (0, "primary"), (2, "secondary"), repeats=2, last_wait=3)
    await room.start(1)
    texts = {0: ["ana sms"], 2: ["bo sms"], 5: ["ana sms"], 7: ["bo sms"], 10: ["ana sms"], 12: ["bo sms"]}
    assert await played(room, 14) == texts
    assert room.said(PageExhausted) == []
    assert await played(room, 30, start=14) == {}
    assert len(room.said(PageExhausted)) == 1


async def test_a_policy_that_is_edited_meanwhile_changes_nothing_for_a_page_that_runs(room: Room) -> None:
    with_only_texts(room, "ana", "bo")
    with_ladder(room, (0, "primary"), (4, "secondary"))
    await room.start(1)
    with_ladder(room, (0, "executive"), (1, "executive"))
    assert await played(room, 9) == {0: ["ana sms"], 4: ["bo sms"]}


async def test_a_person_without_any_way_counts_as_nobody(room: Room) -> None:
    with_only_texts(room, "bo")
    config = room.paging.directory.config
    ana = config.people["ana"].model_copy(update={"slack": None, "phone": None, "email": None})
    room.paging.directory.config = config.model_copy(update={"people": {**config.people, "ana": ana}})
    with_ladder(room, (0, "primary"), (3, "secondary"))
    await room.start(1)
    assert await played(room, 8) == {0: ["bo sms"]}
    assert [fact.why for fact in room.said(StepSkipped)] == ["Ana Silva has no way to be reached"]


async def test_a_severity_raised_pages_again_and_lowered_again_pages_nobody(room: Room) -> None:
    with_only_texts(room, "ana", "bo")
    with_ladder(room, (0, "primary"), (6, "secondary"))
    await room.start(3)
    assert "ana slack" in room.new()
    async with room.database.begin(actor=ActorId("lee")) as tx:
        await room.paging.reconsider(tx, 42, 1, "It is worse")
    await room.worker.drain()
    assert await played(room, 5) == {0: ["ana sms"]}
    async with room.database.begin(actor=ActorId("lee")) as tx:
        await room.paging.reconsider(tx, 42, 3, "It is not so bad")
    assert await played(room, 20) == {}


async def test_stop_rings_the_phone_and_start_brings_texts_back(room: Room) -> None:
    await room.start(1)
    room.new()
    await room.sandbox.phone("ana").reply("STOP")
    await room.worker.drain()
    assert room.new() == ["ana sms", "ana voice"]  # the carrier's own answer
    await room.sandbox.phone("ana").reply("START")
    assert room.sandbox.phone("ana").last_sms == "You get pages by SMS."


async def test_a_stranger_gets_silence(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    room.new()
    kim = room.config.people["kim"].model_copy(update={"phone": None})
    config = room.config.model_copy(update={"people": {**room.config.people, "kim": kim}})
    room.paging.directory.config = config
    await room.sandbox.phone("kim").reply("1a")
    assert room.new() == []


async def test_with_the_database_away_the_writer_is_told(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    async with room.database.begin(actor=BOT) as tx:
        await tx.session.execute(text("ALTER TABLE page_code RENAME TO page_code_away"))
    await room.sandbox.phone("ana").reply("1a")
    assert room.sandbox.phone("ana").last_sms.startswith("Nothing was done: Tocsin cannot reach its database.")


async def test_in_quiet_hours_a_sev3_waits_for_the_morning_and_a_sev2_does_not(sqlite_room: Room) -> None:
    room = sqlite_room
    room.clock.advance(timedelta(hours=12, minutes=30))  # 21:30 UTC is 22:30 in Berlin, where it is quiet until 07:00
    await room.start(3, "batch-reports")
    await room.advance(8 * 60 + 29)
    assert room.new() == []
    await room.advance(1)
    assert room.new() == ["kim email", "kim slack"]


async def test_raised_in_quiet_hours_it_pages_now(sqlite_room: Room) -> None:
    room = sqlite_room
    room.clock.advance(timedelta(hours=12, minutes=30))
    await room.start(3, "batch-reports")
    async with room.database.begin(actor=ActorId("lee")) as tx:
        await room.paging.reconsider(tx, 42, 2, "It is worse")
    await room.worker.drain()
    assert room.new() == told("lee")
