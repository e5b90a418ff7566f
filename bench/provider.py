"""The outside for the paging benchmarks: Twilio's and Slack's addresses in a process that costs next to nothing.

python -m bench.provider PORT

It answers a text or a call after the time that `POST /delays` names, keeps when each request came, and hands that out at `/log`.
"""

import asyncio
import itertools
import sys
import time

from aiohttp import web

Arrival = tuple[str, str, float]
"""What came ("Messages" or "Calls"), for which number, and when by the wall clock."""


class Provider:
    """Takes everything."""

    def __init__(self) -> None:
        self._numbers = itertools.count(time.time_ns())
        self._delays: dict[str, float] = {}
        self._log: list[Arrival] = []

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.router.add_post("/twilio/{version}/Accounts/{account}/{kind}.json", self.make)
        app.router.add_get("/twilio/{version}/Accounts/{account}/{kind}.json", self.made)
        app.router.add_post("/api/{method}", self.slack)
        app.router.add_post("/delays", self.set_delays)
        app.router.add_get("/log", self.log)
        app.router.add_get("/", self.log)
        return app

    async def make(self, request: web.Request) -> web.Response:
        arrived = time.time()
        kind, to = request.match_info["kind"], str((await request.post()).get("To", ""))
        self._log.append((kind, to, arrived))
        await asyncio.sleep(self._delays.get(kind, 0.0))
        return web.json_response({"sid": f"SM{next(self._numbers)}", "status": "queued"}, status=201)

    async def made(self, request: web.Request) -> web.Response:
        return web.json_response({request.match_info["kind"].lower(): []})

    async def slack(self, request: web.Request) -> web.Response:
        answer = {"ok": True, "user_id": "U0TOCSIN000", "team_id": "T0EXAMPLE00", "bot_id": "B0TOCSIN000", "user": "tocsin", "team": "e"}
        number = next(self._numbers)
        more = {"channel": {"id": f"C{number}", "name": f"c{number}"}, "ts": f"{number // 10**9}.{number % 10**6:06d}", "channels": []}
        return web.json_response(answer | more | {"url": "https://example.slack.com/", "members": [], "messages": []})

    async def set_delays(self, request: web.Request) -> web.Response:
        self._delays = await request.json()
        return web.Response()

    async def log(self, request: web.Request) -> web.Response:
        """What came from number `?since=` on."""
        return web.json_response(self._log[int(request.query.get("since", 0)) :])


if __name__ == "__main__":
    web.run_app(Provider().app(), host="127.0.0.1", port=int(sys.argv[1]), print=lambda *_: None, access_log=None)
