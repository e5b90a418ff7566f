"""What an incident shows and says outside: ordered here, within the transaction, and done later by `work.py`."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from bot.db import BOT, Tx
from bot.directory.messages import TellPerson
from bot.directory.service import ALERT_ACTOR, RULE_ACTOR
from bot.incidents import roles, timeline
from bot.incidents.messages import (
    DressChannel,
    InviteResponders,
    NagForUpdate,
    OpenChannel,
    RefreshCard,
    RepairHistory,
    SayInChannel,
    SayInOps,
    SeatActingCommander,
    Unsay,
)
from bot.incidents.models import Incident, Invitation
from bot.incidents.records import Records
from bot.slack.text import escape
from bot.work import queue
from bot.work.audit import AlarmRaised
from bot.work.orders import WorkDied

LEISURE = timedelta(seconds=2)


class Outward(Records):
    """Orders what people outside see and hear of an incident."""

    async def refresh(self, tx: Tx, incident: Incident, *, at_leisure: bool = False) -> None:
        """Let the card show how things stand now; `at_leisure` with what else changes within two seconds, for what no person waits for."""
        incident.version += 1
        if not incident.card_ts:
            return  # the card that is posted will show it
        # One key for both: two edits side by side could arrive in the wrong order.
        key, about = f"refresh_card:{incident.number}", f"incident:{incident.number}"
        beat = int(tx.now.timestamp() // LEISURE.total_seconds()) + 1
        due = datetime.fromtimestamp(beat * LEISURE.total_seconds(), UTC) if at_leisure else None
        await queue.refresh(tx, RefreshCard(incident_id=incident.number), key=key, about=about, due=due, at_latest=at_leisure)

    async def say(self, tx: Tx, incident: Incident, headline: str, *, words: str = "", undo: bool = False, below: str = "") -> str:
        """Say something in the incident's channel, once it has one; returns the key of the message, "" where none will come.

        `headline` is ours: `{actor}` becomes whoever acts, `{words}` what they wrote, `{promise}` when the next update is due.
        `below` is Block Kit as JSON, for what upper rooms offer there.
        """
        if not self.level(incident).opens_channel and not incident.channel_id:
            return ""
        incident.version += 1
        number = incident.number
        key = f"say:{number}:{incident.version}"
        promised, said = incident.next_update_at, words.strip()
        order = SayInChannel(incident_id=number, headline=headline, actor=tx.actor, words=said, promised=promised, undo=undo, below=below)
        await queue.schedule(tx, order, key=key, about=f"incident:{number}")
        return key

    async def invite(self, tx: Tx, incident: Incident, actors: Collection[str], *, again: bool = False) -> None:
        """Invite people to the channel, once it is there; who was invited before only `again`, since they may have left on purpose."""
        if not incident.channel_id:
            return
        number = incident.number
        fresh = [actor for actor in sorted(set(actors)) if await tx.insert_new(Invitation, incident_id=number, actor=actor) or again]
        if fresh:
            key = f"invite:{number}:{','.join(fresh)}:{tx.now.timestamp():.6f}"
            order = InviteResponders(incident_id=number, actors=tuple(fresh))
            await queue.schedule(tx, order, key=key, about=f"incident:{number}")

    async def settle(self, tx: Tx, incident_id: int, actors: Collection[str]) -> None:
        """After roles changed: invite whoever is new, and show it on the card."""
        incident = await self.touched(tx, incident_id)
        await self.invite(tx, incident, actors, again=True)
        await self.refresh(tx, incident)

    async def touched(self, tx: Tx, incident_id: int) -> Incident:
        """The incident, held until the transaction ends; a person's hand on it keeps alerts from closing it."""
        incident = await self.held(tx, incident_id)
        if not tx.actor.startswith((ALERT_ACTOR, RULE_ACTOR)) and tx.actor != BOT:
            incident.is_touched = True
        return incident

    async def open_channel(self, tx: Tx, incident: Incident) -> None:
        """Give the incident the channel in which it is worked on, and see to it that somebody leads."""
        number = incident.number
        await queue.schedule(tx, OpenChannel(incident_id=number), key=f"open_channel:{number}", about=f"incident:{number}")
        await self.watch_the_seat(tx, incident)

    async def retitle(self, tx: Tx, incident: Incident) -> None:
        """Let the channel's topic show the severity that holds now."""
        if incident.channel_id:
            order = DressChannel(incident_id=incident.number, part="topic")
            key = f"dress:{incident.number}:topic:{incident.channel_id}"
            await queue.refresh(tx, order, key=key, about=f"incident:{incident.number}")

    async def repair(self, tx: Tx, incident: Incident) -> None:
        """Let the channel's history be read, for what events have missed."""
        order, number = RepairHistory(incident_id=incident.number), incident.number
        await queue.refresh(tx, order, key=f"repair_history:{number}", about=f"incident:{number}")

    async def watch_the_seat(self, tx: Tx, incident: Incident) -> None:
        """The seat is empty: unless somebody takes it, the first who answered will have it in a few minutes."""
        if await roles.commander(tx, incident.number) is None:
            due = tx.now + self._config.incidents.commander_after
            order, key = SeatActingCommander(incident_id=incident.number), f"acting_commander:{incident.number}"
            await queue.refresh(tx, order, key=key, about=f"incident:{incident.number}", due=due)

    async def promise_update(self, tx: Tx, incident: Incident, within: timedelta | None = None) -> None:
        """Promise the next update `within` this time, or as the severity says; a promise that is not kept is spoken of."""
        every = within or self.level(incident).update_every
        incident.next_update_at = tx.now + every if every else None
        key = f"nag_update:{incident.number}"
        if incident.next_update_at is None:
            await queue.cancel(tx, key=key)
        else:
            order = NagForUpdate(incident_id=incident.number)
            await queue.refresh(tx, order, key=key, about=f"incident:{incident.number}", due=incident.next_update_at)

    async def unsay(self, tx: Tx, incident: Incident, key: str, *, channel: str = "", person: str = "") -> None:
        """Let what was posted under a key, in a channel or to a person, say no more than that it is private; what waits is not posted."""
        await queue.cancel(tx, key=key)
        order = Unsay(key=key, channel=channel, person=person, text=f"#{incident.number} is private now.")
        await queue.schedule(tx, order, key=f"unsay:{key}", about=f"incident:{incident.number}")

    # Trouble

    async def tell_ops(self, tx: Tx, text: str, key: str) -> None:
        """Say in the ops channel, once, what nobody nearer could be told."""
        await queue.schedule(tx, SayInOps(text=text), key=f"ops:{key}")

    async def tell_of(self, tx: Tx, incident: Incident, text: str, key: str) -> None:
        """Tell people of trouble with an incident's channel: in the ops channel; of one that stays inside who declared and who leads it."""
        about = f"incident:{incident.number}"
        if not incident.stays_inside:
            await queue.schedule(tx, SayInOps(text=text), key=key, about=about)
            return
        leader = await roles.commander(tx, incident.number)
        for actor in sorted({incident.declared_by, *([leader.person] if leader else [])}):
            await queue.schedule(tx, TellPerson(actor=actor, text=text), key=f"{key}:{actor}", about=about)

    async def on_work_died(self, tx: Tx, fact: WorkDied) -> None:
        """Due work was given up: a human reads why, and so does the timeline of what it was about."""
        if fact.kind in (SayInOps.kind(), TellPerson.kind()):
            return  # what cannot be said there cannot be said there; the auditor has it
        text = f"*Given up:* {escape(fact.kind)} ({escape(fact.about or fact.key)}): {escape(fact.why)}"
        key = f"died:{fact.key}:{tx.now.timestamp():.0f}"
        kind, _, number = fact.about.partition(":")
        if kind == "page" and number.isdecimal() and (told := await self._paging.what(tx, int(number), fact.key)):
            kind, number, what = "incident", str(told[0]), told[1]
            text = f"*Given up:* {escape(what)}: {escape(fact.why)}"
        incident = await tx.session.get(Incident, int(number)) if kind == "incident" and number.isdecimal() else None
        if incident is None:
            await queue.schedule(tx, SayInOps(text=text), key=key)
            return
        why = f"{fact.kind} was given up: {fact.why}"
        await timeline.record(tx, incident.number, "trouble", why, key=f"died:{fact.key}", actor=BOT)
        await self.tell_of(tx, incident, text, key)

    async def on_alarm(self, tx: Tx, fact: AlarmRaised) -> None:
        """The auditor found something that should never be."""
        await queue.schedule(tx, SayInOps(text=f"*Alarm:* {escape(fact.sentence)}"), key=f"alarm:{fact.about}:{tx.now.timestamp():.0f}")
