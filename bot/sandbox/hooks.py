"""A receiver of webhooks: takes whatever is posted to `/sandbox/hooks/<name>` and shows it, so that signatures can be tried."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot.clock import Clock
from bot.sandbox.doors import answering
from bot.sandbox.faults import FaultBoard, cut, refusal


@dataclass(frozen=True)
class Heard:
    """One post. `headers` are in lower case."""

    name: str
    at: datetime
    headers: dict[str, str]
    body: str

    def to_json(self) -> dict[str, object]:
        return {"at": self.at.isoformat(), "headers": self.headers, "body": self.body}


class Hooks:
    """Keeps what came, for as long as the sandbox runs."""

    def __init__(self, faults: FaultBoard, clock: Clock) -> None:
        self.faults, self.clock = faults, clock
        self.heard: list[Heard] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/sandbox/hooks/{name}", self.take), web.get("/control/hooks/{name}", answering(self.show))]

    async def take(self, request: web.Request) -> web.Response:
        """Note a post and say yes, unless a fault says otherwise."""
        fault = await self.faults.meet(request, "webhook")
        if (failed := refusal(request, fault)) is not None:
            return failed
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append(Heard(request.match_info["name"], self.clock.now(), headers, await request.text()))
        return cut(request) if fault is not None and fault.reset == "after" else web.Response(status=204)

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response([one.to_json() for one in self.heard if one.name == request.match_info["name"]])
