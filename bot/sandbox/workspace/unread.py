"""What somebody has not read yet, and what of it calls them by name."""

from __future__ import annotations

from bot.sandbox.workspace.model import Channel, Message
from bot.sandbox.workspace.wire import Json

MOST_COUNTED = 100
MOST_LOOKED_AT = 1000
LOUD = ("<!here", "<!channel", "<!everyone")
SILENT = frozenset({"channel_join", "group_join", "channel_leave", "group_leave"})


def unread_shape(channel: Channel, user: str) -> Json:
    """How many messages wait, and how many of them are loud; both stop at 100. Who is not in the channel has nothing to read there."""
    waiting = unread(channel, user)
    loud = [message for message in waiting if channel.is_direct or is_loud(message, user)]
    return {
        "unread_count": min(len(waiting), MOST_COUNTED),
        "mention_count": min(len(loud), MOST_COUNTED),
        "last_read": channel.last_read.get(user, ""),
    }


def unread(channel: Channel, user: str) -> list[Message]:
    """The newest messages of others that this person has not read, newest first. Replies wait in their threads."""
    found: list[Message] = []
    last = channel.last_read.get(user, "")
    if user not in channel.members:
        return found
    for message in reversed(channel.messages.values()):
        if message.ts <= last or len(found) == MOST_LOOKED_AT:
            break
        if message.user != user and not (message.is_reply and not message.broadcast) and message.subtype not in SILENT:
            found.append(message)
    return found


def is_loud(message: Message, user: str) -> bool:
    return f"<@{user}" in message.text or any(word in message.text for word in LOUD)
