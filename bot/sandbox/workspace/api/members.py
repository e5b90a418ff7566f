"""Who is in a conversation: invite, join, kick, leave, members."""

from __future__ import annotations

from bot.sandbox.workspace import channels
from bot.sandbox.workspace.api.base import Caller, find_channel, method, need_channel, need_member, need_open, page, with_cursor
from bot.sandbox.workspace.model import Channel, User
from bot.sandbox.workspace.shapes import channel_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError, invalid_arguments

MOST_INVITED = 100


@method("conversations.invite", 3, family="invites")
def conversations_invite(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"), "invites")
    need_channel(channel)
    ids = list(dict.fromkeys(args.names("users")))
    if not ids:
        raise SlackError("no_user")
    if len(ids) > MOST_INVITED:
        raise invalid_arguments(f"no more than {MOST_INVITED} users a call")
    need_open(channel)
    need_member(caller, channel)
    problems = {user_id: problem for user_id in ids if (problem := problem_with(team, caller, channel, user_id))}
    errors = [{"user": user_id, "ok": False, "error": problem} for user_id, problem in problems.items()]
    invited = [team.world.users[user_id] for user_id in ids if user_id not in problems]
    if problems and (not args.flag("force") or not invited):
        raise SlackError(errors[0]["error"] if isinstance(errors[0]["error"], str) else "cant_invite", errors=errors)
    for user in invited:
        channels.add_member(team, channel, user, inviter=caller.user.id)
    return {"channel": channel_shape(team, channel, caller.user.id)} | ({"errors": errors} if errors else {})


def problem_with(team: Team, caller: Caller, channel: Channel, user_id: str) -> str | None:
    """Why somebody cannot be invited, in Slack's word."""
    user = team.world.users.get(user_id)
    if user is None:
        return "user_not_found"
    if user_id == caller.user.id:
        return "cant_invite_self"
    if user_id in channel.members:
        return "already_in_channel"
    if user.deleted:
        return "cant_invite"
    if user.level == "single_channel_guest" and channels_of(team, user):
        return "ura_max_channels"
    return None


def channels_of(team: Team, user: User) -> list[Channel]:
    return [c for c in team.world.channels.values() if user.id in c.members and not c.is_direct and not c.archived]


@method("conversations.join", 3, "channels:join")
def conversations_join(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"))
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    need_open(channel)
    shape: Json = {}
    if caller.user.id in channel.members:
        shape = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    else:
        channels.add_member(team, channel, caller.user)
    return {"channel": channel_shape(team, channel, caller.user.id)} | shape


@method("conversations.leave", 3, family="manage")
def conversations_leave(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"), "manage")
    need_channel(channel)
    need_open(channel)
    if channel.is_general:
        raise SlackError("cant_leave_general")
    if caller.user.id not in channel.members:
        return {"not_in_channel": True}
    if channel.is_private and len(channel.members) == 1:
        raise SlackError("last_member")
    channels.remove_member(team, channel, caller.user)
    return {}


@method("conversations.kick", 3, family="manage")
def conversations_kick(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"), "manage")
    need_channel(channel)
    user = team.world.users.get(args.text("user"))
    if user is None:
        raise SlackError("user_not_found")
    if user.id == caller.user.id:
        raise SlackError("cant_kick_self")
    if channel.is_general:
        raise SlackError("cant_kick_from_general")
    if user.id not in channel.members:
        raise SlackError("not_in_channel")
    need_member(caller, channel)
    channels.remove_member(team, channel, user)
    return {}


@method("conversations.members", 4, family="read")
def conversations_members(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel"), "read")
    some, cursor = page(list(channel.members), args, "user", lambda m: m)
    return with_cursor({"members": some}, cursor)
