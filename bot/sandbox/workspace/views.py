"""Views: the stack of modals in front of a person, and the home tab of each app."""

from __future__ import annotations

import json
import secrets
from typing import Any

from bot.sandbox.workspace.blocks import block_problems
from bot.sandbox.workspace.messages import named
from bot.sandbox.workspace.model import App, View
from bot.sandbox.workspace.state import initial_state
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json, SlackError, invalid_arguments

LARGEST_VIEW = 250 * 1024
DEEPEST_STACK = 3
LONGEST = {"callback_id": 255, "external_id": 255, "private_metadata": 3000}


def check_view(view: Any, kind: str) -> Json:
    """A view as an app sends it, or Slack's error."""
    if isinstance(view, str):
        try:
            view = json.loads(view)
        except ValueError:
            raise invalid_arguments("view is not JSON [json-pointer:/view]") from None
    if not isinstance(view, dict):
        raise invalid_arguments("missing required field: view")
    if len(json.dumps(view)) > LARGEST_VIEW:
        raise SlackError("view_too_large")
    problems = [f"must be `{kind}` [json-pointer:/view/type]"] if view.get("type") != kind else []
    problems += [problem.replace("[json-pointer:", "[json-pointer:/view") for problem in block_problems(view.get("blocks"), kind)]
    for name, most in LONGEST.items():
        if len(str(view.get(name) or "")) > most:
            problems.append(f"must be less than {most + 1} characters [json-pointer:/view/{name}]")
    if kind == "modal":
        problems += modal_problems(view)
    if problems:
        raise invalid_arguments(*problems)
    return view


def modal_problems(view: Json) -> list[str]:
    problems = []
    for name in ("title", "submit", "close"):
        text = view.get(name)
        if text is None and name != "title":
            continue
        words = text.get("text") if isinstance(text, dict) and text.get("type") == "plain_text" else None
        if not isinstance(words, str) or not 1 <= len(words) <= 24:
            problems.append(f"must be a plain_text object of 1 to 24 characters [json-pointer:/view/{name}]")
    if view.get("submit") is None and any(block.get("type") == "input" for block in view.get("blocks") or []):
        problems.append("`submit` is required when an `input` block is present [json-pointer:/view]")
    return problems


def modals_of(team: Team, user: str) -> list[View]:
    """The modals in front of a person, the front one first."""
    return [view for view in reversed(team.world.views.values()) if view.user == user and view.kind == "modal"]


def open_modal(team: Team, app: App, user: str, content: Json, on: View | None = None) -> View:
    """Show a modal, on top of another when given."""
    check_external_id(team, app, content)
    if on is None:
        for old in modals_of(team, user):
            del team.world.views[old.id]
    elif depth(team, on) >= DEEPEST_STACK:
        raise SlackError("push_limit_reached")
    id_ = team.world.new_id("V")
    root = on.root_id if on else id_
    view = View(id_, app.id, user, "modal", dressed(content), new_hash(team), root, on.id if on else None)
    view.state = initial_state(view.content["blocks"])
    team.world.views[id_] = view
    team.changed("view", user=user, view=id_)
    return view


def update(team: Team, app: App, view: View, content: Json, hash_: str | None = None) -> View:
    """Replace what a view shows. What the person had filled in stays where block and action are the same."""
    if hash_ and hash_ != view.hash:
        raise SlackError("hash_conflict")
    check_external_id(team, app, content, view)
    filled = view.state
    view.content = dressed(content)
    view.hash = new_hash(team)
    view.state = initial_state(view.content["blocks"])
    for block, actions in view.state.items():
        for action, value in actions.items():
            kept = filled.get(block, {}).get(action)
            if kept is not None and kept["type"] == value["type"]:
                actions[action] = kept
    team.changed("view", user=view.user, view=view.id)
    return view


def publish(team: Team, app: App, user: str, content: Json, hash_: str | None = None) -> View:
    """Set a person's home tab of an app."""
    old = home_of(team, app, user)
    if old is not None:
        return update(team, app, old, content, hash_)
    id_ = team.world.new_id("V")
    view = View(id_, app.id, user, "home", dressed(content), new_hash(team), id_)
    view.state = initial_state(view.content["blocks"])
    team.world.views[id_] = view
    team.changed("view", user=user, view=id_)
    return view


def home_of(team: Team, app: App, user: str) -> View | None:
    views = team.world.views.values()
    return next((view for view in views if view.kind == "home" and view.app_id == app.id and view.user == user), None)


def find(team: Team, app: App, view_id: str, external_id: str) -> View:
    """An app's own view by id or external id. Raises not_found."""
    for view in team.world.views.values():
        if view.app_id == app.id and (view.id == view_id or (external_id and view.content.get("external_id") == external_id)):
            return view
    raise SlackError("not_found")


def close(team: Team, view: View, whole_stack: bool = False) -> None:
    """Take a modal away, alone or with all of its stack."""
    for other in list(team.world.views.values()):
        if other.id == view.id or (whole_stack and other.root_id == view.root_id):
            del team.world.views[other.id]
    team.changed("view", user=view.user, view=view.id)


def depth(team: Team, view: View) -> int:
    return 1 + (depth(team, team.world.views[view.previous_id]) if view.previous_id in team.world.views else 0)


def check_external_id(team: Team, app: App, content: Json, but: View | None = None) -> None:
    given = content.get("external_id")
    mine = (view for view in team.world.views.values() if view.app_id == app.id and view is not but)
    if given and any(view.content.get("external_id") == given for view in mine):
        raise SlackError("duplicate_external_id")


def dressed(content: Json) -> Json:
    """The content with an id on every block and element."""
    return {**content, "blocks": named(content["blocks"])}


def new_hash(team: Team) -> str:
    return f"{team.seconds()}.{secrets.token_hex(4)}"
