"""What Slack is told about the app. `python -m bot.slack.manifest > manifest.json`; with `--url https://…` for HTTP instead of Socket Mode.

Every scope has its reason here: a method that we call, an event that we hear, or a feature.
"""

import argparse
import json
from collections.abc import Sequence

from bot.config.models import Commands

CHANNELS_WRITE = ("channels:manage", "groups:write")
CHANNELS_READ = ("channels:read", "groups:read")
HISTORY = ("channels:history", "groups:history", "im:history")

METHOD_SCOPES: dict[str, tuple[str, ...]] = {
    "auth.test": (),
    "canvases.create": ("canvases:write",),
    "canvases.edit": ("canvases:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.canvases.create": ("canvases:write",),
    "conversations.create": CHANNELS_WRITE,
    "conversations.history": HISTORY,
    "conversations.info": CHANNELS_READ,
    "conversations.invite": CHANNELS_WRITE,
    "conversations.join": ("channels:join",),
    "conversations.list": CHANNELS_READ,
    "conversations.open": ("im:write",),
    "conversations.rename": CHANNELS_WRITE,
    "conversations.setTopic": CHANNELS_WRITE,
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.info": ("files:read",),
    "openid.connect.token": (),
    "pins.add": ("pins:write",),
    "usergroups.list": ("usergroups:read",),
    "usergroups.users.update": ("usergroups:write",),
    "users.info": ("users:read",),
    "users.lookupByEmail": ("users:read", "users:read.email"),
    "views.open": (),
    "views.publish": (),
    "views.push": (),
    "views.update": (),
}
"""The scopes that we need for each method we call, public and private channels alike."""

EVENT_SCOPES: dict[str, tuple[str, ...]] = {
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "pin_added": ("pins:read",),
    "pin_removed": ("pins:read",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
}
"""The events that we hear, and what each asks for."""

SIGN_IN_SCOPES = ("email", "openid", "profile")
"""What somebody who signs in lets us know. They are asked of that person, not of the workspace."""
SIGN_IN_RETURN = "/signin/slack/return"

FEATURE_SCOPES: dict[str, tuple[str, ...]] = {"slash commands and shortcuts": ("commands",)}


def scopes() -> list[str]:
    """Exactly the scopes that something above asks for."""
    asked = (*METHOD_SCOPES.values(), *EVENT_SCOPES.values(), *FEATURE_SCOPES.values())
    return sorted({scope for each in asked for scope in each})


def slash_commands(names: Commands) -> list[tuple[str, str, str]]:
    """Command, what it is for, and a hint of what to type."""
    root = ("Declare an incident, or act on one", "sev1 checkout is down | ack | update … | resolve | help")
    aliases = [name for name in (names.incident, names.incident_alias) if name]
    return [
        *((name, *root) for name in aliases),
        (
            names.oncall,
            "Who is on call, and who takes over",
            "payments | override @kim sat 18:00 +8h | swap @kim | cover | off | report | help",
        ),
        (names.page, "Test how Tocsin reaches you", "test"),
        (names.runbook, "Read a runbook, or run one", "rollback | rollback to=v41 | help"),
    ]


def manifest(names: Commands | None = None, request_url: str | None = None, pages_url: str | None = None) -> dict[str, object]:
    """The whole manifest: for Socket Mode, or for signed requests to `request_url`. Who signs in is sent back to `pages_url`."""
    url = {"request_url": request_url} if request_url else {}
    returns = {"redirect_urls": [pages_url.rstrip("/") + SIGN_IN_RETURN]} if pages_url else {}
    commands = slash_commands(names or Commands())
    return {
        "display_information": {
            "name": "Tocsin",
            "description": "Runs incidents: channel, severity, paging, timeline, postmortem.",
            "background_color": "#7a1f1f",
        },
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
            "bot_user": {"display_name": "tocsin", "always_online": True},
            "shortcuts": [
                _shortcut("Declare an incident", "global", "declare.open", "Open an incident and page who is on call."),
                _shortcut("Declare from message", "message", "declare.from_message", "Open an incident about this message."),
                _shortcut("Add to incident timeline", "message", "timeline.add", "Put this message on the incident's timeline."),
            ],
            "slash_commands": [
                {
                    "command": command,
                    "description": description,
                    "usage_hint": hint,
                    "should_escape": True,
                    **({"url": request_url} if request_url else {}),
                }
                for command, description, hint in commands
            ],
        },
        "oauth_config": {**returns, "scopes": {"bot": scopes(), "user": list(SIGN_IN_SCOPES)}},
        "settings": {
            "event_subscriptions": {**url, "bot_events": sorted(EVENT_SCOPES)},
            "interactivity": {"is_enabled": True, **url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": request_url is None,
            "token_rotation_enabled": False,
        },
    }


def rendered(names: Commands | None = None, request_url: str | None = None, pages_url: str | None = None) -> str:
    """The manifest as the text of `manifest.json`."""
    return json.dumps(manifest(names, request_url, pages_url), indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the manifest."""
    parser = argparse.ArgumentParser(prog="python -m bot.slack.manifest", description="Print the Slack app's manifest.")
    parser.add_argument("--url", help="where Slack posts to, as https://tocsin.example.com/slack/events; without it, Socket Mode")
    parser.add_argument("--pages", help="TOCSIN_URL, as https://tocsin.example.com: where Slack sends people back to who sign in")
    given = parser.parse_args(arguments)
    print(rendered(request_url=given.url, pages_url=given.pages), end="")


def _shortcut(name: str, kind: str, callback_id: str, description: str) -> dict[str, str]:
    return {"name": name, "type": kind, "callback_id": callback_id, "description": description}


if __name__ == "__main__":
    main()
