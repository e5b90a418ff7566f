"""Reminders of action items, from the due day of an owner to the weekly word to a team, and the list of what is overdue."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from bot.clock import FakeClock
from bot.config.loader import load
from bot.db import ActorId, Database
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.events import Listeners
from bot.incidents.action_items import ActionItems, Changes
from bot.incidents.declaration import Declaration
from bot.incidents.item_report import ItemReport
from bot.incidents.messages import ActionItemsChanged, SayInOps
from bot.incidents.reminding import Reminders
from bot.incidents.service import Incidents
from bot.incidents.severity import Severity
from bot.oncall.messages import TellTeam
from bot.oncall.service import OnCall
from bot.paging.climbing import Climbing
from bot.paging.service import Paging
from bot.work.queue import Claim
from bot.work.worker import Worker
from tests.world import CONFIG

KIM, LEE = ActorId("kim"), ActorId("lee")


@dataclass
class Office:
    """The rooms that chase action items, and what people are told: each time, who, and what."""

    database: Database
    clock: FakeClock
    listeners: Listeners
    told: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.directory = Directory(load(CONFIG, {}))
        paging = Paging(self.directory, Climbing(self.directory, OnCall(self.directory), ("slack",)))
        self.incidents = Incidents(paging)
        self.items = ActionItems(self.incidents, self.directory)
        self.report = ItemReport(self.directory, self.items)
        reminders = Reminders(self.database, self.directory, self.incidents, self.items, self.report)
        self.listeners.on(ActionItemsChanged, reminders.on_items_changed)
        self.worker = Worker(self.database, self.clock)
        reminders.register(self.worker)
        self.worker.handles(TellPerson, self._person)
        self.worker.handles(TellTeam, self._team)
        self.worker.handles(SayInOps, self._ops)

    async def declare(self, title: str, *, is_private: bool = False, by: ActorId = KIM) -> int:
        async with self.database.begin(actor=by) as tx:
            declared = await self.incidents.declare(
                tx, Declaration(title, severity=Severity.SEV1, service="checkout", is_private=is_private)
            )
            return declared.incident.number

    async def add(self, incident: int, text: str, owner: str | None = None, due_on: date | None = None, by: ActorId = KIM) -> int:
        async with self.database.begin(actor=by) as tx:
            return (await self.items.add(tx, incident, text, owner, due_on)).number

    async def at(self, *moment: int) -> list[tuple[str, str]]:
        """What people are told until a moment of March 2026, UTC: who and what."""
        self.clock.advance(datetime(2026, 3, *moment, tzinfo=UTC) - self.clock.now())
        before = len(self.told)
        assert await self.worker.drain()
        return sorted((who, text) for _, who, text in self.told[before:] if "action item" in text and "gave you" not in text)

    async def overdue(self, team: str | None = None) -> str:
        async with self.database.begin(actor=KIM) as tx:
            return "\n".join(await self.report.overdue(tx, self.directory.team(team) if team else None))

    def _note(self, who: str, text: str) -> None:
        self.told.append((f"{self.clock.now():%d %H:%M}", who, text))

    async def _person(self, order: TellPerson, claim: Claim) -> None:
        self._note(order.actor, order.text)

    async def _team(self, order: TellTeam, claim: Claim) -> None:
        self._note(f"team {order.team}", order.text)

    async def _ops(self, order: SayInOps, claim: Claim) -> None:
        self._note("ops", order.text)


@pytest.fixture
def office(database: Database, clock: FakeClock, listeners: Listeners) -> Office:
    return Office(database, clock, listeners)


async def test_the_owner_is_reminded_on_their_mornings_and_the_team_of_what_is_long_overdue(office: Office) -> None:
    number = await office.declare("checkout is down")
    await office.add(number, "add canary alarm", "lee", date(2026, 3, 6))
    mine = "1: add canary alarm (Lee O'Hara, due Fri 6 Mar), of #1 SEV1 checkout is down"
    assert await office.at(5, 14, 30) == [], "half past nine in New York"
    assert await office.at(5, 15, 5) == [("lee", f"*Your action item*\n{mine}")]
    assert await office.at(5, 20) == [], "once a day"
    assert len(await office.at(6, 15, 5)) == 1
    assert await office.at(8, 15, 5) == [], "it is Sunday"
    late = mine.replace(")", ", overdue)")
    for day in (9, 10, 11, 12, 13):
        assert await office.at(day, 15, 5) == [("lee", f"*Your action item*\n{late}")]
    assert await office.at(16, 15, 5) == [], "from now on weekly"
    assert await office.at(20, 15, 5) == [
        ("lee", f"*Your action item*\n{late}"),
        ("team payments", f"These action items are long overdue.\n• {late}"),
    ]
    said = await office.overdue("payments")
    assert said.startswith("*Overdue action items of Payments:* 1\n• 1: add canary alarm (Lee O'Hara, due Fri 6 Mar, overdue), of #1")
    assert said.endswith("_Of the last 90 days: 0 of 1 done (0 %); 1 open, 1 of them overdue_")
    assert await office.overdue("infra") == "No action item of Infrastructure is overdue."
    async with office.database.begin(actor=LEE) as tx:
        await office.items.finish(tx, 1)
    assert await office.at(27, 15, 5) == [], "until it is done"
    assert "1 of 1 done (100 %): 1 late" in await office.overdue("payments")


async def test_what_nobody_has_the_team_hears_of_and_of_a_private_incident_only_who_declared_it(office: Office) -> None:
    await office.declare("checkout is down")
    secret = await office.declare("cards leaked", is_private=True, by=LEE)
    await office.add(1, "rotate the keys", due_on=date(2026, 3, 6))
    await office.add(1, "raise the limit")
    await office.add(secret, "revoke the tokens", due_on=date(2026, 3, 6), by=LEE)
    intro = "Nobody has these action items. Take one: `/inc #… task 7 @you`."
    assert await office.at(5, 1, 30) == [
        ("lee", f"{intro}\n• 3: revoke the tokens (nobody yet, due Fri 6 Mar), of #2"),
        ("team payments", f"{intro}\n• 1: rotate the keys (nobody yet, due Fri 6 Mar), of #1 SEV1 checkout is down"),
    ], "ten o'clock for the lead of the team"
    async with office.database.begin(actor=KIM) as tx:
        await office.items.change(tx, 1, Changes(owner="bo"))
        await office.items.finish(tx, 3)
    [told] = await office.at(6, 9, 5)
    assert told == ("bo", "*Your action item*\n1: rotate the keys (Bo Lindqvist, due Fri 6 Mar), of #1 SEV1 checkout is down")
    async with office.database.begin(actor=KIM) as tx:
        await office.items.finish(tx, 1)
    assert await office.at(16, 1, 5) == [("team payments", f"{intro}\n• 2: raise the limit (nobody yet), of #1 SEV1 checkout is down")], (
        "what has no day is asked about after two weeks"
    )
    assert all("tokens" not in text and "cards" not in text for _, who, text in office.told if who != "lee")
    assert "tokens" not in await office.overdue()


async def test_a_reminder_that_was_held_up_until_the_evening_waits_for_the_next_morning(office: Office) -> None:
    number = await office.declare("checkout is down")
    await office.add(number, "add canary alarm", "kim", date(2026, 3, 6))
    assert await office.at(5, 12) == [], "nine in the evening in Seoul, after a day without the bot"
    assert len(await office.at(6, 1, 5)) == 1
