"""GitHub's webhooks: signed, taken once, and only a sign to look at the issue, so that neither order nor repetition matters."""

import hashlib
import hmac
import json
from typing import Any

from aiohttp import web

from bot import faultpoints
from bot.db import BOT, Database
from bot.errors import InvalidInput, NotAllowed, NotFound
from bot.trackers.service import Trackers
from bot.work import inbox

SIGNATURE = "X-Hub-Signature-256"


class GitHubWebhooks:
    """`POST /hooks/github`."""

    def __init__(self, database: Database, trackers: Trackers, secret: str | None) -> None:
        self._db = database
        self._trackers = trackers
        self._secret = secret

    def routes(self) -> list[web.RouteDef]:
        """To be added to the front door."""
        return [web.post("/hooks/github", self.take)]

    async def take(self, request: web.Request) -> web.Response:
        """Take an event and answer 202; one that says nothing of an issue of ours, 200. Wrong signature: 403."""
        body = self._signed(request, await request.read())
        event, delivery = request.headers.get("X-GitHub-Event", ""), request.headers.get("X-GitHub-Delivery", "")
        if event != "issues":
            return web.json_response({"taken": False, "why": "Only the event `issues` is of use here."})
        place, number, sender = (named(body, *path) for path in (("repository", "full_name"), ("issue", "number"), ("sender", "login")))
        async with self._db.begin(actor=BOT) as tx:
            is_new = await inbox.first_time(tx, f"github:{delivery}") if delivery else True
            row = await self._trackers.of_issue(tx, str(place), number) if isinstance(number, int) else None
            if is_new and row is not None and not row.is_gone:
                await self._trackers.order(tx, row.item_id, by=str(sender or "")[:100])
        faultpoints.reached("github: committed, not answered")
        return web.json_response({"taken": is_new and row is not None}, status=202 if is_new and row is not None else 200)

    def _signed(self, request: web.Request, raw: bytes) -> dict[str, Any]:
        if self._secret is None:
            raise NotFound("GitHub's webhooks are not expected here: set GITHUB_WEBHOOK_SECRET to the secret of the webhook.")
        right = "sha256=" + hmac.new(self._secret.encode(), raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right.encode(), request.headers.get(SIGNATURE, "").encode("utf-8", "replace")):
            raise NotAllowed("The signature does not match: GITHUB_WEBHOOK_SECRET and the secret of the webhook must be the same.")
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            raise InvalidInput("The body is not JSON: choose the content type application/json for the webhook.") from None
        if not isinstance(body, dict):
            raise InvalidInput("The body is no JSON object.")
        return body


def named(body: dict[str, Any], first: str, second: str) -> object:
    """A value of an object in the body; None where there is none."""
    inner = body.get(first)
    return inner.get(second) if isinstance(inner, dict) else None
