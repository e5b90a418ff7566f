"""Publishing: what is published now is read, each place is brought to it outside of any transaction, and that is written down."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot import faultpoints, log
from bot.db import BOT, Database, Tx
from bot.directory.service import Directory
from bot.incidents import files
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.postmortems import paper
from bot.postmortems.models import PostmortemPicture
from bot.postmortems.paper import Paper
from bot.postmortems.pictures import Pictures
from bot.postmortems.service import PURPOSE, Postmortems
from bot.press.press import CannotPress
from bot.publishing.editions import Edition, emptied
from bot.publishing.messages import Publish
from bot.publishing.models import PublicationState
from bot.publishing.publisher import Copy, Published, Publisher
from bot.publishing.service import Publishing, is_to_be_emptied, may_have
from bot.work import queue
from bot.work.orders import Done, Outcome, Refused, TryLater
from bot.work.queue import Claim
from bot.work.worker import Worker

TOLD_AT = 4
"""After so many tries, a few minutes, people are told that it is still being tried."""
logger = log.get(__name__)


@dataclass(frozen=True)
class Task:
    """What one place is to be brought to."""

    incident: Incident
    edition: Edition
    picture: PostmortemPicture | None
    copy: Copy
    shared: Mapping[str, bytes]
    """The pictures that people posted in its channel, by their addresses."""


class PublishingWork:
    """The handler of this room's due work."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        incidents: Incidents,
        postmortems: Postmortems,
        pictures: Pictures,
        paper: Paper,
        publishing: Publishing,
        url: str,
    ) -> None:
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._postmortems = postmortems
        self._pictures = pictures
        self._paper = paper
        self._publishing = publishing
        self._url = url

    def register(self, worker: Worker) -> None:
        """Tell the worker what is done here."""
        worker.handles(Publish, self.publish)

    async def publish(self, order: Publish, claim: Claim) -> Outcome:
        """Bring one place to what is published now."""
        publisher = self._publishing.publishers.get(order.publisher)
        if publisher is None or not publisher.is_on():
            return Done()
        async with self._db.read() as tx:
            task = await self._task(tx, order, publisher)
        if task is None or not (may_have(publisher, task.incident) or task.edition.is_emptied):
            return Done()

        async def note(outside_id: str, *, is_hand_edited: bool = False) -> bool:
            async with self._db.begin(actor=BOT) as tx:
                await self._publishing.note(tx, order.incident_id, order.publisher, outside_id, is_hand_edited)
                return await queue.holds(tx, claim)

        edition, remark = await self._with_files(task, publisher.formats())
        done = await publisher.publish(edition, task.copy, note)
        faultpoints.reached("publish: out, not noted")
        async with self._db.begin(actor=BOT) as tx:
            match done:
                case Published() if edition.is_emptied:
                    await self._publishing.forget(tx, order.incident_id, order.publisher, done)
                case Published():
                    about = order.incident_id, order.publisher, edition.version, edition.is_withdrawn
                    await self._publishing.keep(tx, *about, done, remark)
                    logger.info("postmortem published", incident=order.incident_id, publisher=order.publisher, version=edition.version)
                case Refused():
                    await self._publishing.give_up(tx, order.incident_id, order.publisher, done.why, edition.is_emptied)
                case TryLater() if claim.attempt == TOLD_AT:
                    await self._publishing.tell_of_delay(tx, order.incident_id, order.publisher, done.why)
        return done if isinstance(done, TryLater) else Done()

    async def _task(self, tx: Tx, order: Publish, publisher: Publisher) -> Task | None:
        """What is published now, or the last that was, as withdrawn; None when neither ever was."""
        incident = await self._incidents.get(tx, order.incident_id)
        known = await self._postmortems.find(tx, order.incident_id)
        row = await self._publishing.find(tx, order.incident_id, order.publisher)
        if known is None:
            return None
        number, is_private = known.published_version, is_to_be_emptied(publisher, incident, row)
        if number is None and not is_private and (row is None or not row.version or row.state is PublicationState.WITHDRAWN):
            return None
        version = await self._postmortems.version(tx, order.incident_id, number or (row.version if row else 0))
        service = self._directory.service(incident.service) if incident.service else None
        edition = Edition(
            number=incident.number,
            title=incident.title,
            version=version.number,
            severity=incident.severity,
            service=service.name if service else incident.service or "",
            declared_at=incident.declared_at,
            ended_at=incident.ended_at,
            published_at=known.moved_at or version.at,
            markdown=version.markdown,
            url=f"{self._url.rstrip('/')}/{PURPOSE}/{incident.number}",
            channel=incident.channel_id,
            is_withdrawn=number is None,
        )
        copy = Copy(row.outside_id, row.text, row.is_hand_edited) if row else Copy()
        if is_private:
            edition = emptied(edition)
        pictures = [one for one in await files.shown(tx, incident.number) if one.kind in files.PICTURES]
        shared = {files.address(one): one.content for one in pictures if one.content is not None}
        return Task(incident, edition, await self._pictures.find(tx, incident.number), copy, shared)

    async def _with_files(self, task: Task, formats: tuple[str, ...]) -> tuple[Edition, str]:
        """The edition with what else goes out, and a remark where something of that cannot be made. What is withdrawn is text alone."""
        edition, made, remark = task.edition, dict[str, bytes](), ""
        if edition.is_withdrawn or edition.is_emptied:
            return edition, remark
        about = task.incident, f"Version {edition.version}", edition.markdown, task.picture, edition.url
        if "html" in formats:
            made[".html"] = paper.whole(*about, task.shared).encode()
        if "pdf" in formats:
            try:
                made[".pdf"] = await self._paper.pdf(*about, task.shared)
            except CannotPress as cannot:
                remark = f" Without its PDF: {cannot}"
        return Edition(**{**vars(edition), "files": made}), remark
