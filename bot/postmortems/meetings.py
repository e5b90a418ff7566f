"""Meeting about a postmortem: called, moved and called off by whoever takes part, and put into calendars as a file and by a link."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aiohttp import web
from sqlalchemy import update
from sqlmodel import col

from bot import faultpoints
from bot.db import BOT, ActorId, Database, Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.incidents import roles
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.postmortems.meeting import Guest, Meeting, calendar_file, suggested
from bot.postmortems.messages import PostMeeting
from bot.postmortems.models import Postmortem, PostmortemMeeting
from bot.postmortems.review import Reviews
from bot.postmortems.service import LINK_LASTS, Postmortems
from bot.slack import uploads
from bot.slack.gateway import Failed, Ok, SlackGateway
from bot.slack.gateway import TryLater as SlackAway
from bot.slack.text import escape, link, when
from bot.web.forms import NEVER, SignedPages
from bot.web.signing import Grant, Links
from bot.work import queue
from bot.work.orders import Done, Outcome, TryLater
from bot.work.queue import Claim
from bot.work.worker import Worker

PURPOSE = "meetings"
USUAL = timedelta(minutes=60)
LONGEST = timedelta(hours=8)
SAYS_LENGTH = re.compile(r"\+|[–—]|\b(?:for|to|until|till)\b|\d-\d", re.IGNORECASE)
WAY_OUT = "Type /inc postmortem meeting in the incident's channel for a new link."


class Meetings:
    """The verbs of meetings, their files, and the page that hands them out."""

    def __init__(
        self, database: Database, directory: Directory, incidents: Incidents, postmortems: Postmortems, reviews: Reviews,
        links: Links, gateway: SlackGateway,
    ) -> None:  # fmt: skip
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._postmortems = postmortems
        self._reviews = reviews
        self._links = links
        self._slack = gateway

    def register(self, worker: Worker, signed: SignedPages) -> None:
        """Tell the worker what is done here, and serve `/meetings/<number>?k=…`."""
        worker.handles(PostMeeting, self.post)
        signed.add(PURPOSE, "number", show=self.show, way_out=WAY_OUT)

    async def find(self, tx: Tx, incident_id: int) -> PostmortemMeeting | None:
        """The meeting, if one was called."""
        return await tx.session.get(PostmortemMeeting, incident_id, populate_existing=True)

    async def suggest(self, tx: Tx, incident_id: int) -> datetime:
        """A time that suits those who would come, on the clock of who asks."""
        known = await self._postmortems.get(tx, incident_id)
        people = await self._people(tx, known)
        return suggested(tx.now, self._directory.zone_of(tx.actor), [self._directory.zone_of(person) for person in people])

    async def call(self, tx: Tx, incident_id: int, starts_at: datetime, length: timedelta = USUAL) -> PostmortemMeeting:
        """Meet then; a meeting that was called before is moved. Whoever takes part is told."""
        incident, known = await self._postmortems.held(tx, incident_id)
        if starts_at <= tx.now:
            raise InvalidInput("That is over already. Name a time to come: `/inc postmortem meeting tue 14:00`.")
        minutes = int(length.total_seconds() // 60)
        if not 0 < minutes <= LONGEST.total_seconds() // 60:
            raise InvalidInput(f"A meeting is at most {LONGEST.total_seconds() // 3600:.0f} hours long. Nothing was changed.")
        row = await self.find(tx, incident_id)
        if row is not None and row.cancelled_at is None and (row.starts_at, row.minutes) == (starts_at, minutes):
            at = self._directory.wall_time(tx.actor, row.called_at, tx.now)
            raise AlreadyDone(f"{self._directory.name(row.called_by)} called it for that time at {at}. Nothing to do.")
        is_moved = row is not None and row.cancelled_at is None
        if row is None:
            row = PostmortemMeeting(incident_id=incident_id, starts_at=starts_at, minutes=minutes, called_by=tx.actor, called_at=tx.now)
            tx.session.add(row)
        else:
            row.starts_at, row.minutes, row.called_by, row.called_at = starts_at, minutes, tx.actor, tx.now
            row.sequence, row.cancelled_at, row.slack_id = row.sequence + 1, None, None
        await tx.session.flush()
        verb = "moved the meeting" if is_moved else "calls a meeting"
        await self._announce(tx, incident, known, row, f"{verb} about the postmortem: {when(row.starts_at)}, {minutes} minutes")
        return row

    async def call_off(self, tx: Tx, incident_id: int) -> PostmortemMeeting:
        """Nobody meets after all; calendars take it out."""
        incident, known = await self._postmortems.held(tx, incident_id)
        row = await self.find(tx, incident_id)
        if row is None or row.cancelled_at is not None:
            raise AlreadyDone(f"No meeting about #{incident_id} is planned. Nothing to do.")
        row.cancelled_at, row.sequence, row.slack_id = tx.now, row.sequence + 1, None
        await tx.session.flush()
        await self._announce(tx, incident, known, row, f"called off the meeting about the postmortem ({when(row.starts_at)})")
        return row

    async def post(self, order: PostMeeting, claim: Claim) -> Outcome:
        """Put the file into the incident's channel, once. When an earlier try may have, Slack is asked whether it did."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            row = await self.find(tx, order.incident_id)
            if row is None or row.sequence != order.sequence or incident.channel_id is None:
                return Done()  # it was moved meanwhile, and the newer file follows
            content = calendar_file(await self._shown(tx, incident, row), tx.now)
        if row.slack_id is not None:
            earlier = await uploads.address(self._slack, row.slack_id)
            if earlier is not None:
                return self._ended(earlier)
        brought = await uploads.bring(self._slack, f"review-of-{incident.number}.ics", content.encode())
        if not isinstance(brought, str):
            return self._ended(brought)
        async with self._db.begin(actor=BOT) as tx:
            mine = (col(PostmortemMeeting.incident_id) == incident.number) & (col(PostmortemMeeting.sequence) == order.sequence)
            stored = await tx.changed(update(PostmortemMeeting).where(mine).values(slack_id=brought))
            if not await queue.holds(tx, claim):
                return TryLater("somebody else is posting it", timedelta(seconds=5))
        if not stored:
            return Done()
        faultpoints.reached("meeting: file brought, not shared")
        title = f"Review of #{incident.number}, for your calendar"
        shared = await uploads.share(self._slack, incident.channel_id, {brought: title}, title)
        faultpoints.reached("meeting: file shared, not noted")
        return self._ended("" if isinstance(shared, Ok) else shared)

    async def show(self, grant: Grant) -> web.Response:
        """The file, for whoever holds the link: as the meeting is planned now."""
        async with self._db.read() as tx:
            incident = await self._readable(tx, grant)
            row = await self.find(tx, incident.number)
            if row is None:
                raise NotFound("There is no such meeting.")
            content = calendar_file(await self._shown(tx, incident, row), tx.now)
        headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="review-of-{incident.number}.ics"'}
        return web.Response(text=content, content_type="text/calendar", charset="utf-8", headers=headers)

    async def _readable(self, tx: Tx, grant: Grant) -> Incident:
        """The incident that the link names, unless it is private and not for whoever holds this."""
        (number,) = grant.ids
        if not number.isascii() or not number.isdecimal() or len(number) > 9:
            raise NotFound("There is no such meeting.")
        incident = await self._incidents.get(tx, int(number))
        if incident.is_private and grant.expires_at == NEVER:  # the sandbox opens pages unsigned, but not this one
            raise NotAllowed(f"This incident is private: its meeting opens only by the link that was sent. {WAY_OUT}")
        if grant.expires_at != NEVER:
            await self._incidents.check_reader(tx, incident, grant.person, grant.expires_at - LINK_LASTS)
        return incident

    def url(self, incident_id: int) -> str:
        """Where the file is."""
        return self._links.link(PURPOSE, str(incident_id), person=None, lasts=LINK_LASTS)

    @staticmethod
    def _ended(answer: str | SlackAway | Failed) -> Outcome:
        """A file that Slack does not take is no loss: the message has the link to it."""
        if isinstance(answer, SlackAway):
            return answer
        return answer.outcome() if isinstance(answer, Failed) and answer.slack_is_gone else Done()

    async def _announce(self, tx: Tx, incident: Incident, known: Postmortem, row: PostmortemMeeting, what: str) -> None:
        """Tell the channel, and each who takes part; the file follows."""
        address = link(self.url(incident.number), "for your calendar")
        await self._incidents.say(tx, incident, f"*Postmortem:* {{actor}} {what}, {address}.")
        order, about = PostMeeting(incident_id=incident.number, sequence=row.sequence), f"incident:{incident.number}"
        await queue.schedule(tx, order, key=f"meeting:{incident.number}:{row.sequence}", about=about)
        for person in await self._people(tx, known):
            if person != tx.actor:
                text = f"{escape(self._directory.name(tx.actor))} {what.replace('the postmortem', f'the postmortem of #{incident.number}')}"
                await self._postmortems.tell(tx, incident, person, f"{text}, {address}.", f"meeting:{row.sequence}")

    async def _people(self, tx: Tx, known: Postmortem) -> list[ActorId]:
        """Who takes part: the owner, the reviewers and the commander."""
        leader = await roles.commander(tx, known.incident_id)
        found: Sequence[str | None] = (
            known.owner,
            *await self._reviews.reviewers(tx, known.incident_id),
            leader.person if leader else None,
        )
        return [ActorId(person) for person in dict.fromkeys(found) if person is not None]

    async def _shown(self, tx: Tx, incident: Incident, row: PostmortemMeeting) -> Meeting:
        known = await self._postmortems.get(tx, incident.number)
        people = [row.called_by, *(person for person in await self._people(tx, known) if person != row.called_by)]
        title = "" if incident.is_private else f": {incident.title}"
        url = self._postmortems.url(incident.number)
        return Meeting(
            uid=f"postmortem-{incident.number}@{urlsplit(url).hostname}",
            sequence=row.sequence,
            starts_at=row.starts_at,
            minutes=row.minutes,
            summary=f"Review of incident #{incident.number}{title}",
            url=url,
            organizer=self._guest(row.called_by),
            guests=[guest for person in people if (guest := self._guest(person))],
            is_cancelled=row.cancelled_at is not None,
        )

    def _guest(self, actor: str) -> Guest | None:
        person = self._directory.person(actor)
        return Guest(person.name, person.email) if person and person.email else None
