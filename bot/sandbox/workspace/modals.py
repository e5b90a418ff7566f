"""Submitting and closing modals."""

from __future__ import annotations

from typing import Any

from bot.sandbox.workspace import payloads, views
from bot.sandbox.workspace.interactions import Interactions, Place
from bot.sandbox.workspace.model import View
from bot.sandbox.workspace.outcome import Outcome, refused
from bot.sandbox.workspace.shapes import view_shape
from bot.sandbox.workspace.state import VALUE_KEYS, BadValue, fields, problem_with
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json, SlackError, child

TROUBLE = "We had some trouble connecting. Try again?"


class Modals:
    """What people do with a modal as a whole."""

    def __init__(self, team: Team, interactions: Interactions) -> None:
        self.team, self.interactions = team, interactions

    async def submit(self, view: View, values: Json) -> Outcome:
        """Fill in, submit and wait for the answer. Raises BadValue when the values do not fit the view."""
        if view.content.get("submit") is None:
            raise BadValue("This view has no submit button.")
        await self.fill(view, values)
        problems = self.problems(view)
        if problems:
            return self.told(view, refused("invalid_input", " ".join(problems.values())), "errors", problems)
        app, user = self.team.world.apps[view.app_id], self.team.world.users[view.user]
        payload = payloads.interaction(self.team, app, user, "view_submission")
        payload |= {"trigger_id": self.team.triggers.issue(app.id, user.id, view.id), "view": view_shape(self.team, view)}
        answer = await self.team.delivery.ask(app, "interactive", payload | {"response_urls": self.response_urls(view)})
        if answer.error or isinstance(answer.body, str):
            return self.told(view, refused(answer.error or "invalid_response", TROUBLE))
        try:
            return await self.follow(view, answer.content)
        except SlackError as error:
            messages = child(error.more, "response_metadata").get("messages")
            return self.told(view, refused(error.code, TROUBLE, messages=messages))

    async def fill(self, view: View, values: Json) -> None:
        known = {field.block_id: field.block for field in fields(view.content["blocks"])}
        for block_id, actions in values.items():
            if block_id not in known:
                raise BadValue(f"There is no block {block_id!r} in this view. There are: {', '.join(known)}.")
            if not isinstance(actions, dict):
                raise BadValue(f"The values of {block_id} are an object: action_id to value.")
            for action_id, value in actions.items():
                await self.fill_one(view, block_id, action_id, value)
        self.team.changed("view", user=view.user, view=view.id)

    async def fill_one(self, view: View, block_id: str, action_id: str, value: Any) -> None:
        place = Place(self.team.world.apps[view.app_id], self.team.world.users[view.user], view=view)
        field = place.field(action_id, block_id)
        offered = await self.interactions.offered(place, field, value)
        view.state.setdefault(block_id, {})[action_id] = self.interactions.wrapped(field, value, offered)

    def problems(self, view: View) -> dict[str, str]:
        """What Slack itself refuses, by block."""
        found: dict[str, str] = {}
        for field in fields(view.content["blocks"]):
            if field.kind in VALUE_KEYS:
                problem = problem_with(field, view.state[field.block_id][field.action_id])
                if problem:
                    found[field.block_id] = problem
        return found

    async def follow(self, view: View, answer: Json) -> Outcome:
        """Do what the app answered: nothing (close), errors, update, push or clear."""
        team, app = self.team, self.team.world.apps[view.app_id]
        action = answer.get("response_action")
        if action == "errors":
            return self.told(view, Outcome(ok=False), "errors", self.checked_errors(view, child(answer, "errors")))
        if view.id not in team.world.views:  # closed or replaced while the app thought about it
            return self.told(None, Outcome())
        if action == "update":
            return self.told(views.update(team, app, view, views.check_view(answer.get("view"), "modal")), Outcome(), "update")
        if action == "push":
            content = views.check_view(answer.get("view"), "modal")
            return self.told(views.open_modal(team, app, view.user, content, on=view), Outcome(), "push")
        if action not in (None, "", "clear"):
            raise SlackError("invalid_arguments")
        views.close(team, view, whole_stack=action == "clear")
        return self.told(None, Outcome(), "clear" if action else None, user=view.user)

    def checked_errors(self, view: View, errors: Json) -> dict[str, str]:
        """The errors of an answer; Slack shows none for a block that is no input of the view, and says so to nobody but the developer."""
        inputs = {str(block.get("block_id")) for block in view.content["blocks"] if block.get("type") == "input"}
        if not errors or set(errors) - inputs:
            raise SlackError("invalid_arguments")
        return {block: str(sentence) for block, sentence in errors.items()}

    def told(self, view: View | None, outcome: Outcome, action: str | None = None, errors: Any = None, user: str | None = None) -> Outcome:
        """The outcome with the view that is in front of the person now."""
        if view is None and user is not None:
            front = views.modals_of(self.team, user)
            view = front[0] if front else None
        shown = view_shape(self.team, view) if view is not None and view.id in self.team.world.views else None
        more = outcome.more | {"response_action": action, "errors": errors, "view": shown}
        return Outcome(outcome.ok, outcome.error, outcome.shown, more)

    async def close(self, view: View, whole_stack: bool = False) -> Outcome:
        """Close a modal by its close button, or its whole stack by the cross; apps that asked for it hear so."""
        stack = [one for one in views.modals_of(self.team, view.user) if one.root_id == view.root_id]
        closed = stack if whole_stack or view.content.get("clear_on_close") else [view]
        views.close(self.team, view, whole_stack=len(closed) > 1)
        outcome = Outcome()
        for one in closed:
            if one.content.get("notify_on_close"):
                app, user = self.team.world.apps[one.app_id], self.team.world.users[one.user]
                payload = payloads.interaction(self.team, app, user, "view_closed")
                payload |= {"view": view_shape(self.team, one), "is_cleared": whole_stack}
                outcome = await self.interactions.ask(app, payload)
        return outcome

    def response_urls(self, view: View) -> list[Json]:
        """A response_url for each filled-in conversation select that asks for one."""
        urls: list[Json] = []
        for field in fields(view.content["blocks"]):
            if not field.element.get("response_url_enabled"):
                continue
            value = view.state[field.block_id][field.action_id]
            channel = value.get("selected_conversation") or value.get("selected_channel")
            if channel:
                key = self.team.response_urls.issue(view.app_id, view.user, channel)
                url = payloads.response_url(self.team, key)
                urls.append({"block_id": field.block_id, "action_id": field.action_id, "channel_id": channel, "response_url": url})
        return urls
