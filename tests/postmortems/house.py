"""The rooms a postmortem needs, put together as the application does, on one database, with people who act and speak."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiohttp import web

from bot.accounts.pages import ReaderPages, Sessions
from bot.accounts.service import Accounts
from bot.clock import FakeClock
from bot.config.models import Config
from bot.db import BOT, ActorId, Database
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.events import Listeners
from bot.incidents.action_items import ActionItems
from bot.incidents.actions import Actions, Call
from bot.incidents.candidates import Candidates
from bot.incidents.declaration import Declaration
from bot.incidents.impacts import Impacts
from bot.incidents.messages import HistoryRepaired, ImpactTold, IncidentReopened, IncidentResolved, SayInChannel
from bot.incidents.models import Incident
from bot.incidents.pages import PageListener
from bot.incidents.recorder import Recorder
from bot.incidents.service import Incidents
from bot.incidents.severity import Severity
from bot.incidents.web import IncidentPage
from bot.incidents.widening import Widening
from bot.oncall.messages import TellTeam
from bot.oncall.service import OnCall
from bot.paging.climbing import Climbing
from bot.paging.holding import Holding
from bot.paging.messages import AttemptFailed, PageAcknowledged, PageEscalated, PersonPaged
from bot.paging.service import Paging
from bot.postmortems.comments import Comments
from bot.postmortems.editor import Editor
from bot.postmortems.material import Gatherer
from bot.postmortems.measuring import Measuring
from bot.postmortems.meetings import Meetings
from bot.postmortems.messages import PostMeeting, PostmortemDrafted
from bot.postmortems.models import Postmortem
from bot.postmortems.paper import Paper
from bot.postmortems.pictures import Pictures
from bot.postmortems.reading import Reading
from bot.postmortems.reminding import Deadlines
from bot.postmortems.review import Reviews
from bot.postmortems.review_page import ReviewDoor
from bot.postmortems.service import Postmortems
from bot.postmortems.sketch import Sketcher
from bot.postmortems.slack import PostmortemCommand
from bot.postmortems.unsaved import Unsaved
from bot.postmortems.versions_page import VersionPages
from bot.postmortems.web import PostmortemPages
from bot.postmortems.work import PostmortemWork
from bot.postmortems.writing import Writer
from bot.press.press import Press
from bot.slack.door import Door
from bot.slack.gateway import SlackGateway, web_client
from bot.slack.models import SlackIdentity
from bot.slack.replies import Reply
from bot.slack.requests import Event, MessageBody, MessageChange, ReactionBody
from bot.web import front
from bot.web.forms import SignedPages
from bot.web.signing import Links, Secrets
from bot.work.worker import Worker

CHANNEL = "C0INCIDENT1"
KIM, ANA = ActorId("kim"), ActorId("ana")


@dataclass
class House:
    """One incident, and everything about it."""

    config: Config
    database: Database
    clock: FakeClock
    listeners: Listeners
    is_open: bool = False
    said: list[str] = field(default_factory=list)
    """What the channel heard."""
    told: list[tuple[str, str]] = field(default_factory=list)
    """Whom a direct message, or a team's channel, told what."""
    number: int = 1

    def __post_init__(self) -> None:
        self.directory = Directory(self.config)
        climbing = Climbing(self.directory, OnCall(self.directory), ("slack", "sms"))
        self.paging = Paging(self.directory, climbing)
        self.incidents = Incidents(self.paging)
        self.accounts = Accounts(self.directory, can_sign_in=True)
        self.links = Links(Secrets("a secret for these tests"), "https://tocsin.example", self.clock)
        self.postmortems = Postmortems(self.directory, self.incidents, self.links)
        self.recorder = Recorder(self.directory)
        self.items = ActionItems(self.incidents, self.directory)
        self.gatherer = Gatherer(self.directory, self.paging, self.items)
        self.worker = Worker(self.database, self.clock)
        self.writer = Writer(self.directory, self.gatherer)
        measuring = Measuring(self.database, self.directory)
        PostmortemWork(self.database, self.incidents, self.writer, self.postmortems, measuring).register(self.worker)
        self.slack = SlackGateway(web_client("xoxb-1", "http://127.0.0.1:9/api/"))  # nobody listens there
        self.press = Press()
        self.pictures = Pictures(self.database, self.slack, self.incidents, Sketcher(self.directory, self.paging), self.press)
        self.worker.handles(SayInChannel, self._say)
        self.reviews = Reviews(self.directory, self.incidents, self.postmortems, self.accounts)
        self.meetings = Meetings(self.database, self.directory, self.incidents, self.postmortems, self.reviews, self.links, self.slack)
        self.command = PostmortemCommand(self.directory, self.incidents, self.postmortems, self.reviews, self.meetings)
        self.worker.handles(TellPerson, self._tell)
        widening = Widening(self.directory, Candidates(self.directory, OnCall(self.directory)), self.incidents, self.paging)
        self.actions = Actions(self.directory, self.incidents, self.paging, Holding(self.paging, climbing), widening)
        Deadlines(self.database, self.directory, self.incidents, self.postmortems).register(self.worker)
        self.worker.handles(TellTeam, self._tell_team)
        self.command.register(self.actions, Door(self.database, self.slack, self.directory.actor_of))
        Impacts(self.incidents, self.directory).register(self.actions)
        pages = PageListener(self.directory, self.incidents)
        self.listeners.on(PersonPaged, pages.on_person_paged)
        self.listeners.on(PageAcknowledged, pages.on_acknowledged)
        self.listeners.on(AttemptFailed, pages.on_attempt_failed)
        self.listeners.on(PageEscalated, pages.on_escalated)
        self.listeners.on(IncidentResolved, self.postmortems.on_resolved)
        self.listeners.on(IncidentReopened, self.postmortems.on_reopened)
        self.listeners.on(HistoryRepaired, self.postmortems.on_repaired)
        self.listeners.on(PostmortemDrafted, self.reviews.on_drafted)
        self.listeners.on(ImpactTold, lambda tx, fact: self.postmortems.amend(tx, fact.incident_id))

    async def _say(self, order: SayInChannel, _: object) -> None:
        self.said.append(order.headline.replace("{actor}", order.actor).replace("{words}", f": {order.words}" if order.words else ""))

    async def _post_meeting(self, order: PostMeeting, _: object) -> None:
        """There is no Slack here that would take a file."""

    async def _tell(self, order: TellPerson, _: object) -> None:
        self.told.append((order.actor, order.text))

    async def _tell_team(self, order: TellTeam, _: object) -> None:
        self.told.append((f"team {order.team}", order.text))

    def web(self) -> web.Application:
        """The front door with the pages of incidents and postmortems."""

        async def no_checks() -> dict[str, front.Check]:
            return {}

        app = front.build(no_checks)
        signed = SignedPages(app, self.links, is_open=self.is_open)
        self.meetings.register(self.worker, signed)
        self.worker.handles(PostMeeting, self._post_meeting)
        IncidentPage(self.database, self.directory, self.incidents, self.paging, ActionItems(self.incidents, self.directory)).register(
            signed
        )
        sessions = Sessions(self.database, self.accounts, "https://tocsin.example")
        readers = ReaderPages(app, self.accounts, sessions, self.links, is_open=self.is_open)
        reading, comments = Reading(self.incidents, self.postmortems), Comments(self.directory, self.postmortems)
        review = ReviewDoor(self.database, self.directory, reading, self.postmortems, self.reviews, self.meetings)
        review.register(readers)
        PostmortemPages(
            self.database, self.directory, reading, self.writer, self.postmortems, comments, review, self.pictures, Paper(self.press)
        ).register(readers)
        Editor(self.database, self.directory, reading, self.postmortems, Unsaved(self.postmortems)).register(readers)
        VersionPages(self.database, self.directory, reading, self.postmortems).register(readers)
        return app

    async def declare(self, title: str = "checkout is down", **more: object) -> int:
        """Kim declares; the channel is there."""
        async with self.database.begin(actor=BOT) as tx:
            tx.session.add(
                SlackIdentity(team="T1", url="https://acme.slack.com/", bot_user="U0TOCSIN", bot_id="B0TOCSIN", learned_at=tx.now)
            )
        async with self.database.begin(actor=KIM) as tx:
            wanted = {"severity": Severity.SEV1, **more}
            declared = await self.incidents.declare(tx, Declaration(title, **wanted))  # type: ignore[arg-type]
            declared.incident.channel_id, declared.incident.channel_name = CHANNEL, "inc-1-checkout"
            self.number = declared.incident.number
        return self.number

    async def do(self, verb: str, *words: object, by: ActorId = KIM) -> None:
        """Somebody uses a verb of incidents."""
        async with self.database.begin(actor=by) as tx:
            await getattr(self.incidents, verb)(tx, self.number, *words)

    async def act(self, verb: str, by: ActorId = KIM, words: str = "") -> Reply:
        """Somebody uses a verb of `/inc`."""
        async with self.database.begin(actor=by) as tx:
            return await self.actions.perform(tx, verb, Call(await self.incidents.get(tx, self.number), words=words))

    async def write(
        self, user: str, text: str, *, thread: str = "", change: MessageChange = MessageChange.POSTED, ts: str = "", bot_id: str = ""
    ) -> str:
        """Somebody writes in the channel (or edits, or deletes), as Slack tells of it."""
        now = f"{self.clock.now().timestamp():.6f}"
        body = MessageBody(change, CHANNEL, ts or now, user, text, thread, bot_id=bot_id, event_ts=now)
        async with self.database.begin(actor=BOT) as tx:
            await self.recorder.on_message(tx, Event("message", body, key=""))
        return body.ts

    async def react(self, user: str, name: str, ts: str, *, added: bool = True) -> None:
        """Somebody reacts, or takes it back, as Slack tells of it."""
        body = ReactionBody(added, user, name, CHANNEL, ts, event_ts=f"{self.clock.now().timestamp():.6f}")
        async with self.database.begin(actor=BOT) as tx:
            await self.recorder.on_reaction(tx, Event("reaction_added", body, key=""))

    async def drafted(self) -> Postmortem | None:
        """Do what is due now, then look for the draft."""
        assert await self.worker.drain()
        async with self.database.read() as tx:
            return await self.postmortems.find(tx, self.number)

    async def incident(self) -> Incident:
        async with self.database.read() as tx:
            return await self.incidents.get(tx, self.number)

    def later(self, **step: float) -> datetime:
        self.clock.advance(timedelta(**step))
        return self.clock.now()
