"""The payloads of commands and interactions, as Slack sends them."""

from __future__ import annotations

from bot.sandbox.workspace.model import App, Channel, Message, User, View
from bot.sandbox.workspace.shapes import message_shape, view_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json


def interaction(team: Team, app: App, user: User, kind: str) -> Json:
    """What every interaction starts with."""
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": team.world.team_id},
        "api_app_id": app.id,
        "token": app.verification_token,
        "team": {"id": team.world.team_id, "domain": team.world.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def channel_name(channel: Channel) -> str:
    """The name Slack gives in payloads: direct messages and private channels hide theirs."""
    return {"im": "directmessage", "mpim": channel.name, "group": "privategroup", "channel": channel.name}[channel.kind]


def in_message(team: Team, channel: Channel, message: Message) -> Json:
    """Where an interaction with a message happened."""
    ephemeral = message.hidden_to_all_but is not None
    container: Json = {"type": "message", "message_ts": message.ts, "channel_id": channel.id, "is_ephemeral": ephemeral}
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    place: Json = {"container": container, "channel": {"id": channel.id, "name": channel_name(channel)}}
    # An ephemeral message is not sent along, as nothing could be looked up by its ts.
    return place if ephemeral else place | {"message": message_shape(team, channel, message)}


def in_view(team: Team, view: View) -> Json:
    return {"container": {"type": "view", "view_id": view.id}, "view": view_shape(team, view)}


def command(team: Team, app: App, user: User, channel: Channel, name: str, text: str) -> Json:
    """The form of a slash command, with its response_url and trigger."""
    key = team.response_urls.issue(app.id, user.id, channel.id)
    return {
        "token": app.verification_token,
        "team_id": team.world.team_id,
        "team_domain": team.world.domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": app.id,
        "is_enterprise_install": "false",
        "response_url": response_url(team, key),
        "trigger_id": team.triggers.issue(app.id, user.id),
    }


def response_url(team: Team, key: str) -> str:
    return f"{team.address}/response/{key}"
