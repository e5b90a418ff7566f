"""A program that stands in for the bot as a child process: it serves, connects by Socket Mode, obeys the clock, and dies when told.

STANDIN chooses what it does: nothing for a good bot, `refuse` to end at once with a reason, `never` to be never ready,
`clockless` to refuse the clock.
"""

import asyncio
import json
import os
import signal
import sys

from aiohttp import web
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient


async def readyz(request: web.Request) -> web.Response:
    return web.Response(status=503 if os.environ.get("STANDIN") == "never" else 200)


async def environment(request: web.Request) -> web.Response:
    return web.json_response(dict(os.environ))


async def clock(request: web.Request) -> web.Response:
    if request.headers.get("X-Tocsin-Sandbox") != os.environ["TOCSIN_SANDBOX_TOKEN"]:
        return web.Response(status=403)
    if os.environ.get("STANDIN") == "clockless":
        return web.Response(status=501, text="no clock")
    moved = request.app["moved"]
    moved.append((await request.json())["advance_s"])
    return web.json_response(moved)


async def moved(request: web.Request) -> web.Response:
    return web.json_response(request.app["moved"])


async def crash(request: web.Request) -> web.Response:
    print("checkout is on fire", flush=True)
    os._exit(3)


async def serve() -> None:
    app = web.Application()
    app["moved"] = []
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/environment", environment)
    app.router.add_get("/moved", moved)
    app.router.add_post("/sandbox/clock", clock)
    app.router.add_post("/hooks/crash", crash)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, os.environ["TOCSIN_HOST"], int(os.environ["TOCSIN_PORT"])).start()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    client = None
    if os.environ.get("SLACK_APP_TOKEN"):
        slack = AsyncWebClient(base_url=os.environ["SLACK_API_URL"])
        client = SocketModeClient(app_token=os.environ["SLACK_APP_TOKEN"], web_client=slack)
        await client.connect()
    await ended.wait()
    print(json.dumps({"ended": "in order"}), flush=True)
    if client is not None:
        await client.close()
    await runner.cleanup()


if os.environ.get("STANDIN") == "refuse":
    print("services.yaml:7: there is no team called 'paymnts'", flush=True)
    sys.exit(2)
asyncio.run(serve())
