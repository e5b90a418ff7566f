"""`/inc private`: an incident is for those invited alone from now on. Slack turns no public channel private, so it moves to another one."""

from collections.abc import Awaitable, Callable

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement
from sqlalchemy import delete, func, update
from sqlmodel import col

from bot.db import Database, Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput
from bot.incidents import blocks, timeline
from bot.incidents.actions import Actions, Call
from bot.incidents.lifecycle import is_open
from bot.incidents.messages import IncidentRestricted, LeaveChannel, OpenChannel, Unsay, WidenIncident
from bot.incidents.models import Incident, Invitation, TimelineEntry
from bot.incidents.service import Incidents
from bot.paging.service import Paging
from bot.slack.channels import Posting
from bot.slack.door import Door
from bot.slack.gateway import Failed, Ok, Result
from bot.slack.gateway import TryLater as SlackAway
from bot.slack.marks import mark, posted_before
from bot.slack.replies import Reply, Say
from bot.slack.requests import Click
from bot.slack.text import clamp
from bot.work import queue
from bot.work.orders import Done, Outcome, TryLater
from bot.work.queue import Claim
from bot.work.worker import Worker

RESTRICT = "incident.private"
LONGEST_REASON = 1500
"""A button carries at most 2,000 characters."""
FAR_BACK = 999
"""Messages among which one of ours is looked for, the most that Slack shows at once."""
SHORTEST = 8
"""Characters of a title below which it is no title by which words of other incidents are known."""


class Restricting:
    """Makes an incident private, once somebody has read what that can no longer do."""

    def __init__(self, database: Database, directory: Directory, incidents: Incidents, paging: Paging, posting: Posting) -> None:
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._paging = paging
        self._posting = posting

    def register(self, actions: Actions, door: Door, worker: Worker) -> None:
        """Add the verb, hear the button, do the work."""
        actions.add("private", self.ask)
        door.click(RESTRICT, self.press)
        worker.handles(LeaveChannel, self.leave_channel)
        worker.handles(Unsay, self.unsay)

    async def ask(self, tx: Tx, call: Call) -> Reply:
        """Nothing happens yet: what it does, and what it cannot undo."""
        incident = call.incident
        _refuse_private(incident)
        text = _warning(incident, self._moves(incident))
        button = ButtonElement(
            text=f"Make #{incident.number} private",
            action_id=RESTRICT,
            value=f"{incident.number} {call.words[:LONGEST_REASON]}",
            style="danger",
        )
        shown: list[Block] = [*blocks.sentence(text), ActionsBlock(block_id="incident.private", elements=[button])]
        return Say(text, blocks=shown)

    async def press(self, tx: Tx, click: Click) -> Reply:
        """They have read it and mean it. The answer takes the place of the question."""
        number, _, reason = click.value.partition(" ")
        if not number.isdecimal():
            raise InvalidInput("This button belongs to a message that is too old. Type `/inc private` again.")
        incident = await self.restrict(tx, int(number), reason)
        where = "A private channel is being opened; who takes part is invited to it." if self._moves(incident) else ""
        return Say(f"#{incident.number} is private now. {where}".strip(), replace=True)

    async def restrict(self, tx: Tx, incident_id: int, reason: str) -> Incident:
        """Make it private: nothing that is shown or sent from now on says what it is about. Raises `AlreadyDone` when it is."""
        incident = await self._incidents.touched(tx, incident_id)
        _refuse_private(incident)
        incident.is_private, incident.private_since = True, tx.now
        await timeline.record(tx, incident_id, "private", f"made private: {reason.strip()}" if reason.strip() else "made private")
        if incident.channel_id:
            await self._move_out(tx, incident)
        await self._forget_title(tx, incident)
        await self._paging.make_private(tx, incident_id)
        about = f"incident:{incident_id}"
        await queue.refresh(tx, WidenIncident(incident_id=incident_id), key=f"widen:{incident_id}", about=about)
        await self._incidents.unsay(tx, incident, f"digest:{incident_id}", channel=self._directory.config.ops_channel)
        await tx.announce(IncidentRestricted(incident_id))
        await self._incidents.refresh(tx, incident)
        return incident

    async def _move_out(self, tx: Tx, incident: Incident) -> None:
        """The channel is left as it is but for what we show there, and while people work on it they get another one."""
        number, about = incident.number, f"incident:{incident.number}"
        leaving = LeaveChannel(
            incident_id=number,
            channel_id=incident.channel_id or "",
            card_ts=incident.card_ts or "",
            topic=incident.topic_before,
            is_adopted=incident.is_adopted,
        )
        await queue.schedule(tx, leaving, key=f"leave_channel:{number}:{incident.channel_id}", about=about)
        incident.channel_id = incident.channel_name = incident.card_ts = incident.channel_trouble = None
        incident.channel_since = incident.topic_before = None
        await tx.changed(delete(Invitation).where(col(Invitation.incident_id) == number))  # nobody was invited to the new one yet
        if is_open(incident.state):
            await queue.schedule(tx, OpenChannel(incident_id=number), key=f"open_channel:{number}:private", about=about)

    async def _forget_title(self, tx: Tx, incident: Incident) -> None:
        """What other incidents tell of this one says its number alone."""
        if len(incident.title) < SHORTEST:
            return
        entry = TimelineEntry
        told = (col(entry.incident_id) != incident.number) & col(entry.kind).in_(("merged", "linked"))
        mine = told & col(entry.text).contains(incident.title, autoescape=True)
        await tx.changed(update(entry).where(mine).values(text=func.replace(col(entry.text), incident.title, "(private)")))

    def _moves(self, incident: Incident) -> bool:
        return is_open(incident.state) and self._incidents.level(incident).opens_channel

    # Later

    async def leave_channel(self, order: LeaveChannel, claim: Claim) -> Outcome:
        """Empty the card, neutral topic and name, and one sentence. What people said stays: it is evidence, and it was read."""
        slack, channel, number = self._posting.slack, order.channel_id, order.incident_id
        async with self._db.read() as tx:
            for key in (f"post_card:{number}:{channel}", f"refresh_card:{number}"):
                if await queue.is_leased(tx, key):
                    return TryLater("its card is being written just now")
        text = f"#{number} is private now and goes on elsewhere. Who works on it is invited there."
        earlier = await posted_before(slack, channel, claim.key) if claim.attempt > 1 else None
        card = order.card_ts or await posted_before(slack, channel, f"post_card:{number}:{channel}", FAR_BACK)
        if isinstance(card, SlackAway):
            return card
        shown = blocks.sentence(text)
        topic = f"#{number} is private now" if order.topic is None else order.topic
        name = f"{self._directory.config.incidents.channel_prefix}-{number}-was-here"
        steps: list[Callable[[], Awaitable[Result]]] = [lambda: slack.call("conversations.setTopic", channel=channel, topic=topic)]
        if isinstance(card, str):
            steps.insert(0, lambda: slack.call("chat.update", channel=channel, ts=card, text=text, blocks=shown))
        if not order.is_adopted:
            steps.append(lambda: slack.call("conversations.rename", channel=channel, name=name))
        if earlier is None:
            steps.append(lambda: slack.call("chat.postMessage", channel=channel, text=text, metadata=mark(claim.key)))
        elif not isinstance(earlier, str):
            return earlier
        for step in steps:
            answer = await step()
            if isinstance(answer, SlackAway):
                return answer
            if isinstance(answer, Failed) and answer.slack_is_gone:
                return answer.outcome()
        return Done()

    async def unsay(self, order: Unsay, claim: Claim) -> Outcome:
        """Edit what was posted under a key, if it was; what was deleted needs no edit."""
        async with self._db.read() as tx:
            if await queue.is_leased(tx, order.key):
                return TryLater("it is being said just now")
            user = await self._directory.slack_user_of(tx, order.person) if order.person else None
        if order.person:
            opened = await self._posting.slack.call("conversations.open", users=user) if user else None
            if isinstance(opened, SlackAway):
                return opened
            channel = opened.text("channel", "id") if isinstance(opened, Ok) else None
        else:
            found = await self._posting.find(order.channel)
            if isinstance(found, SlackAway):
                return found
            channel = found
        if not channel:
            return Done()
        ts = await posted_before(self._posting.slack, channel, order.key, FAR_BACK)
        if not isinstance(ts, str):
            return ts or Done()
        shown = [block.to_dict() for block in blocks.sentence(order.text)]
        answer = await self._posting.slack.call("chat.update", channel=channel, ts=ts, text=order.text, blocks=shown)
        return answer if isinstance(answer, SlackAway) else Done()


def _refuse_private(incident: Incident) -> None:
    if incident.is_private:
        raise AlreadyDone(f"#{incident.number} is private already. Nothing to do.")


def _warning(incident: Incident, moves: bool) -> str:
    moving = "A private channel is opened and whoever takes part is invited to it; this one stays, without its card. " if moves else ""
    return clamp(
        f"*Make #{incident.number} private?* {moving}Nobody else finds it any more. Its title leaves lists, topic, channel name, pages to "
        "come, and what executives, approvers and other channels were told.\n"
        "*What has been read cannot be unread:* people's own words in the old channel stay, and so do texts, calls, mails and "
        "tracked issues that went out. There is no way back."
    )
