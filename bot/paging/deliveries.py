"""The life of an attempt: looked at again before it goes out, and what its receipts mean for the person and the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from prometheus_client import Counter
from sqlalchemy import ColumnElement, bindparam, select
from sqlmodel import col

from bot.db import ActorId, Tx, hold_incident
from bot.errors import NotFound
from bot.paging import crowds, sink
from bot.paging.climbing import Climbing, order_delivery
from bot.paging.contacts import Contacts
from bot.paging.crowds import NOT_BEGUN, REACHED, STILL_WANTED, UNSENT, Crowd
from bot.paging.messages import AttemptFailed, AttemptHeldBack, ExpectReceipt, PagePosted, PersonPaged, SinkReached
from bot.paging.models import Page, PageAttempt, number
from bot.paging.notice import TOGETHER, Accepted, Receipt, Stopped, TryLater
from bot.paging.policy import is_place
from bot.paging.senders import Senders
from bot.paging.service import Paging
from bot.paging.states import AttemptState, PageState, after_receipt, why_not_needed
from bot.paging.throttle import WAITING, WAITS_FOR_SENDER, Bounds, Go, HoldBack, Wait, decide
from bot.work import orders, queue
from bot.work.orders import Done, Outcome, Refused, back_off
from bot.work.queue import Claim

LONGEST_PAUSE = timedelta(seconds=15)
"""Between two tries of a page, however long the provider has been away."""
URGENT = 2
"""Up to this severity a person's next method does not wait for a provider that is away."""
RECEIPT_WITHIN = timedelta(seconds=60)
WITHOUT_RECEIPTS = "backup:"
NO_RECEIPT = "no receipt within a minute"
NO_KEY = "the call ended without a key"
SHORTEST_WAIT = timedelta(milliseconds=50)
SURELY_OVER = timedelta(seconds=20)
"""Longer than any provider is waited for, the second one included."""
TOLD_BY_ANOTHER = orders.TryLater("it is being told together with others", timedelta(seconds=5))
LOOK_AGAIN = orders.TryLater("another try has just ended", SHORTEST_WAIT)
LEASE_LOST = orders.TryLater("the lease ran out before it was sent")
"""Never `Done`: unless another process took it over, the item is still ours, and would be closed with nothing sent."""
BY_PHONE = ("sms", "voice")

_PAGE_OF = col(Page.id) == col(PageAttempt.page_id)
_ME = col(PageAttempt.id) == bindparam("attempt")
_AROUND = select(col(PageAttempt.id), col(PageAttempt.bundle), col(Page.incident_id)).join(Page, _PAGE_OF).where(_ME)
_BUNDLE = col(PageAttempt.bundle) == bindparam("bundle_of")
_TOLD_WITH = select(col(PageAttempt.id), col(Page.incident_id)).join(Page, _PAGE_OF).where(_BUNDLE, ~_ME).order_by(col(PageAttempt.id))
_BOTH = select(Page, PageAttempt).where(_PAGE_OF, _ME).with_for_update()
"""Asked for every page that goes out, so they stand ready, and none asks what the one before has told."""

attempts = Counter("tocsin_page_attempts_total", "Tries to reach a person by how they ended", ["method", "outcome"])


class Held(Protocol):
    """What must be known of an attempt to hold it."""

    @property
    def id(self) -> int: ...
    @property
    def incident_id(self) -> int: ...


@dataclass(frozen=True)
class Delivery:
    """An attempt that is to be sent now, and `company`: what is told in the same message. `may_have_been_sent`: an earlier try ended we
    do not know how. `held_back`: how many a cap has held back since the last message."""

    page: Page
    attempt: PageAttempt
    may_have_been_sent: bool
    company: Sequence[tuple[Page, PageAttempt]] = ()
    held_back: int = 0


class Deliveries:
    """Keeps the book of attempts."""

    def __init__(self, paging: Paging, climbing: Climbing, senders: Senders | None = None) -> None:
        self._paging = paging
        self._climbing = climbing
        self._contacts = Contacts(paging.directory)
        self._senders = senders or Senders({})

    async def begin(self, tx: Tx, attempt_id: int, claim: Claim) -> Delivery | Done | orders.TryLater:
        """Look again: is the page unanswered, this attempt wanted, its lease ours and its time come? Then mark it as being called, and with
        it what waits for the same phone.

        `Done`: it is not wanted, or was held back. `TryLater`: it is, but not yet, or the lease ran out; another may be at it.
        """
        crowd = await crowds.around(tx, attempt_id)
        if crowd.others:  # of what goes to one phone one is prepared at a time
            await tx.lock(f"telling:{crowd.person}:{crowd.method}")
            crowd = await crowds.around(tx, attempt_id)
        decision = await self._decide(tx, crowd)
        waiting = crowd.waiting if isinstance(decision, Go) and self._may_tell_together(crowd) else []
        (page, attempt), *company = await self._hold(tx, (crowd.me, *waiting))
        if attempt.state not in UNSENT:
            return Done()
        if await self._is_told_by_another(tx, attempt):
            return TOLD_BY_ANOTHER
        if attempt.state != crowd.me.state:  # the try of another that told it too has just ended: who else waits is not known any more
            return LOOK_AGAIN
        if page.state not in STILL_WANTED or attempt.loop != page.loop:
            attempt.state, attempt.reason, attempt.ended_at = AttemptState.SUPPRESSED, why_not_needed(page.state), tx.now
            return Done()
        if not await queue.holds(tx, claim):
            return LEASE_LOST
        if attempt.state == AttemptState.CALLING:
            return await self._begin_again(tx, crowd, page, attempt)
        match decision:
            case HoldBack(why):
                attempt.state, attempt.reason, attempt.ended_at = AttemptState.SUPPRESSED, why, tx.now
                await tx.announce(AttemptHeldBack(number(page), page.incident_id, attempt.person, attempt.method, why))
                return Done()
            case Wait(until, why):
                return self._wait(tx, attempt, until, why)
        if (free_at := await self._senders.take(tx, crowd)) is not None:
            return self._wait(tx, attempt, free_at, WAITS_FOR_SENDER)
        company = [(other_page, other) for other_page, other in company if is_ready(other_page, other)]
        for told in (attempt, *(other for _, other in company)):
            told.state, told.calling_at = AttemptState.CALLING, told.calling_at or tx.now
            told.bundle = attempt.id if company else None
            told.reason = None if told.reason in WAITING else told.reason
        await tx.session.flush()
        return Delivery(page, attempt, False, company, crowd.held_back)

    async def _decide(self, tx: Tx, crowd: Crowd) -> Go | Wait | HoldBack:
        """What configuration and what the person was told lately say, before anything is held."""
        limits = self._paging.directory.config.paging
        together_after = limits.together_after if self._may_tell_together(crowd) else 0
        most = None if is_place(crowd.person) else limits.most_per_hour.of(crowd.method)
        bounds = Bounds(together_after, limits.together_every, most)
        decision = decide(crowd.me.severity, crowd.sent, bounds, tx.now)
        if isinstance(decision, Go) and crowd.me.state is not AttemptState.CALLING:
            until = await self._senders.when(tx, crowd)
            return Wait(until, WAITS_FOR_SENDER) if until is not None else decision
        return decision

    def _may_tell_together(self, crowd: Crowd) -> bool:
        """A channel or a program is nobody whose sleep is to be spared: each page stands there by itself."""
        is_a_phone = crowd.method in TOGETHER and not is_place(crowd.person)
        return is_a_phone and self._paging.directory.config.paging.together_after > 0

    def _wait(self, tx: Tx, attempt: PageAttempt, until: datetime, why: str) -> orders.TryLater:
        attempt.reason = why
        return orders.TryLater(why, max(until - tx.now, SHORTEST_WAIT))

    async def _begin_again(self, tx: Tx, crowd: Crowd, page: Page, attempt: PageAttempt) -> Delivery:
        """It was being called when we last heard of it, by a process that died; so was all that was told in the same message."""
        is_together = attempt.bundle is not None
        members = [one for one in crowd.others if is_together and one.bundle == attempt.bundle and one.state is AttemptState.CALLING]
        _, *company = await self._hold(tx, (crowd.me, *members))
        company = [(other_page, other) for other_page, other in company if other.state == AttemptState.CALLING]
        for told in (attempt, *(other for _, other in company)):
            told.bundle = attempt.id if is_together else None
        await tx.session.flush()
        return Delivery(page, attempt, True, company, crowd.held_back)

    async def _is_told_by_another(self, tx: Tx, attempt: PageAttempt) -> bool:
        """Is another attempt's try, which tells this one as well, still under way?"""
        if attempt.state != AttemptState.CALLING or attempt.bundle in (None, attempt.id):
            return False
        is_recent = attempt.calling_at is not None and abs(tx.now - attempt.calling_at) < SURELY_OVER
        return is_recent or await queue.is_leased(tx, f"attempt:{attempt.bundle}")

    async def label_as_duplicate(self, tx: Tx, attempt_id: int, claim: Claim) -> Done | orders.TryLater | None:
        """The earlier try left no trace, so it is sent again and says so. `Done` when the page was answered meanwhile, `TryLater` when
        the lease ran out; otherwise None."""
        (page, attempt), *company = await self.together(tx, attempt_id)
        if attempt.state != AttemptState.CALLING or page.state not in STILL_WANTED:
            return Done()
        if not await queue.holds(tx, claim):
            return LEASE_LOST
        for told in (attempt, *(other for _, other in company)):
            told.possible_duplicate = True
        return None

    async def known_ids(self, tx: Tx, attempt: PageAttempt) -> frozenset[str]:
        """The outside ids of the person's other attempts by this method: none of them is the one we look for."""
        others = select(col(PageAttempt.provider_id)).where(
            col(PageAttempt.person) == attempt.person,
            col(PageAttempt.method) == attempt.method,
            col(PageAttempt.id) != attempt.id,
            col(PageAttempt.provider_id).is_not(None),
        )
        newest = others.order_by(col(PageAttempt.id).desc()).limit(200)
        return frozenset(known for known in (await tx.session.execute(newest)).scalars() if known)

    async def record(self, tx: Tx, attempt_id: int, receipt: Receipt, claim: Claim, version: int) -> Outcome:
        """Write down how a try ended, for all that was told in it, and do what follows. `version` is the page's when the try began."""
        members = await self.together(tx, attempt_id)
        _, first = members[0]
        attempts.labels(first.method, type(receipt).__name__).inc()
        outcome: Outcome = Done()
        for page, attempt in members:
            match receipt:
                case Accepted(provider_id, is_second):
                    attempt.possible_duplicate = attempt.possible_duplicate or is_second
                    attempt.reason = receipt.remark or attempt.reason
                    await self.accepted(tx, page, attempt, provider_id)
                    if attempt.method == "slack" and (page.version != version or attempt.bundle):  # what was just posted may be out of date
                        await self._paging.refresh_messages(tx, page)
                case Refused(why):
                    if isinstance(receipt, Stopped):
                        await self._contacts.stop(tx, attempt.person)
                    await self.failed(tx, page, attempt, why)
                case TryLater(why, after, maybe_sent=maybe_sent):
                    later = await self._again(tx, page, attempt, claim, TryLater(why, after, maybe_sent))
                    if attempt is first:
                        outcome = later
                    elif attempt.state in UNSENT:
                        await order_delivery(tx, attempt, tx.now + (later.after or LONGEST_PAUSE))
        return outcome

    async def accepted(self, tx: Tx, page: Page, attempt: PageAttempt, provider_id: str) -> None:
        """The provider took it. Said once, whether its answer or its call-back comes first."""
        attempt.provider_id = attempt.provider_id or provider_id
        attempt.state = after_receipt(attempt.state, AttemptState.ACCEPTED)
        if attempt.accepted_at is not None or attempt.state not in REACHED:
            return
        attempt.accepted_at = tx.now
        await tx.session.flush()
        if attempt.method == sink.METHOD:
            await tx.announce(SinkReached(number(page)))
            return
        if is_place(attempt.person):
            await tx.announce(PagePosted(number(page), page.incident_id, attempt.person))
            return
        await tx.announce(PersonPaged(number(page), page.incident_id, attempt.person, attempt.method, attempt.why))
        is_urgent = page.state == PageState.OPEN and page.severity <= URGENT
        if is_urgent and gives_receipts(attempt) and attempt.state == AttemptState.ACCEPTED:
            expected = ExpectReceipt(number(attempt))
            due = tx.now + RECEIPT_WITHIN
            await queue.schedule(tx, expected, key=f"attempt:{attempt.id}:receipt", about=f"page:{page.id}", due=due)
        if page.state not in STILL_WANTED and attempt.method == "sms" and attempt.person != page.acknowledged_by:
            await self._paging.tell_not_needed(tx, page, attempt.person)  # answered while it was on its way

    async def delivered(self, tx: Tx, page: Page, attempt: PageAttempt, provider_id: str) -> None:
        """It is on the phone."""
        await self.accepted(tx, page, attempt, provider_id)
        attempt.state = after_receipt(attempt.state, AttemptState.DELIVERED)
        attempt.delivered_at = attempt.delivered_at or tx.now

    async def failed(self, tx: Tx, page: Page, attempt: PageAttempt, why: str) -> None:
        """This method cannot reach the person: their next one goes out at once, or the next person's when there is none."""
        if after_receipt(attempt.state, AttemptState.FAILED) != AttemptState.FAILED:
            return
        attempt.state, attempt.reason, attempt.ended_at = AttemptState.FAILED, why, tx.now
        await tx.session.flush()
        await tx.announce(AttemptFailed(number(page), page.incident_id, attempt.person, attempt.method, why))
        if page.state != PageState.OPEN or attempt.loop != page.loop:
            return
        if not await self._bring_forward(tx, attempt) and await self._is_step_lost(tx, page, attempt):
            await self._climbing.climb_now(tx, page, None)
            await self._paging.refresh_messages(tx, page)

    async def no_receipt(self, tx: Tx, attempt_id: int) -> None:
        """A minute has passed since the provider took it. Has nobody seen it arrive, the person's next method does not wait any longer."""
        page, attempt = await self.held(tx, attempt_id)
        if attempt.state == AttemptState.ACCEPTED:
            attempt.reason = NO_RECEIPT
            await self._next_method(tx, page, attempt)

    async def unanswered(self, tx: Tx, page: Page, attempt: PageAttempt) -> None:
        """The call ended and no key was pressed: a voicemail, or somebody half asleep. The person's next method goes out now."""
        if attempt.state == AttemptState.DELIVERED:
            attempt.reason = NO_KEY
            await self._next_method(tx, page, attempt)

    async def _next_method(self, tx: Tx, page: Page, attempt: PageAttempt) -> None:
        await tx.session.flush()
        if page.state == PageState.OPEN and attempt.loop == page.loop:
            await self._bring_forward(tx, attempt)

    async def told_by(self, tx: Tx, page: Page, method: str) -> list[tuple[PageAttempt, list[tuple[Page, PageAttempt]]]]:
        """The page's attempts by a method that a provider took, each with what was told in the same message. Only to be looked at."""
        sent = select(PageAttempt).where(
            col(PageAttempt.page_id) == page.id, col(PageAttempt.method) == method, col(PageAttempt.provider_id).is_not(None)
        )
        found = []
        for attempt in list((await tx.session.execute(sent)).scalars()):
            company = []
            if attempt.bundle is not None:
                others = select(Page, PageAttempt).join(PageAttempt, col(PageAttempt.page_id) == col(Page.id))
                rows = await tx.session.execute(others.where(col(PageAttempt.bundle) == attempt.bundle, col(PageAttempt.id) != attempt.id))
                company = [(row[0], row[1]) for row in rows]
            found.append((attempt, company))
        return found

    async def sms_stopped(self, tx: Tx, person: str) -> None:
        """The person wants no SMS from now on: for what waits for their answer, their next method goes out now."""
        await self._contacts.stop(tx, person)
        texts = select(PageAttempt).join(Page, col(Page.id) == col(PageAttempt.page_id))
        waiting = texts.where(
            col(PageAttempt.person) == person,
            col(PageAttempt.method) == "sms",
            col(PageAttempt.loop) == col(Page.loop),
            col(Page.state).in_(STILL_WANTED),
        )
        for attempt in list((await tx.session.execute(waiting)).scalars()):
            await self._bring_forward(tx, attempt)

    async def held(self, tx: Tx, attempt_id: int) -> tuple[Page, PageAttempt]:
        """The attempt and its page, both held for this transaction. `NotFound` when there is none."""
        incident = (await tx.session.execute(_AROUND, {"attempt": attempt_id})).first()
        if incident is None:
            raise NotFound("There is no such attempt.")
        await hold_incident(tx, incident.incident_id)
        return await self._lock(tx, attempt_id)

    async def together(self, tx: Tx, attempt_id: int) -> list[tuple[Page, PageAttempt]]:
        """What is told in one message with this attempt, itself first, all held for this transaction. `NotFound` when there is none."""
        me = (await tx.session.execute(_AROUND, {"attempt": attempt_id})).first()
        if me is None:
            raise NotFound("There is no such attempt.")
        others: list[Held] = []
        if me.bundle is not None:
            others += (await tx.session.execute(_TOLD_WITH, {"attempt": attempt_id, "bundle_of": me.bundle})).all()
        return await self._hold(tx, [me, *others])

    async def _hold(self, tx: Tx, wanted: Sequence[Held]) -> list[tuple[Page, PageAttempt]]:
        for incident in sorted({one.incident_id for one in wanted}):
            await hold_incident(tx, incident)
        return [await self._lock(tx, one.id) for one in wanted]

    async def _lock(self, tx: Tx, attempt_id: int) -> tuple[Page, PageAttempt]:
        row = (await tx.session.execute(_BOTH, {"attempt": attempt_id}, execution_options={"populate_existing": True})).one()
        return row[0], row[1]

    async def whose(self, tx: Tx, attempt_id: int) -> tuple[ActorId, int]:
        """Whom an attempt is to reach, and for which page. `NotFound` when there is none."""
        wanted = select(col(PageAttempt.person), col(PageAttempt.page_id)).where(col(PageAttempt.id) == attempt_id)
        found = (await tx.session.execute(wanted)).first()
        if found is None:
            raise NotFound("There is no such attempt.")
        return ActorId(found.person), found.page_id

    async def _again(self, tx: Tx, page: Page, attempt: PageAttempt, claim: Claim, later: TryLater) -> orders.TryLater:
        if attempt.state == AttemptState.CALLING and not later.maybe_sent:
            attempt.state, attempt.bundle = AttemptState.CLAIMED, None
        attempt.reason = later.why
        await tx.session.flush()
        is_urgent = page.severity <= URGENT and page.state == PageState.OPEN
        if is_urgent and (attempt.method in BY_PHONE or claim.attempt > 1) and not await self._is_reached_by_phone(tx, attempt):
            await self._bring_forward(tx, attempt)
        pause = min(later.after or back_off(claim.attempt), LONGEST_PAUSE)
        return TryLater(later.why, pause)

    async def _bring_forward(self, tx: Tx, attempt: PageAttempt) -> bool:
        """Let the person's next planned method go out now. False when nothing is left to try or under way for them."""
        siblings = select(PageAttempt).where(*_same_person(attempt)).order_by(col(PageAttempt.due_at), col(PageAttempt.id))
        others = list((await tx.session.execute(siblings)).scalars())
        planned = next((other for other in others if other.state == AttemptState.PLANNED), None)
        if planned is not None and planned.due_at > tx.now:
            planned.due_at = tx.now
            await order_delivery(tx, planned, tx.now)
        return any(other.state not in (AttemptState.FAILED, AttemptState.SUPPRESSED) for other in others)

    async def _is_reached_by_phone(self, tx: Tx, attempt: PageAttempt) -> bool:
        reached = select(col(PageAttempt.id)).where(
            *_same_person(attempt), col(PageAttempt.method).in_(BY_PHONE), col(PageAttempt.state).in_(REACHED)
        )
        return (await tx.session.execute(reached)).first() is not None

    async def _is_step_lost(self, tx: Tx, page: Page, attempt: PageAttempt) -> bool:
        """Has every attempt of the newest step failed, or all those for people? Then waiting for its time helps nobody."""
        made = select(col(PageAttempt.person), col(PageAttempt.state)).where(
            col(PageAttempt.page_id) == page.id, col(PageAttempt.loop) == attempt.loop, col(PageAttempt.step) == attempt.step
        )
        everything = (await tx.session.execute(made)).all()
        counts = [row for row in everything if not is_place(row.person)] or everything
        return page.taken <= attempt.step + 1 and all(row.state == AttemptState.FAILED for row in counts)


def is_ready(page: Page, attempt: PageAttempt) -> bool:
    """Whether an attempt that is due may be told along with another."""
    return attempt.state in NOT_BEGUN and page.state in STILL_WANTED and attempt.loop == page.loop


def gives_receipts(attempt: PageAttempt) -> bool:
    """Whether this sender tells when it arrived."""
    return attempt.method in BY_PHONE and not (attempt.provider_id or "").startswith(WITHOUT_RECEIPTS)


def _same_person(attempt: PageAttempt) -> tuple[ColumnElement[bool], ...]:
    return (
        col(PageAttempt.page_id) == attempt.page_id,
        col(PageAttempt.loop) == attempt.loop,
        col(PageAttempt.step) == attempt.step,
        col(PageAttempt.person) == attempt.person,
        col(PageAttempt.id) != attempt.id,
    )
