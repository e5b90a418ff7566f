"""Slash commands: from the line a person types to what they see."""

from __future__ import annotations

from bot.sandbox.workspace import messages, payloads, typed
from bot.sandbox.workspace.blocks import block_problems
from bot.sandbox.workspace.model import App, Channel, User
from bot.sandbox.workspace.outcome import Outcome, refused
from bot.sandbox.workspace.shapes import message_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json, child, objects


def registered(team: Team, name: str) -> tuple[App, Json] | None:
    """The app that has this command, the latest installed when several do, and what its manifest says of it."""
    for app in reversed(team.live_apps()):
        for command in objects(child(app.manifest, "features"), "slash_commands"):
            if command.get("command") == name:
                return app, command
    return None


async def run(team: Team, user: User, channel: Channel, line: str) -> Outcome:
    """Carry out one line such as "/inc sev1 checkout is down" and wait for the app's answer."""
    name, _, text = line.strip().partition(" ")
    found = registered(team, name)
    if found is None:
        return tell(team, channel, user, "invalid_command", f"{name} is not a valid command.")
    app, command = found
    text = typed.as_command(team, text.strip()) if command.get("should_escape") else typed.escape(text.strip())
    answer = await team.delivery.ask(app, "slash_commands", payloads.command(team, app, user, channel, name, text))
    if answer.error:
        return tell(team, channel, user, answer.error, f'{name} failed with the error "{answer.error}"')
    content: Json = {"text": answer.body} if isinstance(answer.body, str) else answer.content
    problems = block_problems(content["blocks"], "message") if content.get("blocks") else []
    if problems:
        return tell(team, channel, user, "invalid_blocks", f'{name} failed with the error "invalid_blocks"', problems=problems)
    return Outcome(more={"response": say(team, app, user, channel, content)})


def tell(team: Team, channel: Channel, user: User, error: str, sentence: str, **more: object) -> Outcome:
    """Let Slackbot tell the person, and nobody else, what went wrong."""
    messages.slackbot_tells(team, channel, user.id, sentence)
    return refused(error, sentence, response=None, **more)


def say(team: Team, app: App, user: User, channel: Channel, content: Json, thread_ts: str | None = None) -> Json | None:
    """Show an app's reply to the person, or to the channel when it is in_channel; None when it says nothing."""
    text, blocks, attachments = str(content.get("text") or ""), objects(content, "blocks"), objects(content, "attachments")
    if not (text or blocks or attachments):
        return None
    message = messages.by_app(app, text, blocks)
    message.attachments, message.metadata, message.thread_ts = attachments, content.get("metadata"), thread_ts
    if content.get("response_type") == "in_channel":
        messages.post(team, channel, message)
    else:
        messages.post_ephemeral(team, channel, message, user.id)
    return message_shape(team, channel, message)
