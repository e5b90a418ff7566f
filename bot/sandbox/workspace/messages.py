"""Posting, editing, deleting and reacting: what changes a channel's messages, and the events that follow."""

from __future__ import annotations

import re
import uuid

from bot.sandbox.workspace import events
from bot.sandbox.workspace.model import SLACKBOT, App, Channel, Message, Pin, User
from bot.sandbox.workspace.shapes import message_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json

LONGEST_TEXT = 40_000
MENTION = re.compile(r"<@(U\w+)(?:\|[^>]*)?>")


def post(team: Team, channel: Channel, message: Message) -> Message:
    """Put a message into its channel under a new ts and tell the apps that are there."""
    message.ts = team.new_ts()
    message.text = message.text[:LONGEST_TEXT]
    name_blocks(message)
    channel.messages[message.ts] = message
    if message.is_reply and message.thread_ts:
        channel.replies.setdefault(message.thread_ts, []).append(message.ts)
        parent = channel.messages.get(message.thread_ts)
        if parent is not None:
            parent.thread_ts = parent.ts
    announce_posted(team, channel, message)
    team.changed("message", channel=channel.id, ts=message.ts)
    return message


def announce_posted(team: Team, channel: Channel, message: Message) -> None:
    event = message_shape(team, channel, message) | {"channel": channel.id, "event_ts": message.ts, "channel_type": channel.kind}
    events.announce(team, event, channel)
    for user_id in dict.fromkeys(MENTION.findall(message.text)):
        app = team.app_of(user_id)
        if app is not None and message.user != user_id and message.subtype is None:
            mention = {k: v for k, v in event.items() if k != "channel_type"} | {"type": "app_mention"}
            events.announce(team, mention, channel, only=app.id)


def name_blocks(message: Message) -> None:
    """Give every block an id, and every interactive element an action_id, as Slack does where the app gave none."""
    message.blocks = named(message.blocks)


def named(blocks: list[Json]) -> list[Json]:
    """A copy of the blocks in which everything has its id."""
    out: list[Json] = []
    for block in blocks:
        block = {**block, "block_id": block.get("block_id") or uuid.uuid4().hex[:5]}
        if block.get("type") in ("actions", "context_actions"):
            block["elements"] = [with_action_id(one) for one in block.get("elements", [])]
        for place in ("accessory", "element"):
            if isinstance(block.get(place), dict) and block[place].get("type") != "image":
                block[place] = with_action_id(block[place])
        out.append(block)
    return out


def with_action_id(element: Json) -> Json:
    return {**element, "action_id": element.get("action_id") or uuid.uuid4().hex[:5]}


def person_says(team: Team, channel: Channel, user: User, text: str, thread_ts: str | None = None, broadcast: bool = False) -> Message:
    """A person's own message; `text` is Slack's mrkdwn already."""
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}]}
    subtype = "thread_broadcast" if broadcast and thread_ts else None
    message = Message("", user.id, text, subtype, blocks=[block] if text else [], thread_ts=thread_ts, broadcast=broadcast)
    message.client_msg_id = str(uuid.uuid4())
    return post(team, channel, message)


def note(team: Team, channel: Channel, user: str, subtype: str, text: str, **extra: object) -> Message:
    """What Slack itself writes into a channel: somebody joined, the topic changed …"""
    return post(team, channel, Message("", user, text, subtype, extra=dict(extra)))


def post_ephemeral(team: Team, channel: Channel, message: Message, to: str) -> Message:
    """Show a message to one person only. No event follows."""
    message.ts = team.new_ts()
    message.text = message.text[:LONGEST_TEXT]
    message.hidden_to_all_but = to
    name_blocks(message)
    channel.ephemerals[message.ts] = message
    for old in list(channel.ephemerals)[:-200]:
        del channel.ephemerals[old]
    team.changed("ephemeral", channel=channel.id, ts=message.ts, user=to)
    return message


def slackbot_tells(team: Team, channel: Channel, to: str, text: str) -> Message:
    return post_ephemeral(team, channel, Message("", SLACKBOT, text), to)


def by_app(app: App, text: str = "", blocks: list[Json] | None = None) -> Message:
    """A message of an app's bot, not posted yet."""
    return Message("", app.bot_user, text, bot_id=app.bot_id, app_id=app.id, blocks=blocks or [])


def change(team: Team, channel: Channel, message: Message, editor: str, **new: object) -> Message:
    """Replace some fields of a message, and tell the apps what it was and what it is."""
    before = message_shape(team, channel, message)
    for name, value in new.items():
        setattr(message, name, value)
    message.text = message.text[:LONGEST_TEXT]
    name_blocks(message)
    if message.hidden_to_all_but is None:
        ts = team.new_ts()
        message.edited = {"user": editor, "ts": ts}
        announce_change(team, channel, message_shape(team, channel, message), before, ts)
    team.changed("message_changed", channel=channel.id, ts=message.ts)
    return message


def announce_change(team: Team, channel: Channel, after: Json, before: Json, ts: str) -> None:
    event: Json = {"type": "message", "subtype": "message_changed", "hidden": True, "channel": channel.id, "channel_type": channel.kind}
    events.announce(team, event | {"message": after, "previous_message": before, "ts": ts, "event_ts": ts}, channel)


def delete(team: Team, channel: Channel, message: Message) -> None:
    """Take a message away; one with replies leaves a tombstone so that the thread stays."""
    if message.hidden_to_all_but is not None:
        channel.ephemerals.pop(message.ts, None)
        team.changed("message_deleted", channel=channel.id, ts=message.ts)
        return
    before = message_shape(team, channel, message)
    ts = team.new_ts()
    if "reply_count" in before:
        bare = {"user": SLACKBOT, "text": "This message was deleted.", "subtype": "tombstone", "blocks": [], "attachments": [], "files": []}
        for name, value in (bare | {"reactions": {}, "bot_id": None, "app_id": None, "extra": {"hidden": True}}).items():
            setattr(message, name, value)
        announce_change(team, channel, message_shape(team, channel, message), before, ts)
    else:
        del channel.messages[message.ts]
        if message.is_reply and message.thread_ts:
            channel.replies[message.thread_ts].remove(message.ts)
        event: Json = {"type": "message", "subtype": "message_deleted", "hidden": True, "channel": channel.id, "channel_type": channel.kind}
        events.announce(team, event | {"deleted_ts": before["ts"], "previous_message": before, "ts": ts, "event_ts": ts}, channel)
    channel.pins = [pin for pin in channel.pins if pin.ts != before["ts"]]
    team.changed("message_deleted", channel=channel.id, ts=before["ts"])


def react(team: Team, channel: Channel, message: Message, user: str, name: str) -> bool:
    """Add a reaction; False when it is there already."""
    users = message.reactions.setdefault(name, [])
    if user in users:
        return False
    users.append(user)
    announce_reaction(team, channel, message, "reaction_added", user, name)
    return True


def unreact(team: Team, channel: Channel, message: Message, user: str, name: str) -> bool:
    """Take a reaction back; False when there is none."""
    users = message.reactions.get(name, [])
    if user not in users:
        return False
    users.remove(user)
    if not users:
        del message.reactions[name]
    announce_reaction(team, channel, message, "reaction_removed", user, name)
    return True


def announce_reaction(team: Team, channel: Channel, message: Message, kind: str, user: str, name: str) -> None:
    item = {"type": "message", "channel": channel.id, "ts": message.ts}
    event: Json = {"type": kind, "user": user, "reaction": name, "item": item, "item_user": message.user, "event_ts": team.new_ts()}
    events.announce(team, event, channel)
    team.changed("reaction", channel=channel.id, ts=message.ts)


def pin(team: Team, channel: Channel, message: Message, user: str) -> None:
    """Pin a message; Slack writes so into the channel."""
    channel.pins.insert(0, Pin(message.ts, user, team.seconds()))
    announce_pin(team, channel, message, "pin_added", user)
    note(team, channel, user, "pinned_item", "pinned a message to this channel.", item_type="C", item={"type": "message"})


def unpin(team: Team, channel: Channel, message: Message, user: str) -> None:
    channel.pins = [one for one in channel.pins if one.ts != message.ts]
    announce_pin(team, channel, message, "pin_removed", user)


def announce_pin(team: Team, channel: Channel, message: Message, kind: str, user: str) -> None:
    shape = message_shape(team, channel, message)
    item = {"type": "message", "channel": channel.id, "created": team.seconds(), "created_by": user, "message": shape}
    about: Json = {"type": kind, "user": user, "channel_id": channel.id, "item": item, "item_user": message.user}
    events.announce(team, about | {"pin_count": len(channel.pins), "event_ts": team.new_ts()}, channel)
    team.changed("pin", channel=channel.id, ts=message.ts)
