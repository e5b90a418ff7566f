"""Overrides, temporary schedules and swaps as people make them: what counts, what is refused and with which sentence."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.clock import FakeClock
from bot.config.loader import load
from bot.config.models import Config
from bot.db import ActorId, Database, Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound, Refusal
from bot.events import Listeners
from bot.oncall import messages
from bot.oncall.checks import Checks
from bot.oncall.definition import Op, Swap, SwapState, TemporaryShift
from bot.oncall.overriding import Overriding
from bot.oncall.service import OnCall
from bot.oncall.swaps import Swaps
from tests.world import CONFIG

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)  # Monday; bo's week in platform-primary begins at 08:00
HOUR = timedelta(hours=1)
PLATFORM, DB = "platform-primary", "db-primary"  # bo and kim by the week; kim until noon, lee after


class Desk:
    """The verbs, and what was announced."""

    def __init__(self, database: Database, clock: FakeClock, listeners: Listeners, config: Config) -> None:
        self.database, self.clock = database, clock
        directory = Directory(config)
        self.oncall = OnCall(directory)
        checks = Checks(self.oncall, directory)
        self.overriding, self.swaps = Overriding(checks), Swaps(checks, directory)
        self.facts: list[object] = []
        for fact in (
            messages.OverrideAdded,
            messages.OverrideRemoved,
            messages.SwapAccepted,
            messages.SwapDeclined,
            messages.SwapWithdrawn,
        ):
            listeners.on(fact, self._keep)  # type: ignore[arg-type]

    async def _keep(self, _: Tx, fact: object) -> None:
        self.facts.append(fact)

    async def does(self, person: str, verb: Callable[..., Awaitable[Any]], *arguments: Any, **more: Any) -> Any:
        async with self.database.begin(actor=ActorId(person)) as tx:
            return await verb(tx, *arguments, **more)

    async def refuses(self, person: str, verb: Callable[..., Awaitable[Any]], *arguments: Any, **more: Any) -> tuple[type[Refusal], str]:
        with pytest.raises(Refusal) as refused:
            await self.does(person, verb, *arguments, **more)
        return type(refused.value), str(refused.value)

    async def people(self, schedule: str, at: datetime) -> tuple[str, ...]:
        async with self.database.read() as tx:
            return (await self.oncall.on_schedule(tx, schedule, at)).people


@pytest.fixture
def config() -> Config:
    return load(CONFIG, {})


@pytest.fixture
def desk(database: Database, clock: FakeClock, listeners: Listeners, config: Config) -> Desk:
    return Desk(database, clock, listeners, config)


@pytest.fixture
def sqlite_desk(sqlite_database: Database, clock: FakeClock, listeners: Listeners, config: Config) -> Desk:
    return Desk(sqlite_database, clock, listeners, config)


async def test_an_override_counts_from_now_until_its_end_and_says_by_whom(desk: Desk) -> None:
    made = await desk.does("ana", desk.overriding.add_override, PLATFORM, "kim", NOW - HOUR, NOW + 8 * HOUR)
    assert (made.start, made.end, made.op) == (NOW, NOW + 8 * HOUR, Op.REPLACE_ALL)
    assert [await desk.people(PLATFORM, NOW + hours * HOUR) for hours in (0, 7, 8)] == [("kim",), ("kim",), ("bo",)]
    async with desk.database.read() as tx:
        found = await desk.oncall.who(tx, "platform", "primary", NOW)
    assert found.duties[0].why("UTC") == "weekly rotation platform-primary, override by ana for bo until Mon 2 Mar 17:00"
    assert desk.facts == [messages.OverrideAdded(made.id, PLATFORM, "kim", "ana")]


async def test_an_override_that_has_begun_ends_and_what_was_stays(desk: Desk) -> None:
    made = await desk.does("ana", desk.overriding.add_override, PLATFORM, "kim", NOW, NOW + 8 * HOUR)
    desk.clock.advance(2 * HOUR)
    await desk.does("bo", desk.overriding.remove_override, made.id)
    assert [await desk.people(PLATFORM, NOW + hours * HOUR) for hours in (1, 2)] == [("kim",), ("bo",)]
    later = await desk.does("ana", desk.overriding.add_override, PLATFORM, "kim", NOW + 5 * HOUR, NOW + 8 * HOUR)
    await desk.does("ana", desk.overriding.remove_override, later.id)
    assert await desk.people(PLATFORM, NOW + 6 * HOUR) == ("bo",)
    assert await desk.refuses("ana", desk.overriding.remove_override, later.id) == (
        NotFound,
        f"There is no override {later.id} any more. Nothing to do.",
    )
    assert (await desk.refuses("ana", desk.overriding.remove_override, made.id))[0] is AlreadyDone


async def test_overrides_that_cannot_be_meant_get_a_sentence(sqlite_desk: Desk) -> None:
    desk, add = sqlite_desk, sqlite_desk.overriding.add_override
    assert await desk.refuses("ana", add, PLATFORM, "kim", NOW - 5 * HOUR, NOW - HOUR) == (
        InvalidInput,
        "That time is over: it ended 08:00. An override can only begin now or later.",
    )
    assert await desk.refuses("ana", add, PLATFORM, "kim", NOW + HOUR, NOW + HOUR) == (
        InvalidInput,
        "An override has to end after it starts; 10:00 is not after 10:00.",
    )
    assert "lasts 92 days at most" in (await desk.refuses("ana", add, PLATFORM, "kim", NOW, NOW + 93 * 24 * HOUR))[1]
    kind, sentence = await desk.refuses("ana", add, PLATFORM, "zoe", NOW, NOW + HOUR)
    assert (kind, sentence) == (NotFound, "zoe is not in the configuration, so nobody could page them. Add them under `people`.")
    kind, sentence = await desk.refuses("ana", add, "nowhere", "kim", NOW, NOW + HOUR)
    assert kind is NotFound
    assert "There is no schedule or rotation 'nowhere'. There are: payments-primary," in sentence
    await desk.does("ana", add, PLATFORM, "kim", NOW, NOW + 4 * HOUR)
    assert await desk.refuses("bo", add, PLATFORM, "lee", NOW + 3 * HOUR, NOW + 5 * HOUR) == (
        InvalidInput,
        "Kim Ji-woo is put on call there from 10:00 to 14:00 already (by Ana Silva). Remove that first, or choose another time.",
    )
    await desk.does("bo", add, PLATFORM, "lee", NOW + 3 * HOUR, NOW + 5 * HOUR, op=Op.ADD)
    assert await desk.people(PLATFORM, NOW + 3 * HOUR) == ("kim", "lee")


async def test_a_role_asks_for_a_standing(sqlite_desk: Desk, config: Config) -> None:
    people = {**config.people, "max": config.people["max"].model_copy(update={"level": "junior"})}
    desk = Desk(sqlite_desk.database, sqlite_desk.clock, Listeners(), config.model_copy(update={"people": people}))
    refused = await desk.refuses("ana", desk.overriding.add_override, PLATFORM, "max", NOW, NOW + HOUR)
    assert refused == (
        NotAllowed,
        "Max Adeyemi is a junior; primary on call for Platform has to be an engineer or above. "
        "In the team there are: Bo Lindqvist, Kim Ji-woo, Lee O'Hara.",
    )


async def test_a_temporary_schedule_is_cut_to_its_time_and_can_end_early(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    shifts = [TemporaryShift("max", NOW - HOUR, NOW + HOUR), TemporaryShift("lee", NOW + 2 * HOUR, NOW + 9 * HOUR)]
    made = await desk.does("ana", desk.overriding.add_temporary, PLATFORM, NOW, NOW + 4 * HOUR, shifts)
    assert [await desk.people(PLATFORM, NOW + hours * HOUR) for hours in range(5)] == [("max",), (), ("lee",), ("lee",), ("bo",)]
    refused = await desk.refuses("ana", desk.overriding.add_temporary, PLATFORM, NOW + 3 * HOUR, NOW + 5 * HOUR, shifts)
    assert refused == (InvalidInput, "A temporary schedule stands there from 09:00 to 13:00 already; remove it first.")
    desk.clock.advance(HOUR)
    await desk.does("ana", desk.overriding.remove_temporary, made.id)
    assert [await desk.people(PLATFORM, NOW + hours * HOUR) for hours in range(3)] == [("max",), ("bo",), ("bo",)]


async def test_a_swap_is_asked_for_taken_and_counts(desk: Desk) -> None:
    tomorrow = NOW + 24 * HOUR
    asked: Swap = await desk.does("bo", desk.swaps.ask_swap, PLATFORM, tomorrow, tomorrow + 8 * HOUR, "kim")
    assert await desk.people(PLATFORM, tomorrow) == ("bo",)
    async with desk.database.read() as tx:
        assert [one.id for one in await desk.swaps.open_swaps(tx, "kim")] == [asked.id]
        assert await desk.swaps.open_swaps(tx, "lee") == []
    taken: Swap = await desk.does("kim", desk.swaps.accept_swap, asked.id)
    assert (taken.state, taken.taker) == (SwapState.ACCEPTED, "kim")
    assert [await desk.people(PLATFORM, tomorrow + hours * HOUR) for hours in (0, 8)] == [("kim",), ("bo",)]
    assert desk.facts == [messages.SwapAccepted(asked.id or 0, PLATFORM, "bo", "kim")]
    assert (await desk.refuses("kim", desk.swaps.accept_swap, asked.id))[1] == "Kim Ji-woo took this already. Nothing to do."


async def test_time_for_time_gives_both(sqlite_desk: Desk) -> None:
    desk, week = sqlite_desk, 7 * 24 * HOUR
    mine, theirs = (NOW + HOUR, NOW + 3 * HOUR), (NOW + week, NOW + week + 2 * HOUR)
    refused = await desk.refuses("bo", desk.swaps.ask_swap, PLATFORM, *mine, "kim", in_return=(NOW + 4 * HOUR, NOW + 5 * HOUR))
    assert refused[1].startswith(
        "Kim Ji-woo is not on call in platform-primary from 14:00 to 15:00. Kim Ji-woo is next on call from Mon 9 Mar"
    )
    asked = await desk.does("bo", desk.swaps.ask_swap, PLATFORM, *mine, "kim", in_return=theirs)
    await desk.does("kim", desk.swaps.accept_swap, asked.id)
    assert [await desk.people(PLATFORM, at) for at in (mine[0], theirs[0], theirs[1])] == [("kim",), ("bo",), ("kim",)]


async def test_whoever_is_asked_may_decline_and_who_asked_may_withdraw(desk: Desk) -> None:
    tomorrow = NOW + 24 * HOUR
    asked = await desk.does("bo", desk.swaps.ask_swap, PLATFORM, tomorrow, tomorrow + HOUR, "kim")
    assert (await desk.refuses("lee", desk.swaps.accept_swap, asked.id))[
        1
    ] == "Bo Lindqvist asked Kim Ji-woo, not you. Nothing was changed."
    assert (await desk.refuses("lee", desk.swaps.decline_swap, asked.id))[0] is NotAllowed
    await desk.does("kim", desk.swaps.decline_swap, asked.id)
    assert (await desk.refuses("kim", desk.swaps.accept_swap, asked.id))[1] == "This swap was declined. Nothing to do."
    again = await desk.does("bo", desk.swaps.ask_swap, PLATFORM, tomorrow, tomorrow + HOUR, "kim")
    await desk.does("kim", desk.swaps.accept_swap, again.id)
    assert (await desk.refuses("kim", desk.swaps.withdraw_swap, again.id))[1] == "Only who asked for a swap can withdraw it."
    await desk.does("bo", desk.swaps.withdraw_swap, again.id)
    assert await desk.people(PLATFORM, tomorrow) == ("bo",)
    assert desk.facts[-1] == messages.SwapWithdrawn(again.id, PLATFORM, "bo", "kim")
    third = await desk.does("bo", desk.swaps.ask_swap, PLATFORM, NOW + HOUR, NOW + 3 * HOUR, "kim")
    await desk.does("kim", desk.swaps.accept_swap, third.id)
    desk.clock.advance(2 * HOUR)
    refused = await desk.refuses("bo", desk.swaps.withdraw_swap, third.id)
    assert refused == (AlreadyDone, "Kim Ji-woo has it since 11:00; ask them for a swap back.")


async def test_whoever_covers_first_has_it(desk: Desk) -> None:
    asked = await desk.does("bo", desk.swaps.ask_swap, PLATFORM, NOW + HOUR, NOW + 5 * HOUR)
    outcomes = await asyncio.gather(*(desk.does(name, desk.swaps.accept_swap, asked.id) for name in ("kim", "lee")), return_exceptions=True)
    (won,) = [one for one in outcomes if isinstance(one, Swap)]
    (lost,) = [one for one in outcomes if isinstance(one, AlreadyDone)]
    assert await desk.people(PLATFORM, NOW + 2 * HOUR) == (won.taker,)
    assert "took this already" in str(lost)


async def test_a_swap_taken_late_gives_what_is_left_and_one_that_is_over_nothing(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    asked = await desk.does("bo", desk.swaps.ask_swap, PLATFORM, NOW, NOW + 4 * HOUR)
    desk.clock.advance(2 * HOUR)
    await desk.does("lee", desk.swaps.accept_swap, asked.id)
    assert [await desk.people(PLATFORM, NOW + hours * HOUR) for hours in (1, 2, 4)] == [("bo",), ("lee",), ("bo",)]
    other = await desk.does("bo", desk.swaps.ask_swap, PLATFORM, NOW + 4 * HOUR, NOW + 5 * HOUR)
    desk.clock.advance(3 * HOUR)
    assert (await desk.refuses("kim", desk.swaps.accept_swap, other.id))[1] == "This time is over. Nothing to do."


async def test_swaps_that_cannot_be_meant_get_a_sentence(sqlite_desk: Desk) -> None:
    desk, ask = sqlite_desk, sqlite_desk.swaps.ask_swap
    tomorrow = NOW + 24 * HOUR
    assert await desk.refuses("lee", ask, PLATFORM, tomorrow, tomorrow + HOUR, "kim") == (
        InvalidInput,
        "You are not on call in platform-primary from Tue 3 Mar 04:00 to Tue 3 Mar 05:00. "
        "You are not on call there in the next eight weeks.",
    )
    assert (await desk.refuses("bo", ask, PLATFORM, tomorrow, tomorrow + HOUR, "bo"))[1].startswith("You have that time already")
    assert "That time is over" in (await desk.refuses("bo", ask, PLATFORM, NOW - 2 * HOUR, NOW - HOUR, "kim"))[1]
    await desk.does("bo", ask, PLATFORM, tomorrow, tomorrow + 4 * HOUR, "kim")
    assert (await desk.refuses("bo", ask, PLATFORM, tomorrow + HOUR, tomorrow + 2 * HOUR, "lee"))[1] == (
        "You asked Kim Ji-woo already, from Tue 3 Mar 10:00 to Tue 3 Mar 14:00. Withdraw that first, or wait for an answer."
    )


async def test_my_next_shifts_are_in_order_with_the_roles_they_are_for(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    await desk.does("ana", desk.overriding.add_override, DB, "bo", NOW + HOUR, NOW + 2 * HOUR)
    async with desk.database.read() as tx:
        found = await desk.oncall.next_shifts(tx, "bo", NOW, timedelta(days=9))
    told = [(one.schedule, one.shift.start.strftime("%d %H"), one.shift.end.strftime("%d %H"), one.roles) for one in found]
    assert ("platform-primary", "02 08", "09 08", (("platform", "primary"),)) in told
    assert ("platform-secondary", "09 08", "11 09", (("platform", "secondary"),)) in told
    assert ("db-primary", "02 10", "02 11", (("db", "primary"),)) in told
    assert [one.shift.start for one in found] == sorted(one.shift.start for one in found)


async def test_an_edited_configuration_waits_for_the_handoff_also_after_a_restart(desk: Desk, config: Config) -> None:
    await desk.does("tocsin", desk.oncall.open_epochs)
    rotation = config.rotations[PLATFORM].model_copy(update={"participants": (("lee",), ("kim",))})
    edited = OnCall(Directory(config.model_copy(update={"rotations": {**config.rotations, PLATFORM: rotation}})))
    for _ in range(2):
        await desk.does("tocsin", edited.open_epochs)
    desk.oncall = edited
    week = 7 * 24 * HOUR
    assert [await desk.people(PLATFORM, NOW + number * week) for number in range(3)] == [("bo",), ("kim",), ("lee",)]
    desk.clock.advance(3 * week)
    await desk.does("tocsin", edited.open_epochs)
    assert [await desk.people(PLATFORM, NOW + number * week) for number in range(3)] == [("bo",), ("kim",), ("lee",)]


async def test_another_teams_people_stand_in_as_secondary(sqlite_desk: Desk, config: Config) -> None:
    databases = config.teams["db"]
    assert databases.oncall is not None
    backed = databases.model_copy(update={"oncall": databases.oncall.model_copy(update={"backup": "platform"})})
    oncall = OnCall(Directory(config.model_copy(update={"teams": {**config.teams, "db": backed}})))
    async with sqlite_desk.database.read() as tx:
        found = await oncall.who(tx, "db", "secondary", NOW)  # kim is primary here, bo is primary there
        assert (found.person, found.why) == ("bo", "primary on call for Platform, backup of Databases")
        week = NOW + timedelta(days=7)  # kim is primary here and there
        found = await oncall.who(tx, "db", "secondary", week)
        assert (found.person, found.why) == ("bo", "secondary on call for Platform, backup of Databases")
