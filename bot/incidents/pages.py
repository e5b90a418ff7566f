"""What an incident does when paging says something: it is written down, shown on the card, and whoever answers becomes a responder."""

from hashlib import sha256

from bot.db import BOT, ActorId, Tx
from bot.directory.service import Directory
from bot.incidents import lifecycle, roles, timeline
from bot.incidents.lifecycle import MilestoneKind
from bot.incidents.messages import SayInOps
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.paging.messages import (
    AttemptFailed,
    AttemptHeldBack,
    FallbackPaged,
    PageAcknowledged,
    PageDeclined,
    PageEscalated,
    PageExhausted,
    PagePosted,
    PageReturned,
    PageSnoozed,
    PersonPaged,
    PolicyApplied,
    PolicyChanged,
    StepSkipped,
)
from bot.paging.models import Page
from bot.paging.notice import METHOD_NAMES
from bot.slack.text import escape
from bot.work import queue


class PageListener:
    """Hears paging's facts, inside the transaction in which they became true."""

    def __init__(self, directory: Directory, incidents: Incidents) -> None:
        self._directory = directory
        self._incidents = incidents

    async def on_person_paged(self, tx: Tx, fact: PersonPaged) -> None:
        """Stamp the first page, and invite whoever was paged."""
        incident = await self._incidents.held(tx, fact.incident_id)
        page = await tx.session.get(Page, fact.page_id)
        if page is None or not page.about:
            await timeline.reach_once(tx, fact.incident_id, MilestoneKind.PAGED, source="paging")
        key = f"{fact.page_id}:{fact.person}:{fact.method}:{tx.now.timestamp():.3f}"
        await timeline.record(
            tx,
            fact.incident_id,
            "paged",
            f"paged {self._directory.name(fact.person)} by {METHOD_NAMES[fact.method]}{wanted_for(page)} ({fact.why})",
            key=key,
            actor=BOT,
        )
        await self._incidents.invite(tx, incident, [fact.person])
        await self._incidents.refresh(tx, incident, at_leisure=True)

    async def on_attempt_held_back(self, tx: Tx, fact: AttemptHeldBack) -> None:
        """What a cap kept from somebody stands where people look for it."""
        incident = await self._incidents.held(tx, fact.incident_id)
        text = f"{self._directory.name(fact.person)} was not told by {METHOD_NAMES[fact.method]}: {fact.why}"
        key = f"held-back:{fact.page_id}:{fact.person}:{fact.method}:{tx.now.timestamp():.3f}"
        await timeline.record(tx, fact.incident_id, "paged", text, key=key, actor=BOT)
        await self._incidents.refresh(tx, incident, at_leisure=True)

    async def on_posted(self, tx: Tx, fact: PagePosted) -> None:
        """A channel or a program was told; nobody in particular is called by that."""
        incident = await self._incidents.held(tx, fact.incident_id)
        key = f"{fact.page_id}:{fact.place}:{tx.now.timestamp():.3f}"
        await timeline.record(tx, fact.incident_id, "paged", f"posted the page to {self._directory.name(fact.place)}", key=key, actor=BOT)
        await self._incidents.refresh(tx, incident, at_leisure=True)

    async def on_step_skipped(self, tx: Tx, fact: StepSkipped) -> None:
        """A step that found nobody is said, not hidden."""
        incident = await self._incidents.held(tx, fact.incident_id)
        await timeline.record(tx, fact.incident_id, "paged", f"skipped {fact.role}: {fact.why}", actor=BOT)
        await self._incidents.refresh(tx, incident, at_leisure=True)

    async def on_acknowledged(self, tx: Tx, fact: PageAcknowledged) -> None:
        """Whoever answers is a responder, and leads if the seat stays empty."""
        incident = await self._incidents.held(tx, fact.incident_id)
        incident.is_touched = True
        by = ActorId(fact.by)
        page = await tx.session.get(Page, fact.page_id)
        text = f"acknowledged the page{wanted_for(page)}"
        await timeline.record(tx, fact.incident_id, "acknowledged", text, actor=by, key=f"{fact.page_id}:{by}")
        await roles.take_part(tx, fact.incident_id, by)
        await self._incidents.invite(tx, incident, [by])
        if page is not None and page.about:  # somebody looks at that, which is no answer for the incident
            await self._incidents.refresh(tx, incident)
            return
        await timeline.reach_once(tx, fact.incident_id, MilestoneKind.ACKNOWLEDGED, source="paging")
        if tx.now >= incident.declared_at + self._directory.config.incidents.commander_after:
            await self.seat_acting_commander(tx, incident, by)
        await self._incidents.refresh(tx, incident)

    async def on_snoozed(self, tx: Tx, fact: PageSnoozed) -> None:
        """Somebody is awake and has put it off."""
        incident = await self._incidents.held(tx, fact.incident_id)
        await timeline.record(tx, fact.incident_id, "snoozed", f"snoozed the page until {fact.until:%H:%M} UTC", actor=ActorId(fact.by))
        await self._incidents.refresh(tx, incident)

    async def on_returned(self, tx: Tx, fact: PageReturned) -> None:
        """Whoever had it has it no more: said where people are, because they counted on it."""
        incident = await self._incidents.held(tx, fact.incident_id)
        text = f"paging goes on: {self._directory.name(fact.person)} had it; {fact.why}"
        await timeline.record(tx, fact.incident_id, "escalated", text, actor=fact.by or BOT)
        with tx.acting(ActorId(fact.person)):
            await self._incidents.say(tx, incident, f"*Paging goes on:* {{actor}} had the page; {escape(fact.why)}.")
        await self._incidents.refresh(tx, incident)

    async def on_attempt_failed(self, tx: Tx, fact: AttemptFailed) -> None:
        """Somebody could not be reached one way; paging goes on with the next, and people can see it."""
        incident = await self._incidents.held(tx, fact.incident_id)
        text = f"could not reach {self._directory.name(fact.person)} by {METHOD_NAMES[fact.method]}: {fact.why}"
        await timeline.record(tx, fact.incident_id, "paged", text, key=f"failed:{fact.page_id}:{fact.person}:{fact.method}", actor=BOT)
        await self._incidents.refresh(tx, incident, at_leisure=True)

    async def on_declined(self, tx: Tx, fact: PageDeclined) -> None:
        """Somebody cannot take it; the next person is paged by paging itself."""
        await timeline.record(tx, fact.incident_id, "paged", "cannot take the page", actor=ActorId(fact.by))
        await self._incidents.refresh(tx, await self._incidents.held(tx, fact.incident_id))

    async def on_escalated(self, tx: Tx, fact: PageEscalated) -> None:
        """The ladder was climbed, by hand or by time."""
        by = ActorId(fact.by) if fact.by else BOT
        await timeline.record(
            tx,
            fact.incident_id,
            "escalated",
            f"escalated to step {fact.step + 1}",
            actor=by,
            key=f"{fact.page_id}:{fact.step}:{tx.now.timestamp():.3f}",
        )
        await self._incidents.refresh(tx, await self._incidents.held(tx, fact.incident_id))

    async def on_fallback_paged(self, tx: Tx, fact: FallbackPaged) -> None:
        """Nobody whom the ladder means is there: said at once, for those who were paged instead may know little of it."""
        incident = await self._incidents.held(tx, fact.incident_id)
        names = ", ".join(self._directory.name(person) for person in fact.people)
        why = "no step of its ladder finds anybody who can be reached"
        await timeline.record(tx, fact.incident_id, "escalated", f"{why}; the fallback is paged: {names}", actor=BOT)
        await self._incidents.say(tx, incident, f"*The fallback is paged:* {escape(names)}, since {why}.")
        await self._incidents.refresh(tx, incident)

    async def on_policy_changed(self, tx: Tx, fact: PolicyChanged) -> None:
        """The configuration was edited under a running page: said once, and offered on the card."""
        text = f"policy {fact.policy} was edited; the page goes on by the steps it began with"
        key = f"policy:{fact.page_id}:{sha256(fact.steps.encode()).hexdigest()[:16]}"
        await timeline.record(tx, fact.incident_id, "paged", text, key=key, actor=BOT)
        await self._incidents.refresh(tx, await self._incidents.held(tx, fact.incident_id))

    async def on_policy_applied(self, tx: Tx, fact: PolicyApplied) -> None:
        """Somebody let a running page follow the policy as it is now."""
        text = f"applied policy {fact.policy} as it is now; {fact.started}; called off: {fact.stopped}"
        await timeline.record(tx, fact.incident_id, "escalated", text, actor=ActorId(fact.by))
        await self._incidents.refresh(tx, await self._incidents.held(tx, fact.incident_id))

    async def on_exhausted(self, tx: Tx, fact: PageExhausted) -> None:
        """Everybody was paged and nobody answered: say so where people are."""
        incident = await self._incidents.held(tx, fact.incident_id)
        page = await tx.session.get(Page, fact.page_id)
        if page is not None and page.about:
            await self._called_about(tx, incident, page)
            return
        if page is not None and page.asked_by is not None:
            await self._called_by_name(tx, incident, fact.page_id)
            return
        if await self._incidents.paged(tx, incident, fact.page_id):
            what, about, why = "Nobody has answered", "", "Everybody on its ladder was paged."
            then = "Press *Escalate* to page them again"
        else:
            what, about, why = "Nobody could be paged", " for", "No step of its ladder finds anybody who can be reached."
            then = "Use `/inc page @person`"
        await timeline.record(tx, fact.incident_id, "exhausted", f"{what.lower()}; {why}", actor=BOT)
        await self._incidents.say(tx, incident, f"*{what}.* {why} {then}, or call somebody.")
        if not incident.stays_inside:
            text = f"*{what}{about}* #{incident.number} SEV{incident.severity}. {why}"
            await queue.schedule(
                tx, SayInOps(text=text), key=f"exhausted:{fact.page_id}:{tx.now.timestamp():.0f}", about=f"incident:{incident.number}"
            )
        await self._incidents.refresh(tx, incident)

    async def _called_about(self, tx: Tx, incident: Incident, page: Page) -> None:
        """Everybody who could be wanted for it was called, and nobody has answered: said where somebody may still read it."""
        text = f"nobody has answered the page{wanted_for(page)}; everybody on its ladder was paged"
        await timeline.record(tx, incident.number, "exhausted", text, actor=BOT)
        said = f"*Nobody has answered the page to {escape(page.words)}.* Everybody on its ladder was paged."
        await self._incidents.say(tx, incident, said)
        await self._incidents.tell_of(tx, incident, f"#{incident.number}: {said}", key=f"exhausted:{page.id}:{page.loop}")
        await self._incidents.refresh(tx, incident)

    async def _called_by_name(self, tx: Tx, incident: Incident, page_id: int) -> None:
        """Who was paged by name has had their time; the incident's own ladder is another matter."""
        for person in await self._incidents.paged(tx, incident, page_id):
            await timeline.record(tx, incident.number, "exhausted", "was paged by name and has not answered", actor=ActorId(person))
            with tx.acting(ActorId(person)):
                await self._incidents.say(tx, incident, "{actor} was paged by name and has not answered. *Escalate* pages the next step.")
        await self._incidents.refresh(tx, incident)

    async def seat_acting_commander(self, tx: Tx, incident: Incident, person: ActorId) -> None:
        """The first who answered leads, if the seat is still empty and the incident open."""
        if lifecycle.is_worked_on(incident.state) and await roles.commander(tx, incident.number) is None:
            await roles.lead(tx, incident.number, person, is_acting=True)
            await self._incidents.refresh(tx, incident)


def wanted_for(page: Page | None) -> str:
    """What else than the incident a page is about, for the timeline: ` for run 3`."""
    return f" for {page.about.replace(':', ' ')}" if page is not None and page.about else ""
