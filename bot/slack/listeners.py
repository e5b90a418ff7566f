"""Who listens to what: by exact name, or by how an action id begins (`page.ack:*`)."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from bot.db import Tx
from bot.slack.replies import Reply
from bot.slack.requests import Click, Command, Event, MessageAction, Request, Shortcut, Submission, Suggestion

R = TypeVar("R", bound=Request)
Listener = Callable[[Tx, R], Awaitable[Reply]]


class Listeners:
    """Every listener, by kind of request and name."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[type, str], list[Listener[Request]]] = {}

    def add(self, kind: type[R], name: str, listener: Listener[R]) -> None:
        """Add one. Events may have several; for anything else a second one is a mistake."""
        there = self._by_name.setdefault((kind, name), [])
        if there and kind is not Event:
            raise ValueError(f"{name} has a listener already")
        there.append(cast("Listener[Request]", listener))

    def names(self, kind: type[Request]) -> set[str]:
        """Everything of this kind that somebody listens to."""
        return {name for of, name in self._by_name if of is kind}

    def find(self, request: Request) -> list[Listener[Request]]:
        """The listeners of this request, the one with the longest matching beginning if there is no exact one."""
        kind, name = type(request), name_of(request)
        exact = self._by_name.get((kind, name))
        if exact:
            return exact
        beginnings = [known for of, known in self._by_name if of is kind and known.endswith("*") and name.startswith(known[:-1])]
        return self._by_name[(kind, max(beginnings, key=len))] if beginnings else []


def name_of(request: Request) -> str:
    """What a request is registered under."""
    match request:
        case Command(name=name):
            return name
        case Click(action_id=action) | Suggestion(action_id=action):
            return action
        case Event(type=kind):
            return kind
        case Submission(callback_id=callback) | Shortcut(callback_id=callback) | MessageAction(callback_id=callback):
            return callback
