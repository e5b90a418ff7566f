"""api.test, auth.*, apps.connections.open and team.info."""

from __future__ import annotations

from bot.sandbox.workspace.api.base import NO_TOKEN_NEEDED, Caller, method
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError


@method("api.test", 4, tokens=NO_TOKEN_NEEDED)
def api_test(team: Team, caller: Caller, args: Args) -> Json:
    if args.has("error"):
        raise SlackError(args.text("error"), args=args.values)
    return {"args": args.values}


@method("auth.test", None)
def auth_test(team: Team, caller: Caller, args: Args) -> Json:
    reply: Json = {
        "url": f"{team.address}/",
        "team": team.world.team_name,
        "user": caller.user.name,
        "team_id": team.world.team_id,
        "user_id": caller.user.id,
        "is_enterprise_install": False,
    }
    return reply | ({"bot_id": caller.app.bot_id} if caller.app else {})


@method("auth.revoke", 3)
def auth_revoke(team: Team, caller: Caller, args: Args) -> Json:
    if not args.flag("test"):
        caller.the_app().revoked = True
        team.changed("apps")
    return {"revoked": not args.flag("test")}


@method("apps.connections.open", 3, tokens=("app",))
def apps_connections_open(team: Team, caller: Caller, args: Args) -> Json:
    app = caller.the_app()
    address = team.address.replace("http", "ws", 1)
    return {"url": f"{address}/link?ticket={team.tickets.issue(app.id)}&app_id={app.id}"}


@method("team.info", 3, "team:read")
def team_info(team: Team, caller: Caller, args: Args) -> Json:
    world = team.world
    if args.has("team") and args.text("team") != world.team_id:
        raise SlackError("team_not_found")
    return {
        "team": {
            "id": world.team_id,
            "name": world.team_name,
            "domain": world.domain,
            "url": f"{team.address}/",
            "email_domain": "example.com",
            "icon": {"image_34": f"{team.address}/avatars/team.png", "image_default": True},
            "avatar_base_url": f"{team.address}/avatars/",
            "is_verified": False,
        }
    }
