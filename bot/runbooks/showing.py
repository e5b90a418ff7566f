"""The card of a run: posted in the incident's channel, edited in place, and missed by people when it cannot be."""

from datetime import timedelta

from bot import faultpoints
from bot.db import BOT, Database, Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.incidents import timeline
from bot.incidents.lifecycle import is_open
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.runbooks import approval, blocks, output
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.messages import ShowRun
from bot.runbooks.models import Run
from bot.runbooks.records import LOG_PAGE
from bot.runbooks.service import Runs
from bot.runbooks.states import IS_OVER, RunState
from bot.runbooks.verification import is_worse_so_far
from bot.runbooks.verification import read as read_watch
from bot.slack.gateway import Failed, Ok, SlackGateway
from bot.slack.marks import mark, posted_before
from bot.slack.text import escape, link
from bot.web.signing import Links
from bot.work import queue
from bot.work.orders import Done, Outcome, TryLater
from bot.work.queue import Claim
from bot.work.worker import Worker

DELETED = "message_not_found"
"""What Slack says of a message that somebody has deleted."""


class RunCards:
    """Keeps each run's card true."""

    def __init__(
        self,
        database: Database,
        gateway: SlackGateway,
        directory: Directory,
        incidents: Incidents,
        catalogue: Catalogue,
        runs: Runs,
        links: Links,
    ) -> None:
        self._db = database
        self._slack = gateway
        self._directory = directory
        self._incidents = incidents
        self._catalogue = catalogue
        self._runs = runs
        self._links = links

    def register(self, worker: Worker) -> None:
        """Let the worker do these orders."""
        worker.handles(ShowRun, self.show)

    async def show(self, order: ShowRun, claim: Claim) -> Outcome:
        """Post the card, or edit it. One that somebody deleted is posted anew."""
        async with self._db.read() as tx:
            run = await self._runs.get(tx, order.run_id)
            incident = await self._incidents.get(tx, run.incident_id)
            shown = await self.shown(tx, run, incident.severity)
        if incident.channel_id is None:
            return TryLater("the incident has no channel yet", timedelta(seconds=5)) if is_open(incident.state) else Done()
        if run.message_ts is not None:
            text, card = blocks.headline(shown), blocks.card(shown)
            answer = await self._slack.call("chat.update", channel=incident.channel_id, ts=run.message_ts, text=text, blocks=card)
            if not isinstance(answer, Failed) or answer.code != DELETED:
                return await self._ending(run, incident, answer)
        if claim.attempt > 1:
            earlier = await posted_before(self._slack, incident.channel_id, claim.key)
            if isinstance(earlier, str):
                return await self._posted(run, earlier)
            if earlier is not None:
                return earlier
        return await self._post(run, incident, shown, claim)

    async def _post(self, run: Run, incident: Incident, shown: blocks.Shown, claim: Claim) -> Outcome:
        answer = await self._slack.call(
            "chat.postMessage",
            channel=incident.channel_id,
            text=blocks.headline(shown),
            blocks=blocks.card(shown),
            metadata=mark(claim.key),
            unfurl_links=False,
            unfurl_media=False,
        )
        faultpoints.reached("run: card posted, not stored")
        return await self._posted(run, answer.text("ts")) if isinstance(answer, Ok) else await self._ending(run, incident, answer)

    async def _posted(self, run: Run, ts: str) -> Outcome:
        async with self._db.begin(actor=BOT) as tx:
            held = await self._runs.held(tx, run.number)
            if held.message_ts == run.message_ts:
                held.message_ts = ts
            await self._runs.show(tx, held)  # it may have gone on meanwhile
        return Done()

    async def _ending(self, run: Run, incident: Incident, answer: Ok | Failed | TryLater) -> Outcome:
        """How a try ends. Where Slack does not take the card, whoever asked is told where to look instead, and so are the bot's keepers."""
        if not isinstance(answer, Failed):
            return answer if isinstance(answer, TryLater) else Done()
        if answer.slack_is_gone:
            return answer.outcome()
        key, about = f"run:{run.number}:no-card", f"incident:{incident.number}"
        what = f"*The card of run {run.number} ({escape(run.title)}) cannot be shown in #{incident.number}'s channel:* {escape(answer.why)}"
        page = self._links.link(LOG_PAGE, str(run.number), person=None, lasts=output.REMEMBERED)
        told = f"{what} The run itself goes on: {link(page, 'how it stands')}."
        async with self._db.begin(actor=BOT) as tx:
            await timeline.record(tx, incident.number, "trouble", f"the card of run {run.number} cannot be shown: {answer.why}", key=key)
            await queue.schedule(tx, TellPerson(actor=run.requested_by, text=told), key=f"{key}:{run.requested_by}", about=about)
            await self._incidents.tell_of(tx, incident, told, key)
        return Done()

    async def shown(self, tx: Tx, run: Run, severity: int) -> blocks.Shown:
        """Everything that the card says at this moment."""
        runbook = self._catalogue.runbooks.get(run.runbook)
        back = self._catalogue.reverse(run.runbook)
        verify = runbook.verify if runbook is not None else None
        is_done = run.state in IS_OVER and run.started_at is not None
        is_worse = verify is not None and run.state == RunState.VERIFYING and is_worse_so_far(read_watch(run.watch), verify.times)
        approvers = [await self._directory.mention(tx, person) for person in await self._runs.approvers(tx, run)]
        return blocks.Shown(
            run=run,
            requester=await self._directory.mention(tx, run.requested_by),
            approvers=approvers,
            log=self._links.link(LOG_PAGE, str(run.number), person=None, lasts=output.REMEMBERED),
            now=tx.now,
            may_go_alone=approval.may_go_alone(severity, tx.now - run.requested_at),
            reverse=back.title if back is not None and (is_done or is_worse) else "",
            verify=verify,
            has_dry_run=runbook is None or runbook.check_mode,
        )
