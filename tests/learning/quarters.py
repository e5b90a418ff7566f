"""Two quarters of plausible incidents, written as rows: the same for the same seed."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from bot.alerts.models import Alert, AlertEvent
from bot.alerts.sources import AlertStatus
from bot.db import BOT, ActorId, Database, Tx
from bot.incidents import timeline
from bot.incidents.lifecycle import IncidentState, MilestoneKind
from bot.incidents.models import ActionItem, Incident, MilestoneRow
from bot.learning import archive
from bot.learning.models import FirstPublication, PostmortemTag
from bot.postmortems.models import Postmortem, PostmortemVersion
from bot.postmortems.states import PostmortemState, VersionKind

FIRST, DAYS = datetime(2026, 7, 2, 8, tzinfo=UTC), 175
PEOPLE = ("ana", "bo", "kim", "lee", "bea")
STORIES = (
    ("checkout", "payments", "Checkout fails for cards of one bank", ("dependency",), "Switched to the second payment provider"),
    ("checkout", "payments", "Checkout is slow after the release of v{n}", ("deploy",), "Rolled back to the release before"),
    ("api-gateway", "platform", "API gateway answers 502 after a config change", ("configuration", "deploy"), "Config rolled back"),
    ("auth", "platform", "Sign-in fails: memory leak in auth service", ("code defect", "capacity"), "Rolling restart of auth"),
    ("file-sync", "platform", "File sync stuck for a third of users", ("network",), "Traffic rerouted around the split"),
    ("storage", "infra", "Storage writes time out: disk full on the journal", ("capacity", "monitoring gap"), "Old journals removed"),
    ("queue", "db", "Job queue falls behind, redis failover hangs", ("database",), "Failover by hand to the standby"),
    ("cdn", "infra", "Certificate of the CDN expired", ("certificate", "human process"), "Certificate renewed, alarm added"),
    ("batch-reports", "db", "Nightly reports missing: slow query on the replica", ("database", "capacity"), "Index added"),
)
ALERTS = (("HighErrorRate", 0.8), ("DiskWillFill", 0.5), ("CpuIsHigh", 0.05), ("LatencyP99", 0.4), ("PodRestarted", 0.1))
DOCUMENT = (
    "# Postmortem of #{number}: {title}\n\n## Summary\n\n{end}. The *first* sign was in the graphs, `p99` rose.\n\n## Timeline\n\n{lines}\n"
)


@dataclass
class Maker:
    """Writes incidents, each from a story."""

    random: Random
    tx: Tx

    def span(self, minutes: float) -> timedelta:
        """Around so long, and lopsided as such times are."""
        return timedelta(seconds=round(60 * minutes * self.random.lognormvariate(0, 0.8)))

    async def incident(self, at: datetime, last: datetime, *, is_private: bool = False) -> None:
        """One incident, with what becomes of it until `last`."""
        choose = self.random
        service, team, title, tags, end = STORIES[min(int(choose.expovariate(0.35)), len(STORIES) - 1)]
        severity = choose.choices((1, 2, 3, 4), (1, 4, 8, 3))[0]
        over = at + self.span(240 / severity)
        is_over = over < last
        row = Incident(
            title=title.format(n=choose.randint(30, 90)), state=IncidentState.RESOLVED if is_over else IncidentState.INVESTIGATING,
            severity=severity, rule="typed", is_confirmed=True,
            origin=choose.choice(("alert", "alert", "slack")), service=service, team=team,
            declared_by=choose.choice(PEOPLE), declared_at=at, is_private=is_private, is_touched=True, ended_at=over if is_over else None,
        )  # fmt: skip
        self.tx.session.add(row)
        await self.tx.session.flush()
        self._milestones(row.number, at, over if is_over else None)
        await self._words(row, end if is_over else "")
        if is_over and severity < 4:
            await self._document(row, over, end, last)
            for tag in tags if choose.random() < 0.8 else ():
                self.tx.session.add(PostmortemTag(incident_id=row.number, tag=tag, by="kim", at=over))
            self._items(row, over, last)
        await self.tx.session.flush()
        await archive.index(self.tx, row.number)

    def _milestones(self, number: int, at: datetime, over: datetime | None) -> None:
        began, paged = at - self.span(6), at + timedelta(seconds=1)
        stones = [(MilestoneKind.IMPACT_STARTED, began), (MilestoneKind.DECLARED, at), (MilestoneKind.PAGED, paged)]
        stones.append((MilestoneKind.ACKNOWLEDGED, paged + self.span(2.5)))
        if over is not None:
            stones += [(MilestoneKind.MITIGATED, at + (over - at) * 0.6), (MilestoneKind.RESOLVED, over)]
        for kind, moment in stones:
            row = MilestoneRow(incident_id=number, kind=kind, happened_at=moment, recorded_at=moment, source="slack", by="kim")
            self.tx.session.add(row)

    async def _words(self, row: Incident, end: str) -> None:
        await timeline.record(self.tx, row.number, "declared", f"declared SEV{row.severity}: {row.title}", happened_at=row.declared_at)
        await timeline.record(
            self.tx, row.number, "update", f"we look at {row.service}: errors rise since the last hour", happened_at=row.declared_at
        )
        if end:
            await timeline.record(self.tx, row.number, "resolved", end, happened_at=row.ended_at)

    async def _document(self, row: Incident, over: datetime, end: str, last: datetime) -> None:
        published = over + self.span(8 * 1440)
        is_out = published < last
        lines = "\n".join(
            f"- [09:{minute:02}](https://x.example/p{minute}) something was looked at in {row.service}" for minute in range(40)
        )
        text = DOCUMENT.format(number=row.number, title=row.title, end=end, lines=lines)
        self.tx.session.add(
            Postmortem(
                incident_id=row.number, state=PostmortemState.PUBLISHED if is_out else PostmortemState.DRAFT, markdown=text, generated=text,
                html="", drafted_at=over, changed_at=over, moved_at=published if is_out else None, published_version=1 if is_out else None,
            )
        )  # fmt: skip
        version = PostmortemVersion(incident_id=row.number, number=1, markdown=text, kind=VersionKind.ASSEMBLED, author=BOT, at=over)
        self.tx.session.add(version)
        if is_out:
            self.tx.session.add(FirstPublication(incident_id=row.number, at=published))

    def _items(self, row: Incident, over: datetime, last: datetime) -> None:
        for _ in range(self.random.randint(0, 3)):
            made, done = over + timedelta(hours=20), over + timedelta(hours=20) + self.span(14 * 1440)
            due: date = (made + timedelta(days=self.random.choice((7, 14, 30)))).date()
            self.tx.session.add(
                ActionItem(
                    incident_id=row.number, text="Add an alarm", owner="kim", due_on=due, made_by="kim", made_at=made, changed_at=made,
                    done_at=done if done < last else None, done_by="kim" if done < last else None,
                )
            )  # fmt: skip

    async def alert(self, name: str, at: datetime, incident_id: int | None) -> None:
        """An alert fired."""
        fingerprint = f"{name}:{self.random.randint(1, 6)}"
        values = {
            "source": "prometheus", "fingerprint": fingerprint, "status": AlertStatus.RESOLVED, "group_key": name, "name": name,
            "summary": "", "labels": json.dumps({}), "service": "checkout", "generator_url": "", "starts_at": at, "received_at": at,
        }  # fmt: skip
        await self.tx.insert_new(Alert, **values)
        event = AlertEvent(
            source="prometheus", fingerprint=fingerprint, status=AlertStatus.FIRING, happened_at=at, received_at=at, incident_id=incident_id
        )
        self.tx.session.add(event)


async def fill(database: Database, incidents: int, *, private: int = 1, alerts: int = 0, first: datetime = FIRST, days: int = DAYS) -> None:
    """Write so many incidents, spread over the days since `first`; the last `private` of them are private."""
    random = Random(7)
    last = first + timedelta(days=days)
    moments = sorted(first + timedelta(minutes=random.randint(0, days * 1440 - 1)) for _ in range(incidents))
    async with database.begin(actor=ActorId("kim")) as tx:
        maker = Maker(random, tx)
        for place, at in enumerate(moments):
            await maker.incident(at, last, is_private=place >= incidents - private)
        for _ in range(alerts):
            name, share = random.choice(ALERTS)
            number = random.randint(1, incidents) if incidents and random.random() < share else None
            await maker.alert(name, first + timedelta(minutes=random.randint(0, days * 1440 - 1)), number)
