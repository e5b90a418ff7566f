"""When a message may go out: the rules by themselves, and what a phone then gets, second by second."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.config.escalation import NotificationRule, NotificationRules
from bot.db import ActorId
from bot.paging import doctor
from bot.paging.messages import AttemptHeldBack
from bot.paging.senders import Sender
from bot.paging.states import AttemptState
from bot.paging.throttle import AHEAD, GRACE, LONGEST_DEBT, OVER_CAP, Bounds, Go, HoldBack, Sent, Wait, after_sending, decide, owed, turn
from bot.work.setback import Setback
from tests.paging.conftest import Room
from tests.paging.rules import with_ladder, with_only_texts
from tests.paging.test_bundles import states

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
BOUNDS = Bounds(together_after=5, together_every=timedelta(seconds=15), most_per_hour=10)
SECOND = timedelta(seconds=1)


def sent(*seconds_ago: float, severity: int = 2) -> list[Sent]:
    return [Sent(NOW - timedelta(seconds=one), severity) for one in seconds_ago]


def test_five_messages_in_a_minute_go_out_and_the_sixth_waits_for_company() -> None:
    assert decide(2, sent(40, 30, 20, 10), BOUNDS, NOW) == Go()
    waits = decide(2, sent(40, 30, 20, 10, 5), BOUNDS, NOW)
    assert isinstance(waits, Wait) and waits.until == NOW + 10 * SECOND
    assert decide(2, sent(40, 30, 20, 18, 15), BOUNDS, NOW) == Go()
    assert decide(2, sent(61, 40, 30, 20, 10), BOUNDS, NOW) == Go()


def test_what_is_graver_does_not_wait_behind_the_rest() -> None:
    assert decide(1, sent(5, 4, 3, 2, 1, severity=2), BOUNDS, NOW) == Go()
    assert isinstance(decide(3, sent(5, 4, 3, 2, 1, severity=2), BOUNDS, NOW), Wait)


def test_a_cap_counts_everything_and_keeps_back_only_what_is_not_urgent() -> None:
    ten = sent(*range(600, 1600, 100), severity=1)
    assert decide(3, ten, BOUNDS, NOW) == HoldBack(OVER_CAP)
    assert decide(4, ten, BOUNDS, NOW) == HoldBack(OVER_CAP)
    assert decide(2, ten, BOUNDS, NOW) == Go()
    assert decide(3, [*ten[1:], Sent(NOW - timedelta(hours=1), 1)], BOUNDS, NOW) == Go()


moments = st.lists(st.builds(Sent, st.floats(0, 4000).map(lambda ago: NOW - timedelta(seconds=ago)), st.integers(1, 4)), max_size=60)


@given(st.integers(1, 4), moments, st.integers(0, 10), st.integers(0, 60), st.none() | st.integers(1, 20))
def test_nothing_urgent_is_held_back_and_nothing_waits_longer_than_is_declared(
    severity: int, lately: list[Sent], after: int, every: int, most: int | None
) -> None:
    decision = decide(severity, lately, Bounds(after, timedelta(seconds=every), most), NOW)
    match decision:
        case HoldBack():
            assert severity > 2 and most is not None and len(lately) >= most
        case Wait(until, _):
            assert NOW < until <= NOW + timedelta(seconds=every)
            assert sum(one.severity <= severity for one in lately) >= after > 0


def test_turns_go_by_rank_and_are_not_lost_to_somebody_who_does_not_take_them() -> None:
    assert turn(0, NOW, SECOND, NOW) is None
    assert turn(0, NOW + SECOND, SECOND, NOW) == NOW + SECOND
    assert turn(2, NOW + SECOND, SECOND, NOW) == NOW + 3 * SECOND
    assert turn(2, NOW, SECOND, NOW) == NOW + 2 * SECOND
    assert turn(2, NOW - GRACE - SECOND, SECOND, NOW) is None


@given(st.floats(-100, 100), st.floats(0.001, 120))
def test_a_sender_is_never_in_debt_for_long(free_s: float, interval_s: float) -> None:
    interval = timedelta(seconds=interval_s)
    after = after_sending(NOW + timedelta(seconds=free_s), interval, NOW)
    assert NOW + interval <= after <= NOW + max(LONGEST_DEBT, interval)


async def by_second(room: Room, seconds: int) -> dict[int, list[str]]:
    """Everything that leaves the house in these seconds, under the second in which it did."""
    found = {0: room.new()}
    for second in range(1, seconds + 1):
        await room.advance(1 / 60)
        found[second] = room.new()
    return {second: what for second, what in found.items() if what}


def with_slow_texts(room: Room) -> None:
    """Everybody is told by text alone, one text a second; a minute after the start SEV2 pages three more, SEV1 one."""
    with_only_texts(room, "ana", "bo", "kim", "lee", "bea", "max")
    with_ladder(room, (0, "primary"), (1, "person:kim person:lee person:max"), severity=2)
    with_ladder(room, (0, "primary"), (1, "person:bo"))
    room.limited["sms"] = Sender("sms:+1", 1)


def test_what_was_sent_before_the_clock_was_set_back_holds_nothing_up() -> None:
    an_hour_ahead = sent(*(-3600 - one for one in range(12)))
    assert decide(2, an_hour_ahead, BOUNDS, NOW) == Go()
    assert decide(3, an_hour_ahead, BOUNDS, NOW) == Go()


@given(st.floats(-4000, 4000), st.floats(0.01, 120))
def test_no_sender_is_waited_for_longer_than_it_can_owe(free_s: float, interval_s: float) -> None:
    interval = timedelta(seconds=interval_s)
    free_at = owed(NOW + timedelta(seconds=free_s), interval, NOW)
    assert free_at <= NOW + max(LONGEST_DEBT, interval) + AHEAD
    assert after_sending(NOW, interval, NOW) == owed(after_sending(NOW, interval, NOW), interval, NOW), "what it owes is believed"


async def test_after_the_clock_was_set_back_an_hour_a_busy_sender_is_free_again(room: Room) -> None:
    with_slow_texts(room)
    await room.start(severity=2)
    room.clock.set_back(timedelta(hours=1))
    await Setback(room.database).look()
    await room.advance(minutes=1.2)
    assert all(len(room.sandbox.phone(name).received) == 1 for name in ("ana", "kim", "lee", "max"))


async def test_after_the_clock_was_set_back_an_hour_no_page_waits_for_a_storm_of_before(room: Room) -> None:
    with_only_texts(room, "ana")
    for number in range(5):
        await room.start(severity=2, incident=number + 1)
    await room.advance(minutes=0.2)
    before = len(room.sandbox.phone("ana").received)
    room.clock.set_back(timedelta(hours=1))
    await room.start(severity=2, incident=9)
    await room.advance(minutes=1)
    assert len(room.sandbox.phone("ana").received) > before


async def test_what_waits_for_its_sender_goes_one_a_second_and_the_gravest_first(room: Room) -> None:
    with_slow_texts(room)
    await room.start(2, "storage", incident=51)
    await room.advance(1.5 / 60)
    await room.start(1, "checkout", incident=52)
    assert room.new() == ["ana sms", "bea sms"]
    await room.advance(57.5 / 60)
    assert await by_second(room, 10) == {1: ["kim sms"], 2: ["lee sms"], 3: ["bo sms"], 4: ["max sms"]}
    assert [await states(room, person) for person in ("lee", "bo", "max")] == [[AttemptState.DELIVERED]] * 3


async def test_of_what_falls_due_at_once_at_an_idle_sender_the_gravest_goes_first(room: Room) -> None:
    with_slow_texts(room)
    await room.start(2, "storage", incident=51)
    await room.start(1, "checkout", incident=52)
    await room.advance(59 / 60)
    room.new()
    assert await by_second(room, 10) == {1: ["bo sms"], 2: ["kim sms"], 3: ["lee sms"], 4: ["max sms"]}


async def test_the_first_pages_of_new_incidents_wait_for_no_sender(sqlite_room: Room) -> None:
    room = sqlite_room
    with_slow_texts(room)
    for incident, service in enumerate(("checkout", "storage", "api-gateway", "queue"), start=51):
        await room.start(2, service, incident=incident, title=f"{service} is down")
    assert room.new() == ["ana sms", "bea sms", "bo sms", "kim sms"]
    await room.advance(1)  # now twelve more are due, for three phones: each gets one text, by turns
    await room.start(2, "cdn", incident=60, title="The CDN is down")
    at_once = room.new()
    later = await by_second(room, 10)
    assert at_once[0] == "bea sms" and len(at_once) == 2 and [len(what) for what in later.values()] == [1, 1]
    told = {one.split()[0] for one in (*at_once[1:], *later[min(later)], *later[max(later)])}
    assert told == {"kim", "lee", "max"}
    assert all("4 pages" in room.sandbox.phone(person).last_sms for person in told)


def with_caps(room: Room, sms: int) -> None:
    """Ana gets a SEV3 by text at once, and so many an hour."""
    config = room.paging.directory.config
    normal = NotificationRules(urgent=(NotificationRule(method="sms"),), normal=(NotificationRule(method="sms"),))
    ana = config.people["ana"].model_copy(update={"rules": normal})
    paging = config.paging.model_copy(update={"most_per_hour": config.paging.most_per_hour.model_copy(update={"sms": sms})})
    room.config = config.model_copy(update={"people": {**config.people, "ana": ana}, "paging": paging})
    room.paging.directory.config = room.config


async def test_a_cap_holds_back_sev3_counts_it_and_says_so_and_never_touches_sev1_and_sev2(room: Room) -> None:
    with_caps(room, sms=2)
    for number in range(4):
        await room.start(3, incident=51 + number, title=f"Report {number} is late")
        await room.advance(1)
    assert room.new() == ["ana sms", "ana sms"]
    assert await states(room) == [AttemptState.DELIVERED] * 2 + [AttemptState.SUPPRESSED] * 2
    assert [(fact.incident_id, fact.person, fact.method, fact.why) for fact in room.said(AttemptHeldBack)] == [
        (53, "ana", "sms", OVER_CAP),
        (54, "ana", "sms", OVER_CAP),
    ]
    await room.start(1, incident=55)
    await room.start(2, incident=56, title="Search is slow")
    assert room.new() == ["ana sms", "ana sms"]
    texts = room.sandbox.phone("ana").received
    assert "(2 more held back by your cap)" in texts[-2] and "held back" not in texts[-1]

    async with room.database.read() as tx:
        told = await doctor.told(tx, room.paging.directory, 53)
        lines = {line.name: line.says for line in await doctor.stored(tx, room.config)}
        story = await room.paging.story(tx, 53)
    assert f"Ana Silva was {OVER_CAP} (SMS)" in told and f"was {OVER_CAP}" in story[0].text
    assert "2 held back by a cap" in lines["SMS"]


async def test_an_hour_later_a_cap_lets_through_again(sqlite_room: Room) -> None:
    room = sqlite_room
    with_caps(room, sms=1)
    await room.start(3, incident=51)
    await room.start(3, incident=52, title="Reports are late")
    assert room.new() == ["ana sms"]
    async with room.database.begin(actor=ActorId("kim")) as tx:
        for incident in (51, 52):
            await room.paging.acknowledge_incident(tx, incident)
    await room.advance(60)
    room.new()
    await room.start(3, incident=53, title="Search is slow")
    assert room.new() == ["ana sms"]
