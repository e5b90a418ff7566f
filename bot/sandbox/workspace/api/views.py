"""views.*"""

from __future__ import annotations

from bot.sandbox.workspace import views
from bot.sandbox.workspace.api.base import Caller, method
from bot.sandbox.workspace.shapes import view_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.tickets import Trigger
from bot.sandbox.workspace.wire import Args, Json, SlackError, invalid_arguments


def trigger_of(team: Team, caller: Caller, args: Args) -> Trigger:
    """Exchange the trigger of the call, given as trigger_id or interactivity_pointer."""
    key = args.text("trigger_id") or args.text("interactivity_pointer")
    if not key:
        raise invalid_arguments("missing required field: trigger_id")
    return team.triggers.use(key, caller.the_app().id)


@method("views.open", 4, tokens=("bot",))
def views_open(team: Team, caller: Caller, args: Args) -> Json:
    content = views.check_view(args.values.get("view"), "modal")
    trigger = trigger_of(team, caller, args)
    view = views.open_modal(team, caller.the_app(), trigger.user, content)
    return {"view": view_shape(team, view)}


@method("views.push", 4, tokens=("bot",))
def views_push(team: Team, caller: Caller, args: Args) -> Json:
    content = views.check_view(args.values.get("view"), "modal")
    trigger = trigger_of(team, caller, args)
    below = team.world.views.get(trigger.view_id or "")
    if below is None:
        raise SlackError("not_found")
    return {"view": view_shape(team, views.open_modal(team, caller.the_app(), trigger.user, content, on=below))}


@method("views.update", 4, tokens=("bot",))
def views_update(team: Team, caller: Caller, args: Args) -> Json:
    app = caller.the_app()
    if not args.has("view_id") and not args.has("external_id"):
        raise invalid_arguments("missing required field: view_id or external_id")
    view = views.find(team, app, args.text("view_id"), args.text("external_id"))
    content = views.check_view(args.values.get("view"), view.kind)
    return {"view": view_shape(team, views.update(team, app, view, content, args.text("hash")))}


@method("views.publish", 4, tokens=("bot",))
def views_publish(team: Team, caller: Caller, args: Args) -> Json:
    app, user = caller.the_app(), args.need("user_id")
    if not app.manifest.get("features", {}).get("app_home", {}).get("home_tab_enabled"):
        raise SlackError("not_enabled")
    if user not in team.world.users:
        raise invalid_arguments("no such user [json-pointer:/user_id]")
    content = views.check_view(args.values.get("view"), "home")
    return {"view": view_shape(team, views.publish(team, app, user, content, args.text("hash")))}
