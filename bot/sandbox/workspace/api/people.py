"""users.*, bots.info, dnd.info and emoji.list."""

from __future__ import annotations

from bot.sandbox.workspace.api.base import Caller, method, page, visible, with_cursor
from bot.sandbox.workspace.model import User
from bot.sandbox.workspace.shapes import bot_profile, channel_shape, user_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError

KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}


def shown(team: Team, caller: Caller, user: User) -> Json:
    """A user without the address when the caller may not see it."""
    shape = user_shape(team, user)
    if caller.app is not None and "users:read.email" not in caller.app.scopes:
        shape["profile"].pop("email", None)
    return shape


def find_user(team: Team, user_id: str, error: str = "user_not_found") -> User:
    user = team.world.users.get(user_id)
    if user is None:
        raise SlackError(error)
    return user


@method("users.info", 4, "users:read")
def users_info(team: Team, caller: Caller, args: Args) -> Json:
    return {"user": shown(team, caller, find_user(team, args.need("user")))}


@method("users.list", 2, "users:read")
def users_list(team: Team, caller: Caller, args: Args) -> Json:
    if not args.has("limit") and len(team.world.users) > 1000:
        raise SlackError("limit_required")
    everyone = sorted(team.world.users.values(), key=lambda u: u.id)
    some, cursor = page(everyone, args, "user", lambda u: u.id, default=1000)
    return with_cursor({"members": [shown(team, caller, u) for u in some], "cache_ts": team.seconds()}, cursor)


@method("users.lookupByEmail", 3, "users:read.email")
def users_lookup_by_email(team: Team, caller: Caller, args: Args) -> Json:
    email = args.need("email").lower()
    found = next((u for u in team.world.users.values() if u.email == email and not u.deleted), None)
    if found is None:
        raise SlackError("users_not_found")
    return {"user": shown(team, caller, found)}


@method("users.conversations", 3, family="read")
def users_conversations(team: Team, caller: Caller, args: Args) -> Json:
    user = find_user(team, args.text("user", caller.user.id), "invalid_arguments")
    return conversation_page(team, caller, args, member=user)


@method("conversations.list", 2, family="read")
def conversations_list(team: Team, caller: Caller, args: Args) -> Json:
    return conversation_page(team, caller, args, member=None)


def conversation_page(team: Team, caller: Caller, args: Args, member: User | None) -> Json:
    """The channels the caller sees, of the types asked for, only those with `member` in them when given."""
    types = args.names("types") or ["public_channel"]
    if any(one not in KINDS for one in types):
        raise SlackError("invalid_types")
    kinds = {KINDS[one] for one in types}
    for kind, prefix in (("channel", "channels"), ("group", "groups"), ("im", "im"), ("mpim", "mpim")):
        if kind in kinds:
            caller.need(f"{prefix}:read")
    channels = [
        channel
        for channel in sorted(team.world.channels.values(), key=lambda c: c.id)
        if channel.kind in kinds
        and visible(team, caller, channel)
        and not (channel.archived and args.flag("exclude_archived"))
        and (member is None or member.id in channel.members)
    ]
    some, cursor = page(channels, args, "team", lambda c: c.id)
    return with_cursor({"channels": [channel_shape(team, c, caller.user.id, members=member is None) for c in some]}, cursor)


@method("users.getPresence", 3, "users:read")
def users_get_presence(team: Team, caller: Caller, args: Args) -> Json:
    return {"presence": "active", "online": True}


@method("users.profile.get", 4, "users.profile:read")
def users_profile_get(team: Team, caller: Caller, args: Args) -> Json:
    return {"profile": shown(team, caller, find_user(team, args.text("user", caller.user.id)))["profile"]}


@method("bots.info", 3, "users:read")
def bots_info(team: Team, caller: Caller, args: Args) -> Json:
    app = next((a for a in team.world.apps.values() if a.bot_id == args.text("bot")), None)
    if app is None:
        raise SlackError("bot_not_found")
    return {"bot": bot_profile(team, app)}


@method("dnd.info", 3, "dnd:read")
def dnd_info(team: Team, caller: Caller, args: Args) -> Json:
    find_user(team, args.text("user", caller.user.id))
    return {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1, "snooze_enabled": False}


@method("emoji.list", 2, "emoji:read")
def emoji_list(team: Team, caller: Caller, args: Args) -> Json:
    return {"emoji": {}, "cache_ts": str(team.seconds())}
