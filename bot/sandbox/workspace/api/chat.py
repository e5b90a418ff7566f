"""chat.*: posting, changing and deleting messages."""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox.workspace import messages
from bot.sandbox.workspace.api.base import Caller, find_channel, find_message, method, need_open, visible
from bot.sandbox.workspace.blocks import block_problems
from bot.sandbox.workspace.model import Channel, Message
from bot.sandbox.workspace.shapes import message_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError, invalid_arguments

MOST_ATTACHMENTS = 100
LONGEST_METADATA = 8 * 1024
# chat.update and chat.postEphemeral refuse what chat.postMessage would only cut at 40,000.
LONGEST_STRICT_TEXT = 4000


def place(team: Team, caller: Caller, name: str) -> Channel:
    """Where a message goes: a channel by id or name, or a person by id (their direct message with the caller)."""
    user = team.world.users.get(name)
    if user is not None and not user.deleted:
        return team.direct([caller.user.id, user.id])
    channel = team.find_channel(name)
    if channel is None or not visible(team, caller, channel):
        raise SlackError("channel_not_found")
    return channel


def need_to_post(caller: Caller, channel: Channel) -> None:
    need_open(channel)
    if caller.user.id in channel.members:
        return
    if caller.app is None or "chat:write.public" not in caller.app.scopes:
        raise SlackError("not_in_channel")


def compose(caller: Caller, args: Args) -> Message:
    """A message from the arguments of a call, not posted yet. Raises what is wrong with its text, blocks, attachments or metadata."""
    blocks = args.json("blocks", "invalid_blocks_format") or []
    attachments = args.json("attachments", "invalid_blocks_format") or []
    text, markdown = args.text("text"), args.text("markdown_text")
    if markdown and (blocks or text):
        raise SlackError("markdown_text_conflict")
    if not (text or blocks or attachments or markdown):
        raise SlackError("no_text")
    check_blocks(blocks)
    check_attachments(attachments)
    if len(attachments) > MOST_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    message = Message("", caller.user.id, markdown or text or fallback(blocks), blocks=blocks, attachments=attachments)
    message.metadata = metadata(caller, args)
    if caller.app is not None:
        message.bot_id, message.app_id = caller.app.bot_id, caller.app.id
        if args.has("username") or args.has("icon_emoji") or args.has("icon_url"):
            customize(caller, args, message)
    return message


def customize(caller: Caller, args: Args, message: Message) -> None:
    """Another name or icon: the scope is asked for, and the message becomes a bot_message."""
    caller.need("chat:write.customize")
    message.subtype, message.username = "bot_message", args.text("username") or None
    icon = {"emoji": args.text("icon_emoji"), "image_36": args.text("icon_url")}
    message.icons = {name: value for name, value in icon.items() if value} or None


def check_blocks(blocks: Any) -> None:
    problems = block_problems(blocks, "message")
    if problems:
        raise SlackError("invalid_blocks", errors=problems, response_metadata={"messages": [f"[ERROR] {p}" for p in problems]})


def check_attachments(attachments: Any) -> None:
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise invalid_arguments("must provide an array of objects [json-pointer:/attachments]")


def fallback(blocks: list[Json]) -> str:
    """The text Slack shows in notifications of a message that has only blocks."""
    texts = [block["text"]["text"] for block in blocks if isinstance(block.get("text"), dict) and "text" in block["text"]]
    return " ".join(texts)


def metadata(caller: Caller, args: Args) -> Json | None:
    value = args.json("metadata", "invalid_metadata_format")
    if value is None:
        return None
    if caller.app is None:
        raise SlackError("metadata_must_be_sent_from_app")
    if not isinstance(value, dict) or not isinstance(value.get("event_type"), str) or not isinstance(value.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(value)) > LONGEST_METADATA:
        raise SlackError("metadata_too_large")
    return value


def thread_of(channel: Channel, args: Args) -> str | None:
    """The thread a message goes to: a reply's ts stands for its thread."""
    if not args.has("thread_ts"):
        return None
    asked = channel.messages.get(args.text("thread_ts"))
    if asked is None or asked.subtype in ("channel_join", "group_join", "channel_leave"):
        raise SlackError("cannot_reply_to_message")
    return asked.thread_ts if asked.is_reply else asked.ts


@method("chat.postMessage", None, "chat:write")
def chat_post_message(team: Team, caller: Caller, args: Args) -> Json:
    channel = place(team, caller, args.need("channel"))
    need_to_post(caller, channel)
    message = compose(caller, args)
    message.thread_ts = thread_of(channel, args)
    if message.thread_ts and args.flag("reply_broadcast"):
        message.broadcast, message.subtype = True, "thread_broadcast"
    messages.post(team, channel, message)
    return {"channel": channel.id, "ts": message.ts, "message": message_shape(team, channel, message, metadata=True)}


@method("chat.meMessage", 3, "chat:write")
def chat_me_message(team: Team, caller: Caller, args: Args) -> Json:
    channel = place(team, caller, args.need("channel"))
    need_to_post(caller, channel)
    message = messages.post(team, channel, Message("", caller.user.id, args.need("text"), "me_message"))
    return {"channel": channel.id, "ts": message.ts}


@method("chat.postEphemeral", 4, "chat:write")
def chat_post_ephemeral(team: Team, caller: Caller, args: Args) -> Json:
    channel = place(team, caller, args.need("channel"))
    need_to_post(caller, channel)
    user = args.need("user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    strict_text(args)
    message = compose(caller, args)
    message.thread_ts = thread_of(channel, args)
    messages.post_ephemeral(team, channel, message, user)
    return {"message_ts": message.ts}


def strict_text(args: Args) -> None:
    if len(args.text("text")) > LONGEST_STRICT_TEXT:
        raise SlackError("msg_too_long")


@method("chat.update", 3, "chat:write")
def chat_update(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"))
    message = find_message(channel, args.need("ts"))
    if message.user != caller.user.id or message.subtype not in (None, "bot_message", "thread_broadcast", "me_message", "file_share"):
        raise SlackError("cant_update_message")
    if channel.archived:
        raise SlackError("is_inactive")
    strict_text(args)
    new: Json = {}
    blocks, attachments = args.json("blocks", "invalid_blocks_format"), args.json("attachments", "invalid_attachments")
    if args.has("markdown_text") and (blocks or args.has("text")):
        raise SlackError("markdown_text_conflict")
    if not (args.has("text") or args.has("markdown_text") or blocks or attachments or args.has("metadata")):
        raise SlackError("no_text")
    if blocks is not None:
        check_blocks(blocks)
    if args.has("text") or args.has("markdown_text") or blocks:
        # As Slack does: new text without blocks takes the old blocks away, which stood for the old text.
        new |= {"text": args.text("text") or args.text("markdown_text") or fallback(blocks or []), "blocks": blocks or []}
    if attachments is not None:
        check_attachments(attachments)
        new["attachments"] = attachments
    if args.has("metadata"):
        new["metadata"] = metadata(caller, args)
    messages.change(team, channel, message, caller.user.id, **new)
    shape = message_shape(team, channel, message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shape}


@method("chat.delete", 3, "chat:write")
def chat_delete(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"))
    message = find_message(channel, args.need("ts"))
    if message.user != caller.user.id and not (caller.app is None and caller.user.level in ("admin", "owner")):
        raise SlackError("cant_delete_message")
    messages.delete(team, channel, message)
    return {"channel": channel.id, "ts": args.text("ts")}


@method("chat.getPermalink", None)
def chat_get_permalink(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"))
    message = find_message(channel, args.need("message_ts"))
    return {"channel": channel.id, "permalink": permalink(team, channel, message)}


def permalink(team: Team, channel: Channel, message: Message) -> str:
    link = f"{team.address}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    return f"{link}?thread_ts={message.thread_ts}&cid={channel.id}" if message.is_reply else link
