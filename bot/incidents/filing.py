"""Keeping the files that people post in incidents' channels: fetched from Slack once each, within bounds, and served from here."""

from aiohttp import web

from bot import log
from bot.accounts.pages import ReaderPages, Visit
from bot.db import BOT, Database, Tx
from bot.directory.service import Directory
from bot.errors import NotAllowed, NotFound
from bot.incidents import files
from bot.incidents.messages import FetchFile, FilesChanged
from bot.incidents.models import ChannelFile, ChannelMessage
from bot.incidents.service import Incidents
from bot.slack.gateway import Failed, SlackGateway
from bot.slack.gateway import TryLater as SlackAway
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim
from bot.work.worker import Worker

MB = 1_000_000
SIGNED_OUT = "Slack did not hand it out; the app needs the scope files:read, and to be in the channel"
logger = log.get(__name__)


class FileWork:
    """Fetches files."""

    def __init__(self, database: Database, directory: Directory, gateway: SlackGateway) -> None:
        self._db = database
        self._directory = directory
        self._slack = gateway

    def register(self, worker: Worker) -> None:
        """Let the worker do these orders."""
        worker.handles(FetchFile, self.fetch)

    async def fetch(self, order: FetchFile, claim: Claim) -> Outcome:
        """Keep a file, unless it is gone already, is too large, or Slack does not hand it out; then the postmortem says so."""
        bounds = self._directory.config.files
        async with self._db.read() as tx:
            file = await wanted(tx, order.file_id)
            room = bounds.together_mb * MB - await files.together(tx, file.incident_id) if file else 0
        if file is None:
            return Done()
        most = bounds.largest_mb * MB
        if not bounds.keep:
            return await self._ended(file, "files are not kept here")
        if file.size > most:
            return await self._ended(file, f"larger than {bounds.largest_mb} MB")
        if file.size > room:
            return await self._ended(file, f"the incident's files are {bounds.together_mb} MB together already")
        found = await self._slack.get(file.source, most)
        match found:
            case SlackAway():
                return found
            case Failed() as failed:
                return failed.outcome() if failed.slack_is_gone else await self._ended(file, failed.why)
            case bytes() as content if files.is_page(content) and not file.name.lower().endswith((".html", ".htm")):
                return await self._ended(file, SIGNED_OUT)
            case content:
                return await self._ended(file, "", content)

    async def _ended(self, file: ChannelFile, trouble: str, content: bytes | None = None) -> Outcome:
        async with self._db.begin(actor=BOT) as tx:
            current = await wanted(tx, file.number)
            if current is not None:
                current.trouble, current.content = trouble, content
                current.kind = files.kind_of(content) if content is not None else ""
                await tx.announce(FilesChanged(current.incident_id))
        logger.info("file kept" if content is not None else "file not kept", incident=file.incident_id, file=file.number, why=trouble)
        return Done()


async def wanted(tx: Tx, file_id: int) -> ChannelFile | None:
    """The file, if it still is to be kept."""
    file = await tx.session.get(ChannelFile, file_id, populate_existing=True)
    if file is None or file.gone_at is not None or file.content is not None:
        return None
    message = await tx.session.get(ChannelMessage, (file.channel_id, file.ts), populate_existing=True)
    return None if message is not None and message.deleted_at is not None else file


class FilePages:
    """Serves what is kept: pictures to be looked at, everything else to be saved."""

    def __init__(self, database: Database, incidents: Incidents) -> None:
        self._db = database
        self._incidents = incidents

    def register(self, readers: ReaderPages) -> None:
        """Serve `/attachments/<incident>/<file>`."""
        readers.add(files.PURPOSE, "incident", "file", show=self.show)

    async def show(self, visit: Visit) -> web.StreamResponse:
        """The bytes, as what they are and nothing more."""
        incident_id, name = visit.ids
        number = name.partition("-")[0]
        async with self._db.read() as tx:
            known = await files.shown(tx, int(incident_id)) if is_number(incident_id) and is_number(number) else []
            file = next((one for one in known if one.number == int(number) and files.address(one).endswith(name)), None)
            if file is None or file.content is None:
                raise NotFound("There is no such file, or not any more: it was taken away in Slack, or is too old.")
            incident = await self._incidents.get(tx, file.incident_id)
            with tx.acting(visit.reader.actor):
                is_seen = not incident.is_private or visit.reader.holds_link or await self._incidents.is_insider(tx, incident)
            if not is_seen:
                raise NotAllowed("This incident is private, and you have no part in it.")
        is_picture = file.kind in files.PICTURES
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'{"inline" if is_picture else "attachment"}; filename="{files.safe_name(file.name)}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=file.content, content_type=file.kind, headers=headers)


def is_number(text: str) -> bool:
    """Whether it can be an id of ours."""
    return text.isascii() and text.isdecimal() and len(text) < 10
