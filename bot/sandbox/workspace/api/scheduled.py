"""chat.scheduleMessage, chat.deleteScheduledMessage and chat.scheduledMessages.list, and sending what is due."""

from __future__ import annotations

import asyncio

from bot.sandbox.workspace import messages
from bot.sandbox.workspace.api.base import Caller, method, page, with_cursor
from bot.sandbox.workspace.api.chat import compose, need_to_post, place, thread_of
from bot.sandbox.workspace.model import Scheduled
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError

FURTHEST_S = 120 * 24 * 3600
# Slack refuses more than 30 messages to one channel within five minutes.
WINDOW_S, MOST_IN_WINDOW = 300, 30


@method("chat.scheduleMessage", 3, "chat:write")
def chat_schedule_message(team: Team, caller: Caller, args: Args) -> Json:
    channel = place(team, caller, args.need("channel"))
    need_to_post(caller, channel)
    try:
        post_at = int(float(args.need("post_at")))
    except ValueError:
        raise SlackError("invalid_time") from None
    if post_at <= team.now():
        raise SlackError("time_in_past")
    if post_at > team.now() + FURTHEST_S:
        raise SlackError("time_too_far")
    near = [s for s in team.world.scheduled.values() if s.channel == channel.id and abs(s.post_at - post_at) < WINDOW_S]
    if len(near) >= MOST_IN_WINDOW:
        raise SlackError("restricted_too_many")
    message = compose(caller, args)
    id_ = team.world.new_id("Q")
    app_id = caller.app.id if caller.app else None
    team.world.scheduled[id_] = Scheduled(id_, app_id, caller.user.id, channel.id, post_at, team.seconds(), args.values)
    team.changed("scheduled", channel=channel.id)
    shape = {"text": message.text, "user": message.user, "bot_id": message.bot_id, "type": "delayed_message", "team": team.world.team_id}
    return {"channel": channel.id, "scheduled_message_id": id_, "post_at": post_at, "message": shape}


@method("chat.deleteScheduledMessage", 3, "chat:write")
def chat_delete_scheduled_message(team: Team, caller: Caller, args: Args) -> Json:
    waiting = team.world.scheduled.get(args.need("scheduled_message_id"))
    if waiting is None or waiting.user != caller.user.id or waiting.channel != args.need("channel"):
        raise SlackError("invalid_scheduled_message_id")
    del team.world.scheduled[waiting.id]
    return {}


@method("chat.scheduledMessages.list", 3)
def chat_scheduled_messages_list(team: Team, caller: Caller, args: Args) -> Json:
    mine = [s for s in team.world.scheduled.values() if s.user == caller.user.id and args.text("channel", s.channel) == s.channel]
    some, cursor = page(sorted(mine, key=lambda s: s.post_at), args, "scheduled", lambda s: s.id)
    listed = [
        {"id": s.id, "channel_id": s.channel, "post_at": s.post_at, "date_created": s.created, "text": s.args.get("text", "")} for s in some
    ]
    return with_cursor({"scheduled_messages": listed}, cursor)


async def send_when_due(team: Team, every_s: float = 0.5) -> None:
    """Post scheduled messages at their time, for ever."""
    while True:
        await asyncio.sleep(every_s)
        for waiting in [s for s in team.world.scheduled.values() if s.post_at <= team.now()]:
            del team.world.scheduled[waiting.id]
            send(team, waiting)


def send(team: Team, waiting: Scheduled) -> None:
    channel = team.world.channels[waiting.channel]
    app = team.world.apps.get(waiting.app_id) if waiting.app_id else None
    if channel.archived or (app is not None and app.revoked):
        return
    caller = Caller("bot" if app else "user", team.world.users[waiting.user], app)
    args = Args(waiting.args)
    message = compose(caller, args)
    message.thread_ts = thread_of(channel, args)
    messages.post(team, channel, message)
