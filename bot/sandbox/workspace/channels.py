"""Making channels and changing them: members, names, topics, archiving, with the notes and events that follow."""

from __future__ import annotations

import re

from bot.sandbox.workspace import events, messages
from bot.sandbox.workspace.model import Channel, Kind, Note, User
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json, SlackError

LONGEST_NAME = 80
LONGEST_NOTE = 250
SPECIALS = re.compile(r"[^\w-]", re.UNICODE)


def check_name(team: Team, name: str, renamed: Channel | None = None) -> str:
    """A channel's name, or Slack's error: one name is one channel, private and archived ones too."""
    if not name:
        raise SlackError("invalid_name_required")
    if len(name) > LONGEST_NAME:
        raise SlackError("invalid_name_maxlength")
    if not any(character.isalnum() for character in name):
        raise SlackError("invalid_name_punctuation")
    if SPECIALS.search(name) or name != name.lower():
        raise SlackError("invalid_name_specials")
    taken = any(c.name == name for c in team.world.channels.values() if not c.is_direct and c is not renamed)
    if taken or name in ("here", "everyone", "archive", "archived", "all", "channel", "group", "me", "slackbot", "today", "you"):
        raise SlackError("name_taken")
    return name


def create(team: Team, name: str, creator: User, private: bool) -> Channel:
    kind: Kind = "group" if private else "channel"
    channel = Channel(team.world.new_id("C"), check_name(team, name), kind, creator.id, team.seconds())
    team.world.channels[channel.id] = channel
    if not private:
        about = {"id": channel.id, "name": name, "created": channel.created, "creator": creator.id, "is_channel": True}
        events.announce(team, {"type": "channel_created", "channel": about, "event_ts": team.new_ts()})
    add_member(team, channel, creator)
    return channel


def add_member(team: Team, channel: Channel, user: User, inviter: str | None = None) -> None:
    """Take somebody in; they and the apps in the channel hear of it."""
    channel.members.append(user.id)
    event: Json = {"type": "member_joined_channel", "user": user.id, "channel": channel.id, "channel_type": "C"}
    event |= {"channel_type": "G" if channel.is_private else "C", "team": team.world.team_id, "event_ts": team.new_ts()}
    events.announce(team, event | ({"inviter": inviter} if inviter else {}), channel)
    subtype = "group_join" if channel.kind == "group" else "channel_join"
    text = f"<@{user.id}> has joined the {'group' if channel.kind == 'group' else 'channel'}"
    messages.note(team, channel, user.id, subtype, text, **({"inviter": inviter} if inviter else {}))
    team.changed("channel", channel=channel.id)


def remove_member(team: Team, channel: Channel, user: User) -> None:
    """Let somebody go, by their own wish or another's."""
    channel.members.remove(user.id)
    kind = "G" if channel.is_private else "C"
    event: Json = {"type": "member_left_channel", "user": user.id, "channel": channel.id, "channel_type": kind, "team": team.world.team_id}
    events.announce(team, event | {"event_ts": team.new_ts()}, channel)
    app = team.app_of(user.id)
    if app is not None:
        left: Json = {"type": "group_left" if channel.is_private else "channel_left", "channel": channel.id, "actor_id": user.id}
        events.announce(team, left | {"event_ts": team.new_ts()}, only=app.id)
    subtype = "group_leave" if channel.kind == "group" else "channel_leave"
    messages.note(team, channel, user.id, subtype, f"<@{user.id}> has left the {'group' if channel.kind == 'group' else 'channel'}")
    team.changed("channel", channel=channel.id)


def rename(team: Team, channel: Channel, name: str, by: str) -> None:
    old, channel.name = channel.name, check_name(team, name, renamed=channel)
    channel.previous_names.insert(0, old)
    about = {"id": channel.id, "name": name, "name_normalized": name, "created": channel.created, "is_channel": not channel.is_private}
    about |= {"is_mpim": False}
    announce_to_viewers(team, channel, {"type": word(channel, "rename"), "channel": about, "event_ts": team.new_ts()})
    text = f'has renamed the channel from "{old}" to "{name}"'
    messages.note(team, channel, by, word(channel, "name"), text, old_name=old, name=name)
    team.changed("channel", channel=channel.id)


def set_topic(team: Team, channel: Channel, value: str, by: str) -> None:
    channel.topic = Note(value, by, team.seconds())
    messages.note(team, channel, by, word(channel, "topic"), f"set the channel topic: {value}", topic=value)
    team.changed("channel", channel=channel.id)


def set_purpose(team: Team, channel: Channel, value: str, by: str) -> None:
    channel.purpose = Note(value, by, team.seconds())
    messages.note(team, channel, by, word(channel, "purpose"), f"set the channel description: {value}", purpose=value)
    team.changed("channel", channel=channel.id)


def archive(team: Team, channel: Channel, by: str) -> None:
    text = f"<@{by}> archived the channel"
    messages.note(team, channel, by, word(channel, "archive"), text, members=list(channel.members))
    channel.archived = True
    event: Json = {"type": word(channel, "archive"), "channel": channel.id, "user": by, "is_moved": 0, "event_ts": team.new_ts()}
    announce_to_viewers(team, channel, event)
    team.changed("channel", channel=channel.id)


def unarchive(team: Team, channel: Channel, by: str) -> None:
    channel.archived = False
    if by not in channel.members:
        channel.members.append(by)
    announce_to_viewers(team, channel, {"type": word(channel, "unarchive"), "channel": channel.id, "user": by, "event_ts": team.new_ts()})
    messages.note(team, channel, by, word(channel, "unarchive"), f"<@{by}> un-archived the channel")
    team.changed("channel", channel=channel.id)


def word(channel: Channel, what: str) -> str:
    """channel_topic or group_topic: private channels have names of their own for the same things."""
    return f"{'group' if channel.kind == 'group' else 'channel'}_{what}"


def announce_to_viewers(team: Team, channel: Channel, event: Json) -> None:
    """A public channel's changes are heard by every app, a private one's only by those inside."""
    events.announce(team, event, channel if channel.is_private else None)
