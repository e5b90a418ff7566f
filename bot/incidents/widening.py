"""More hands for an incident: whom to invite, whom to page next when a person asks, and what a service has opted in to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from bot.db import BOT, ActorId, Tx
from bot.directory.service import Directory
from bot.errors import NotFound, Refusal
from bot.incidents import roles, timeline, width
from bot.incidents.candidates import Candidates
from bot.incidents.messages import (
    IncidentDeclared,
    ResponderJoined,
    SeverityChanged,
    SeverityConfirmed,
    StateChanged,
    WidenIncident,
)
from bot.incidents.models import Incident, WidthPage
from bot.incidents.service import Incidents
from bot.incidents.width import SEV1, Candidate, Choice, Situation
from bot.paging import story
from bot.paging.service import Paging
from bot.paging.states import AttemptState
from bot.paging.story import CANNOT
from bot.paging.targets import Around
from bot.slack.text import escape
from bot.work import queue


@dataclass(frozen=True)
class Plan:
    """Who would be paged next, who would not and why, and how many respond of those wanted."""

    choice: Choice
    responders: int
    wanted: int


class Widening:
    """Works towards the responders that a severity wants."""

    def __init__(self, directory: Directory, candidates: Candidates, incidents: Incidents, paging: Paging) -> None:
        self._directory = directory
        self._candidates = candidates
        self._incidents = incidents
        self._paging = paging

    # Inviting

    async def to_invite(self, tx: Tx, incident: Incident, already: Collection[str]) -> list[ActorId]:
        """Who is nearest, so that with those who are in it `already` there are as many as wanted; written down with why."""
        if width.why_never(incident.state, incident.is_private, incident.is_drill) is not None:
            return []
        here, away = {one for one in already if self._directory.person(one)}, await self._candidates.away(tx)
        wanted = self._incidents.level(incident).responders_wanted
        found = width.to_invite(await self._candidates.of(tx, incident), here, away.keys(), wanted)
        if found:
            text = f"invited to help: {self._named(found)}"
            await timeline.record(tx, incident.number, "invited", text, key=",".join(one.person for one in found), actor=BOT)
        return [ActorId(one.person) for one in found]

    # Paging

    async def plan(self, tx: Tx, incident: Incident, limit: int = width.AT_ONCE, among: Collection[str] | None = None) -> Plan:
        """Who would be paged next (of those `among`, if given): a rehearsal. Raises `Refusal` where nobody is paged for width."""
        if (never := width.why_never(incident.state, incident.is_private, incident.is_drill)) is not None:
            raise Refusal(f"Nobody is paged to help with #{incident.number}: {never}. To call somebody by name: `/inc page @person`.")
        candidates = await self._candidates.of(tx, incident)
        unfit, busy = await self._unfit(tx, incident)
        if among is not None:
            candidates = tuple(one for one in candidates if one.person in among)
        while True:
            choice = width.choose(candidates, unfit, busy, self._candidates.teams(), limit)
            beyond_reach = await self._beyond_reach(tx, incident, choice.chosen)
            if not beyond_reach:
                return Plan(choice, await self._responding(tx, incident), self._incidents.level(incident).responders_wanted)
            unfit |= beyond_reach

    async def page(self, tx: Tx, incident_id: int, people: Collection[str]) -> Plan:
        """Page these people, each on a page of their own, as far as they are still to be asked. Says in the channel who and why."""
        incident = await self._incidents.touched(tx, incident_id)
        plan = await self.plan(tx, incident, among=people)
        if plan.choice.chosen:
            await self._page(tx, incident, plan.choice.chosen)
            await self._incidents.say(tx, incident, f"{{actor}} pages more people: {escape(self._named(plan.choice.chosen))}.")
        return plan

    # With nobody asking

    async def widen(self, tx: Tx, incident_id: int) -> None:
        """Look again: page more people where that is wanted and allowed; call off what is not needed any more."""
        incident = await self._incidents.held(tx, incident_id)
        pages, situation = await self._pages(tx, incident), await self.situation(tx, incident)
        if (why := width.why_not_alone(situation)) is not None:
            if situation.responders >= situation.wanted:
                await self._call_off(tx, incident, pages, f"{situation.responders} of {situation.wanted} respond")
            else:
                await self._call_off(tx, incident, [one for one in pages if one.by == BOT], why)
            return
        at = [one.at for one in pages]
        if limit := width.allowance(at, tx.now):
            chosen = (await self.plan(tx, incident, limit)).choice.chosen
            if chosen:
                await self._page(tx, incident, chosen)
                so_far = f"{situation.responders} of {situation.wanted} respond"
                await self._incidents.say(tx, incident, f"*Paging more people*, since {so_far}: {escape(self._named(chosen))}.")
                at += [tx.now] * len(chosen)
            else:
                await timeline.record(tx, incident.number, "widened", "nobody is left to page for more hands", key="nobody", actor=BOT)
        await self._look(tx, incident, at=width.next_look(at, tx.now))

    async def situation(self, tx: Tx, incident: Incident) -> Situation:
        """What decides whether more people are paged with nobody asking."""
        return Situation(
            severity=incident.severity,
            state=incident.state,
            is_private=incident.is_private,
            is_drill=incident.is_drill,
            is_opted_in=self._is_opted_in(incident),
            is_confirmed_by_person=incident.confirmed_by is not None,
            responders=await self._responding(tx, incident),
            wanted=self._incidents.level(incident).responders_wanted,
        )

    async def _call_off(self, tx: Tx, incident: Incident, pages: Sequence[WidthPage], why: str) -> None:
        """Whoever was paged for width and has not answered is told that they are not needed."""
        ended = await self._paging.stand_down(tx, incident.number, [one.page_id for one in pages])
        if ended:
            await timeline.record(tx, incident.number, "widened", f"paging for more hands ended: {why}", actor=BOT)
            await self._incidents.refresh(tx, incident)

    async def _look(self, tx: Tx, incident: Incident, at: datetime | None = None) -> None:
        key, order = f"widen:{incident.number}", WidenIncident(incident_id=incident.number)
        await queue.refresh(tx, order, key=key, about=f"incident:{incident.number}", due=at, at_latest=at is not None)

    async def _look_later(self, tx: Tx, incident_id: int) -> None:
        """Invitations come first: whom they bring need not be paged."""
        incident = await self._incidents.held(tx, incident_id)
        if self._is_opted_in(incident) and width.why_not_alone(await self.situation(tx, incident)) is None:
            await self._look(tx, incident, at=tx.now + width.EVERY)

    def _is_opted_in(self, incident: Incident) -> bool:
        service = self._directory.service(incident.service) if incident.service else None
        return service is not None and service.pages_for_width

    # What is heard

    async def on_declared(self, tx: Tx, fact: IncidentDeclared) -> None:
        """A SEV1 of a service that has opted in is looked at once the invitations have had their time."""
        await self._look_later(tx, fact.incident_id)

    async def on_confirmed(self, tx: Tx, fact: SeverityConfirmed) -> None:
        """A person says that it is so."""
        await self._look_later(tx, fact.incident_id)

    async def on_state_changed(self, tx: Tx, fact: StateChanged) -> None:
        """It was accepted, or is open again."""
        await self._look_later(tx, fact.incident_id)

    async def on_severity_changed(self, tx: Tx, fact: SeverityChanged) -> None:
        """Worse: more people are invited. Better: whom nobody asked for by hand is wanted no more."""
        incident = await self._incidents.held(tx, fact.incident_id)
        if fact.after < fact.before and incident.channel_id:
            here = [*await self._incidents.paged(tx, incident), *(part.person for part in await roles.holders(tx, incident.number))]
            await self._incidents.invite(tx, incident, await self.to_invite(tx, incident, here))
        if fact.before == SEV1 and await self._pages(tx, incident):
            await self._look(tx, incident)
        await self._look_later(tx, fact.incident_id)

    async def on_responder_joined(self, tx: Tx, fact: ResponderJoined) -> None:
        """Enough of them: whoever was paged to make it so and has not answered can sleep on."""
        incident = await self._incidents.held(tx, fact.incident_id)
        if await self._pages(tx, incident) and await self._responding(tx, incident) >= self._incidents.level(incident).responders_wanted:
            await self._look(tx, incident)

    async def _page(self, tx: Tx, incident: Incident, chosen: Sequence[Candidate]) -> None:
        for one in chosen:
            words = f"help wanted: {one.why}"
            page_id = await self._paging.page_person(tx, self._incidents.page_request(incident), f"person:{one.person}", words)
            tx.session.add(WidthPage(incident_id=incident.number, person=one.person, page_id=page_id, by=tx.actor, why=one.why, at=tx.now))
        await timeline.record(tx, incident.number, "widened", f"paged for more hands: {self._named(chosen)}")
        await self._incidents.refresh(tx, incident)

    async def _unfit(self, tx: Tx, incident: Incident) -> tuple[dict[str, str], set[str]]:
        """Who is not to be asked, and why; and who of the teams is busy with it."""
        unfit = {tx.actor: "asks for it", **await self._candidates.away(tx)}
        lines = [
            line for line in await self._paging.story(tx, incident.number) if line.state != AttemptState.SUPPRESSED or line.reason == CANNOT
        ]
        unfit |= dict.fromkeys((row.person for row in await self._pages(tx, incident)), "was paged already")
        for person, how in story.by_person(lines).items():
            unfit[person] = CANNOT if how == CANNOT else "was paged already"
        responders = {part.person for part in await roles.holders(tx, incident.number)}
        unfit |= dict.fromkeys(responders, "responds already")
        return unfit, responders | {line.person for line in lines}

    async def _beyond_reach(self, tx: Tx, incident: Incident, chosen: Sequence[Candidate]) -> dict[str, str]:
        found = {}
        for one in chosen:
            try:
                around = Around(incident.team, incident.service)
                await self._paging.climbing.check_somebody(tx, f"person:{one.person}", around, incident.severity)
            except NotFound:
                found[one.person] = "has no way to be reached"
        return found

    async def _pages(self, tx: Tx, incident: Incident) -> list[WidthPage]:
        rows = select(WidthPage).where(col(WidthPage.incident_id) == incident.number).order_by(col(WidthPage.at), col(WidthPage.page_id))
        return list((await tx.session.execute(rows)).scalars())

    async def _responding(self, tx: Tx, incident: Incident) -> int:
        return len({part.person for part in await roles.holders(tx, incident.number)})

    def _named(self, candidates: Sequence[Candidate]) -> str:
        return ", ".join(f"{self._directory.name(one.person)} ({one.why})" for one in candidates)
