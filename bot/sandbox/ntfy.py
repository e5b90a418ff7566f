"""A push service as ntfy is one: messages are published by HTTP, and the topic is whose phone shows them."""

import json
import uuid
from collections.abc import Mapping

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from bot.errors import NotFound
from bot.sandbox.doors import Handler, answering, fields_of
from bot.sandbox.faults import FaultBoard, cut, refusal
from bot.sandbox.phones import Phones, Push

TAPPED_WITHIN_S = 15.0
PRIORITIES = {"1": "min", "2": "low", "3": "default", "4": "high", "5": "max"}


class Ntfy:
    """Where messages are published, and where a notification's buttons are tapped."""

    def __init__(self, phones: Phones, faults: FaultBoard) -> None:
        self.phones, self.faults = phones, faults

    def routes(self) -> list[web.RouteDef]:
        tap: Handler = answering(self.tap)
        return [web.post("/", self.publish), web.post("/control/phones/{user}/tap", tap)]

    async def publish(self, request: web.Request) -> web.Response:
        """Publish as JSON: `topic`, `title`, `message`; priority, click and actions as fields or headers. A topic is a person's name."""
        fault = await self.faults.meet(request, "push")
        if (failed := refusal(request, fault)) is not None:
            return failed
        said = await json_of(request)
        topic = str(said.get("topic", ""))
        passage = self.phones.webhooks.traffic.begin("push", "publish", topic, **said)
        phone = self.phones.phones.get(topic)
        if phone is None:
            passage.finish("nobody has this topic")
            return web.json_response({"code": 40401, "http": 404, "error": "nobody has this topic"}, status=404)
        push = Push(
            id=uuid.uuid4().hex[:12],
            title=str(said.get("title", "")),
            text=str(said.get("message", "")),
            at=self.phones.clock.now(),
            priority=PRIORITIES.get(str(said.get("priority", "")), str(said.get("priority", "default"))),
            click=str(said.get("click", "")),
            actions=actions_in(said.get("actions")),
        )
        phone.pushes.append(push)
        passage.finish()
        self.phones.on_change()
        if fault is not None and fault.reset == "after":
            return cut(request)
        return web.json_response({"id": push.id, "event": "message", "topic": topic})

    async def tap(self, request: web.Request) -> web.Response:
        """Body {id?, label}: tap a notification's button, on the newest one unless told. What only opens an address is answered with it."""
        fields, phone = await fields_of(request), self.phones.phone(request.match_info["user"])
        wanted, label = fields.text("id", ""), fields.text("label")
        push = next((one for one in reversed(phone.pushes) if wanted in ("", one.id)), None)
        action = next((one for one in push.actions if one.get("label") == label), None) if push else None
        if push is None or action is None:
            raise NotFound(f"{phone.user}'s phone shows no notification with a button {label!r}.")
        if action.get("action") != "http":
            return web.json_response({"ok": True, "opens": action.get("url")})
        push.trouble = await carried_out(action)
        push.is_cleared = bool(action.get("clear")) and not push.trouble
        self.phones.on_change()
        return web.json_response({"ok": not push.trouble, "error": push.trouble or None})


async def json_of(request: web.Request) -> dict[str, object]:
    """The fields of a message, those in headers among them."""
    try:
        parsed = json.loads(await request.text())
    except ValueError:
        parsed = {}
    headers = {name: request.headers[f"X-{name}"] for name in ("Title", "Priority", "Click", "Actions") if f"X-{name}" in request.headers}
    said: dict[str, object] = {name.lower(): value for name, value in headers.items()}
    return said | (parsed if isinstance(parsed, dict) else {})


def actions_in(said: object) -> list[dict[str, object]]:
    """The buttons of a message, given as JSON or as JSON in a text."""
    try:
        parsed = json.loads(said) if isinstance(said, str) else said
    except ValueError:
        parsed = None
    return [one for one in parsed if isinstance(one, dict)] if isinstance(parsed, list) else []


async def carried_out(action: Mapping[str, object]) -> str:
    """Do what a button asks, as the phone's app does: "" or what went wrong."""
    headers = action.get("headers")
    sent = {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=TAPPED_WITHIN_S)) as client,
            client.request(
                str(action.get("method", "POST")), str(action.get("url")), data=str(action.get("body", "")), headers=sent
            ) as answer,
        ):
            return "" if answer.status < 400 else f"The address answered {answer.status}."
    except (ClientError, TimeoutError, ValueError) as failed:
        return f"The address did not answer ({type(failed).__name__})."
