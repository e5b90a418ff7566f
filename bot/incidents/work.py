"""What happens to an incident outside, in Slack: its channel, its card, its invitations. Each step is repeated until it is done."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from slack_sdk.models.blocks import Block

from bot import log
from bot.config.models import Config
from bot.db import BOT, ActorId, Database, Tx
from bot.directory.service import Directory
from bot.incidents import blocks, lifecycle, roles, timeline
from bot.incidents.messages import (
    ChannelOpened,
    ConfirmDeclared,
    DressChannel,
    InviteResponders,
    NagForUpdate,
    OpenChannel,
    PostCard,
    RefreshCard,
    SayInChannel,
    SayInOps,
    SeatActingCommander,
)
from bot.incidents.models import Incident
from bot.incidents.names import channel_name
from bot.incidents.ops import OpsChannel
from bot.incidents.pages import PageListener
from bot.incidents.service import Incidents
from bot.incidents.standing import Standings
from bot.paging.service import Paging
from bot.slack.gateway import Failed, Ok, Result, SlackGateway
from bot.slack.gateway import TryLater as SlackAway
from bot.slack.identity import identity
from bot.work import queue
from bot.work.orders import Done, Outcome, Refused, TryLater
from bot.work.queue import Claim
from bot.work.worker import Worker

logger = log.get(__name__)
MARK = "tocsin"
"""The event type of the metadata by which we know our own messages again."""
NAMES_TRIED = 5
NAG_AGAIN = timedelta(minutes=30)


class IncidentWork:
    """The handlers of this room's due work."""

    def __init__(
        self, config: Config, database: Database, gateway: SlackGateway, directory: Directory, incidents: Incidents, paging: Paging,
        standings: Standings, pages: PageListener,
    ) -> None:  # fmt: skip
        self._config = config
        self._db = database
        self._slack = gateway
        self._directory = directory
        self._incidents = incidents
        self._paging = paging
        self._standings = standings
        self._pages = pages

    def register(self, worker: Worker) -> None:
        """Let the worker do this room's orders."""
        worker.handles(OpenChannel, self.open_channel)
        worker.handles(InviteResponders, self.invite_responders)
        worker.handles(PostCard, self.post_card)
        worker.handles(RefreshCard, self.refresh_card)
        worker.handles(DressChannel, self.dress_channel)
        worker.handles(ConfirmDeclared, self.confirm_declared)
        worker.handles(SayInChannel, self.say_in_channel)
        worker.handles(SayInOps, OpsChannel(self._config, self._slack).say)
        worker.handles(NagForUpdate, self.nag_for_update)
        worker.handles(SeatActingCommander, self.seat_acting_commander)

    # The channel

    async def open_channel(self, order: OpenChannel, claim: Claim) -> Outcome:
        """Create the channel. A name that is taken gets a suffix; one that an earlier try of ours took is adopted."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
        if incident.channel_id or not lifecycle.is_open(incident.state):
            return Done()
        prefix = self._config.incidents.channel_prefix
        for attempt in range(NAMES_TRIED):
            name = channel_name(prefix, incident.number, incident.title, incident.is_private, attempt)
            answer = await self._slack.call("conversations.create", name=name, is_private=incident.is_private)
            match answer:
                case Ok(data):
                    return await self._channel_is_there(incident, data["channel"]["id"], data["channel"].get("name", name))
                case Failed("name_taken"):
                    ours = await self._own_channel(name) if claim.attempt > 1 else None
                    if ours:
                        return await self._channel_is_there(incident, ours, name)
                case SlackAway() as away:
                    await self._no_channel_yet(order.incident_id, away.why)
                    return away
                case Failed() as failed:
                    await self._no_channel_yet(order.incident_id, failed.why)
                    return failed.outcome()
        return Refused(f"no channel for #{incident.number}: {NAMES_TRIED} names were taken")

    async def _own_channel(self, name: str) -> str | None:
        """The channel of this name if we made it, in a try whose answer never reached us."""
        async with self._db.read() as tx:
            we = await identity(tx)
        me, cursor = (we.bot_user if we else ""), ""
        for _ in range(20):
            listed = await self._slack.call(
                "conversations.list", types="public_channel,private_channel", exclude_archived=True, limit=1000, cursor=cursor
            )
            if not isinstance(listed, Ok):
                return None
            for channel in listed.data["channels"]:
                if channel["name"] == name and channel.get("creator") == me:
                    return str(channel["id"])
            cursor = (listed.data.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return None

    async def _channel_is_there(self, incident: Incident, channel_id: str, name: str) -> Outcome:
        """Store the channel's id first thing, and order what hangs on it: invitations, card, confirmation, side by side."""
        about, number = f"incident:{incident.number}", incident.number
        async with self._db.begin(actor=BOT) as tx:
            stored = await self._incidents.held(tx, number)
            if stored.channel_id:
                return Done()
            stored.channel_id, stored.channel_name, stored.channel_trouble = channel_id, name, None
            await timeline.record(tx, number, "channel", f"opened #{name}", key=f"channel:{channel_id}", channel_id=channel_id)
            await self._incidents.invite(tx, stored, await self._wanted(tx, stored))
            await queue.schedule(tx, PostCard(incident_id=number), key=f"post_card:{number}:{channel_id}", about=about)
            if stored.reply_to:
                await queue.schedule(tx, ConfirmDeclared(incident_id=number), key=f"confirm:{number}", about=about)
            await tx.announce(ChannelOpened(number, channel_id))
        return Done()

    async def _wanted(self, tx: Tx, incident: Incident) -> list[str]:
        """Whoever declared it, everybody paged so far, and everybody who took a part."""
        paged = [line.person for line in await self._paging.story(tx, incident.number) if line.person]
        parts = [role.person for role in await roles.holders(tx, incident.number)]
        return [incident.declared_by, *paged, *parts]

    async def _no_channel_yet(self, incident_id: int, why: str) -> None:
        async with self._db.begin(actor=BOT) as tx:
            incident = await self._incidents.held(tx, incident_id)
            if incident.channel_trouble is None:
                incident.channel_trouble = why
                await timeline.record(tx, incident_id, "channel", f"no channel yet: {why}", key="no-channel")

    async def invite_responders(self, order: InviteResponders, claim: Claim) -> Outcome:
        """Invite in one call; who cannot be invited is said, and never keeps the others out."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            found = {actor: await self._directory.slack_user_of(tx, actor) for actor in order.actors}
        users = {user: actor for actor, user in found.items() if user}
        if not users or not incident.channel_id:
            return Done()
        answer = await self._slack.call("conversations.invite", channel=incident.channel_id, users=",".join(users), force=True)
        if isinstance(answer, SlackAway) or (isinstance(answer, Failed) and answer.slack_is_gone):
            return done_or_later(answer)
        refused = await self._one_by_one(incident.channel_id, users) if isinstance(answer, Failed) and len(users) > 1 else {}
        if isinstance(answer, Failed) and len(users) == 1:
            refused = dict.fromkeys(users, answer.why)
        if isinstance(refused, SlackAway):
            return refused
        if refused:
            async with self._db.begin(actor=BOT) as tx:
                for user, why in refused.items():
                    who = ActorId(users.get(user, f"slack:{user}"))
                    text = f"could not be invited to the channel: {why}"
                    await timeline.record(tx, order.incident_id, "channel", text, actor=who, key=f"uninvited:{user}")
        return Done()

    async def _one_by_one(self, channel_id: str, users: Iterable[str]) -> dict[str, str] | SlackAway:
        """Invite each alone, since one who cannot be invited made Slack refuse all; returns who was refused and why."""
        refused = {}
        for user in users:
            answer = await self._slack.call("conversations.invite", channel=channel_id, users=user)
            if isinstance(answer, SlackAway):
                return answer
            if isinstance(answer, Failed):
                refused[user] = answer.why
        return refused

    # The card

    async def post_card(self, order: PostCard, claim: Claim) -> Outcome:
        """Post the card, once; then pin it and set the topic, side by side."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            standing = await self._standings.of(tx, incident)
        if incident.card_ts or not incident.channel_id:
            return Done()
        text = blocks.heading(incident)
        posted = await self._post_once(claim, incident.channel_id, text, blocks.card(standing))
        if not isinstance(posted, str):
            return posted
        async with self._db.begin(actor=BOT) as tx:
            stored = await self._incidents.held(tx, order.incident_id)
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
            "chat.update", channel=incident.channel_id, ts=incident.card_ts, text=blocks.heading(incident), blocks=rendered
        )
        if isinstance(answer, Failed) and answer.code == "message_not_found":
            async with self._db.begin(actor=BOT) as tx:
                stored = await self._incidents.held(tx, order.incident_id)
                lost, stored.card_ts = stored.card_ts, None
                await queue.schedule(
                    tx, PostCard(incident_id=order.incident_id), key=f"post_card:{order.incident_id}:after:{lost}", about=claim.about
                )
            return Done()
        return done_or_later(answer)

    async def dress_channel(self, order: DressChannel, claim: Claim) -> Outcome:
        """Pin or topic. Neither is worth more than the next try; a refusal is let go."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
        channel = incident.channel_id or ""
        if order.part == "pin":
            answer = await self._slack.call("pins.add", channel=channel, timestamp=incident.card_ts)
        else:
            answer = await self._slack.call("conversations.setTopic", channel=channel, topic=blocks.topic(incident))
        return done_or_later(answer)

    # Words

    async def confirm_declared(self, order: ConfirmDeclared, claim: Claim) -> Outcome:
        """Tell who declared it where the channel is, at the address their command left us."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            standing = await self._standings.of(tx, incident)
        if incident.reply_to and incident.channel_id:
            text = f"{blocks.one_line(incident)}\n{blocks.answering(standing)}"
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
            return TryLater("the channel is not there yet") if lifecycle.is_open(incident.state) else Done()
        text = blocks.said(order.headline, actor, order.words, order.promised)
        body: list[Block] = [*blocks.sentence(text), *([blocks.undo_button(incident.number)] if order.undo else [])]
        posted = await self._post_once(claim, incident.channel_id, text, body)
        return Done() if isinstance(posted, str) else posted

    async def _post_once(self, claim: Claim, channel: str, text: str, body: Sequence[Block]) -> str | Outcome:
        """Post a message and return its ts. On a later try, first see whether an earlier one got through."""
        if claim.attempt > 1:
            history = await self._slack.call("conversations.history", channel=channel, limit=100, include_all_metadata=True)
            if isinstance(history, SlackAway):
                return history
            if isinstance(history, Ok):
                for message in history.data["messages"]:
                    marked = message.get("metadata") or {}
                    if marked.get("event_type") == MARK and marked.get("event_payload", {}).get("key") == claim.key:
                        return str(message["ts"])
        answer = await self._slack.call(
            "chat.postMessage",
            channel=channel,
            text=text,
            blocks=[block.to_dict() for block in body],
            metadata={"event_type": MARK, "event_payload": {"key": claim.key}},
            unfurl_links=False,
            unfurl_media=False,
        )
        match answer:
            case Ok(data):
                return str(data["ts"])
            case SlackAway() as away:
                return away
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
            headline = f"{who}: the update promised for now is due. `/inc update …` takes a sentence."
            await timeline.record(tx, incident.number, "overdue", "a promised update is overdue", actor=BOT)
            await self._incidents.say(tx, incident, headline)
            again = tx.now + (self._incidents.level(incident).update_every or NAG_AGAIN)
        return TryLater("nagged; once more if it stays silent", again - tx.now)

    async def seat_acting_commander(self, order: SeatActingCommander, claim: Claim) -> None:
        """Five minutes with an empty seat: the first who answered is acting commander."""
        async with self._db.begin(actor=BOT) as tx:
            incident = await self._incidents.held(tx, order.incident_id)
            page = await self._paging.newest_page(tx, order.incident_id)
            if page and page.acknowledged_by:
                await self._pages.seat_acting_commander(tx, incident, ActorId(page.acknowledged_by))


def done_or_later(answer: Result) -> Outcome:
    """For calls that only dress things up: done, tried again, or let go."""
    match answer:
        case SlackAway() as away:
            return away
        case Failed(slack_is_gone=True) as failed:
            return failed.outcome()
        case _:
            return Done()
