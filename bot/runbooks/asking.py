"""Telling people that a run waits for their approval: a direct message each, kept true, and a page when nobody reads them."""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlmodel import col

from bot.db import BOT, ActorId, Database, Tx
from bot.directory.service import Directory
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.runbooks import blocks
from bot.runbooks.approvers import Approvers
from bot.runbooks.messages import AskApprover, PageApprovers
from bot.runbooks.models import ApprovalAsked
from bot.runbooks.page_links import LINKS_LAST
from bot.runbooks.records import LOG_PAGE
from bot.runbooks.service import Runs
from bot.runbooks.showing import DELETED, RunCards
from bot.runbooks.states import RunState
from bot.slack.gateway import Failed, Ok, SlackGateway, ending
from bot.slack.marks import mark, posted_before
from bot.web.signing import Links
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim
from bot.work.worker import Worker


@dataclass(frozen=True)
class Told:
    """What one person is told, and where that stands already."""

    user: str | None
    message: str | None
    is_wanted: bool
    ask: blocks.Ask


class Asking:
    """The handlers that ask for approvals."""

    def __init__(
        self,
        database: Database,
        gateway: SlackGateway,
        directory: Directory,
        incidents: Incidents,
        runs: Runs,
        approvers: Approvers,
        cards: RunCards,
        links: Links,
    ) -> None:
        self._db = database
        self._slack = gateway
        self._directory = directory
        self._incidents = incidents
        self._runs = runs
        self._approvers = approvers
        self._cards = cards
        self._links = links

    def register(self, worker: Worker) -> None:
        """Let the worker do these orders."""
        worker.handles(AskApprover, self.ask)
        worker.handles(PageApprovers, self.page)

    async def ask(self, order: AskApprover, claim: Claim) -> Outcome:
        """Post the message, or edit it. Whom Slack does not know is reached by the page."""
        async with self._db.read() as tx:
            told = await self._told(tx, order)
        if told.user is None:
            return Done()
        text, body = blocks.ask_text(told.ask), blocks.ask_blocks(told.ask)
        if told.message is not None:
            channel, _, ts = told.message.partition("/")
            answer = await self._slack.call("chat.update", channel=channel, ts=ts, text=text, blocks=body)
            return Done() if isinstance(answer, Failed) and answer.code == DELETED else ending(answer)
        if not told.is_wanted:
            return Done()
        if claim.attempt > 1 and isinstance(opened := await self._slack.call("conversations.open", users=told.user), Ok):
            channel = opened.text("channel", "id")
            earlier = await posted_before(self._slack, channel, claim.key)
            if earlier is not None:
                return await self._posted(order, channel, earlier) if isinstance(earlier, str) else earlier
        answer = await self._slack.call("chat.postMessage", channel=told.user, text=text, blocks=body, metadata=mark(claim.key))
        return await self._posted(order, answer.text("channel"), answer.text("ts")) if isinstance(answer, Ok) else ending(answer)

    async def page(self, order: PageApprovers, claim: Claim) -> Outcome:
        """Nobody has approved it in time: page those who could."""
        async with self._db.begin(actor=BOT) as tx:
            run = await self._runs.held(tx, order.run_id)
            await self._approvers.page(tx, run, await self._runs.approvers(tx, run))
        return Done()

    async def _posted(self, order: AskApprover, channel: str, ts: str) -> Outcome:
        async with self._db.begin(actor=BOT) as tx:
            run = await self._runs.held(tx, order.run_id)
            row = await self._row(tx, order)
            row.message = f"{channel}/{ts}"
            if run.state != RunState.WAITING:  # it was decided while this was on its way
                await self._approvers.decided(tx, run)
        return Done()

    async def _told(self, tx: Tx, order: AskApprover) -> Told:
        run = await self._runs.get(tx, order.run_id)
        incident = await self._incidents.get(tx, run.incident_id)
        row = await self._row(tx, order)
        has_approved = order.person in await self._runs.approvers(tx, run)
        shown = replace(await self._cards.shown(tx, run, incident.severity), may_go_alone=False)
        page = self._links.link(LOG_PAGE, str(run.number), person=ActorId(order.person), lasts=LINKS_LAST)
        ask = blocks.Ask(shown, incident_line(incident), row.why, page, has_approved)
        return Told(await self._directory.slack_user_of(tx, order.person), row.message, ask.is_open, ask)

    async def _row(self, tx: Tx, order: AskApprover) -> ApprovalAsked:
        mine = select(ApprovalAsked).where(col(ApprovalAsked.run_id) == order.run_id, col(ApprovalAsked.person) == order.person)
        return (await tx.session.execute(mine)).scalars().one()


def incident_line(incident: Incident) -> str:
    """Which incident it is about, in mrkdwn."""
    return f"SEV{incident.severity} #{incident.number} {incident.title}"
