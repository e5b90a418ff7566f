"""pins.*"""

from __future__ import annotations

from bot.sandbox.workspace import messages
from bot.sandbox.workspace.api.base import Caller, find_channel, find_message, method, need_member
from bot.sandbox.workspace.shapes import message_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError

MOST_PINS = 100


@method("pins.add", 2, "pins:write")
def pins_add(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"))
    need_member(caller, channel)
    if not args.has("timestamp"):
        raise SlackError("no_item_specified")
    message = find_message(channel, args.text("timestamp"))
    if any(pin.ts == message.ts for pin in channel.pins):
        raise SlackError("already_pinned")
    if len(channel.pins) >= MOST_PINS:
        raise SlackError("too_many_pins")
    if channel.archived:
        raise SlackError("restricted_action")
    messages.pin(team, channel, message, caller.user.id)
    return {}


@method("pins.remove", 2, "pins:write")
def pins_remove(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"))
    if not args.has("timestamp"):
        raise SlackError("no_item_specified")
    message = find_message(channel, args.text("timestamp"))
    if all(pin.ts != message.ts for pin in channel.pins):
        raise SlackError("no_pin")
    messages.unpin(team, channel, message, caller.user.id)
    return {}


@method("pins.list", 2, "pins:read")
def pins_list(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"))
    pinned = [(pin, channel.messages[pin.ts]) for pin in channel.pins if pin.ts in channel.messages]
    return {
        "items": [
            {
                "type": "message",
                "channel": channel.id,
                "created": pin.created,
                "created_by": pin.by,
                "message": message_shape(team, channel, message),
            }
            for pin, message in pinned
        ]
    }
