"""The verbs of paging. Each takes the transaction first; what leaves the house is ordered as due work within it."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import col

from bot.config.models import Service
from bot.db import ActorId, Tx, hold_incident
from bot.directory.service import Directory
from bot.errors import AlreadyDone, NotFound
from bot.paging import codes, sink, story
from bot.paging.climbing import Climbing
from bot.paging.ladders import configured, for_drill, freeze, only, quiet_until
from bot.paging.messages import (
    DeliverPage,
    PageAcknowledged,
    PageDeclined,
    PageStandDown,
    PageStarted,
    RefreshPageMessages,
    StandDownPerson,
    TakeStep,
)
from bot.paging.models import Page, PageAttempt, number
from bot.paging.notice import METHOD_NAMES
from bot.paging.policy import EscalationPolicy
from bot.paging.states import AttemptState, PageState, needs_answer, why_not_needed
from bot.paging.story import CANNOT
from bot.paging.story import StoryLine as StoryLine
from bot.paging.targets import Around
from bot.work import queue

WANTS_ANSWER = [state for state in PageState if needs_answer(state)]
NOT_SENT = [AttemptState.PLANNED, AttemptState.CLAIMED]
MAY_HAVE_REACHED = [AttemptState.CALLING, AttemptState.ACCEPTED, AttemptState.DELIVERED, AttemptState.SEEN, AttemptState.ANSWERED]


@dataclass(frozen=True)
class Where:
    """Where people meet: the team's bridge unless another is given, and the channel once it exists."""

    bridge: str | None = None
    dial_in: str | None = None
    channel_id: str | None = None


@dataclass(frozen=True)
class PageRequest:
    """What paging is told about an incident. `service` and `team` are ids; a private incident's title stays inside Slack and the link."""

    incident_id: int
    severity: int
    title: str
    since: datetime
    service: str | None = None
    team: str | None = None
    private: bool = False
    drill: bool = False
    """Only those on call are paged, and all that they are sent begins with DRILL."""
    where: Where = field(default=Where())
    about: str = ""
    """What else than the incident itself somebody is wanted for, as `run:3`; such a page is no answer for the incident."""
    without: tuple[str, ...] = ()
    """Whom this page never calls."""


class Paging:
    """Gets somebody to answer."""

    def __init__(self, directory: Directory, climbing: Climbing) -> None:
        self.directory = directory
        self.climbing = climbing

    async def start(self, tx: Tx, request: PageRequest, remark: str = "") -> int | None:
        """Page by the severity's ladder, first step at once or after quiet hours. The page's id; None when this severity pages nobody.

        A `remark` ("flapping: 6 times in 20 min") stands in what people are sent.
        """
        running = await self.ladder_page(tx, request.incident_id)
        if running is not None:
            return running.id
        policy = self.policy(request.severity, request.team, drill=request.drill)
        return await self._begin(tx, request, policy, words=remark) if policy.steps else None

    async def page_person(self, tx: Tx, request: PageRequest, target: str, words: str = "") -> int:
        """Page `person:kim`, `team:payments` or a role now, whatever the severity, on a page of its own. `NotFound` when that is nobody."""
        await self.climbing.check_somebody(tx, target, Around(request.team, request.service), request.severity)
        return await self._begin(tx, request, only(target), asked_by=tx.actor, words=words)

    async def call(self, tx: Tx, request: PageRequest, policy: EscalationPolicy, words: str) -> int:
        """Page by a ladder of its own for what `request.about` names; `words` ask for it ("approve run 3"). One that runs goes on."""
        for page in await self._pages(tx, request.incident_id):
            if page.about == request.about and page.state != PageState.CLOSED:
                return number(page)
        return await self._begin(tx, request, policy, asked_by=tx.actor, words=words)

    async def called_about(self, tx: Tx, incident_id: int, about: str) -> set[str]:
        """Everybody whom a page about this was for, open or closed."""
        called = select(col(PageAttempt.person)).join(Page, col(Page.id) == col(PageAttempt.page_id))
        mine = called.where(col(Page.incident_id) == incident_id, col(Page.about) == about)
        return set((await tx.session.execute(mine)).scalars())

    async def call_off_about(self, tx: Tx, incident_id: int, about: str) -> None:
        """What a page was about needs nobody any more, answered or not: it ends, and whoever was called is told."""
        for page in await self._pages(tx, incident_id):
            if page.about == about and page.state != PageState.CLOSED:
                await self._close(tx, page)

    async def page_sink(self, tx: Tx, since: datetime) -> int:
        """Page the watchdog's sink, as urgently as a SEV1, about no incident."""
        request = PageRequest(sink.INCIDENT, 1, "A synthetic page", since)
        return await self._begin(tx, request, only(sink.TARGET), asked_by=tx.actor)

    async def acknowledge(self, tx: Tx, page_id: int) -> None:
        """The actor takes the page. Only the first acknowledgement counts; the others hear who was first (`AlreadyDone`)."""
        taking = update(Page).where(col(Page.id) == page_id, col(Page.state).in_(WANTS_ANSWER))
        taken = taking.values(
            state=PageState.ACKNOWLEDGED, acknowledged_by=tx.actor, acknowledged_at=tx.now, next_at=None, version=col(Page.version) + 1
        )
        page = await self.page(tx, page_id)  # held before it is written: everything about an incident is locked in one order
        if await tx.changed(taken) == 0:
            raise self.not_needed(page, tx.actor, tx.now)
        page = await self.page(tx, page_id)
        await self.call_off(tx, page)
        await self.mark_answered(tx, page, None)
        await self._tell_the_others(tx, page)
        await tx.announce(PageAcknowledged(page_id, page.incident_id, tx.actor))

    async def acknowledge_incident(self, tx: Tx, incident_id: int) -> None:
        """The actor answers for the incident: its ladder stops, and so does whatever asked for the actor by name."""
        pages = await self._pages(tx, incident_id)
        mine = await self._where_paged(tx, pages, tx.actor)
        open_now = [page for page in pages if needs_answer(page.state) and not page.about and (page.asked_by is None or page.id in mine)]
        if not open_now:
            ladder = next((page for page in reversed(pages) if page.asked_by is None), None)
            if ladder is None:
                raise NotFound(f"Nobody has been paged for #{incident_id}, so there is nothing to acknowledge.")
            raise self.not_needed(ladder, tx.actor, tx.now)
        for page in open_now:
            await self.acknowledge(tx, number(page))

    async def escalate(self, tx: Tx, incident_id: int) -> None:
        """Take the next step of the incident's ladder now; one that was acknowledged runs again from there."""
        ladder = await self.ladder_page(tx, incident_id)
        if ladder is None:
            raise NotFound(f"No escalation runs for #{incident_id}. To call somebody: /inc page @person.")
        await self.escalate_page(tx, number(ladder), ladder.version)

    async def escalate_page(self, tx: Tx, page_id: int, version: int | None = None) -> None:
        """Take the page's next step now. With a `version`, only if nothing happened to the page since: a stale click never escalates."""
        page = await self.page(tx, page_id)
        if page.state == PageState.CLOSED:
            raise self.not_needed(page, tx.actor, tx.now)
        if version is not None and version != page.version:
            raise AlreadyDone(f"Nothing was done: this page has moved on meanwhile. {self.standing(page, tx.actor, tx.now)}")
        self.climbing.check_can_go_on(page)
        if page.state == PageState.EXHAUSTED:  # all were paged in vain: once more from the start
            self.begin_anew(page, tx.now)
        self.reopen(page, tx.now)
        await self.climbing.climb_now(tx, page, tx.actor)
        await self.refresh_messages(tx, page)

    async def decline(self, tx: Tx, page_id: int) -> None:
        """The actor, who was paged, cannot: nothing more is sent to them, and the next person is paged now."""
        page = await self.page(tx, page_id)
        held_by_actor = page.state == PageState.ACKNOWLEDGED and page.acknowledged_by == tx.actor
        if not needs_answer(page.state) and not held_by_actor:
            raise self.not_needed(page, tx.actor, tx.now)
        if await self._has_declined(tx, page, tx.actor):
            raise AlreadyDone(f"You said so already. {self.standing(page, tx.actor, tx.now)}")
        mine = col(PageAttempt.page_id) == page_id, col(PageAttempt.person) == tx.actor
        await tx.changed(
            update(PageAttempt).where(*mine, col(PageAttempt.state).in_(NOT_SENT)).values(state=AttemptState.SUPPRESSED, reason=CANNOT)
        )
        await self.mark_answered(tx, page, CANNOT)
        await tx.announce(PageDeclined(page_id, page.incident_id, tx.actor))
        if page.state != PageState.EXHAUSTED:
            self.reopen(page, tx.now)
            await self.climbing.climb_now(tx, page, tx.actor)
        await self.refresh_messages(tx, page)

    async def reconsider(self, tx: Tx, incident_id: int, severity: int, title: str) -> bool:
        """Severity or title changed. Up: the new ladder from its start. Down: the new ladder from where time has come to, nobody again.

        False when no page runs for the incident (SEV4 started none): then `start` one.
        """
        page = await self.ladder_page(tx, incident_id)
        if page is None:
            return False
        before, page.severity, page.title = page.severity, severity, title
        if severity != before:
            await self._change_ladder(tx, page, is_worse=severity < before)
        await self.refresh_messages(tx, page)
        return True

    async def stand_down(self, tx: Tx, incident_id: int, unanswered: Collection[int] | None = None) -> int:
        """The incident is over: every page of it ends, and whoever was asked and has not answered is told.

        With `unanswered`, only these pages of it, and only as long as nobody has answered. How many ended.
        """
        ended = 0
        for page in await self._pages(tx, incident_id):
            is_meant = unanswered is None or (page.id in unanswered and needs_answer(page.state))
            if is_meant and page.state != PageState.CLOSED:
                await self._close(tx, page)
                ended += 1
        return ended

    async def make_private(self, tx: Tx, incident_id: int) -> None:
        """From now on nothing that is sent of the incident says what it is about, and what Slack shows is edited."""
        for page in await self._pages(tx, incident_id):
            page.private = True
            page.place = json.dumps({key: value for key, value in json.loads(page.place).items() if key != "channel_id"})
            await self.refresh_messages(tx, page)

    async def channel_ready(self, tx: Tx, incident_id: int, channel_id: str) -> None:
        """The incident's channel exists: from now on pages link to it."""
        for page in await self._pages(tx, incident_id):
            if page.state != PageState.CLOSED:
                page.place = json.dumps({**json.loads(page.place), "channel_id": channel_id})
                await self.refresh_messages(tx, page)
        await tx.session.flush()

    async def open_page(self, tx: Tx, incident_id: int) -> Page | None:
        """The incident's page that still waits for an answer: the ladder's before those by name."""
        waiting = [page for page in await self._pages(tx, incident_id, hold=False) if needs_answer(page.state) and not page.about]
        return max(waiting, key=lambda page: (page.asked_by is None, page.id), default=None)

    async def asked_by_name(self, tx: Tx, incident_id: int, by: str) -> set[str]:
        """The people whom `by` has called by name and who have not answered yet."""
        asked = select(col(PageAttempt.person)).join(Page, col(Page.id) == col(PageAttempt.page_id))
        by_name = col(Page.incident_id) == incident_id, col(Page.asked_by) == by, col(Page.about) == ""
        waiting = asked.where(*by_name, col(Page.state).in_(WANTS_ANSWER))
        return set((await tx.session.execute(waiting)).scalars())

    async def newest_page(self, tx: Tx, incident_id: int) -> Page | None:
        """The incident's newest page, answered or not, open or closed: the ladder's before those by name."""
        pages = [page for page in await self._pages(tx, incident_id, hold=False) if not page.about]
        return max(pages, key=lambda page: (page.asked_by is None, page.id), default=None)

    async def story(self, tx: Tx, incident_id: int) -> list[StoryLine]:
        """Who was told of the incident, how, and how that went."""
        return await story.of_incident(tx, self.directory, incident_id)

    async def what(self, tx: Tx, page_id: int, key: str) -> tuple[int, str] | None:
        """The incident that a page is about, and what an order of it under `key` was to do, in words: "Ana's SMS about #42"."""
        page = await tx.session.get(Page, page_id)
        if page is None:
            return None
        kind, _, attempt_id = key.partition(":")
        attempt = await tx.session.get(PageAttempt, int(attempt_id)) if kind == "attempt" and attempt_id.isdecimal() else None
        if attempt is None:
            return page.incident_id, f"paging for #{page.incident_id}"
        how = METHOD_NAMES.get(attempt.method, attempt.method)
        return page.incident_id, f"the page of {self.directory.name(attempt.person)} by {how} for #{page.incident_id}"

    async def page(self, tx: Tx, page_id: int, *, hold: bool = True) -> Page:
        """The page, held for this transaction unless it is only looked at. `NotFound` when there is none."""
        wanted = select(Page).where(col(Page.id) == page_id)
        if hold:
            incident = await tx.session.execute(select(col(Page.incident_id)).where(col(Page.id) == page_id))
            await hold_incident(tx, incident.scalar() or 0)
            wanted = wanted.with_for_update()
        page = (await tx.session.execute(wanted, execution_options={"populate_existing": True})).scalars().first()
        if page is None:
            raise NotFound("There is no such page. Open the newest one, or type /inc in Slack.")
        return page

    async def take_step(self, tx: Tx, page_id: int, version: int) -> None:
        """The time of a step has come: take it, unless the page has moved on since it was ordered."""
        page = await self.page(tx, page_id)
        if page.version == version and page.state == PageState.OPEN:
            if page.next_at is not None and page.next_at > tx.now:  # the clock was set back since it was ordered, and so is the ladder
                page.started_at -= page.next_at - tx.now
            await self.climbing.climb(tx, page)
            await self.refresh_messages(tx, page)

    async def refresh_messages(self, tx: Tx, page: Page) -> None:
        """Order that every direct message of the page shows what is true now."""
        await queue.refresh(tx, RefreshPageMessages(number(page)), key=f"page:{page.id}:messages", about=f"page:{page.id}")

    def standing(self, page: Page, reader: str, now: datetime) -> str:
        """One sentence on how a page stands, with times on the reader's clock."""
        if page.state == PageState.ACKNOWLEDGED and page.acknowledged_by and page.acknowledged_at:
            who = "You" if page.acknowledged_by == reader else self.directory.name(page.acknowledged_by)
            return f"{who} took this page at {self.directory.wall_time(reader, page.acknowledged_at, now)}."
        if page.state == PageState.SNOOZED and page.acknowledged_by and page.next_at:
            who = "You" if page.acknowledged_by == reader else self.directory.name(page.acknowledged_by)
            return f"{who} snoozed this page until {self.directory.wall_time(reader, page.next_at, now)}."
        if page.state == PageState.CLOSED:
            return f"{page.about.replace(':', ' ').capitalize() or f'#{page.incident_id}'} needs nobody any more."
        if page.state == PageState.EXHAUSTED:
            return "Everybody was paged and nobody has answered yet."
        if page.next_at is not None:
            return f"Nobody has answered yet; the next step is at {self.directory.wall_time(reader, page.next_at, now)}."
        return "Nobody has answered yet."

    def not_needed(self, page: Page, reader: str, now: datetime) -> AlreadyDone:
        """The refusal for an answer that comes second."""
        return AlreadyDone(f"{self.standing(page, reader, now)} Nothing to do.")

    async def _begin(self, tx: Tx, request: PageRequest, policy: EscalationPolicy, asked_by: str | None = None, words: str = "") -> int:
        page = Page(
            incident_id=request.incident_id,
            severity=request.severity,
            title=request.title,
            service=request.service,
            team=request.team,
            private=request.private,
            drill=request.drill,
            since=request.since,
            asked_by=asked_by,
            words=words,
            about=request.about,
            without=" ".join(request.without),
            place=json.dumps({key: value for key, value in asdict(self._with_bridge(request)).items() if value}),
            policy=freeze(policy),
            started_at=tx.now if asked_by else quiet_until(self._service(request), request.severity, tx.now),
        )
        tx.session.add(page)
        await tx.session.flush()
        await self.directory.look_up_groups(tx)  # so that a later step means who is in a user group by then
        await tx.announce(PageStarted(number(page), page.incident_id))
        await self.climbing.climb(tx, page)
        return number(page)

    def _service(self, request: PageRequest) -> Service | None:
        return self.directory.service(request.service) if request.service else None

    def _with_bridge(self, request: PageRequest) -> Where:
        team = self.directory.team(request.team) if request.team else None
        if request.where.bridge or team is None or team.bridge is None:
            return request.where
        return Where(team.bridge.url, team.bridge.dial_in, request.where.channel_id)

    def policy(self, severity: int, team_id: str | None, *, drill: bool = False) -> EscalationPolicy:
        """The policy of a severity and team, as configuration has it now; for a drill, what of it pages whoever is on call."""
        team = self.directory.team(team_id) if team_id else None
        policy = configured(self.directory.config.policy(severity, team))
        return for_drill(policy) if drill else policy

    async def _change_ladder(self, tx: Tx, page: Page, is_worse: bool) -> None:
        policy = self.policy(page.severity, page.team, drill=page.drill)
        if not policy.steps:
            await self._close(tx, page)
            return
        if is_worse:
            await self.call_off(tx, page)
            self.reopen(page, tx.now)
            self.begin_anew(page, tx.now)
            page.policy = freeze(policy)
            await self.climbing.climb(tx, page)
            return
        elapsed = (page.acknowledged_at or tx.now) - page.started_at
        page.policy, page.taken = freeze(policy), sum(step.after <= elapsed for step in policy.steps)
        if page.state == PageState.OPEN:
            await self.climbing.wait_for_next(tx, page)

    def reopen(self, page: Page, now: datetime) -> None:
        """Somebody is wanted again. The time during which somebody had it does not count: the ladder goes on where it stopped."""
        if page.acknowledged_at is not None:
            page.started_at += now - page.acknowledged_at
        page.state, page.acknowledged_by, page.acknowledged_at = PageState.OPEN, None, None

    def begin_anew(self, page: Page, now: datetime) -> None:
        """Its ladder starts again, with nothing taken."""
        page.taken, page.started_at, page.loop = 0, now, page.loop + 1

    async def _close(self, tx: Tx, page: Page) -> None:
        was_unanswered = needs_answer(page.state)
        page.state, page.next_at, page.version = PageState.CLOSED, None, page.version + 1
        await tx.session.flush()
        await self.call_off(tx, page)
        await codes.release(tx, number(page))
        if was_unanswered:
            await self._tell_the_others(tx, page)
            await tx.announce(PageStandDown(number(page), page.incident_id))
        else:
            await self.refresh_messages(tx, page)

    async def call_off(self, tx: Tx, page: Page) -> None:
        """Nothing more is sent: neither the steps to come nor what is planned of those taken."""
        for kind in (TakeStep, DeliverPage):
            await queue.cancel(tx, about=f"page:{page.id}", kind=kind)
        planned = update(PageAttempt).where(col(PageAttempt.page_id) == page.id, col(PageAttempt.state).in_(NOT_SENT))
        await tx.changed(planned.values(state=AttemptState.SUPPRESSED, reason=why_not_needed(page.state), ended_at=tx.now))

    async def mark_answered(self, tx: Tx, page: Page, reason: str | None) -> None:
        mine = update(PageAttempt).where(col(PageAttempt.page_id) == page.id, col(PageAttempt.person) == tx.actor)
        reached = mine.where(col(PageAttempt.state).in_(MAY_HAVE_REACHED))
        await tx.changed(reached.values(state=AttemptState.ANSWERED, reason=reason, ended_at=tx.now))

    async def _tell_the_others(self, tx: Tx, page: Page) -> None:
        """Whoever else got an SMS is told once that they are not needed; direct messages are edited."""
        reached = select(col(PageAttempt.person)).where(
            col(PageAttempt.page_id) == page.id,
            col(PageAttempt.method) == "sms",
            col(PageAttempt.person) != tx.actor,
            col(PageAttempt.state).in_(MAY_HAVE_REACHED),
        )
        for person in sorted(set((await tx.session.execute(reached)).scalars())):
            await self.tell_not_needed(tx, page, person)
        await self.refresh_messages(tx, page)

    async def tell_not_needed(self, tx: Tx, page: Page, person: str) -> None:
        """Order the one text that tells a person they can sleep on."""
        if not await self._has_declined(tx, page, person):
            await queue.schedule(tx, StandDownPerson(number(page), person), key=f"page:{page.id}:{page.loop}:stand-down:{person}")

    async def _has_declined(self, tx: Tx, page: Page, person: str) -> bool:
        said = select(col(PageAttempt.id)).where(
            col(PageAttempt.page_id) == page.id,
            col(PageAttempt.loop) == page.loop,
            col(PageAttempt.person) == person,
            col(PageAttempt.reason) == CANNOT,
        )
        return (await tx.session.execute(said)).first() is not None

    async def ladder_page(self, tx: Tx, incident_id: int) -> Page | None:
        """The incident's page by its severity's ladder, unless it is closed."""
        pages = await self._pages(tx, incident_id)
        return next((page for page in reversed(pages) if page.asked_by is None and page.state != PageState.CLOSED), None)

    async def _pages(self, tx: Tx, incident_id: int, hold: bool = True) -> list[Page]:
        wanted = select(Page).where(col(Page.incident_id) == incident_id).order_by(col(Page.id))
        if hold:
            await hold_incident(tx, incident_id)
            wanted = wanted.with_for_update()
        return list((await tx.session.execute(wanted, execution_options={"populate_existing": True})).scalars())

    async def _where_paged(self, tx: Tx, pages: list[Page], actor: ActorId) -> set[int]:
        mine = select(col(PageAttempt.page_id)).where(
            col(PageAttempt.page_id).in_([page.id for page in pages]), col(PageAttempt.person) == actor
        )
        return set((await tx.session.execute(mine)).scalars())
