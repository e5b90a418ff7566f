"""Reading what a report is made of: two quarters of incidents, action items, postmortems and alerts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from bot.alerts import quality
from bot.alerts.quality import Firings, Outcome
from bot.config.models import Team
from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents.lifecycle import IncidentState, Milestone, durations, is_open
from bot.incidents.models import ActionItem, Incident, MilestoneRow, is_real
from bot.learning.models import FirstPublication, PostmortemTag
from bot.learning.report import AlertQuality, Item, Material, Noisy, Past, Report, Review, report
from bot.oncall.fairness import Quarter, quarter
from bot.postmortems.deadlines import due_on
from bot.postmortems.service import OVER
from bot.postmortems.states import PostmortemState

NOT_COUNTED = (IncidentState.TRIAGE, IncidentState.CANCELLED, IncidentState.MERGED)
"""Nobody has accepted it yet; it was none; it was another one."""
NOISIEST = 5
LEAST_NOISE = 3
"""Firings of an alert that nobody acted on, before it is named."""


@dataclass(frozen=True)
class Gathered:
    """A report that is still to be drawn up: outside of the transaction, where there is much of it."""

    scope: str
    team: str | None
    this: Quarter
    before: Quarter
    until: datetime
    zone: ZoneInfo
    material: Material

    def drawn(self) -> Report:
        """The report."""
        return report(self.scope, self.team, self.this, self.before, self.until, self.zone, self.material)


class Reports:
    """Draws reports up."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    @property
    def zone(self) -> ZoneInfo:
        """Quarters and months are the company's."""
        return self._directory.zone_of(None)

    def quarter(self, asked: str, now: datetime) -> Quarter:
        """The quarter that was asked for; raises `InvalidInput`."""
        return quarter(asked, now, self.zone.key)

    def before(self, of: Quarter) -> Quarter:
        """The quarter before one."""
        return self.quarter("last", of.start)

    def after(self, of: Quarter) -> Quarter:
        """The quarter after one."""
        return self.quarter("", of.end)

    async def of(self, tx: Tx, this: Quarter, team: Team | None) -> Report:
        """The report of a quarter, of the company or of one team."""
        return (await self.gather(tx, this, team)).drawn()

    async def gather(self, tx: Tx, this: Quarter, team: Team | None) -> "Gathered":
        """All that it is made of, read in one look."""
        until = min(max(tx.now, this.start), this.end)
        before = self.before(this)
        material = Material(
            incidents=await self._incidents(tx, before.start, until, team),
            items=await _items(tx, until, team),
            alerts=await self._alerts(tx, this.start, until, team),
            alerts_before=await self._alerts(tx, before.start, this.start, team),
            vocabulary=self._directory.config.learning.tags,
        )
        scope = team.name if team else self._directory.config.company
        return Gathered(scope, team.id if team else None, this, before, until, self.zone, material)

    async def _incidents(self, tx: Tx, since: datetime, until: datetime, team: Team | None) -> tuple[Past, ...]:
        counted = (col(Incident.declared_at) >= since) & (col(Incident.declared_at) <= until)
        counted &= col(Incident.state).not_in(NOT_COUNTED) & is_real()
        if team is not None:
            counted &= col(Incident.team) == team.id
        rows = list((await tx.session.execute(select(Incident).where(counted))).scalars())
        mine = select(col(Incident.id)).where(counted)
        stones: dict[int, list[Milestone]] = {}
        for row in (await tx.session.execute(select(MilestoneRow).where(col(MilestoneRow.incident_id).in_(mine)))).scalars():
            stones.setdefault(row.incident_id, []).append(Milestone(row.kind, row.happened_at, row.recorded_at))
        tags: dict[int, tuple[str, ...]] = {}
        marked = select(PostmortemTag).where(col(PostmortemTag.incident_id).in_(mine)).order_by(col(PostmortemTag.tag))
        for tag in (await tx.session.execute(marked)).scalars():
            tags[tag.incident_id] = (*tags.get(tag.incident_id, ()), tag.tag)
        over = {one.number: one for one in rows if one.state in OVER}
        published = await _published(tx, list(over))
        reviews = {number: self._review(one, published.get(number)) for number, one in over.items()}
        return tuple(
            Past(
                number=one.number,
                title=one.title,
                severity=one.severity,
                declared_at=one.declared_at,
                durations=durations(stones.get(one.number, ()), one.reopened_at),
                service=self._service(one.service),
                is_private=one.is_private,
                is_open=is_open(one.state),
                tags=tags.get(one.number, ()),
                review=reviews.get(one.number),
            )
            for one in rows
        )

    def _review(self, incident: Incident, published_at: datetime | None) -> Review | None:
        """What became of a postmortem; None where its severity asks for none and nobody published one."""
        ended = incident.ended_at or incident.declared_at
        within = self._directory.config.postmortems.rules(incident.severity).publish_within
        if within is None and published_at is None:
            return None
        return Review(ended, due_on(PostmortemState.APPROVED, ended, self.zone, None, within), published_at)

    def _service(self, name: str | None) -> str | None:
        service = self._directory.service(name) if name else None
        return service.name if service else name

    async def _alerts(self, tx: Tx, since: datetime, until: datetime, team: Team | None) -> AlertQuality:
        services = [one.id for one in self._directory.config.services.values() if team and one.owner == team.id]
        return told(await quality.firings(tx, since, until, team.id if team else None, services))


def told(firings: Iterable[Firings]) -> AlertQuality:
    """The sums, and the alerts of which most was noise."""
    rows = list(firings)
    found = AlertQuality(
        fired=sum(row.times for row in rows),
        alone=_sum(rows, Outcome.ALONE),
        noise=_sum(rows, Outcome.NOISE),
        acted_on=_sum(rows, Outcome.ACTED_ON),
        undecided=_sum(rows, Outcome.UNDECIDED),
    )
    names = {row.name for row in rows if row.name}
    each = {name: [row for row in rows if row.name == name] for name in names}
    noisy = {name: _sum(theirs, Outcome.NOISE) + _sum(theirs, Outcome.ALONE) for name, theirs in each.items()}
    mostly = [name for name in names if noisy[name] >= LEAST_NOISE and noisy[name] > _sum(each[name], Outcome.ACTED_ON)]
    worst = sorted(mostly, key=lambda name: (-noisy[name], name))[:NOISIEST]
    noisiest = tuple(Noisy(name, sum(row.times for row in each[name]), _sum(each[name], Outcome.ACTED_ON)) for name in worst)
    return replace(found, noisiest=noisiest)


def _sum(rows: Iterable[Firings], outcome: Outcome) -> int:
    return sum(row.times for row in rows if row.outcome is outcome)


async def _items(tx: Tx, until: datetime, team: Team | None) -> tuple[Item, ...]:
    rows = select(ActionItem).join(Incident, col(Incident.id) == col(ActionItem.incident_id))
    rows = rows.where(col(ActionItem.made_at) <= until, is_real())
    if team is not None:
        rows = rows.where(col(Incident.team) == team.id)
    return tuple(Item(one.made_at, one.done_at, one.due_on) for one in (await tx.session.execute(rows)).scalars())


async def _published(tx: Tx, numbers: Sequence[int]) -> dict[int, datetime]:
    """When the postmortems of these incidents were first published."""
    rows = select(FirstPublication).where(col(FirstPublication.incident_id).in_(numbers))
    return {one.incident_id: one.at for one in (await tx.session.execute(rows)).scalars()}
