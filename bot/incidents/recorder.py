"""Recording incidents' channels as Slack tells of them: messages, thread replies, edits, deletions, reactions and pins."""

import re
from collections.abc import Sequence

from bot.db import ActorId, Tx
from bot.directory.service import SLACK_ACTOR, Directory
from bot.incidents import files, transcript
from bot.incidents.sheet import Seen, Sheet
from bot.incidents.transcript import NOBODY_BOT, OTHER_APP, moment
from bot.slack.identity import Identity, identity
from bot.slack.replies import Nothing, Reply
from bot.slack.requests import Event, MessageBody, MessageChange, PinBody, ReactionBody, SharedFile
from bot.slack.text import plain

MENTION = re.compile(r"<@(\w+)(?:\|[^<>]*)?>")

SAID = frozenset({"", "file_share", "file_comment", "thread_broadcast", "reply_broadcast", "bot_message", "me_message"})
"""Subtypes that are somebody's words; the others (joined, topic, pinned …) are Slack's own notes."""


class Faces:
    """Who is who, each asked once: a page of history has hundreds of messages of few people."""

    def __init__(self, tx: Tx, directory: Directory, us: Identity | None) -> None:
        self._tx = tx
        self._directory = directory
        self._us = us
        self._known: dict[str, ActorId] = {}

    async def actor(self, user: str) -> ActorId:
        """The actor behind a Slack user."""
        if user not in self._known:
            self._known[user] = await self._directory.actor_of(self._tx, user)
        return self._known[user]

    async def name(self, user: str) -> str | None:
        """The name of a person whom we know."""
        actor = await self.actor(user)
        return None if actor.startswith(SLACK_ACTOR) else re.sub(r"[<>|]", "", self._directory.name(actor))

    def is_us(self, body: MessageBody) -> bool:
        """Whether the message is ours."""
        return self._us is not None and (body.bot_id == self._us.bot_id if body.bot_id else body.user == self._us.bot_user)


class Recorder:
    """Listens to the channels of incidents. Our own posts are no part of the transcript: the timeline says what we did."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def faces(self, tx: Tx) -> Faces:
        """Who is who, for one transaction."""
        return Faces(tx, self._directory, await identity(tx))

    async def on_message(self, tx: Tx, event: Event) -> Reply:
        """A message was posted, edited or deleted."""
        body = event.body
        if isinstance(body, MessageBody) and (incident_id := await transcript.incident_of(tx, body.channel, body.ts)):
            sheet = await Sheet.open(tx, incident_id, body.channel, [body.ts])
            await self.take_in(sheet, body, await self.faces(tx))
            await sheet.done()
        return Nothing()

    async def on_reaction(self, tx: Tx, event: Event) -> Reply:
        """A reaction was given or taken back."""
        body = event.body
        if isinstance(body, ReactionBody) and body.ts and (incident_id := await transcript.incident_of(tx, body.channel, body.ts)):
            person = await self._directory.actor_of(tx, body.user)
            sheet = await Sheet.open(tx, incident_id, body.channel, [body.ts])
            sheet.reacted(body.ts, person, body.name, event_ts=body.event_ts, added=body.added)
            await sheet.done()
        return Nothing()

    async def on_pin(self, tx: Tx, event: Event) -> Reply:
        """A message was pinned or unpinned."""
        body = event.body
        if isinstance(body, PinBody) and body.ts and (incident_id := await transcript.incident_of(tx, body.channel, body.ts)):
            sheet = await Sheet.open(tx, incident_id, body.channel, [body.ts])
            sheet.pinned(body.ts, event_ts=body.event_ts, added=body.added)
            await sheet.done()
        return Nothing()

    async def take_in(self, sheet: Sheet, body: MessageBody, faces: Faces, *, version: str = "", bot_name: str = "") -> None:
        """Take in what an event or history showed of a message. `version`: since when it is so, where history says it; `bot_name`: too.

        A deletion brings the message's last words, which count as its newest.
        """
        if not transcript.stamp(body.ts)[0] or faces.is_us(body):
            return
        author = await _author(body, faces, bot_name)
        is_gone = body.change is MessageChange.DELETED
        if body.subtype in SAID and (author != NOBODY_BOT or not is_gone):
            is_new = body.change is MessageChange.POSTED
            version = version or (body.ts if is_new else body.event_ts)
            words = await in_plain_words(faces, body.text, body.files)
            is_newest = files.is_newest(body, version, known.edited_ts if (known := sheet.messages.get(body.ts)) else None)
            sheet.saw(Seen(body.ts, version, author, words, body.thread_ts or None))
            if body.files or body.change is not MessageChange.POSTED:
                await files.take_in(sheet.tx, sheet.incident_id, body, author, is_newest=is_newest)
        if is_gone and (body.subtype in SAID or body.subtype == "tombstone"):
            sheet.deleted(body.ts, moment(body.event_ts) if body.event_ts != body.ts else sheet.tx.now)


async def in_plain_words(faces: Faces, text: str, files: Sequence[SharedFile] = ()) -> str:
    """A message's text without Slack's markup, and the names of its files."""
    found = {user: await faces.name(user) for user in dict.fromkeys(MENTION.findall(text))}
    names = {user: name for user, name in found.items() if name is not None}
    named = MENTION.sub(lambda found: f"<@{found[1]}|{names[found[1]]}>" if found[1] in names else found[0], text)
    return "\n".join([*filter(None, [plain(named)]), *(f"[file: {file.name or file.id}]" for file in files)])


async def _author(body: MessageBody, faces: Faces, bot_name: str) -> str:
    if body.bot_id or not body.user:
        name = bot_name or body.bot_id
        return f"{OTHER_APP}{name}" if name else NOBODY_BOT
    return await faces.actor(body.user)
