"""Climbing the ladder: which step is next, who that is right now, and the attempts by which they are told."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, and_, func, select
from sqlmodel import col

from bot.config.escalation import Method
from bot.db import ActorId, Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, NotFound
from bot.oncall.service import OnCall
from bot.paging import codes, sink
from bot.paging.contacts import Contacts
from bot.paging.ladders import thaw
from bot.paging.messages import LANES, DeliverPage, FallbackPaged, PageEscalated, PageExhausted, StepSkipped, TakeStep
from bot.paging.models import Page, PageAttempt, number
from bot.paging.policy import PLACES, Exhausted, PageNow, Wait, escalate_now, has_told, is_place, next_step, place_method, ways
from bot.paging.states import AttemptState, PageState
from bot.paging.targets import Around, Found, Targets
from bot.work import queue

CANNOT_GO_ON = "Everybody on this ladder has been paged already. To call somebody else: /inc page @person."


class Climbing:
    """Takes the steps of a page that the caller holds. Verbs decide when."""

    def __init__(self, directory: Directory, oncall: OnCall, methods: Collection[str]) -> None:
        self._directory = directory
        self._oncall = oncall
        self._contacts = Contacts(directory)
        self._targets = Targets(directory)
        self._methods = frozenset(methods)

    async def check_somebody(self, tx: Tx, target: str, around: Around, severity: int) -> None:
        """Raise `NotFound` with the reason when a target means nobody now, or nobody who can be reached."""
        people, missing = await self._people(tx, (target,), around)
        out_of_reach = [found.person for found in people if not await self._delays(tx, found.person, severity)]
        if len(out_of_reach) == len(people):
            why = missing + [self._unreachable(person) for person in out_of_reach]
            raise NotFound(f"Nobody was paged: {'; '.join(why)}.")

    def check_can_go_on(self, page: Page) -> None:
        """Raise `AlreadyDone` when the ladder has no step left to take and those on it still have time to answer."""
        policy = thaw(page.policy)
        if page.state != PageState.EXHAUSTED and policy.total is not None and page.taken >= policy.total:
            raise AlreadyDone(CANNOT_GO_ON)

    async def _people(self, tx: Tx, targets: tuple[str, ...], about: Around) -> tuple[list[Found], list[str]]:
        """Whom targets mean now, overrides and swaps included."""
        roster = await self._oncall.roster(tx, tx.now, self._targets.schedules(targets, about))
        if targets == (sink.TARGET,):
            return [Found(sink.PERSON, "synthetic page")], []
        groups = await self._directory.people_of_groups(tx, self._targets.groups(targets))
        return self._targets.people(roster, groups, targets, about, tx.now)

    async def climb(self, tx: Tx, page: Page) -> None:
        """Take what is due; a step that finds nobody makes way for the one after it."""
        await self._go_on(tx, page, next_step(thaw(page.policy), page.taken, page.started_at, tx.now), None)

    async def climb_now(self, tx: Tx, page: Page, by: ActorId | None) -> None:
        """Take the next step at once, because a person asked (`by`) or nobody of the last one can be reached (None).

        A ladder without a further step stays as it is while somebody who was asked may still answer.
        """
        decision, page.started_at = escalate_now(thaw(page.policy), page.taken, page.started_at, tx.now)
        if isinstance(decision, PageNow) or not await self._is_somebody_left(tx, page):
            await self._go_on(tx, page, decision, by)
        else:
            await self.wait_for_next(tx, page)

    async def resume(self, tx: Tx, page: Page, also: str | None = None) -> None:
        """Nobody holds it any more: page the newest step anew, whoever it means now and `also`; the steps after it keep their distance."""
        policy = thaw(page.policy)
        page.state, page.acknowledged_by, page.acknowledged_at, page.heard_at = PageState.OPEN, None, None, None
        page.loop, page.taken = page.loop + 1, max(0, page.taken - 1)
        page.started_at = tx.now - policy.step(page.taken).after
        step = page.taken
        if also is not None:
            await self._page(tx, page, (f"person:{also}",), [Found(also, "had taken it")], step, tx.now)
        await self.climb(tx, page)

    async def is_for_others(self, tx: Tx, page: Page, person: str) -> bool:
        """Does the newest step mean anybody besides this person who can be reached?"""
        step = thaw(page.policy).step(max(0, page.taken - 1))
        people, _ = await self._people(tx, step.targets, around(page))
        others = [found.person for found in people if found.person != person and not is_place(found.person)]
        return any([bool(await self._delays(tx, other, page.severity)) for other in others])

    async def _go_on(self, tx: Tx, page: Page, decision: PageNow | Wait | Exhausted, by: ActorId | None) -> None:
        policy = thaw(page.policy)
        empty = 0
        while isinstance(decision, PageNow):
            is_said = decision.number > 0 or by is not None
            before = await self._planned(tx, page, decision.number) if is_said else 0
            if await self._take(tx, page, decision):
                is_new = not is_said or await self._planned(tx, page, decision.number) > before
                if is_said and is_new:
                    await tx.announce(PageEscalated(number(page), page.incident_id, by, decision.number, decision.late))
                if is_new or by is None:  # who was paged by the ladder that this one replaced is nobody new to who asks for more
                    break
            empty += 1
            if empty == len(policy.steps):
                break
            decision, page.started_at = escalate_now(policy, page.taken, page.started_at, tx.now)
        if isinstance(decision, Exhausted) or empty == len(policy.steps):
            await self._after_the_last(tx, page)
        else:
            await self.wait_for_next(tx, page)

    async def wait_for_next(self, tx: Tx, page: Page) -> None:
        """Order the step that comes next, or, after the last, the moment when all have had their time to answer."""
        policy = thaw(page.policy)
        upcoming = next_step(policy, page.taken, page.started_at, tx.now)
        match upcoming:
            case Wait(until):
                page.next_at = until
            case Exhausted():
                page.next_at = tx.now + policy.last_wait
            case PageNow(due=due):
                page.next_at = due
        page.version += 1
        await tx.session.flush()
        await queue.cancel(tx, about=f"page:{page.id}", kind=TakeStep)
        step = TakeStep(number(page), page.version)
        await queue.schedule(tx, step, key=f"page:{page.id}:step:{page.version}", about=f"page:{page.id}", due=page.next_at)

    async def _take(self, tx: Tx, page: Page, step: PageNow) -> bool:
        """Page everybody whom a step means. False, and said, when that is nobody."""
        policy = thaw(page.policy)
        for missed in range(step.number - step.skipped, step.number):
            await self._say_skipped(tx, page, policy.step(missed).targets, "its time had passed while Tocsin was away")
        page.taken = step.taken
        people, missing = await self._people(tx, step.targets, around(page))
        paged, unreachable = await self._page(tx, page, step.targets, people, step.number, step.due)
        if not paged:
            await self._say_skipped(tx, page, step.targets, "; ".join([*missing, *unreachable]))
        return paged

    async def _after_the_last(self, tx: Tx, page: Page) -> None:
        """Nobody was found at all: the fallback is paged. Somebody was, and has had time: nobody has answered, unless a round is left."""
        policy = thaw(page.policy)
        was_anybody_paged = await self._was_anybody_paged(tx, page)
        if was_anybody_paged and (policy.total is None or page.taken < policy.total):
            await self.wait_for_next(tx, page)  # of this round nobody was found: of the next one somebody may be
            return
        if not was_anybody_paged and page.asked_by is None and not page.drill:
            people, missing = await self._people(tx, ("fallback",), around(page))
            stands_in_for = page.taken - 1  # the last step, which found nobody: the one after it may yet find the same people
            paged, unreachable = await self._page(tx, page, ("fallback",), people, stands_in_for, tx.now, as_last_resort=True)
            if paged:
                await tx.announce(FallbackPaged(number(page), page.incident_id, tuple(found.person for found in people)))
                await self.wait_for_next(tx, page)
                return
            await self._say_skipped(tx, page, ("fallback",), "; ".join([*missing, *unreachable]))
        page.state, page.next_at, page.version = PageState.EXHAUSTED, None, page.version + 1
        await tx.session.flush()
        await queue.cancel(tx, about=f"page:{page.id}", kind=TakeStep)
        await tx.announce(PageExhausted(number(page), page.incident_id))

    async def _page(
        self, tx: Tx, page: Page, targets: tuple[str, ...], people: list[Found], step: int, due: datetime, *, as_last_resort: bool = False
    ) -> tuple[bool, list[str]]:
        """Plan the attempts for whom a step's targets mean. Whether it tells anybody, and a reason for each who cannot be reached."""
        out_of_reach = [found.person for found in people if not await self._plan(tx, page, found, step, due, as_last_resort)]
        reached = [found.person for found in people if found.person not in out_of_reach]
        return has_told(targets, reached), [self._unreachable(person) for person in out_of_reach]

    def _unreachable(self, person: str) -> str:
        return f"{self._directory.name(person)} has no way to be reached"

    async def _plan(self, tx: Tx, page: Page, found: Found, step: int, due: datetime, as_last_resort: bool) -> bool:
        """One attempt for each of a person's methods, each due after its delay; where the first of them does not exist, the rest move up.

        False when there is none. Nobody is paged twice for one step.
        """
        delays = await self._delays(tx, found.person, page.severity, as_last_resort=as_last_resort)
        if not delays:
            return False
        if await self._was_paged(tx, page, found.person, step):  # by the ladder that this one replaced
            return True
        if not is_place(found.person):
            await codes.give(tx, found.person, number(page))
        for method, after in delays.items():
            attempt = PageAttempt(
                page_id=number(page),
                step=step,
                loop=page.loop,
                person=found.person,
                method=method,
                why=found.why,
                due_at=due + after,
            )
            tx.session.add(attempt)
            await tx.session.flush()
            await order_delivery(tx, attempt, tx.now + after)
        return True

    async def _delays(self, tx: Tx, person: str, severity: int, *, as_last_resort: bool = False) -> dict[Method, timedelta]:
        """The methods by which a person can be reached, each with its rule's delay."""
        if person == sink.PERSON:
            return dict(sink.DELAYS)
        if (place := place_method(person)) is not None:
            return {cast("Method", place): timedelta(0)} if place in self._methods else {}
        written = [(rule.method, rule.after) for rule in self._directory.rules(person, severity)]
        methods = [method for method, _ in written if method in self._methods]
        reachable, stopped = await self._contacts.reachable(tx, person, methods, as_last_resort=as_last_resort)
        return ways(written, reachable, stopped)

    async def _was_paged(self, tx: Tx, page: Page, person: str, step: int) -> bool:
        earlier = select(col(PageAttempt.id)).where(
            col(PageAttempt.page_id) == page.id,
            col(PageAttempt.loop) == page.loop,
            col(PageAttempt.step) == step,
            col(PageAttempt.person) == person,
        )
        return (await tx.session.execute(earlier.limit(1))).first() is not None

    async def _planned(self, tx: Tx, page: Page, step: int) -> int:
        attempts = select(func.count()).where(
            col(PageAttempt.page_id) == page.id, col(PageAttempt.loop) == page.loop, col(PageAttempt.step) == step, is_for_a_person()
        )
        return int((await tx.session.execute(attempts)).scalar_one())

    async def _was_anybody_paged(self, tx: Tx, page: Page) -> bool:
        attempts = select(col(PageAttempt.id)).where(
            col(PageAttempt.page_id) == page.id, col(PageAttempt.loop) == page.loop, is_for_a_person()
        )
        return (await tx.session.execute(attempts.limit(1))).first() is not None

    async def _is_somebody_left(self, tx: Tx, page: Page) -> bool:
        """Was anybody else asked who has neither answered nor refused?"""
        silent = select(col(PageAttempt.id)).where(
            col(PageAttempt.page_id) == page.id,
            col(PageAttempt.loop) == page.loop,
            col(PageAttempt.person) != tx.actor,
            is_for_a_person(),
            col(PageAttempt.state).not_in([AttemptState.ANSWERED, AttemptState.SUPPRESSED, AttemptState.FAILED]),
        )
        return (await tx.session.execute(silent.limit(1))).first() is not None

    async def _say_skipped(self, tx: Tx, page: Page, targets: tuple[str, ...], why: str) -> None:
        await tx.announce(StepSkipped(number(page), page.incident_id, " and ".join(targets), why))


def around(page: Page) -> Around:
    """What decides whom this page's targets mean."""
    return Around(page.team, page.service, page.private, frozenset(page.without.split()))


def is_for_a_person() -> ColumnElement[bool]:
    """Attempts that are for a person: what was posted in a channel has reached nobody in particular."""
    return and_(*(col(PageAttempt.person).not_like(f"{kind}:%") for kind in PLACES))


async def order_delivery(tx: Tx, attempt: PageAttempt, due: datetime) -> None:
    """Order an attempt's delivery on its method's own lane; again, to have it earlier than planned."""
    key, about = f"attempt:{attempt.id}", f"page:{attempt.page_id}"
    await queue.refresh(tx, DeliverPage(number(attempt)), key=key, about=about, due=due, destination=LANES[attempt.method])
