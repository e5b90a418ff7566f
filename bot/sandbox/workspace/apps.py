"""Installing apps from their manifests, and taking them away."""

from __future__ import annotations

import secrets

from bot.sandbox.workspace import events
from bot.sandbox.workspace.model import App, User, readable_id
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json, child


class BadManifest(Exception):
    """A manifest cannot be installed; the text says why."""


def install(
    team: Team,
    manifest: Json,
    request_url: str | None = None,
    bot_token: str | None = None,
    app_token: str | None = None,
    signing_secret: str | None = None,
    client: tuple[str, str] | None = None,
) -> App:
    """Install an app, or install it again with a new manifest when its name is known; tokens are made up where none are given."""
    name = child(manifest, "display_information").get("name")
    if not isinstance(name, str) or not name:
        raise BadManifest("A manifest needs display_information.name.")
    app = next((one for one in team.world.apps.values() if one.name == name), None)
    if app is None:
        app = new_app(team, name, manifest)
        team.world.apps[app.id] = app
    app.manifest, app.request_url, app.revoked = manifest, request_url, False
    app.bot_token = bot_token or app.bot_token
    app.app_token = app_token or app.app_token
    app.signing_secret = signing_secret or app.signing_secret
    app.client_id, app.client_secret = client or (app.client_id, app.client_secret)
    team.changed("apps")
    return app


def new_app(team: Team, name: str, manifest: Json) -> App:
    app_id, bot_id, user_id = (free_id(team, prefix, name) for prefix in ("A", "B", "U"))
    display = str(child(manifest, "features", "bot_user").get("display_name") or name)
    handle = "".join(c for c in display.lower() if c.isalnum() or c in "-_.") or app_id.lower()
    while any(user.name == handle for user in team.world.users.values()):
        handle += "2"
    team.world.users[user_id] = User(user_id, handle, display, bot_id=bot_id, app_id=app_id, updated=team.seconds())
    secret = secrets.token_hex
    return App(
        app_id,
        name,
        manifest,
        user_id,
        bot_id,
        f"xoxb-{secret(12)}",
        f"xapp-1-{app_id}-{secret(12)}",
        secret(16),
        secrets.token_urlsafe(16),
    )


def free_id(team: Team, prefix: str, name: str) -> str:
    id_ = readable_id(prefix, name)
    taken = id_ in team.world.apps or id_ in team.world.users or any(id_ == app.bot_id for app in team.world.apps.values())
    return team.world.new_id(prefix) if taken else id_


def uninstall(team: Team, app: App) -> None:
    """Revoke an app's tokens; it hears of it, as far as it asked to."""
    for event in ({"type": "tokens_revoked", "tokens": {"bot": [app.bot_user]}}, {"type": "app_uninstalled"}):
        events.announce(team, dict(event), only=app.id)
    app.revoked = True
    team.changed("apps")
