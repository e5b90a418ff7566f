"""Pressing, choosing and shortcuts: from what a person does to what the app is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.workspace import payloads
from bot.sandbox.workspace.model import App, Channel, Message, User, View
from bot.sandbox.workspace.outcome import Outcome, refused
from bot.sandbox.workspace.shapes import file_shape
from bot.sandbox.workspace.state import VALUE_KEYS, BadValue, Field, Names, fields, initial_state, options_of, wrap
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json, child, objects

SENTENCES = {
    "operation_timeout": "Operation timed out. Apps need to respond within 3 seconds.",
    "dispatch_failed": "This app did not respond. It may not be running.",
    "http_client_error": "This app responded with an error.",
    "http_service_error": "This app responded with an error.",
}


@dataclass(frozen=True)
class Place:
    """Where an element is: in a message of a channel, or in a view."""

    app: App
    user: User
    channel: Channel | None = None
    message: Message | None = None
    view: View | None = None

    @property
    def blocks(self) -> list[Json]:
        if self.view is not None:
            return objects(self.view.content, "blocks")
        return self.message.blocks if self.message is not None else []

    def field(self, action_id: str, block_id: str | None) -> Field:
        """The element with this action_id. Raises BadValue when there is none, or more than one."""
        found = [f for f in fields(self.blocks) if f.action_id == action_id and block_id in (None, f.block_id)]
        if not found:
            there = ", ".join(sorted({f.action_id for f in fields(self.blocks)})) or "none"
            raise BadValue(f"There is no element {action_id!r} here. There are: {there}.")
        if len(found) > 1:
            raise BadValue(f"There are several elements {action_id!r} here; say which with block_id.")
        return found[0]


class Interactions:
    """What people do with the interactive parts of messages and views."""

    def __init__(self, team: Team) -> None:
        self.team = team
        # What people have filled in in messages, by channel, ts and user; views keep their own.
        self.in_messages: dict[tuple[str, str, str], dict[str, Json]] = {}

    def names(self) -> Names:
        def user(name: str) -> str | None:
            found = self.team.find_user(name)
            return found.id if found else None

        def channel(name: str) -> str | None:
            found = self.team.find_channel(name)
            return found.id if found else None

        return Names(user, channel)

    def state(self, place: Place) -> dict[str, Json]:
        """What is filled in at this place by this person; changing it changes what the next payload says."""
        if place.view is not None:
            return place.view.state
        assert place.channel is not None and place.message is not None
        key = (place.channel.id, place.message.ts, place.user.id)
        state = initial_state(place.message.blocks)
        for block, actions in self.in_messages.get(key, {}).items():
            for action, value in actions.items():
                if action in state.get(block, {}):
                    state[block][action] = value
        self.in_messages[key] = state
        return state

    async def click(self, place: Place, action_id: str, value: Any = None, block_id: str | None = None) -> Outcome:
        """Press or choose, and wait for the app's ack. An input that dispatches nothing is only filled in."""
        field = place.field(action_id, block_id)
        action = await self.action(place, field, value)
        state = self.state(place)
        if field.kind in VALUE_KEYS:
            key, _ = VALUE_KEYS[field.kind]
            state.setdefault(field.block_id, {})[field.action_id] = {"type": field.kind, key: action[key]}
            if field.block.get("type") == "input" and not field.block.get("dispatch_action"):
                return Outcome(more={"sent": False})
        payload = self.payload(place, "block_actions") | {"state": {"values": state}, "actions": [action]}
        answer = await self.team.delivery.ask(place.app, "interactive", payload)
        if answer.error:
            return refused(answer.error, SENTENCES[answer.error], sent=True)
        return Outcome(more={"sent": True})

    async def action(self, place: Place, field: Field, value: Any) -> Json:
        """The entry of `actions` for this element."""
        element = field.element
        action: Json = {"action_id": field.action_id, "block_id": field.block_id, "type": field.kind, "action_ts": self.team.new_ts()}
        action |= {name: element[name] for name in ("text", "style", "placeholder", "confirm") if name in element}
        if field.kind in ("button", "workflow_button", "icon_button"):
            return action | ({"value": element["value"]} if "value" in element else {})
        if field.kind == "overflow":
            chosen = [option for option in options_of(element) if value in (option.get("value"), child(option, "text").get("text"))]
            if not chosen:
                raise BadValue(f"There is no option {value!r}.")
            return action | {"selected_option": chosen[0]}
        if field.kind == "feedback_buttons":
            sides = [child(element, side) for side in ("positive_button", "negative_button")]
            pressed = next((side for side in sides if value is not None and side.get("value") == value), None)
            if pressed is None:
                raise BadValue(f"There is no feedback {value!r}.")
            return action | {"text": pressed.get("text"), "value": value}
        return action | self.wrapped(field, value, await self.offered(place, field, value))

    def wrapped(self, field: Field, value: Any, offered: list[Json] | None) -> Json:
        """A plain value as the element carries it; files, named by id, as they are."""
        found = wrap(field, value, self.names(), offered)
        if field.kind != "file_input":
            return found
        files = self.team.world.files
        missing = [one for one in found["files"] if one not in files]
        if missing:
            raise BadValue(f"There is no file {missing[0]!r}. Upload it first.")
        return found | {"files": [file_shape(self.team, files[one]) for one in found["files"]]}

    async def offered(self, place: Place, field: Field, value: Any) -> list[Json] | None:
        """The options an external select offers for what is chosen; None for any other element."""
        if "external_select" not in field.kind or value in (None, "", []):
            return None
        offered: list[Json] = []
        for one in value if isinstance(value, list) else [value]:
            outcome = await self.suggest(place, field.action_id, str(one), field.block_id)
            offered += options_of(outcome.more)
        return offered

    async def suggest(self, place: Place, action_id: str, typed: str, block_id: str | None = None) -> Outcome:
        """Type into a select with an external source; `options` or `option_groups` is what the app offers."""
        field = place.field(action_id, block_id)
        payload = self.payload(place, "block_suggestion") | {"action_id": field.action_id, "block_id": field.block_id, "value": typed}
        payload.pop("response_url", None)
        answer = await self.team.delivery.ask(place.app, "interactive", payload)
        if answer.error:
            return refused(answer.error, "Unable to load options.", options=[], option_groups=[])
        return Outcome(more={"options": objects(answer.content, "options"), "option_groups": objects(answer.content, "option_groups")})

    def payload(self, place: Place, kind: str) -> Json:
        """The payload of something done in a message or view, with its trigger and, in a message, its response_url."""
        team, app, user = self.team, place.app, place.user
        payload = payloads.interaction(team, app, user, kind)
        if place.view is not None:
            payload["trigger_id"] = team.triggers.issue(app.id, user.id, place.view.id if place.view.kind == "modal" else None)
            return payload | payloads.in_view(team, place.view)
        assert place.channel is not None and place.message is not None
        key = team.response_urls.issue(app.id, user.id, place.channel.id, place.message.ts, place.message.thread_ts)
        payload |= {"trigger_id": team.triggers.issue(app.id, user.id), "response_url": payloads.response_url(team, key)}
        return payload | payloads.in_message(team, place.channel, place.message)

    async def shortcut(self, app: App, user: User, callback_id: str) -> Outcome:
        """Start a global shortcut."""
        payload = payloads.interaction(self.team, app, user, "shortcut")
        payload |= {"callback_id": callback_id, "trigger_id": self.team.triggers.issue(app.id, user.id), "action_ts": self.team.new_ts()}
        return await self.ask(app, payload)

    async def message_action(self, app: App, user: User, channel: Channel, message: Message, callback_id: str) -> Outcome:
        """Start a shortcut on a message, whoever wrote it."""
        place = Place(app, user, channel, message)
        payload = self.payload(place, "message_action") | {"callback_id": callback_id, "action_ts": self.team.new_ts()}
        del payload["container"]
        return await self.ask(app, payload | {"message_ts": message.ts})

    async def ask(self, app: App, payload: Json) -> Outcome:
        answer = await self.team.delivery.ask(app, "interactive", payload)
        return refused(answer.error, SENTENCES[answer.error]) if answer.error else Outcome()
