"""The least that speaks HTTP: answers a method as the test says, and writes down what came when. For faults no workspace would offer."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Seen:
    """One request: when it was complete, the method or path, and the form or JSON it carried."""

    at: float
    name: str
    fields: dict[str, object]
    authorization: str = ""


@dataclass
class RawSlack:
    """`behave["chat.postMessage"] = …` decides what a method does; without, it answers ok. `/respond` is a response_url."""

    behave: dict[str, Behaviour] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    server: TestServer | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/respond", self._respond)
        self.server = TestServer(app)
        await self.server.start_server()

    async def close(self) -> None:
        if self.server is not None:
            await self.server.close()

    @property
    def api_url(self) -> str:
        return self.url("/api/")

    def url(self, path: str) -> str:
        assert self.server is not None
        return str(self.server.make_url(path))

    def calls(self, name: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.name == name]

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        form = {str(name): value for name, value in (await request.post()).items()}
        self.seen.append(Seen(time.monotonic(), method, dict(form), request.headers.get("Authorization", "")))
        if method in self.behave:
            return await self.behave[method](request)
        return web.json_response({"ok": True})

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(Seen(time.monotonic(), "response_url", await request.json()))
        if "response_url" in self.behave:
            return await self.behave["response_url"](request)
        return web.Response(text="ok")


def answers(status: int = 200, headers: dict[str, str] | None = None, **body: object) -> Behaviour:
    """A behaviour: this JSON."""

    async def behave(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=headers)

    return behave


def fails(code: str, **more: object) -> Behaviour:
    """A behaviour: this error code."""
    return answers(ok=False, error=code, **more)


async def resets(request: web.Request) -> web.StreamResponse:
    """A behaviour: take the request, then break the connection."""
    assert request.transport is not None
    request.transport.abort()  # type: ignore[attr-defined]
    return web.Response()
