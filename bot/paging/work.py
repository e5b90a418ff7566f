"""What paging does later or outside: steps at their time, deliveries, stand-downs, and edits of what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bot import faultpoints, log
from bot.db import BOT, Database
from bot.paging.channels.email import EmailChannel
from bot.paging.channels.slack import SlackChannel
from bot.paging.channels.sms import SmsChannel
from bot.paging.deliveries import Deliveries, Delivery
from bot.paging.holding import Holding
from bot.paging.messages import (
    DeliverPage,
    ExpectReceipt,
    HoldEnds,
    MailPerson,
    RefreshPageMessages,
    ReplyByMail,
    StandDownPerson,
    TakeStep,
)
from bot.paging.models import number
from bot.paging.notice import Accepted, Notice, PageChannel, Receipt, TryLater
from bot.paging.notices import Notices
from bot.paging.service import Paging
from bot.paging.states import PageState
from bot.web.pages import render
from bot.work.orders import Done, Outcome, Refused
from bot.work.queue import Claim
from bot.work.worker import Worker

TELL_WITHIN = timedelta(hours=1)
"""A stand-down that comes later than this wakes people for nothing."""
logger = log.get(__name__)


@dataclass(frozen=True)
class NotSent:
    """Nothing was sent: the page was answered, or the lease ran out, while we asked the provider."""

    outcome: Outcome


class PagingWork:
    """Paging's handlers. `channels` by method; without SMS there is nobody to stand down by text."""

    def __init__(
        self,
        database: Database,
        paging: Paging,
        deliveries: Deliveries,
        holding: Holding,
        notices: Notices,
        channels: Mapping[str, PageChannel],
    ) -> None:
        self._db = database
        self._paging = paging
        self._deliveries = deliveries
        self._holding = holding
        self._notices = notices
        self._channels = channels

    def register(self, worker: Worker) -> None:
        """Let the worker do paging's orders."""
        worker.handles(TakeStep, self.take_step)
        worker.handles(HoldEnds, self.hold_ends)
        worker.handles(DeliverPage, self.deliver)
        worker.handles(ExpectReceipt, self.expect_receipt)
        worker.handles(StandDownPerson, self.stand_down_person)
        worker.handles(MailPerson, self.mail_person)
        worker.handles(ReplyByMail, self.reply_by_mail)
        worker.handles(RefreshPageMessages, self.refresh_messages)

    async def take_step(self, order: TakeStep, claim: Claim) -> Outcome:
        """The time of a step has come."""
        async with self._db.begin(actor=BOT) as tx:
            await self._paging.take_step(tx, order.page_id, order.version)
        return Done()

    async def hold_ends(self, order: HoldEnds, claim: Claim) -> Outcome:
        """Somebody's time with the page is over, unless there was a sign of life."""
        async with self._db.begin(actor=BOT) as tx:
            await self._holding.hold_ends(tx, order.page_id, order.since)
        return Done()

    async def deliver(self, order: DeliverPage, claim: Claim) -> Outcome:
        """Look again, mark as being called, call, write down. On a repeat, first ask whether the earlier try got through."""
        async with self._db.begin(actor=BOT) as tx:
            delivery = await self._deliveries.begin(tx, order.attempt_id, claim)
            if not isinstance(delivery, Delivery):
                return delivery
            notice = await self._notices.write_all(tx, delivery.page, delivery.attempt, delivery.company)
            notice = replace(notice, held_back=delivery.held_back) if notice else None
            known = await self._deliveries.known_ids(tx, delivery.attempt) if delivery.may_have_been_sent else frozenset[str]()
        faultpoints.reached(f"page {delivery.attempt.method}: marked as being called")
        receipt = await self._receipt(delivery, notice, known, claim)
        if isinstance(receipt, NotSent):
            return receipt.outcome
        faultpoints.reached(f"page {delivery.attempt.method}: accepted, not recorded")
        async with self._db.begin(actor=BOT) as tx:
            outcome = await self._deliveries.record(tx, order.attempt_id, receipt, claim, delivery.page.version)
        faultpoints.reached(f"page {delivery.attempt.method}: recorded")
        logger.info(
            "page tried",
            incident=delivery.page.incident_id,
            page=delivery.page.id,
            attempt=order.attempt_id,
            channel=delivery.attempt.method,
            together=len(delivery.company) + 1,
            outcome=type(receipt).__name__,
        )
        return outcome

    async def expect_receipt(self, order: ExpectReceipt, claim: Claim) -> Outcome:
        """A minute after a provider took it."""
        async with self._db.begin(actor=BOT) as tx:
            await self._deliveries.no_receipt(tx, order.attempt_id)
        return Done()

    async def stand_down_person(self, order: StandDownPerson, claim: Claim) -> Outcome:
        """One text: they are no longer needed."""
        sms = self._channels.get("sms")
        async with self._db.read() as tx:
            page = await self._paging.page(tx, order.page_id, hold=False)
            to = await self._paging.directory.address(tx, order.person, "sms")
            is_stale = page.state == PageState.OPEN or tx.now - claim.ordered_at > TELL_WITHIN
        if not isinstance(sms, SmsChannel) or to is None or is_stale:
            return Done()
        handled_by = self._paging.directory.name(page.acknowledged_by) if page.acknowledged_by else None
        about = page.about.replace(":", " ")
        text = render("paging/stand_down.txt", incident=page.incident_id, drill=page.drill, about=about, handled_by=handled_by).strip()
        earlier = await sms.told(to, text) if claim.attempt > 1 else None
        receipt = earlier or await sms.tell(to, text)
        if isinstance(receipt, Refused):
            logger.warning("stand-down not sent", incident=page.incident_id, page=page.id, why=receipt.why)  # they hear it in Slack
        return receipt if isinstance(receipt, TryLater) else Done()

    async def mail_person(self, order: MailPerson, claim: Claim) -> Outcome:
        """One mail, to whom Slack does not know."""
        email = self._channels.get("email")
        async with self._db.read() as tx:
            to = await self._paging.directory.address(tx, order.person, "email")
        if not isinstance(email, EmailChannel) or to is None:
            return Done()
        receipt = await email.tell(to, order.subject, order.text, claim.key)
        return receipt if isinstance(receipt, TryLater) else Done()

    async def reply_by_mail(self, order: ReplyByMail, claim: Claim) -> Outcome:
        """One mail: what became of an answer. A repeat carries the same Message-ID, by which most mailboxes drop the second."""
        email = self._channels.get("email")
        async with self._db.begin(actor=BOT) as tx:
            page, attempt = await self._deliveries.held(tx, order.attempt_id)
            notice = await self._notices.write(tx, page, attempt)
        if not isinstance(email, EmailChannel) or notice is None:
            return Done()
        receipt = await email.reply(notice, order.text, order.in_reply_to, claim.key)
        return receipt if isinstance(receipt, TryLater) else Done()

    async def refresh_messages(self, order: RefreshPageMessages, claim: Claim) -> Outcome:
        """Edit every direct message of the page to what is true now."""
        slack = self._channels.get("slack")
        if not isinstance(slack, SlackChannel):
            return Done()
        shown: dict[str, Notice] = {}
        async with self._db.read() as tx:
            page = await self._paging.page(tx, order.page_id, hold=False)
            for attempt, company in await self._deliveries.told_by(tx, page, "slack"):
                notice = await self._notices.write_all(tx, page, attempt, company)
                if notice is not None and attempt.provider_id is not None:
                    shown[attempt.provider_id] = notice
        for provider_id, notice in shown.items():
            later = await slack.refresh(notice, provider_id)
            if later is not None:
                return later
        return Done()

    async def _receipt(self, delivery: Delivery, notice: Notice | None, known: frozenset[str], claim: Claim) -> Receipt | NotSent:
        """How this try ended, or that nothing was tried."""
        channel = self._channels.get(delivery.attempt.method)
        if channel is None or notice is None:
            return Refused("this way of reaching the person is not set up any more")
        if delivery.may_have_been_sent:
            earlier = await channel.earlier(notice, known)
            if isinstance(earlier, Accepted):
                return earlier
            if isinstance(earlier, TryLater):
                return replace(earlier, maybe_sent=True)
            async with self._db.begin(actor=BOT) as tx:
                if (ends := await self._deliveries.label_as_duplicate(tx, number(delivery.attempt), claim)) is not None:
                    return NotSent(ends)
            notice = replace(notice, possible_duplicate=True)
        return await channel.send(notice)
