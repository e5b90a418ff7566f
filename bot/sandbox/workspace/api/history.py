"""conversations.history and conversations.replies."""

from __future__ import annotations

from bot.sandbox.workspace.api.base import Caller, decode_cursor, encode_cursor, find_channel, method, need_member
from bot.sandbox.workspace.model import Channel, Message
from bot.sandbox.workspace.shapes import message_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError


def as_number(ts: str) -> tuple[int, int]:
    whole, _, rest = ts.partition(".")
    return int(whole or 0), int(rest.ljust(6, "0")[:6] or 0)


def bound(args: Args, name: str) -> tuple[int, int] | None:
    if not args.has(name):
        return None
    try:
        return as_number(args.text(name))
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def within(args: Args, messages: list[Message]) -> list[Message]:
    """The messages between oldest and latest, the bounds themselves only when inclusive."""
    oldest, latest, inclusive = bound(args, "oldest"), bound(args, "latest"), args.flag("inclusive")
    kept = []
    for message in messages:
        at = as_number(message.ts)
        if oldest is not None and (at < oldest or (at == oldest and not inclusive)):
            continue
        if latest is not None and (at > latest or (at == latest and not inclusive)):
            continue
        kept.append(message)
    return kept


def limit_of(team: Team, args: Args, default: int) -> int:
    return max(1, min(args.whole("limit", default), team.limits.most_messages))


@method("conversations.history", 3, family="history")
def conversations_history(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"), "history")
    need_member(caller, channel)
    top = [message for message in channel.messages.values() if not message.is_reply or message.broadcast]
    newest_first = within(args, top)[::-1]
    if args.has("cursor"):
        after = as_number(decode_cursor("next_ts", args.text("cursor")))
        newest_first = [message for message in newest_first if as_number(message.ts) <= after]
    limit = limit_of(team, args, 100)
    some, rest = newest_first[:limit], newest_first[limit:]
    reply: Json = {
        "messages": shown(team, channel, some, args),
        "has_more": bool(rest),
        "pin_count": len(channel.pins),
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    if args.has("latest"):
        reply["latest"] = args.text("latest")
    return reply | cursor_to(rest)


@method("conversations.replies", 3, family="history")
def conversations_replies(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"), "history")
    if caller.user.id not in channel.members:
        raise SlackError("channel_not_found")
    asked = channel.messages.get(args.need("ts"))
    if asked is None:
        raise SlackError("thread_not_found")
    root = channel.messages.get(asked.thread_ts or asked.ts, asked)
    replies = within(args, channel.replies_to(root.ts))
    if args.has("cursor"):
        after = as_number(decode_cursor("next_ts", args.text("cursor")))
        replies = [message for message in replies if as_number(message.ts) >= after]
    limit = limit_of(team, args, 1000)
    some, rest = replies[: limit - 1] if limit > 1 else replies[:1], replies[max(limit - 1, 1) :]
    return {"messages": shown(team, channel, [root, *some], args), "has_more": bool(rest)} | cursor_to(rest)


def shown(team: Team, channel: Channel, messages: list[Message], args: Args) -> list[Json]:
    return [message_shape(team, channel, message, metadata=args.flag("include_all_metadata")) for message in messages]


def cursor_to(rest: list[Message]) -> Json:
    return {"response_metadata": {"next_cursor": encode_cursor("next_ts", rest[0].ts)}} if rest else {}
