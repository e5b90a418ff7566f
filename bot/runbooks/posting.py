"""Posting what a run printed and left as files in the incident's channel, once, whatever becomes of a try."""

from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from bot import faultpoints
from bot.db import BOT, Database
from bot.incidents.service import Incidents
from bot.runbooks import files, output
from bot.runbooks.messages import PostFiles
from bot.runbooks.models import Run, RunFile
from bot.runbooks.service import Runs
from bot.runbooks.states import RunState
from bot.slack import uploads
from bot.slack.gateway import Failed, Ok, SlackGateway
from bot.slack.gateway import TryLater as SlackAway
from bot.slack.text import escape
from bot.work import queue
from bot.work.orders import Done, Outcome, TryLater
from bot.work.queue import Claim
from bot.work.worker import Worker


class RunFiles:
    """Brings files to Slack, where nobody sees them yet, writes down which they are there, and shares them all in one message."""

    def __init__(self, database: Database, gateway: SlackGateway, incidents: Incidents, runs: Runs) -> None:
        self._db = database
        self._slack = gateway
        self._incidents = incidents
        self._runs = runs

    def register(self, worker: Worker) -> None:
        """Let the worker do these orders."""
        worker.handles(PostFiles, self.post)

    async def post(self, order: PostFiles, claim: Claim) -> Outcome:
        """Share the files of a run. When an earlier try may have, Slack is asked whether it did."""
        async with self._db.read() as tx:
            run = await self._runs.get(tx, order.run_id)
            incident = await self._incidents.get(tx, run.incident_id)
            found, printed = await files.kept(tx, run.number), await output.kept(tx, run.number)
        if run.state == RunState.RUNNING:
            return TryLater("how it ended is on its way from the worker", timedelta(seconds=1))
        contents = {file.name: printed.encode() if file.content is None else file.content for file in found}
        wanted = [file for file in found if contents[file.name]]
        if incident.channel_id is None or not wanted:
            return Done()
        if claim.attempt > 1 and wanted[0].slack_id is not None:
            earlier = await uploads.address(self._slack, wanted[0].slack_id)
            if earlier is not None:
                return await self._ended(run, earlier)
        ids = {}
        for file in wanted:
            brought = await uploads.bring(self._slack, file.name, contents[file.name])
            if not isinstance(brought, str):
                return await self._ended(run, brought)
            ids[file.name] = brought
        if not await self._written_down(claim, found, ids):
            return TryLater("somebody else is posting them", timedelta(seconds=5))
        faultpoints.reached("run: files brought, not shared")
        titles = {ids[file.name]: file.name for file in wanted}
        shared = await uploads.share(self._slack, incident.channel_id, titles, about(run, wanted))
        faultpoints.reached("run: files shared, not noted")
        if not isinstance(shared, Ok):
            return await self._ended(run, shared)
        address = await uploads.address(self._slack, ids[wanted[0].name])
        return await self._ended(run, address if isinstance(address, str) else "")

    async def _written_down(self, claim: Claim, found: list[RunFile], ids: dict[str, str]) -> bool:
        """Store what the files are called in Slack, if it is still ours to share them."""
        async with self._db.begin(actor=BOT) as tx:
            for file in found:
                await tx.changed(update(RunFile).where(col(RunFile.id) == file.id).values(slack_id=ids.get(file.name)))
            return await queue.holds(tx, claim)

    async def _ended(self, run: Run, answer: str | SlackAway | Failed) -> Outcome:
        """The card says where the files are, or why there are none; the page has them in any case."""
        if isinstance(answer, SlackAway):
            return answer
        if isinstance(answer, Failed) and answer.slack_is_gone:
            return answer.outcome()
        async with self._db.begin(actor=BOT) as tx:
            held = await self._runs.held(tx, run.number)
            held.files_link, held.files_trouble = (answer, "") if isinstance(answer, str) else ("", answer.why)
            await self._runs.show(tx, held)
        return Done()


def about(run: Run, wanted: list[RunFile]) -> str:
    """What the message with the files says."""
    left = [file for file in wanted if file.content is not None]
    text = f"*Output of run {run.number}* ({escape(run.title)}), {run.state.value}"
    text += f", and {len(left)} file{'s' if len(left) > 1 else ''} that it left" if left else ""
    cut = [f"{file.name} lacks its first {file.cut:,} bytes" for file in left if file.cut]
    return " ".join([f"{text}.", *(f"{sentence}." for sentence in cut), *([f"Left out: {escape(run.left_out)}."] if run.left_out else [])])
