"""Whatever happens, and in whatever order: executives know of what is theirs, and whoever was alarmed has the all-clear."""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from hypothesis.stateful import rule
from sqlalchemy import select
from sqlmodel import col

from bot.db import BOT, ActorId
from bot.incidents import messages
from bot.incidents.executives import Executives
from bot.incidents.lifecycle import is_worked_on
from bot.incidents.messages import TellExecutives
from bot.incidents.models import ExecutiveAlert
from bot.paging import messages as paging_messages
from bot.work.queue import Claim
from tests.incidents.test_widening import Widths, person, tried
from tests.journeys.crowd import crowd


class Hearing(Widths):
    """The same lives, with executives who hear of them."""

    alarmed: ClassVar[set[bool]] = set()
    """Whether anybody had an alert, and an all-clear: over all lives."""

    def __init__(self) -> None:
        super().__init__()
        self.executives = Executives(self.directory, self.incidents, self.paging)
        self.listeners.on(messages.IncidentDeclared, self.executives.on_declared)
        self.listeners.on(messages.SeverityChanged, self.executives.on_severity_changed)
        self.listeners.on(messages.StateChanged, self.executives.on_state_changed)
        self.listeners.on(paging_messages.PageAcknowledged, self.executives.on_acknowledged)
        self.worker.handles(TellExecutives, self.tell)

    async def tell(self, order: TellExecutives, claim: Claim) -> None:
        async with self.database.begin(actor=BOT) as tx:
            await self.executives.tell(tx, order.incident_id)

    @rule(by=person)
    def undo(self, by: ActorId) -> None:
        self.act(by, lambda tx: self.incidents.undo(tx, 1))

    @rule()
    def three_minutes_pass(self) -> None:
        self.runner.run(self.advance(timedelta(minutes=3, seconds=1)))
        self.runner.run(self.look())

    async def look(self) -> None:
        async with self.database.read() as tx:
            incident = await self.incidents.get(tx, 1)
            alerts = list((await tx.session.execute(select(ExecutiveAlert).order_by(col(ExecutiveAlert.id)))).scalars())
        waiting = [alert.person for alert in alerts if alert.cleared_at is None]
        assert waiting == (["max"] if is_worked_on(incident.state) and incident.severity == 1 else [])
        type(self).alarmed |= {alert.cleared_at is None for alert in alerts}


def test_nobody_is_left_alarmed_and_nobody_in_the_dark(sqlite_template: Path, tmp_path: Path) -> None:
    machine = tried(Hearing, sqlite_template, crowd(tmp_path), 15)
    assert machine.alarmed == {True, False}
