"""What the control doors of phones, mailbox, clock and processes share: bodies that are parsed, refusals that are sentences."""

import json
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from bot.errors import InvalidInput, Refusal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Fields:
    """The body of a control call: a JSON object whose fields are read one by one."""

    def __init__(self, values: dict[str, object]) -> None:
        self.values = values

    def text(self, name: str, default: str | None = None) -> str:
        """A text; required unless there is a default. Raises `InvalidInput`."""
        value = self.values.get(name, default)
        if not isinstance(value, str):
            raise InvalidInput(f"{name} is missing; it is a text." if value is None else f"{name} is a text, not {value!r}.")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A number that is not negative. Raises `InvalidInput`."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise InvalidInput(f"{name} is a number from 0, not {value!r}.")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """True or false. Raises `InvalidInput`."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise InvalidInput(f"{name} is true or false, not {value!r}.")
        return value

    def choice(self, name: str, among: tuple[str, ...], default: str | None = None) -> str:
        """One of the words. Raises `InvalidInput`."""
        value = self.text(name, default)
        if value not in among:
            raise InvalidInput(f"{name} is one of {', '.join(among)}, not {value!r}.")
        return value


async def fields_of(request: web.Request) -> Fields:
    """Parse the body. Raises `InvalidInput` for anything but a JSON object; an empty body has no fields."""
    try:
        parsed = json.loads(await request.text() or "{}")
    except ValueError as wrong:
        raise InvalidInput("The body is not JSON.") from wrong
    if not isinstance(parsed, dict):
        raise InvalidInput("The body is a JSON object.")
    return Fields(parsed)


def answering(handler: Handler) -> Handler:
    """Answer a refusal with 400 and its sentence. A page of another site that reaches for the sandbox gets a 403."""

    async def answer(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            return web.json_response({"error": f"The sandbox does not take calls from pages of {origin}."}, status=403)
        try:
            return await handler(request)
        except Refusal as refused:
            return web.json_response({"error": str(refused)}, status=400)

    return answer
