"""Conversations: made, shown, named and archived."""

from __future__ import annotations

from bot.sandbox.workspace import channels
from bot.sandbox.workspace.api.base import FAMILIES, Caller, find_channel, method, need_channel, need_member, need_open
from bot.sandbox.workspace.channels import LONGEST_NOTE
from bot.sandbox.workspace.model import Channel
from bot.sandbox.workspace.shapes import channel_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError


def shown(team: Team, caller: Caller, channel: Channel) -> Json:
    return {"channel": channel_shape(team, channel, caller.user.id)}


@method("conversations.create", 2, family="manage")
def conversations_create(team: Team, caller: Caller, args: Args) -> Json:
    private = args.flag("is_private")
    caller.need(*FAMILIES["manage"]["group" if private else "channel"])
    if caller.user.is_guest:
        raise SlackError("restricted_action")
    return shown(team, caller, channels.create(team, args.text("name"), caller.user, private))


@method("conversations.info", 3, family="read")
def conversations_info(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"), "read")
    return {"channel": channel_shape(team, channel, caller.user.id, members=args.flag("include_num_members"))}


@method("conversations.open", 3, family="open")
def conversations_open(team: Team, caller: Caller, args: Args) -> Json:
    if args.has("channel"):
        channel = find_channel(team, caller, args.text("channel"), "open")
        return {"no_op": True, "already_open": True} | opened(team, caller, channel, args)
    ids = args.names("users")
    if not ids:
        raise SlackError("users_list_not_supplied")
    if len(ids) > 8:
        raise SlackError("too_many_users")
    for user_id in ids:
        user = team.world.users.get(user_id)
        if user is None:
            raise SlackError("user_not_found")
        if user.deleted:
            raise SlackError("user_disabled")
    caller.need("im:write" if len(ids) == 1 else "mpim:write")
    before = len(team.world.channels)
    channel = team.direct([caller.user.id, *ids])
    already = {"no_op": True, "already_open": True} if len(team.world.channels) == before else {}
    return already | opened(team, caller, channel, args)


def opened(team: Team, caller: Caller, channel: Channel, args: Args) -> Json:
    return {"channel": channel_shape(team, channel, caller.user.id) if args.flag("return_im") else {"id": channel.id}}


@method("conversations.close", 2, family="manage")
def conversations_close(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"), "manage")
    if not channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    return {}


@method("conversations.rename", 2, family="manage")
def conversations_rename(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"), "manage")
    need_channel(channel)
    need_member(caller, channel)
    need_open(channel)
    if channel.creator != caller.user.id and caller.user.level not in ("admin", "owner"):
        raise SlackError("not_authorized")
    channels.rename(team, channel, args.text("name"), caller.user.id)
    return shown(team, caller, channel)


@method("conversations.setTopic", 2, family="topic")
def conversations_set_topic(team: Team, caller: Caller, args: Args) -> Json:
    channel = channel_to_describe(team, caller, args)
    channels.set_topic(team, channel, note_text(args, "topic"), caller.user.id)
    return shown(team, caller, channel)


@method("conversations.setPurpose", 2, family="topic")
def conversations_set_purpose(team: Team, caller: Caller, args: Args) -> Json:
    channel = channel_to_describe(team, caller, args)
    value = note_text(args, "purpose")
    channels.set_purpose(team, channel, value, caller.user.id)
    return {"purpose": value}


def channel_to_describe(team: Team, caller: Caller, args: Args) -> Channel:
    channel = find_channel(team, caller, args.need("channel"), "topic")
    need_channel(channel)
    need_member(caller, channel)
    need_open(channel)
    return channel


def note_text(args: Args, name: str) -> str:
    value = args.text(name)
    if len(value) > LONGEST_NOTE:
        raise SlackError("too_long")
    return value


@method("conversations.archive", 2, family="manage")
def conversations_archive(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"), "manage")
    need_channel(channel)
    if channel.archived:
        raise SlackError("already_archived")
    if channel.is_general:
        raise SlackError("cant_archive_general")
    need_member(caller, channel)
    channels.archive(team, channel, caller.user.id)
    return {}


@method("conversations.unarchive", 2, family="manage")
def conversations_unarchive(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"), "manage")
    need_channel(channel)
    if not channel.archived:
        raise SlackError("not_archived")
    channels.unarchive(team, channel, caller.user.id)
    return {}


@method("conversations.mark", 3, family="manage")
def conversations_mark(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"), "manage")
    need_member(caller, channel)
    try:
        float(args.need("ts"))
    except ValueError:
        raise SlackError("invalid_timestamp") from None
    channel.last_read[caller.user.id] = args.text("ts")
    team.changed("read", channel=channel.id, user=caller.user.id)
    return {}
