"""Recording incidents' channels as Slack tells of them: messages, thread replies, edits, deletions, reactions and pins."""

import re
from collections.abc import Sequence

from bot.db import Tx
from bot.directory.service import SLACK_ACTOR, Directory
from bot.incidents import transcript
from bot.incidents.transcript import NOBODY_BOT, OTHER_APP, Seen, moment
from bot.slack.identity import identity
from bot.slack.replies import Nothing, Reply
from bot.slack.requests import Event, MessageBody, MessageChange, PinBody, ReactionBody, SharedFile
from bot.slack.text import plain

MENTION = re.compile(r"<@(\w+)(?:\|[^<>]*)?>")

SAID = frozenset({"", "file_share", "file_comment", "thread_broadcast", "reply_broadcast", "bot_message", "me_message"})
"""Subtypes that are somebody's words; the others (joined, topic, pinned …) are Slack's own notes."""


class Recorder:
    """Listens to the channels of incidents. Our own posts are no part of the transcript: the timeline says what we did."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def on_message(self, tx: Tx, event: Event) -> Reply:
        """A message was posted, edited or deleted."""
        body = event.body
        if isinstance(body, MessageBody) and (incident_id := await transcript.incident_of(tx, body.channel)):
            await transcript.hold(tx, body.channel)
            await self.take_in(tx, incident_id, body)
        return Nothing()

    async def on_reaction(self, tx: Tx, event: Event) -> Reply:
        """A reaction was given or taken back."""
        body = event.body
        if isinstance(body, ReactionBody) and body.ts and await transcript.incident_of(tx, body.channel):
            await transcript.hold(tx, body.channel)
            person = await self._directory.actor_of(tx, body.user)
            await transcript.reacted(tx, body.channel, body.ts, person, body.name, event_ts=body.event_ts, added=body.added)
        return Nothing()

    async def on_pin(self, tx: Tx, event: Event) -> Reply:
        """A message was pinned or unpinned."""
        body = event.body
        if isinstance(body, PinBody) and body.ts and (incident_id := await transcript.incident_of(tx, body.channel)):
            await transcript.hold(tx, body.channel)
            await transcript.pinned(tx, incident_id, body.channel, body.ts, event_ts=body.event_ts, added=body.added)
        return Nothing()

    async def take_in(self, tx: Tx, incident_id: int, body: MessageBody, *, version: str = "", bot_name: str = "") -> None:
        """Take in what an event or history showed of a message. `version`: since when it is so, where history says it; `bot_name`: too.

        A deletion brings the message's last words, which count as its newest.
        """
        if not transcript.stamp(body.ts)[0] or await self._is_ours(tx, body):
            return
        author = await self._author(tx, body, bot_name)
        is_gone = body.change is MessageChange.DELETED
        if body.subtype in SAID and (author != NOBODY_BOT or not is_gone):
            is_new = body.change is MessageChange.POSTED
            version = version or (body.ts if is_new else body.event_ts)
            words = await self.in_plain_words(tx, body.text, body.files)
            await transcript.saw(tx, incident_id, body.channel, Seen(body.ts, version, author, words, body.thread_ts or None))
        if is_gone and (body.subtype in SAID or body.subtype == "tombstone"):
            at = moment(body.event_ts) if body.event_ts != body.ts else tx.now
            await transcript.deleted(tx, incident_id, body.channel, body.ts, at)

    async def in_plain_words(self, tx: Tx, text: str, files: Sequence[SharedFile] = ()) -> str:
        """A message's text without Slack's markup, and the names of its files."""
        names: dict[str, str] = {}
        for user in dict.fromkeys(MENTION.findall(text)):
            actor = await self._directory.actor_of(tx, user)
            if not actor.startswith(SLACK_ACTOR):
                names[user] = re.sub(r"[<>|]", "", self._directory.name(actor))
        named = MENTION.sub(lambda found: f"<@{found[1]}|{names[found[1]]}>" if found[1] in names else found[0], text)
        return "\n".join([*filter(None, [plain(named)]), *(f"[file: {file.name or file.id}]" for file in files)])

    async def _author(self, tx: Tx, body: MessageBody, bot_name: str) -> str:
        if body.bot_id or not body.user:
            name = bot_name or body.bot_id
            return f"{OTHER_APP}{name}" if name else NOBODY_BOT
        return await self._directory.actor_of(tx, body.user)

    async def _is_ours(self, tx: Tx, body: MessageBody) -> bool:
        us = await identity(tx)
        return us is not None and (body.bot_id == us.bot_id if body.bot_id else body.user == us.bot_user)
