"""Taking webhooks: what is new is told from what is repeated, and new firing alerts make or join an incident."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select, update
from sqlmodel import col

from bot.alerts import rows, synthetic
from bot.alerts.changes import Change, Known, change_of
from bot.alerts.flapping import Flaps, flaps, is_quiet
from bot.alerts.grouping import title_of
from bot.alerts.messages import AlertsFired, SettleFlapping
from bot.alerts.models import Alert, AlertGroup
from bot.alerts.sources import AlertStatus, Signal, Webhook
from bot.config.models import AlertSource, Service
from bot.config.values import duration_text
from bot.db import ActorId, Tx, hold_declaring, hold_incident
from bot.directory.service import Directory
from bot.incidents import lifecycle, timeline
from bot.incidents.declaration import Declaration
from bot.incidents.lifecycle import IncidentState
from bot.incidents.messages import IncidentMerged
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.incidents.severity import Decision, Observation, Origin
from bot.paging.watchdog import Watchdog
from bot.work import queue


@dataclass(frozen=True)
class Delivery:
    """One webhook, and the configured source that its key belongs to."""

    source: AlertSource
    webhook: Webhook

    @property
    def actor(self) -> ActorId:
        """Who does what follows from it."""
        return ActorId(f"alertmanager:{self.source.id}")


@dataclass
class Taken:
    """What became of a webhook."""

    incident_id: int | None = None
    new: int = 0
    resolved: int = 0
    repeated: int = 0


@dataclass
class Batch:
    """What one transaction has found and wants written."""

    known: dict[tuple[str, str], Known]
    groups: dict[tuple[str, str], AlertGroup]
    incidents: dict[int, Incident]
    """The groups' newest incidents, held."""
    rows: dict[tuple[str, str], dict[str, object]] = field(default_factory=dict)
    events: list[dict[str, object]] = field(default_factory=list)
    stopped: dict[int, ActorId] = field(default_factory=dict)
    """Incidents of which an alert stopped firing, and who said so."""


class Alerts:
    """Stores alerts and declares incidents for them."""

    def __init__(self, directory: Directory, incidents: Incidents, watchdog: Watchdog) -> None:
        self._directory = directory
        self._incidents = incidents
        self._watchdog = watchdog
        self._minute = ""
        self._said: set[int] = set()
        """Of which incidents it was written down in this minute that more alerts began; the timeline's key keeps it to once anyway."""

    async def take(self, tx: Tx, deliveries: Sequence[Delivery]) -> list[Taken]:
        """Take webhooks in the order they came, in one transaction; returns what became of each."""
        batch = await self._look_up(tx, deliveries)
        taken = []
        for delivery in deliveries:
            with tx.acting(delivery.actor):
                taken.append(await self._take_one(tx, delivery, batch))
        await rows.write(tx, list(batch.rows.values()), batch.events)
        for incident_id, actor in batch.stopped.items():
            with tx.acting(actor):
                await self._alert_stopped(tx, incident_id)
        return taken

    async def _take_one(self, tx: Tx, delivery: Delivery, batch: Batch) -> Taken:
        source, webhook, taken = delivery.source, delivery.webhook, Taken()
        fresh: list[Signal] = []
        if source is synthetic.SOURCE:
            await self._watchdog.page(tx, webhook.signals[0].starts_at)
            return taken
        for signal in {one.fingerprint: one for one in webhook.signals}.values():  # of one that comes twice, the last word counts
            before = batch.known.get((source.id, signal.fingerprint))
            match change_of(signal, before):
                case Change.FIRES:
                    fresh.append(signal)
                    taken.new += 1
                case Change.STOPS:
                    taken.resolved += 1
                    self._note(tx, batch, delivery, signal, before.incident_id if before else None)
                    if before and before.incident_id:
                        batch.stopped[before.incident_id] = delivery.actor
                        taken.incident_id = before.incident_id
                case Change.NOTHING:
                    taken.repeated += 1
                    taken.incident_id = taken.incident_id or (before.incident_id if before else None)
        if fresh:
            taken.incident_id = await self._incident_for(tx, delivery, fresh, batch)
            for signal in fresh:
                self._note(tx, batch, delivery, signal, taken.incident_id)
            if taken.incident_id is not None:
                await tx.announce(AlertsFired(taken.incident_id))
        return taken

    def _note(self, tx: Tx, batch: Batch, delivery: Delivery, signal: Signal, incident_id: int | None) -> None:
        """Remember an alert's new status, and that it changed."""
        key = (delivery.source.id, signal.fingerprint)
        batch.known[key] = Known(signal.status, signal.starts_at, signal.ends_at, incident_id)
        batch.rows[key] = {
            "source": delivery.source.id,
            "fingerprint": signal.fingerprint,
            "status": signal.status,
            "group_key": delivery.webhook.group_key,
            "name": signal.name,
            "summary": signal.summary,
            "labels": json.dumps(dict(signal.labels), ensure_ascii=False),
            "service": signal.service,
            "severity_label": signal.severity_label,
            "generator_url": signal.generator_url,
            "runbook_url": signal.runbook_url,
            "starts_at": signal.starts_at,
            "ends_at": signal.ends_at,
            "received_at": tx.now,
            "incident_id": incident_id,
        }
        happened = signal.starts_at if signal.is_firing else signal.ends_at or tx.now
        batch.events.append(
            {
                "source": key[0],
                "fingerprint": key[1],
                "status": signal.status,
                "happened_at": happened,
                "received_at": tx.now,
                "incident_id": incident_id,
            }
        )

    async def on_merged(self, tx: Tx, fact: IncidentMerged) -> None:
        """What fired for an incident that was another one fires for that one."""
        for table in (Alert, AlertGroup):
            await tx.changed(update(table).where(col(table.incident_id) == fact.incident_id).values(incident_id=fact.into))

    # Incidents

    async def _incident_for(self, tx: Tx, delivery: Delivery, fresh: Sequence[Signal], batch: Batch) -> int | None:
        """The incident of newly firing alerts: the group's open one, the one that just ended, or a new one. None: recorded only."""
        worst, decision = self._worst(delivery.source, fresh)
        if not decision.opens_incident:
            return None
        key = (delivery.source.id, delivery.webhook.group_key)
        group = batch.groups.get(key)
        if group is None:
            group = batch.groups[key] = AlertGroup(source=key[0], group_key=key[1])
            tx.session.add(group)
        group.truncated = delivery.webhook.truncated
        incident = batch.incidents.get(group.incident_id) if group.incident_id else None
        if incident and lifecycle.is_open(incident.state):
            await self._join(tx, incident, decision, len(fresh))
        elif incident and self._just_ended(tx, incident) and self._fired_before(delivery, fresh, batch, incident):
            await self._reopen(tx, incident, group)
        else:
            incident, group.flapping = await self._declare(tx, delivery, fresh, worst, incident), False
        group.incident_id = incident.number
        batch.incidents[incident.number] = incident
        return incident.number

    async def _declare(self, tx: Tx, delivery: Delivery, fresh: Sequence[Signal], worst: Signal, earlier: Incident | None) -> Incident:
        service, team = self._belongs(delivery.source, worst)
        declared = await self._incidents.declare(
            tx,
            Declaration(
                title=title_of(fresh, delivery.webhook.truncated),
                service=service.id if service else None,
                team=team,
                origin="alert",
                observation=self._observation(worst),
                started_at=min(signal.starts_at for signal in fresh),
            ),
        )
        number = declared.incident.number
        if not declared.is_new:
            await self._join(tx, await self._incidents.held(tx, number), None, len(fresh))
        if earlier is not None:
            await timeline.record(tx, number, "linked", f"the same alerts were #{earlier.number} before", key=f"earlier:{earlier.number}")
        if delivery.webhook.truncated:
            text = f"Alertmanager left {delivery.webhook.truncated} more alerts out of its message"
            await timeline.record(tx, number, "alert", text, key="truncated")
        return declared.incident

    async def _reopen(self, tx: Tx, incident: Incident, group: AlertGroup) -> None:
        """It was over and fires again. What flaps pages once more, says so, and then stays open until it has been quiet for a while."""
        found = await self._flaps(tx, incident, firing_now=True)
        group.flapping = found is not None
        if found is None:
            await self._incidents.reopen(tx, incident.number, "the alert fires again")
            return
        sentence = found.sentence(tx.now)
        quiet_for = duration_text(self._directory.config.incidents.quiet_for)
        why = f"the alert fires again, {sentence}. It stays open until it has been quiet for {quiet_for}; until then nobody is paged anew"
        await self._incidents.reopen(tx, incident.number, why, remark=sentence)

    async def _flaps(self, tx: Tx, incident: Incident, *, firing_now: bool) -> Flaps | None:
        """Whether an alert of the incident flaps; `firing_now` is not written down yet."""
        defaults = self._directory.config.incidents
        if not defaults.flapping_after:
            return None
        before = await rows.fired(tx, incident.number, tx.now - defaults.flapping_within)
        return flaps([*before, *([tx.now] if firing_now else [])], defaults.flapping_after, defaults.flapping_within, tx.now)

    async def _join(self, tx: Tx, incident: Incident, decision: Decision | None, count: int) -> None:
        """More alerts of an open incident. A worse one raises a severity that no person has touched."""
        minute = f"{tx.now:%Y-%m-%dT%H:%M}"
        if minute != self._minute:
            self._minute, self._said = minute, set()
        if incident.number not in self._said:  # in a storm, one line a minute
            self._said.add(incident.number)
            text = f"{count} more alert{'s' if count > 1 else ''} began to fire"
            await timeline.record(tx, incident.number, "alert", text, key=f"more:{minute}")
            await self._incidents.refresh(tx, incident, at_leisure=True)
        if decision and decision.severity < incident.severity and not incident.is_touched:
            await self._incidents.change_severity(tx, incident.number, decision.severity, f"a worse alert joined: {decision.rule}")

    async def _alert_stopped(self, tx: Tx, incident_id: int) -> None:
        """With the last alert gone, an incident that no person has touched ends by itself; of any other it is said."""
        incident = await self._incidents.held(tx, incident_id)
        firing = select(func.count()).where(col(Alert.incident_id) == incident_id, col(Alert.status) == AlertStatus.FIRING)
        if not lifecycle.is_open(incident.state):
            return
        left_out = select(func.sum(col(AlertGroup.truncated))).where(col(AlertGroup.incident_id) == incident_id)
        if (await tx.session.execute(firing)).scalar_one() or (await tx.session.execute(left_out)).scalar():  # nobody knows of those
            await self._incidents.refresh(tx, incident, at_leisure=True)
            return
        if await self._is_flapping(tx, incident):
            await self._wait_for_quiet(tx, incident)
            return
        await self._over(tx, incident, "the alert resolved by itself")

    async def _over(self, tx: Tx, incident: Incident, why: str) -> None:
        incident_id = incident.number
        if incident.is_touched or incident.origin != "alert":
            await timeline.record(tx, incident_id, "alert", "no alert fires any more")
            await self._incidents.say(tx, incident, "*No alert fires any more.* `/inc resolve …` when you agree.")
            await self._incidents.refresh(tx, incident, at_leisure=True)
        elif incident.state is IncidentState.TRIAGE:
            await self._incidents.cancel(tx, incident_id, why)
        else:
            await self._incidents.resolve(tx, incident_id, f"{why}, and nobody had touched the incident")

    async def _is_flapping(self, tx: Tx, incident: Incident) -> bool:
        """Whether the incident is known to flap. One that people keep open is found out when its alert stops."""
        known = select(AlertGroup).where(col(AlertGroup.incident_id) == incident.number)
        groups = list((await tx.session.execute(known)).scalars())
        if any(group.flapping for group in groups):
            return True
        found = await self._flaps(tx, incident, firing_now=False)
        if found is None or not groups:
            return False
        for group in groups:
            group.flapping = True
        await timeline.record(tx, incident.number, "alert", found.sentence(tx.now))
        return True

    async def _wait_for_quiet(self, tx: Tx, incident: Incident) -> None:
        due = tx.now + self._directory.config.incidents.quiet_for
        order, key = SettleFlapping(incident_id=incident.number), f"settle_flapping:{incident.number}"
        await queue.refresh(tx, order, key=key, about=f"incident:{incident.number}", due=due)
        await self._incidents.refresh(tx, incident, at_leisure=True)

    async def settle(self, tx: Tx, incident_id: int) -> None:
        """What flapped has been quiet for a while: it ends as any other does whose alert stops. If it fired again, nothing is done."""
        incident = await self._incidents.held(tx, incident_id)
        mine = col(Alert.incident_id) == incident_id
        firing = await tx.session.execute(select(func.count()).where(mine, col(Alert.status) == AlertStatus.FIRING))
        last_change = (await tx.session.execute(select(func.max(col(Alert.received_at))).where(mine))).scalar()
        quiet_for = self._directory.config.incidents.quiet_for
        if firing.scalar_one() or (last_change is not None and not is_quiet(last_change, quiet_for, tx.now)):
            return
        await tx.changed(update(AlertGroup).where(col(AlertGroup.incident_id) == incident_id).values(flapping=False))
        if lifecycle.is_open(incident.state):
            await self._over(tx, incident, f"quiet for {duration_text(quiet_for)} after it flapped")

    def _just_ended(self, tx: Tx, incident: Incident) -> bool:
        """Was it resolved a short while ago? What people cancelled, no alert reopens."""
        was_resolved = incident.state is IncidentState.RESOLVED and incident.ended_at is not None
        return was_resolved and tx.now - (incident.ended_at or tx.now) <= self._directory.config.incidents.reopen_within

    @staticmethod
    def _fired_before(delivery: Delivery, fresh: Iterable[Signal], batch: Batch, incident: Incident) -> bool:
        """Is one of these alerts among those that the incident was about?"""
        earlier = (batch.known.get((delivery.source.id, signal.fingerprint)) for signal in fresh)
        return any(one is not None and one.incident_id == incident.number for one in earlier)

    # What an alert is about

    def _worst(self, source: AlertSource, signals: Sequence[Signal]) -> tuple[Signal, Decision]:
        """The signal that decides the severity, and the decision: of several, the most severe that opens an incident."""
        cases = {(signal.severity_label, self._place(source, signal)): signal for signal in reversed(signals)}
        judged = [
            (signal, self._incidents.judge.decide(self._observation(signal), self._belongs(source, signal)[0])) for signal in cases.values()
        ]
        return min(judged, key=lambda one: (not one[1].opens_incident, one[1].severity))

    @staticmethod
    def _observation(signal: Signal) -> Observation:
        return Observation(origin=Origin.ALERT, alert_label=signal.severity_label)

    def _place(self, source: AlertSource, signal: Signal) -> tuple[str | None, str | None]:
        service, team = self._belongs(source, signal)
        return (service.id if service else None, team)

    def _belongs(self, source: AlertSource, signal: Signal) -> tuple[Service | None, str | None]:
        """The service an alert is about and, where that is not known, the team it is for: by route, then label, then the source's own."""
        for route in source.routes:
            if route.matches(signal.labels):
                return (self._directory.service(route.service) if route.service else None, route.team)
        service = self._directory.service(signal.service) if signal.service else None
        team = self._directory.team(signal.labels.get(source.team_label, ""))
        if service is None and team is None:
            return (self._directory.service(source.service) if source.service else None, source.team)
        return service, team.id if team and service is None else None

    # Rows

    async def _look_up(self, tx: Tx, deliveries: Sequence[Delivery]) -> Batch:
        """Everything that deciding about these deliveries needs, in as few questions as there are kinds of rows."""
        known = await rows.known(tx, fingerprints(deliveries))
        keys = {(one.source.id, one.webhook.group_key) for one in deliveries if self._has_news(one, known)}
        groups = await rows.groups(tx, keys) if keys else {}
        numbers = {row.incident_id for row in groups.values() if row.incident_id}
        stopping = {number for one in deliveries for number in self._stopping(one, known)}
        if keys:
            await hold_declaring(tx)
        for number in sorted(numbers | stopping):
            await hold_incident(tx, number)
        return Batch(known, groups, await rows.incidents(tx, numbers) if numbers else {})

    @staticmethod
    def _has_news(delivery: Delivery, known: dict[tuple[str, str], Known]) -> bool:
        source = delivery.source.id
        return any(change_of(one, known.get((source, one.fingerprint))) is Change.FIRES for one in delivery.webhook.signals)

    @staticmethod
    def _stopping(delivery: Delivery, known: dict[tuple[str, str], Known]) -> Iterable[int]:
        """The incidents of which alerts stop."""
        for signal in delivery.webhook.signals:
            before = known.get((delivery.source.id, signal.fingerprint))
            if before is not None and before.incident_id and change_of(signal, before) is Change.STOPS:
                yield before.incident_id


def fingerprints(deliveries: Sequence[Delivery]) -> dict[str, list[str]]:
    """What the deliveries are about, by source, in an order that two transactions share."""
    wanted: dict[str, set[str]] = {}
    for delivery in deliveries:
        wanted.setdefault(delivery.source.id, set()).update(signal.fingerprint for signal in delivery.webhook.signals)
    return {source: sorted(found) for source, found in wanted.items()}
