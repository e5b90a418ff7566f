"""What each verb does, one function each: a parsed call comes in, one service verb is called, a sentence goes out.

Slash command, button, form and message action all end here, so that they do the same things.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from bot.db import ActorId, Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, Refusal
from bot.incidents import blocks, lifecycle, roles
from bot.incidents.dated import happened_at
from bot.incidents.declaration import Declaration
from bot.incidents.lifecycle import IncidentState, is_open
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.incidents.severity import Severity
from bot.incidents.tasks import ItemKind, ItemPriority
from bot.incidents.verbs import NEXT
from bot.incidents.widening import Widening
from bot.paging.holding import Holding
from bot.paging.service import Paging
from bot.slack.replies import Nothing, Reply, Say
from bot.slack.text import escape


@dataclass(frozen=True)
class Call:
    """A verb as somebody used it: about which incident, with what."""

    incident: Incident
    other: Incident | None = None
    """The one to merge into."""
    words: str = ""
    severity: Severity | None = None
    state: IncidentState | None = None
    people: tuple[ActorId, ...] = ()
    teams: tuple[str, ...] = ()
    wait: timedelta | None = None
    due: str = ""
    """A day, as it was typed."""
    priority: ItemPriority | None = None
    kind: ItemKind | None = None
    is_elsewhere: bool = False
    """It was asked for outside the incident's channel, so the answer says which incident it means."""


Action = Callable[[Tx, Call], Awaitable[Reply]]
Form = Callable[[Tx, Incident], Awaitable[Reply]]
LookUp = Callable[[Tx, str], Awaitable[Reply]]
"""A verb that is about no incident, and what was typed after it."""


@dataclass(frozen=True)
class Opening:
    """A verb that makes an incident, as somebody used it: what was typed after it, understood as a declaration, and where."""

    wanted: Declaration
    channel: str

    def once(self, now: datetime) -> str:
        """What tells it from every other one: the address of its answer, or else the time."""
        address = self.wanted.reply_to
        return blake2b(address.encode(), digest_size=9).hexdigest() if address else f"{now.timestamp():.6f}"


Opener = Callable[[Tx, Opening], Awaitable[Reply]]


class Actions:
    """The verbs. Upper rooms add theirs."""

    def __init__(self, directory: Directory, incidents: Incidents, paging: Paging, holding: Holding, widening: Widening) -> None:
        self._directory = directory
        self._incidents = incidents
        self._paging = paging
        self._holding = holding
        self._widening = widening
        self._forms: dict[str, Form] = {}
        self._looks: dict[str, LookUp] = {}
        self._openers: dict[str, Opener] = {}
        self._actions: dict[str, Action] = {
            name: getattr(self, name)
            for name in (
                "sev", "lead", "join", "leave", "status", "update", "mitigated", "resolve", "reopen", "cancel", "accept", "decline",
                "note", "comms", "scribe", "merge", "ack", "unack", "snooze", "escalate", "page",
            )
        }  # fmt: skip

    def add(self, verb: str, action: Action) -> None:
        """Let an upper room answer a verb."""
        self._actions[verb] = action

    def add_form(self, verb: str, form: Form) -> None:
        """Let an upper room ask for what its verb needs, where it was typed alone."""
        self._forms[verb] = form

    def add_look(self, verb: str, look: LookUp) -> None:
        """Let somebody answer a verb that is about no incident."""
        self._looks[verb] = look

    def add_opener(self, verb: str, opener: Opener) -> None:
        """Let somebody answer a verb that makes an incident."""
        self._openers[verb] = opener

    async def open(self, tx: Tx, verb: str, opening: Opening) -> Reply:
        """Make an incident by a verb; raises `Refusal` where that cannot be."""
        return await self._openers[verb](tx, opening)

    async def look(self, tx: Tx, verb: str, argument: str) -> Reply:
        """Answer a verb that is about no incident."""
        return await self._looks[verb](tx, argument)

    def form(self, verb: str) -> Form | None:
        """The form that an upper room has for a verb; None where it is one of ours."""
        return self._forms.get(verb)

    async def perform(self, tx: Tx, verb: str, call: Call) -> Reply:
        """Do the verb."""
        reply = await self._actions[verb](tx, call)
        if call.is_elsewhere and isinstance(reply, Say):
            return Say(f"{reply.text}\n{blocks.one_line(call.incident)}", reply.blocks, reply.public)
        return reply

    async def sev(self, tx: Tx, call: Call) -> Reply:
        """Change the severity."""
        if call.severity is None:
            raise InvalidInput("Say which severity, 1 to 4, and why: `/inc sev 2 only EU affected`.")
        incident = await self._incidents.change_severity(tx, call.incident.number, call.severity, call.words)
        return self._quiet(call, f"#{incident.number} is SEV{incident.severity} now.")

    async def lead(self, tx: Tx, call: Call) -> Reply:
        """Give the seat to the one person named, or take it."""
        number, person = call.incident.number, call.people[0] if call.people else tx.actor
        name = await self._directory.mention(tx, person)
        leader = await roles.commander(tx, number)
        if leader is not None and leader.person == person and not leader.is_acting:
            raise AlreadyDone(f"{name} leads #{number} already. Nothing to do.")
        before = await roles.lead(tx, number, person)
        await self._incidents.settle(tx, number, [person])
        if before is None or before.person == person:
            return Say(f"{name} is the commander of #{number}.")
        told = await self._directory.mention(tx, before.person)
        await self._incidents.say(tx, await self._incidents.get(tx, number), f"{name} leads now, in place of {told}.")
        return Say(f"{name} is the commander of #{number}. {told}, who led before, is told.")

    async def comms(self, tx: Tx, call: Call) -> Reply:
        """Who tells the rest of the company."""
        return await self._appoint(tx, call, roles.COMMS)

    async def scribe(self, tx: Tx, call: Call) -> Reply:
        """Who writes down what happens."""
        return await self._appoint(tx, call, roles.SCRIBE)

    async def _appoint(self, tx: Tx, call: Call, duty: str) -> Reply:
        number, person = call.incident.number, call.people[0] if call.people else tx.actor
        name, does = await self._directory.mention(tx, person), roles.DUTIES[duty]
        if any(part.person == person and part.role == duty for part in await roles.holders(tx, number)):
            raise AlreadyDone(f"{name} {does} for #{number} already. Nothing to do.")
        before = await roles.appoint(tx, number, person, duty)
        await self._incidents.settle(tx, number, [person])
        instead = f", in place of {await self._directory.mention(tx, before)}" if before else ""
        await self._incidents.say(tx, await self._incidents.get(tx, number), f"{name} {does} now{instead}.")
        return self._quiet(call, f"{name} {does} for #{number} now{instead}.")

    async def join(self, tx: Tx, call: Call) -> Reply:
        """Be part of the response, and of the channel."""
        await roles.take_part(tx, call.incident.number, tx.actor)
        await self._incidents.settle(tx, call.incident.number, [tx.actor])
        return Say(f"You are part of #{call.incident.number} now.")

    async def leave(self, tx: Tx, call: Call) -> Reply:
        """No longer part of it; the seat of the commander is empty then."""
        leader = await roles.commander(tx, call.incident.number)
        if not await roles.leave(tx, call.incident.number, tx.actor):
            raise Refusal(f"You have no part in #{call.incident.number}. Nothing to do.")
        if leader is not None and leader.person == tx.actor and is_open(call.incident.state):
            await self._incidents.watch_the_seat(tx, call.incident)
            await self._incidents.say(tx, call.incident, "*Nobody leads now:* {actor} left. Press *I'm commander* on the card.")
        await self._incidents.settle(tx, call.incident.number, [])
        return Say(f"You are no longer part of #{call.incident.number}.")

    async def status(self, tx: Tx, call: Call) -> Reply:
        """Move along the life of the incident."""
        if call.state is None:
            legal = ", ".join(sorted(state.value for state in lifecycle.ALLOWED[call.incident.state])) or "no other state"
            raise InvalidInput(f"#{call.incident.number} is {call.incident.state.value}. From here it can go to {legal}: `/inc status …`.")
        incident = await self._incidents.change_state(tx, call.incident.number, call.state)
        return Say(f"#{incident.number} is {incident.state.value} now.")

    async def update(self, tx: Tx, call: Call) -> Reply:
        """Tell where things stand."""
        await self._incidents.update(tx, call.incident.number, call.words)
        return self._quiet(call, f"#{call.incident.number} is updated.")

    async def mitigated(self, tx: Tx, call: Call) -> Reply:
        """The harm has stopped."""
        await self._incidents.mitigate(tx, call.incident.number, call.words)
        return self._quiet(call, f"#{call.incident.number} is mitigated; monitoring now.")

    async def resolve(self, tx: Tx, call: Call) -> Reply:
        """It is over."""
        await self._incidents.resolve(tx, call.incident.number, call.words)
        return self._quiet(call, f"#{call.incident.number} is resolved. It can be undone for 5 min.")

    async def reopen(self, tx: Tx, call: Call) -> Reply:
        """It is not over."""
        await self._incidents.reopen(tx, call.incident.number, call.words)
        return self._quiet(call, f"#{call.incident.number} is open again; on-call is paged.")

    async def cancel(self, tx: Tx, call: Call) -> Reply:
        """It was no incident."""
        await self._incidents.cancel(tx, call.incident.number, call.words)
        return self._quiet(call, f"#{call.incident.number} is cancelled. It can be undone for 5 min.")

    async def merge(self, tx: Tx, call: Call) -> Reply:
        """It is the same as another."""
        if call.other is None:
            raise InvalidInput(f"Say which incident it is the same as: `/inc #{call.incident.number} merge #41`.")
        other = await self._incidents.merge(tx, call.incident.number, call.other.number)
        return self._quiet(call, f"#{call.incident.number} is merged into #{other.number}; everybody who worked on it is invited there.")

    async def accept(self, tx: Tx, call: Call) -> Reply:
        """Out of triage: it is an incident, and worked on."""
        await self._incidents.accept(tx, call.incident.number)
        return Say(f"#{call.incident.number} is accepted and being investigated.")

    async def decline(self, tx: Tx, call: Call) -> Reply:
        """Out of triage: it is none."""
        await self._incidents.cancel(tx, call.incident.number, call.words)
        return Say(f"#{call.incident.number} is declined.")

    async def note(self, tx: Tx, call: Call) -> Reply:
        """A line for the timeline, at the time that it says, if it says one."""
        at = happened_at(call.words, tx.now, self._directory.zone_of(tx.actor))
        await self._incidents.note(tx, call.incident.number, call.words, happened_at=at)
        when = f", at {self._directory.wall_time(tx.actor, at, tx.now)} your time" if at else ""
        return Say(f"Written down for #{call.incident.number}{when}: {escape(call.words.strip())}")

    async def ack(self, tx: Tx, call: Call) -> Reply:
        """I answer for it."""
        await self._paging.acknowledge_incident(tx, call.incident.number)
        return Say(f"You took #{call.incident.number}. Nobody else is paged for it.")

    async def unack(self, tx: Tx, call: Call) -> Reply:
        """Nobody answers for it any more."""
        await self._holding.give_back(tx, call.incident.number)
        return Say(f"The page of #{call.incident.number} is nobody's again; paging goes on.")

    async def snooze(self, tx: Tx, call: Call) -> Reply:
        """Page me again later."""
        if call.wait is None:
            raise InvalidInput("Say for how long: `/inc snooze 30m`.")
        until = await self._holding.snooze_incident(tx, call.incident.number, call.wait)
        at = self._directory.wall_time(tx.actor, until, tx.now)
        return Say(f"You are paged again for #{call.incident.number} at {at}, unless somebody takes it before.")

    async def escalate(self, tx: Tx, call: Call) -> Reply:
        """Page the next step now."""
        await self._paging.escalate(tx, call.incident.number)
        return Say(f"The next on #{call.incident.number}'s ladder is being paged now.")

    async def page(self, tx: Tx, call: Call) -> Reply:
        """Page a person, or whoever is on call for a team, now; `next`: show who could help next, to be confirmed."""
        if not call.people and not call.teams and call.words == NEXT:
            return await self._page_next(tx, call.incident)
        if not call.people and not call.teams:
            raise InvalidInput("Say whom to page, and why: `/inc page @kim db failover needs you`.")
        if not is_open(call.incident.state):
            raise Refusal(f"#{call.incident.number} is {call.incident.state.value}, so nobody is paged for it. `/inc reopen` first.")
        names = [await self._directory.mention(tx, person) for person in call.people]
        for person, name in zip(call.people, names, strict=True):
            if self._directory.person(person) is None:
                raise Refusal(f"{name} is not in Tocsin's directory, so there is no way to page them. Invite them to the channel instead.")
        for target in (*(f"person:{person}" for person in call.people), *(f"team:{team}" for team in call.teams)):
            await self._paging.page_person(tx, self._incidents.page_request(call.incident), target, call.words)
        return Say(f"{', '.join([*names, *call.teams])}: being paged for #{call.incident.number}.")

    async def _page_next(self, tx: Tx, incident: Incident) -> Reply:
        """Who would be paged, and why: nothing happens until it is confirmed."""
        plan = await self._widening.plan(tx, incident)
        people = [*(one.person for one in plan.choice.chosen), *(one.candidate.person for one in plan.choice.left_out)]
        text, shown = blocks.page_next(incident.number, plan, self._names(people))
        return Say(text, blocks=shown)

    async def page_these(self, tx: Tx, incident: Incident, people: Sequence[str]) -> Reply:
        """Page those of a rehearsal who are still to be asked."""
        known = [person for person in people if self._directory.person(person)]
        plan = await self._widening.page(tx, incident.number, known)
        return Say(blocks.paged_next(incident.number, plan, self._names(known), known))

    def _names(self, people: Sequence[str]) -> dict[str, str]:
        return {person: self._directory.name(person) for person in people}

    @staticmethod
    def _quiet(call: Call, sentence: str) -> Reply:
        """Where the channel itself shows what happened, the person needs no second answer."""
        return Say(sentence) if call.is_elsewhere or call.incident.channel_id is None else Nothing()
