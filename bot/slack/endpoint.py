"""HTTP mode: Slack's signed requests on our own web application."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_sdk.signature import SignatureVerifier

from bot.slack.door import Door

PATH = "/slack/events"


class Endpoint:
    """Takes what is posted to `/slack/events`, if Slack signed it within the last five minutes of wall time."""

    def __init__(self, door: Door, signing_secret: str) -> None:
        self._door = door
        self._verifier = SignatureVerifier(signing_secret)

    connected = True
    """Slack reaches us as long as the web application is served."""

    async def start(self) -> None:
        """Nothing to do: the web application's start is ours."""

    async def close(self, grace_s: float = 5.0) -> None:
        """Take nothing more, and let the door finish what was taken."""
        await self._door.close(grace_s)

    def routes(self) -> list[web.RouteDef]:
        """To be added to the application."""
        return [web.post(PATH, self._take)]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if not self._is_signed(raw, request.headers):
            return web.json_response({"error": "This request was not signed by Slack within the last five minutes."}, status=401)
        body = parse_body(raw.decode(), request.content_type)
        if body is None:
            return web.json_response({"error": "The body is neither a form nor a JSON object."}, status=400)
        taken = await self._door.take(body, {name.lower(): value for name, value in request.headers.items()})
        response = await to_aiohttp_response(taken.response)
        try:
            await response.prepare(request)
            await response.write_eof()
        finally:  # Slack has its answer, or hung up: either way the person gets theirs
            taken.then()
        return response

    def _is_signed(self, raw: bytes, headers: Mapping[str, str]) -> bool:
        try:
            return self._verifier.is_valid_request(raw, headers)
        except (ValueError, TypeError):  # a timestamp that is no number, a signature or a body that is no text
            return False


def parse_body(raw: str, content_type: str) -> dict[str, object] | None:
    """The JSON object or the form in a request; interactive requests carry JSON in the form's `payload`."""
    try:
        if content_type == "application/json":
            body = json.loads(raw)
        else:
            form: dict[str, object] = dict(parse_qsl(raw, keep_blank_values=True))
            payload = form.get("payload") if "command" not in form else None
            body = json.loads(payload) if isinstance(payload, str) else form
    except ValueError:
        return None
    return body if isinstance(body, dict) and body else None
