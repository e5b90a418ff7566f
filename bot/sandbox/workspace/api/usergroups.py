"""usergroups.*"""

from __future__ import annotations

import re

from bot.sandbox.workspace import events
from bot.sandbox.workspace.api.base import Caller, method
from bot.sandbox.workspace.model import UserGroup
from bot.sandbox.workspace.shapes import group_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError

HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,20}")
RESERVED = frozenset({"here", "channel", "everyone", "all", "group", "me"})


def find(team: Team, args: Args, error: str = "no_such_subteam") -> UserGroup:
    group = team.world.groups.get(args.need("usergroup"))
    if group is None:
        raise SlackError(error)
    return group


@method("usergroups.create", 2, "usergroups:write")
def usergroups_create(team: Team, caller: Caller, args: Args) -> Json:
    name = args.text("name")
    if not name:
        raise SlackError("missing_subteam_name")
    if any(group.name == name for group in team.world.groups.values()):
        raise SlackError("name_already_exists")
    handle = args.text("handle") or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    check_handle(team, handle)
    now = team.seconds()
    group = UserGroup(team.world.new_id("S"), name, handle, args.text("description"), [], args.names("channels"), caller.user.id, now, now)
    team.world.groups[group.id] = group
    return told(team, group, "subteam_created", args)


def check_handle(team: Team, handle: str, but: UserGroup | None = None) -> None:
    if not HANDLE.fullmatch(handle):
        raise SlackError("bad_handle")
    if handle in RESERVED:
        raise SlackError("forbidden_handle")
    people = {user.name for user in team.world.users.values()}
    if handle in people or any(group.handle == handle and group is not but for group in team.world.groups.values()):
        raise SlackError("handle_already_exists")


def told(team: Team, group: UserGroup, event: str, args: Args) -> Json:
    events.announce(team, {"type": event, "subteam": group_shape(team, group, users=True), "event_ts": team.new_ts()})
    team.changed("usergroup")
    return {"usergroup": group_shape(team, group, users=event == "members", count=args.flag("include_count"))}


@method("usergroups.update", 2, "usergroups:write")
def usergroups_update(team: Team, caller: Caller, args: Args) -> Json:
    group = find(team, args, "invalid_arguments")
    if args.has("handle"):
        try:
            check_handle(team, args.text("handle"), group)
        except SlackError:
            raise SlackError("invalid_arguments") from None
        group.handle = args.text("handle")
    group.name = args.text("name", group.name)
    group.description = args.text("description", group.description)
    if args.has("channels"):
        group.channels = args.names("channels")
    group.updated = team.seconds()
    return told(team, group, "subteam_updated", args)


@method("usergroups.disable", 2, "usergroups:write")
def usergroups_disable(team: Team, caller: Caller, args: Args) -> Json:
    group = find(team, args, "invalid_arguments")
    group.deleted = group.updated = team.seconds()
    return told(team, group, "subteam_updated", args)


@method("usergroups.enable", 2, "usergroups:write")
def usergroups_enable(team: Team, caller: Caller, args: Args) -> Json:
    group = find(team, args, "invalid_arguments")
    group.deleted, group.updated = 0, team.seconds()
    return told(team, group, "subteam_updated", args)


@method("usergroups.list", 2, "usergroups:read")
def usergroups_list(team: Team, caller: Caller, args: Args) -> Json:
    users, count = args.flag("include_users"), args.flag("include_count")
    listed = [group for group in team.world.groups.values() if not group.deleted or args.flag("include_disabled")]
    return {"usergroups": [group_shape(team, group, users, count) for group in listed]}


@method("usergroups.users.list", 2, "usergroups:read")
def usergroups_users_list(team: Team, caller: Caller, args: Args) -> Json:
    return {"users": list(find(team, args).users)}


@method("usergroups.users.update", 2, "usergroups:write")
def usergroups_users_update(team: Team, caller: Caller, args: Args) -> Json:
    """Replace the whole list; an empty one is refused."""
    group = find(team, args, "invalid_arguments")
    ids = args.names("users")
    if not ids:
        raise SlackError("no_users_provided")
    if any(one not in team.world.users or team.world.users[one].deleted for one in ids):
        raise SlackError("invalid_users")
    before, group.users, group.updated = group.users, list(dict.fromkeys(ids)), team.seconds()
    added, removed = [u for u in group.users if u not in before], [u for u in before if u not in group.users]
    change: Json = {"type": "subteam_members_changed", "subteam_id": group.id, "team_id": team.world.team_id, "date_update": group.updated}
    change |= {"added_users": added, "added_users_count": len(added), "removed_users": removed, "removed_users_count": len(removed)}
    events.announce(team, change | {"event_ts": team.new_ts()})
    team.changed("usergroup")
    return {"usergroup": group_shape(team, group, users=True)}
