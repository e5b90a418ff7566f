"""The life of an attempt: looked at again before it goes out, and what its receipts mean for the person and the page."""

from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import Counter
from sqlalchemy import ColumnElement, select
from sqlmodel import col

from bot.db import ActorId, Tx
from bot.errors import NotFound
from bot.paging import sink
from bot.paging.climbing import Climbing, order_delivery
from bot.paging.contacts import Contacts
from bot.paging.messages import AttemptFailed, ExpectReceipt, PersonPaged, SinkReached
from bot.paging.models import Page, PageAttempt, number
from bot.paging.notice import Accepted, Receipt, Stopped, TryLater
from bot.paging.service import Paging
from bot.paging.states import AttemptState, PageState, after_receipt
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
UNSENT = frozenset({AttemptState.PLANNED, AttemptState.CLAIMED, AttemptState.CALLING})
STILL_WANTED = frozenset({PageState.OPEN, PageState.EXHAUSTED})
LEASE_LOST = orders.TryLater("the lease ran out before it was sent")
"""Never `Done`: unless another process took it over, the item is still ours, and would be closed with nothing sent."""
REACHED = (AttemptState.ACCEPTED, AttemptState.DELIVERED, AttemptState.SEEN, AttemptState.ANSWERED)
BY_PHONE = ("sms", "voice")

attempts = Counter("tocsin_page_attempts_total", "Tries to reach a person by how they ended", ["method", "outcome"])


@dataclass(frozen=True)
class Delivery:
    """An attempt that is to be sent now. `may_have_been_sent`: an earlier try ended we do not know how."""

    page: Page
    attempt: PageAttempt
    may_have_been_sent: bool


class Deliveries:
    """Keeps the book of attempts."""

    def __init__(self, paging: Paging, climbing: Climbing) -> None:
        self._paging = paging
        self._climbing = climbing
        self._contacts = Contacts(paging.directory)

    async def begin(self, tx: Tx, attempt_id: int, claim: Claim) -> Delivery | Done | orders.TryLater:
        """Look again: is the page unanswered, this attempt wanted and its lease ours? Then mark it as being called.

        `Done`: it is not wanted. `TryLater`: it is, but the lease ran out meanwhile; another may be at it.
        """
        page, attempt = await self.held(tx, attempt_id)
        if attempt.state not in UNSENT:
            return Done()
        if page.state not in STILL_WANTED or attempt.loop != page.loop:
            attempt.state, attempt.ended_at = AttemptState.SUPPRESSED, tx.now
            return Done()
        if not await queue.holds(tx, claim):
            return LEASE_LOST
        may_have_been_sent = attempt.state == AttemptState.CALLING
        attempt.state = AttemptState.CALLING
        attempt.calling_at = attempt.calling_at or tx.now
        await tx.session.flush()
        return Delivery(page, attempt, may_have_been_sent)

    async def label_as_duplicate(self, tx: Tx, attempt_id: int, claim: Claim) -> Done | orders.TryLater | None:
        """The earlier try left no trace, so it is sent again and says so. `Done` when the page was answered meanwhile, `TryLater` when
        the lease ran out; otherwise None."""
        page, attempt = await self.held(tx, attempt_id)
        if attempt.state != AttemptState.CALLING or page.state not in STILL_WANTED:
            return Done()
        if not await queue.holds(tx, claim):
            return LEASE_LOST
        attempt.possible_duplicate = True
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
        """Write down how a try ended, and do what follows from it. `version` is the page's when the try began."""
        page, attempt = await self.held(tx, attempt_id)
        attempts.labels(attempt.method, type(receipt).__name__).inc()
        match receipt:
            case Accepted(provider_id, is_second):
                attempt.possible_duplicate = attempt.possible_duplicate or is_second
                attempt.reason = receipt.remark or attempt.reason
                await self.accepted(tx, page, attempt, provider_id)
                if attempt.method == "slack" and page.version != version:  # what was just posted is out of date
                    await self._paging.refresh_messages(tx, page)
                return Done()
            case Refused(why):
                if isinstance(receipt, Stopped):
                    await self._contacts.stop(tx, attempt.person)
                await self.failed(tx, page, attempt, why)
                return Done()
            case TryLater(why, after, maybe_sent=maybe_sent):
                return await self._again(tx, page, attempt, claim, TryLater(why, after, maybe_sent))

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
        _, page_id = await self.whose(tx, attempt_id)
        page = await self._paging.page(tx, page_id)  # the page first, always: two orders would be a deadlock
        wanted = select(PageAttempt).where(col(PageAttempt.id) == attempt_id).with_for_update()
        return page, (await tx.session.execute(wanted, execution_options={"populate_existing": True})).scalars().one()

    async def whose(self, tx: Tx, attempt_id: int) -> tuple[ActorId, int]:
        """Whom an attempt is to reach, and for which page. `NotFound` when there is none."""
        wanted = select(col(PageAttempt.person), col(PageAttempt.page_id)).where(col(PageAttempt.id) == attempt_id)
        found = (await tx.session.execute(wanted)).first()
        if found is None:
            raise NotFound("There is no such attempt.")
        return ActorId(found.person), found.page_id

    async def _again(self, tx: Tx, page: Page, attempt: PageAttempt, claim: Claim, later: TryLater) -> Outcome:
        if attempt.state == AttemptState.CALLING and not later.maybe_sent:
            attempt.state = AttemptState.CLAIMED
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
        """Has every attempt of the newest step failed? Then waiting for its time helps nobody."""
        hopeful = select(col(PageAttempt.id)).where(
            col(PageAttempt.page_id) == page.id,
            col(PageAttempt.loop) == attempt.loop,
            col(PageAttempt.step) == attempt.step,
            col(PageAttempt.state) != AttemptState.FAILED,
        )
        return page.taken <= attempt.step + 1 and (await tx.session.execute(hopeful)).first() is None


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
