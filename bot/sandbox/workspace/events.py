"""The Events API: which app hears what. An app hears what its manifest subscribes to and has a scope for, in channels it is in."""

from __future__ import annotations

import secrets

from bot.sandbox.workspace.model import App, Channel
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json, child

MESSAGE_EVENTS = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}
HISTORY_SCOPES = {"channel": "channels:history", "group": "groups:history", "im": "im:history", "mpim": "mpim:history"}

# Any one of the scopes will do. An event that is not listed needs none.
SCOPES: dict[str, tuple[str, ...]] = {
    "app_mention": ("app_mentions:read",),
    "channel_archive": ("channels:read",),
    "channel_created": ("channels:read",),
    "channel_deleted": ("channels:read",),
    "channel_left": ("channels:read",),
    "channel_rename": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "file_deleted": ("files:read",),
    "file_shared": ("files:read",),
    "group_archive": ("groups:read",),
    "group_left": ("groups:read",),
    "group_rename": ("groups:read",),
    "group_unarchive": ("groups:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "pin_added": ("pins:read",),
    "pin_removed": ("pins:read",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
    "subteam_created": ("usergroups:read",),
    "subteam_members_changed": ("usergroups:read",),
    "subteam_updated": ("usergroups:read",),
    "team_join": ("users:read",),
    "user_change": ("users:read",),
}


def announce(team: Team, event: Json, channel: Channel | None = None, only: str | None = None) -> None:
    """Send an event to every app that hears it. `channel` limits it to apps in that channel, `only` to one app by id."""
    for app in team.live_apps():
        if only in (None, app.id) and hears(app, str(event["type"]), channel):
            team.delivery.send_event(app, wrap(team, app, event))


def hears(app: App, kind: str, channel: Channel | None) -> bool:
    """Whether the app has subscribed, may, and is there."""
    if kind in ("app_uninstalled", "tokens_revoked"):
        return kind in subscriptions(app)
    name, scopes = kind, SCOPES.get(kind, ())
    if channel is not None:
        if app.bot_user not in channel.members:
            return False
        if kind == "message":
            name, scopes = MESSAGE_EVENTS[channel.kind], (HISTORY_SCOPES[channel.kind],)
    return name in subscriptions(app) and (not scopes or not app.scopes.isdisjoint(scopes))


def subscriptions(app: App) -> list[str]:
    events = child(app.manifest, "settings", "event_subscriptions").get("bot_events")
    return events if isinstance(events, list) else []


def wrap(team: Team, app: App, event: Json) -> Json:
    """The event_callback around an event."""
    bot = {"enterprise_id": None, "team_id": team.world.team_id, "user_id": app.bot_user, "is_bot": True, "is_enterprise_install": False}
    return {
        "token": app.verification_token,
        "team_id": team.world.team_id,
        "context_team_id": team.world.team_id,
        "context_enterprise_id": None,
        "api_app_id": app.id,
        "event": event,
        "type": "event_callback",
        "event_id": team.world.new_id("Ev"),
        "event_time": team.seconds(),
        "authorizations": [bot],
        "is_ext_shared_channel": False,
        "event_context": f"4-{secrets.token_urlsafe(24)}",
    }
