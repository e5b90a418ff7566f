"""What happens to an incident outside, in Slack: its channel, its card, its invitations. Each step is repeated until it is done."""

import contextlib
import json
from collections.abc import Sequence
from datetime import timedelta

from slack_sdk.models.blocks import Block

from bot import faultpoints, log
from bot.db import BOT, ActorId, Database, Tx
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.incidents import blocks, lifecycle, roles, timeline
from bot.incidents.channels import LOST, ChannelWork
from bot.incidents.messages import (
    ConfirmDeclared,
    DressChannel,
    NagForUpdate,
    PostCard,
    RefreshCard,
    SayInChannel,
    SayInOps,
    SeatActingCommander,
    WidenIncident,
)
from bot.incidents.models import Incident
from bot.incidents.names import headline
from bot.incidents.ops import OpsChannel
from bot.incidents.pages import PageListener
from bot.incidents.service import Incidents
from bot.incidents.standing import Standings
from bot.incidents.widening import Widening
from bot.paging.service import Paging
from bot.slack.channels import Posting
from bot.slack.gateway import Failed, Ok, SlackGateway
from bot.slack.gateway import TryLater as SlackAway
from bot.slack.marks import mark, posted_before
from bot.work import queue
from bot.work.orders import Done, Outcome, TryLater
from bot.work.queue import Claim
from bot.work.worker import Worker

logger = log.get(__name__)
LOOK_AGAIN = timedelta(seconds=10)
"""How soon words that wait for a channel look for it again."""
NAG_AGAIN = timedelta(minutes=30)


class IncidentWork:
    """The handlers of this room's due work."""

    def __init__(
        self, database: Database, gateway: SlackGateway, directory: Directory, incidents: Incidents, paging: Paging,
        standings: Standings, pages: PageListener, widening: Widening, posting: Posting,
    ) -> None:  # fmt: skip
        self._db = database
        self._slack = gateway
        self._directory = directory
        self._incidents = incidents
        self._paging = paging
        self._standings = standings
        self._pages = pages
        self._posting = posting
        self._widening = widening
        self._channels = ChannelWork(database, gateway, directory, incidents, paging, widening)

    def register(self, worker: Worker) -> None:
        """Let the worker do this room's orders."""
        self._channels.register(worker)
        worker.handles(PostCard, self.post_card)
        worker.handles(RefreshCard, self.refresh_card)
        worker.handles(ConfirmDeclared, self.confirm_declared)
        worker.handles(SayInChannel, self.say_in_channel)
        worker.handles(SayInOps, OpsChannel(self._directory, self._posting).say)
        worker.handles(NagForUpdate, self.nag_for_update)
        worker.handles(SeatActingCommander, self.seat_acting_commander)
        worker.handles(WidenIncident, self.widen_incident)

    # The card

    async def post_card(self, order: PostCard, claim: Claim) -> Outcome:
        """Post the card, once; then pin it and set the topic, side by side."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            standing = await self._standings.of(tx, incident)
        if incident.card_ts or not incident.channel_id:
            return Done()
        posted = await self._post_once(claim, incident, headline(incident), blocks.card(standing))
        if not isinstance(posted, str):
            return posted
        faultpoints.reached("card: posted, not stored")
        async with self._db.begin(actor=BOT) as tx:
            stored = await self._incidents.held(tx, order.incident_id)
            if stored.channel_id != incident.channel_id:  # it has moved to a private one meanwhile, which gets a card of its own
                return Done()
            stored.card_ts = posted
            for part in ("pin", "topic"):
                dress = DressChannel(incident_id=order.incident_id, part=part)
                await queue.schedule(tx, dress, key=f"dress:{order.incident_id}:{part}:{incident.channel_id}", about=claim.about)
            if stored.version != incident.version:
                await self._incidents.refresh(tx, stored)
        return Done()

    async def refresh_card(self, order: RefreshCard, claim: Claim) -> Outcome:
        """Edit the card. A card that somebody deleted is posted again."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            standing = await self._standings.of(tx, incident)
        if not incident.card_ts or not incident.channel_id:
            return Done()
        rendered = [block.to_dict() for block in blocks.card(standing)]
        answer = await self._slack.call(
            "chat.update", channel=incident.channel_id, ts=incident.card_ts, text=headline(incident), blocks=rendered
        )
        if isinstance(answer, Failed) and answer.code == "message_not_found":
            async with self._db.begin(actor=BOT) as tx:
                stored = await self._incidents.held(tx, order.incident_id)
                lost, stored.card_ts = stored.card_ts, None
                await queue.schedule(
                    tx, PostCard(incident_id=order.incident_id), key=f"post_card:{order.incident_id}:after:{lost}", about=claim.about
                )
            return Done()
        if isinstance(answer, Ok) and incident.channel_trouble:
            async with self._db.begin(actor=BOT) as tx:
                (await self._incidents.held(tx, order.incident_id)).channel_trouble = None  # it was unarchived
        return await self._channels.dressed(incident, answer)

    # Words

    async def confirm_declared(self, order: ConfirmDeclared, claim: Claim) -> Outcome:
        """Tell who declared it where the channel is, or why there is none yet, at the address their command left us."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            standing = await self._standings.of(tx, incident)
        if incident.reply_to:
            text = f"{blocks.one_line(incident)}\n{blocks.answering(standing)}{blocks.no_channel(standing)}"
            status = await self._slack.post_to(incident.reply_to, {"text": text, "replace_original": True, "response_type": "ephemeral"})
            if status in (0, 429) or status >= 500:
                return TryLater(f"the reply to the command was answered {status}") if claim.attempt < 4 else Done()
        return Done()

    async def say_in_channel(self, order: SayInChannel, claim: Claim) -> Outcome:
        """Post a sentence, once. Before there is a channel, it waits."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            actor = await self._directory.mention(tx, order.actor)
        if incident.channel_id is None:
            return TryLater("the channel is not there yet", LOOK_AGAIN) if lifecycle.is_open(incident.state) else Done()
        text = blocks.said(order.headline, actor, order.words, order.promised)
        body: list[Block] = [*blocks.sentence(text), *([blocks.undo_button(incident.number)] if order.undo else [])]
        below = json.loads(order.below) if order.below else []
        posted = await self._post_once(claim, incident, text, body, below)
        return Done() if isinstance(posted, str) else posted

    async def _post_once(
        self, claim: Claim, incident: Incident, text: str, body: Sequence[Block], below: Sequence[object] = ()
    ) -> str | Outcome:
        """Post a message in the incident's channel and return its ts. On a later try, first see whether an earlier one got through."""
        channel = incident.channel_id or ""
        if claim.attempt > 1:
            earlier = await posted_before(self._slack, channel, claim.key)
            if earlier is not None:
                return earlier
        answer = await self._slack.call(
            "chat.postMessage",
            channel=channel,
            text=text,
            blocks=[*(block.to_dict() for block in body), *below],
            metadata=mark(claim.key),
            unfurl_links=False,
            unfurl_media=False,
        )
        match answer:
            case Ok(data):
                return str(data["ts"])
            case SlackAway() as away:
                return away
            case Failed(code=code) as failed if code in LOST:
                return await self._channels.lost(incident, failed.why)
            case Failed() as failed:
                return failed.outcome()

    # Time

    async def nag_for_update(self, order: NagForUpdate, claim: Claim) -> Outcome:
        """A promise that was not kept is said in the channel, to the commander; then again after as long."""
        async with self._db.begin(actor=BOT) as tx:
            incident = await self._incidents.held(tx, order.incident_id)
            if incident.next_update_at is None or incident.next_update_at > tx.now or not lifecycle.is_worked_on(incident.state):
                return Done()
            leader = await roles.commander(tx, incident.number)
            who = await self._directory.mention(tx, leader.person) if leader else "Whoever leads"
            due = f"{who}: the update promised for now is due. `/inc update …` takes a sentence."
            await timeline.record(tx, incident.number, "overdue", "a promised update is overdue", actor=BOT)
            await self._incidents.say(tx, incident, due)
            if leader is not None and self._incidents.level(incident).update_pages:
                await self._page_for_update(tx, incident, leader.person)
            again = tx.now + (self._incidents.level(incident).update_every or NAG_AGAIN)
            await queue.refresh(tx, order, key=claim.key, about=claim.about, due=again)
        return Done()

    async def _page_for_update(self, tx: Tx, incident: Incident, person: str) -> None:
        """Page who leads, once while they have not answered; one who cannot be reached was named in the channel."""
        if person in await self._paging.asked_by_name(tx, incident.number, BOT):
            return
        with contextlib.suppress(NotFound):
            async with tx.savepoint():
                words = "the promised update is overdue"
                await self._paging.page_person(tx, self._incidents.page_request(incident), f"person:{person}", words)

    async def seat_acting_commander(self, order: SeatActingCommander, claim: Claim) -> None:
        """Five minutes with an empty seat: the first who answered is acting commander."""
        async with self._db.begin(actor=BOT) as tx:
            incident = await self._incidents.held(tx, order.incident_id)
            page = await self._paging.newest_page(tx, order.incident_id)
            here = {part.person for part in await roles.holders(tx, order.incident_id)}
            if page and page.acknowledged_by in here:
                await self._pages.seat_acting_commander(tx, incident, ActorId(page.acknowledged_by))

    async def widen_incident(self, order: WidenIncident, claim: Claim) -> None:
        """More hands, where they are wanted and a service has opted in."""
        async with self._db.begin(actor=BOT) as tx:
            await self._widening.widen(tx, order.incident_id)
