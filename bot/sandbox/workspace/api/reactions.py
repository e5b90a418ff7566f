"""reactions.*"""

from __future__ import annotations

import re

from bot.sandbox.workspace import messages
from bot.sandbox.workspace.api.base import Caller, find_channel, find_message, method, need_open
from bot.sandbox.workspace.model import Channel, Message
from bot.sandbox.workspace.shapes import message_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError

NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")
MOST_EMOJI, MOST_EACH = 23, 50


def reaction_name(args: Args) -> str:
    name = args.text("name").strip(":")
    if not NAME.fullmatch(name):
        raise SlackError("invalid_name")
    return name


def target(team: Team, caller: Caller, args: Args) -> tuple[Channel, Message]:
    if not args.has("channel") or not args.has("timestamp"):
        raise SlackError("no_item_specified")
    channel = find_channel(team, caller, args.text("channel"))
    return channel, find_message(channel, args.text("timestamp"))


@method("reactions.add", 3, "reactions:write")
def reactions_add(team: Team, caller: Caller, args: Args) -> Json:
    name = reaction_name(args)
    channel, message = target(team, caller, args)
    need_open(channel)
    if caller.user.id not in channel.members and channel.is_private:
        raise SlackError("no_access")
    if name not in message.reactions and len(message.reactions) >= MOST_EMOJI:
        raise SlackError("too_many_emoji")
    if not messages.react(team, channel, message, caller.user.id, name):
        raise SlackError("already_reacted")
    return {}


@method("reactions.remove", 2, "reactions:write")
def reactions_remove(team: Team, caller: Caller, args: Args) -> Json:
    name = reaction_name(args)
    channel, message = target(team, caller, args)
    if not messages.unreact(team, channel, message, caller.user.id, name):
        raise SlackError("no_reaction")
    return {}


@method("reactions.get", 3, "reactions:read")
def reactions_get(team: Team, caller: Caller, args: Args) -> Json:
    channel, message = target(team, caller, args)
    return {"type": "message", "channel": channel.id, "message": message_shape(team, channel, message)}


@method("reactions.list", 2, "reactions:read")
def reactions_list(team: Team, caller: Caller, args: Args) -> Json:
    user = args.text("user", caller.user.id)
    if user not in team.world.users:
        raise SlackError("user_not_found")
    items = [
        {"type": "message", "channel": channel.id, "message": message_shape(team, channel, message)}
        for channel in team.world.channels.values()
        if caller.user.id in channel.members
        for message in channel.messages.values()
        if any(user in users for users in message.reactions.values())
    ]
    return {"items": items[: args.whole("limit", 100)], "response_metadata": {"next_cursor": ""}}
