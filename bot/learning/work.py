"""What learning does later: keeping the archive, and posting each quarter's report."""

from datetime import datetime

from bot import log
from bot.config.models import Team
from bot.db import BOT, Database, Tx
from bot.directory.service import Directory
from bot.incidents.service import Incidents
from bot.learning import archive, blocks
from bot.learning.addresses import PDF, Addresses
from bot.learning.due import is_due
from bot.learning.gathering import Reports
from bot.learning.messages import IndexIncident, PostReport
from bot.learning.service import Learning
from bot.slack.channels import Posting
from bot.slack.gateway import Failed, ending
from bot.slack.text import escape
from bot.work import queue
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim
from bot.work.worker import Worker

EACH_HOUR = "53 * * * *"
logger = log.get(__name__)


class LearningWork:
    """The handlers of this room's due work."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        incidents: Incidents,
        learning: Learning,
        reports: Reports,
        addresses: Addresses,
        posting: Posting,
    ) -> None:
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._learning = learning
        self._reports = reports
        self._addresses = addresses
        self._posting = posting

    def register(self, worker: Worker) -> None:
        """Tell the worker what is done here."""
        worker.handles(IndexIncident, self.index)
        worker.handles(PostReport, self.post)

    async def index(self, order: IndexIncident, claim: Claim) -> None:
        """Keep an incident's words."""
        async with self._db.begin(actor=BOT) as tx:
            await archive.index(tx, order.incident_id)

    async def each_hour(self, tx: Tx, at: datetime) -> None:
        """See whether the archive is behind, and whether a quarter's report is to be posted."""
        await self._learning.catch_up(tx)
        wanted, this = self._directory.config.learning, self._reports.quarter("", tx.now)
        if not is_due(tx.now, this.start, self._reports.zone, wanted.report_hour):
            return
        over = self._reports.before(this).key
        teams = [one.id for one in self._directory.config.teams.values() if one.channel] if wanted.team_reports else []
        for team in [*([""] if wanted.report_channel else []), *teams]:
            await queue.schedule(tx, PostReport(quarter=over, team=team), key=f"report:{over}:{team}")

    async def post(self, order: PostReport, claim: Claim) -> Outcome:
        """Post a report, once. A team without a channel by now has none; a channel that cannot be posted to is told of where it helps."""
        team = self._directory.team(order.team) if order.team else None
        channel = self._channel(order, team)
        if channel is None:
            return Done()
        async with self._db.read() as tx:
            gathered = await self._reports.gather(tx, self._reports.quarter(order.quarter, tx.now), team)
        found = gathered.drawn()
        page, pdf = (self._addresses.report(found.quarter, found.team, suffix) for suffix in ("", PDF))
        text, body = blocks.report(found, page, pdf)
        posted = await self._posting.once(channel, text, body, claim)
        if isinstance(posted, Failed) and not posted.slack_is_gone:
            why = f"*The report of {found.quarter.name} could not be posted in {escape(channel)}:* {escape(posted.why)} It is here: {page}"
            async with self._db.begin(actor=BOT) as tx:
                await self._incidents.tell_ops(tx, why, key=claim.key)
            return Done()
        logger.info("report posted", quarter=found.quarter.key, team=order.team)
        return ending(posted)

    def _channel(self, order: PostReport, team: Team | None) -> str | None:
        if not order.team:
            return self._directory.config.learning.report_channel
        return team.channel if team else None
