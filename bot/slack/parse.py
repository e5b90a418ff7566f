"""What Slack sends, parsed into requests: the last place where its dicts are seen."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.slack.events import parse_event
from bot.slack.fields import items, number, text
from bot.slack.requests import Click, Command, Event, FieldValue, MessageAction, Request, Shortcut, Submission, Suggestion, Values

Body = Mapping[str, object]


def parse(body: Body) -> Request | None:
    """The request in `body`; None for what needs no answer (a closed modal, a kind that we do not know)."""
    if "command" in body:
        return _command(body)
    match text(body, "type"):
        case "event_callback":
            return _event(body)
        case "block_actions":
            return _click(body)
        case "view_submission":
            return _submission(body)
        case "shortcut":
            return Shortcut(
                text(body, "user", "id"), text(body, "callback_id"), text(body, "trigger_id"), _key("shortcut", body, "trigger_id")
            )
        case "message_action":
            return _message_action(body)
        case "block_suggestion":
            return Suggestion(text(body, "user", "id"), text(body, "action_id"), text(body, "value"), "")
    return None


def _command(body: Body) -> Command:
    return Command(
        user=text(body, "user_id"),
        channel=text(body, "channel_id"),
        channel_name=text(body, "channel_name"),
        text=text(body, "text").strip(),
        trigger_id=text(body, "trigger_id"),
        response_url=text(body, "response_url"),
        key=_key("command", body, "trigger_id"),
        name=text(body, "command"),
    )


def _event(body: Body) -> Event:
    inner = body.get("event")
    inner = inner if isinstance(inner, Mapping) else {}
    seconds = number(body, "event", "event_ts") or number(body, "event_time")
    editor = text(inner, "message", "edited", "user") or text(inner, "message", "user")
    user = text(inner, "user") or text(inner, "user", "id") or editor
    return Event(
        type=text(inner, "type"),
        body=parse_event(inner),
        key=_key("event", body, "event_id"),
        user=user,
        happened_at=datetime.fromtimestamp(seconds, UTC) if seconds else None,
    )


def _click(body: Body) -> Click | None:
    actions = items(body, "actions")
    if not actions:
        return None
    action, user = actions[0], text(body, "user", "id")
    chosen = _value(action)
    surface = body.get("view") or body.get("message")
    return Click(
        user=user,
        channel=text(body, "channel", "id") or text(body, "container", "channel_id"),
        message_ts=text(body, "container", "message_ts") or text(body, "message", "ts"),
        action_id=text(action, "action_id"),
        value=",".join(chosen) if isinstance(chosen, tuple) else chosen or "",
        trigger_id=text(body, "trigger_id"),
        response_url=text(body, "response_url"),
        view_id=text(body, "view", "id"),
        key=f"slack:click:{user}:{text(action, 'action_ts')}:{text(action, 'action_id')}",
        state=_state(body.get("state") or _at(body.get("view"), "state")),
        in_modal=text(body, "view", "type") == "modal",
        thread_ts=text(body, "message", "thread_ts") or text(body, "container", "thread_ts"),
        private_metadata=text(body, "view", "private_metadata"),
        is_link=_is_link(surface, text(action, "action_id")),
    )


def _key(kind: str, body: Body, name: str) -> str:
    return f"slack:{kind}:{text(body, name) or _digest(body)}"


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _submission(body: Body) -> Submission:
    view = body.get("view")
    state = _at(view, "state")
    # The same view sent again with other values is another try; with the same ones it is Slack, or an impatient finger, repeating itself.
    return Submission(
        user=text(body, "user", "id"),
        callback_id=text(view, "callback_id"),
        private_metadata=text(view, "private_metadata"),
        values=_state(state),
        view_id=text(view, "id"),
        key=f"slack:submission:{text(view, 'id')}:{text(view, 'hash')}:{_digest(state)}",
        trigger_id=text(body, "trigger_id"),
        inputs=tuple(text(block, "block_id") for block in items(view, "blocks") if text(block, "type") == "input"),
    )


def _message_action(body: Body) -> MessageAction:
    return MessageAction(
        user=text(body, "user", "id"),
        callback_id=text(body, "callback_id"),
        channel=text(body, "channel", "id"),
        message_ts=text(body, "message_ts") or text(body, "message", "ts"),
        trigger_id=text(body, "trigger_id"),
        response_url=text(body, "response_url"),
        key=_key("message_action", body, "trigger_id"),
        text=text(body, "message", "text"),
        author=text(body, "message", "user"),
        thread_ts=text(body, "message", "thread_ts"),
        channel_name=text(body, "channel", "name"),
    )


def _state(state: object) -> Values:
    blocks = _at(state, "values")
    if not isinstance(blocks, Mapping):
        return {}
    return {
        str(block_id): {str(action_id): _value(element) for action_id, element in elements.items()}
        for block_id, elements in blocks.items()
        if isinstance(elements, Mapping)
    }


def _value(element: object) -> FieldValue:
    """What an element holds, whatever its type: Slack names the place after the type."""
    if not isinstance(element, Mapping):
        return None
    for name, content in element.items():
        if name == "value" or name.startswith("selected_"):
            if isinstance(content, list):
                return tuple(text(item, "value") or text(item) for item in content)
            found = text(content, "value") or text(content)
            if found:
                return found
    return None


def _at(source: object, name: str) -> object:
    return source.get(name) if isinstance(source, Mapping) else None


def _is_link(surface: object, action_id: str) -> bool:
    """Is the pressed button one that opens an address? Slack reports those as well."""
    if isinstance(surface, Mapping):
        if surface.get("action_id") == action_id and surface.get("url"):
            return True
        return any(_is_link(part, action_id) for name, part in surface.items() if name in ("blocks", "elements", "accessory"))
    return isinstance(surface, list) and any(_is_link(part, action_id) for part in surface)
