"""An incident's channel in Slack: made, invited to, dressed, and missed when it is gone."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from bot import faultpoints
from bot.db import BOT, ActorId, Database, Tx
from bot.directory.service import Directory
from bot.incidents import blocks, lifecycle, roles, timeline
from bot.incidents.messages import (
    ChannelOpened,
    ConfirmDeclared,
    DressChannel,
    InviteResponders,
    LeaveChannel,
    OpenChannel,
    PostCard,
    SayInChannel,
)
from bot.incidents.models import Incident
from bot.incidents.names import channel_name
from bot.incidents.service import Incidents
from bot.incidents.widening import Widening
from bot.paging.service import Paging
from bot.slack.gateway import Failed, Ok, Result, SlackGateway
from bot.slack.gateway import TryLater as SlackAway
from bot.slack.identity import identity
from bot.slack.sentences import sentence
from bot.slack.text import escape, plain
from bot.work import queue
from bot.work.orders import Done, Outcome, TryLater
from bot.work.queue import Claim
from bot.work.worker import Worker

NAMES_TRIED = 5
PAGES_READ = 20
"""Of a thousand channels each: how far we look for one of ours."""
REFUSED_AGAIN = timedelta(minutes=5)
"""How soon a channel that the workspace's settings refuse is tried again: an admin may have been called."""
LOST = frozenset({"is_archived", "channel_not_found", "not_in_channel"})
"""What Slack answers once the channel is archived or deleted, or we were removed from it."""
THERE = frozenset({"already_in_channel", "cant_invite_self"})


class MovingIn:
    """What happens once an incident has a channel, whether it was made for it or people talked there already."""

    def __init__(self, incidents: Incidents, widening: Widening) -> None:
        self._incidents = incidents
        self._widening = widening

    async def into(self, tx: Tx, incident: Incident, channel_id: str, name: str, said: str) -> None:
        """Store the channel, and order what hangs on it: invitations, card, confirmation, side by side. `said` is for the timeline."""
        about, number = f"incident:{incident.number}", incident.number
        incident.channel_id, incident.channel_name, incident.channel_trouble = channel_id, name, None
        await timeline.record(tx, number, "channel", said, key=f"channel:{channel_id}", channel_id=channel_id)
        await self._incidents.invite(tx, incident, await self._wanted(tx, incident))
        await queue.schedule(tx, PostCard(incident_id=number), key=f"post_card:{number}:{channel_id}", about=about)
        if incident.reply_to:
            await queue.schedule(tx, ConfirmDeclared(incident_id=number), key=f"confirm:{number}", about=about)
        await queue.hurry(tx, about=about, kind=SayInChannel)  # what was said before there was a channel
        await tx.announce(ChannelOpened(number, channel_id))

    async def _wanted(self, tx: Tx, incident: Incident) -> list[str]:
        """Whoever declared it, everybody paged so far, everybody who took a part, and who could help: all with one call."""
        parts = [role.person for role in await roles.holders(tx, incident.number)]
        here = [*await self._incidents.paged(tx, incident), *parts]
        return [incident.declared_by, *here, *await self._widening.to_invite(tx, incident, here)]


class ChannelWork:
    """The handlers of due work that has to do with the channel itself."""

    def __init__(
        self, database: Database, gateway: SlackGateway, directory: Directory, incidents: Incidents, paging: Paging, widening: Widening
    ) -> None:
        self._db = database
        self._slack = gateway
        self._directory = directory
        self._incidents = incidents
        self._paging = paging
        self._moving = MovingIn(incidents, widening)

    def register(self, worker: Worker) -> None:
        """Let the worker do these orders."""
        worker.handles(OpenChannel, self.open_channel)
        worker.handles(InviteResponders, self.invite_responders)
        worker.handles(DressChannel, self.dress_channel)

    async def open_channel(self, order: OpenChannel, claim: Claim) -> Outcome:
        """Create the channel. A name that is taken gets a suffix; one that an earlier try of ours took is adopted."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
        if incident.channel_id or not lifecycle.is_open(incident.state):
            return Done()
        prefix = self._directory.config.incidents.channel_prefix
        for attempt in range(NAMES_TRIED):
            name = channel_name(prefix, incident.number, incident.title, incident.is_private, attempt)
            answer = await self._slack.call("conversations.create", name=name, is_private=incident.is_private)
            if isinstance(answer, Failed) and answer.code == "name_taken":
                found = await self._own_channel(name) if claim.attempt > 1 else None
                if isinstance(found, TryLater):
                    return found  # a suffix now might make a second channel
                if found is None:
                    continue
                return await self._channel_is_there(incident, found, name)
            if isinstance(answer, Ok):
                return await self._channel_is_there(incident, answer.text("channel", "id"), answer.text("channel", "name") or name)
            return await self._no_channel_yet(incident, answer)
        return await self._no_channel_yet(incident, Failed("name_taken", f"{NAMES_TRIED} names were taken already."))

    async def _own_channel(self, name: str) -> str | TryLater | None:
        """The channel of this name if we made it, in a try whose answer never reached us."""
        async with self._db.read() as tx:
            us = await identity(tx)
        if us is None:
            return TryLater("Slack has not told us yet who we are")
        cursor = ""
        for _ in range(PAGES_READ):
            listed = await self._slack.call(
                "conversations.list", types="public_channel,private_channel", exclude_archived=True, limit=1000, cursor=cursor
            )
            if not isinstance(listed, Ok):
                return listed if isinstance(listed, TryLater) else TryLater(listed.why)
            for channel in listed.data["channels"]:
                if channel["name"] == name and channel.get("creator") == us.bot_user:
                    return str(channel["id"])
            cursor = listed.text("response_metadata", "next_cursor")
            if not cursor:
                break
        return None

    async def _channel_is_there(self, incident: Incident, channel_id: str, name: str) -> Outcome:
        """Store the channel's id first thing, with all that hangs on it."""
        faultpoints.reached("channel: created, not stored")
        async with self._db.begin(actor=BOT) as tx:
            stored = await self._incidents.held(tx, incident.number)
            if stored.is_private != incident.is_private:  # it became private while Slack made a channel that everybody sees
                leaving = LeaveChannel(incident_id=incident.number, channel_id=channel_id)
                about = f"incident:{incident.number}"
                await queue.schedule(tx, leaving, key=f"leave_channel:{incident.number}:{channel_id}", about=about)
                return TryLater("it has become private and needs another channel", timedelta(seconds=1))
            if not stored.channel_id:
                await self._moving.into(tx, stored, channel_id, name, f"opened #{name}")
        return Done()

    async def _no_channel_yet(self, incident: Incident, answer: SlackAway | Failed) -> Outcome:
        """Write it down and tell who declared it, once, and try again. What a person must put right is said where people look.

        A private incident is never given a public channel instead.
        """
        number, about = incident.number, f"incident:{incident.number}"
        is_refused = isinstance(answer, Failed) and not answer.slack_is_gone
        async with self._db.begin(actor=BOT) as tx:
            stored = await self._incidents.held(tx, number)
            stored.channel_trouble = answer.why
            await timeline.record(tx, number, "channel", f"no channel yet: {answer.why}", key=f"no-channel:{answer.why[:80]}")
            if stored.reply_to:
                await queue.schedule(tx, ConfirmDeclared(incident_id=number), key=f"confirm:{number}:no-channel", about=about)
            if is_refused:
                text = f"*#{number} has no channel:* {escape(answer.why)} It is tried again every 5 min; paging goes on without it."
                await self._incidents.tell_of(tx, stored, text, key=f"no-channel:{number}")
        if is_refused:
            return TryLater(answer.why, REFUSED_AGAIN)
        return answer.outcome() if isinstance(answer, Failed) else answer

    async def invite_responders(self, order: InviteResponders, claim: Claim) -> Outcome:
        """Invite in one call; who cannot be invited is said, and never keeps the others out."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            found = {actor: await self._directory.slack_user_of(tx, actor) for actor in order.actors}
        users = {user: actor for actor, user in found.items() if user}
        if not users or not incident.channel_id:
            return Done()
        answer = await self._slack.call("conversations.invite", channel=incident.channel_id, users=list(users), force=True)
        if isinstance(answer, SlackAway) or (isinstance(answer, Failed) and (answer.slack_is_gone or answer.code in LOST)):
            return await self.dressed(incident, answer)
        refused = refused_of(answer, users)
        if isinstance(answer, Failed):  # because of one, perhaps nobody was invited
            alone = await self._one_by_one(incident.channel_id, [user for user in users if user not in refused])
            if isinstance(alone, SlackAway):
                return alone
            refused |= alone
        if refused:
            async with self._db.begin(actor=BOT) as tx:
                for user, why in refused.items():
                    who = ActorId(users.get(user, f"slack:{user}"))
                    text = f"could not be invited to the channel: {why}"
                    await timeline.record(tx, order.incident_id, "channel", text, actor=who, key=f"uninvited:{user}")
        return Done()

    async def _one_by_one(self, channel_id: str, users: Iterable[str]) -> dict[str, str] | SlackAway:
        """Invite each alone; returns who was refused and why."""
        refused = {}
        for user in users:
            answer = await self._slack.call("conversations.invite", channel=channel_id, users=user)
            if isinstance(answer, SlackAway):
                return answer
            if isinstance(answer, Failed):
                refused[user] = answer.why
        return refused

    async def dress_channel(self, order: DressChannel, claim: Claim) -> Outcome:
        """Pin or topic. Neither is worth more than the next try; a refusal is let go."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
        channel = incident.channel_id or ""
        if order.part == "pin":
            answer = await self._slack.call("pins.add", channel=channel, timestamp=incident.card_ts)
        elif incident.is_adopted and not lifecycle.is_open(incident.state):
            answer = await self._topic_restored(incident)
        else:
            answer = await self._slack.call("conversations.setTopic", channel=channel, topic=blocks.topic(incident))
        return await self.dressed(incident, answer)

    async def _topic_restored(self, incident: Incident) -> Result:
        """An ordinary channel has its own topic again, unless people have set another meanwhile."""
        shown = await self._slack.call("conversations.info", channel=incident.channel_id)
        if not isinstance(shown, Ok) or plain(shown.text("channel", "topic", "value")) != plain(blocks.topic(incident)):
            return shown
        return await self._slack.call("conversations.setTopic", channel=incident.channel_id, topic=incident.topic_before or "")

    async def dressed(self, incident: Incident, answer: Result) -> Outcome:
        """How a call ends that the incident can do without: done, tried again, or let go; a channel that is gone is spoken of."""
        match answer:
            case SlackAway() as away:
                return away
            case Failed(slack_is_gone=True) as failed:
                return failed.outcome()
            case Failed(code=code) as failed if code in LOST:
                return await self.lost(incident, failed.why)
        return Done()

    async def lost(self, incident: Incident, why: str) -> Outcome:
        """The channel is archived or gone: said once where people look. What was to be said there stands on the timeline."""
        async with self._db.begin(actor=BOT) as tx:
            stored = await self._incidents.held(tx, incident.number)
            stored.channel_trouble = why
            key = f"lost:{incident.number}:{incident.channel_id}"
            await timeline.record(tx, incident.number, "channel", f"the channel cannot be used: {why}", key=key)
            text = f"*#{incident.number}'s channel cannot be used:* {escape(why)} Paging goes on; unarchive it, or work in another one."
            if lifecycle.is_open(stored.state):
                await self._incidents.tell_of(tx, stored, text, key=key)
        return Done()


def refused_of(answer: Result, users: Mapping[str, str]) -> dict[str, str]:
    """Whom Slack names as not invited, and why. Who is there already is no refusal."""
    data = answer.data if isinstance(answer, Ok | Failed) else {}
    each = {str(error.get("user")): str(error.get("error")) for error in data.get("errors") or ()}
    if isinstance(answer, Failed) and not each and len(users) == 1:
        return {next(iter(users)): answer.why}
    return {user: sentence("conversations.invite", code) for user, code in each.items() if code not in THERE}
