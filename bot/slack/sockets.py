"""Socket Mode: the connection that we open to Slack, kept up by slack_sdk, and watched here."""

import asyncio
import logging
import time

from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot import log
from bot.slack.door import Door
from bot.slack.gateway import proxy_for, web_client

PING_INTERVAL_S = 5.0
"""How often the connection is checked, and how soon a failed one is tried again."""
CLOSE_S = 2.0
logger = log.get(__name__)


class SocketMode:
    """Feeds the door from a WebSocket. `start` returns at once; the connection is made, and made again, in the background."""

    def __init__(self, door: Door, app_token: str, api_url: str, *, ping_interval_s: float = PING_INTERVAL_S) -> None:
        self._door = door
        self._app_token = app_token
        self._api_url = api_url
        self._ping_interval_s = ping_interval_s
        self._client: SocketModeClient | None = None
        self._watching: list[asyncio.Task[None]] = []

    @property
    def connected(self) -> bool:
        """Would Slack reach us now?"""
        client = self._client
        session = client.current_session if client is not None and not client.closed and not client.stale else None
        return session is not None and not session.closed

    async def start(self) -> None:
        """Begin to connect. Works while Slack is down."""
        api = web_client(None, self._api_url)
        api.timeout = 10
        client = SocketModeClient(self._app_token, _quiet_logger(), api, ping_interval=self._ping_interval_s)
        client.proxy = proxy_for(client.proxy, self._api_url)
        client.socket_mode_request_listeners.append(self._on_request)
        self._client = client
        connecting = client.connect()  # type: ignore[no-untyped-call]
        self._watching = [asyncio.create_task(connecting), asyncio.create_task(self._watch(client))]

    async def close(self, grace_s: float = 5.0) -> None:
        """Take nothing more, let the door finish (its acknowledgements still go out), then hang up."""
        client = self._client
        if client is None:
            await self._door.close(grace_s)
            return
        await self._door.close(grace_s)
        for task in self._watching:
            task.cancel()
        background = [task for task in (client.message_processor, client.current_session_monitor, client.message_receiver) if task]
        try:
            await asyncio.wait_for(client.close(), CLOSE_S)  # type: ignore[no-untyped-call]
        except TimeoutError:
            await client.aiohttp_client_session.close()
        for future in background:
            future.cancel()
        await asyncio.wait([*self._watching, *background], timeout=CLOSE_S)

    async def _on_request(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self._door.spawn(self._take(client, request))

    async def _take(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        headers = {name: str(value) for name, value in (build_headers(request) or {}).items()}
        started = time.time()
        taken = await self._door.take(request.payload, headers)
        try:
            await send_async_response(client, request, taken.response, started)
        except Exception as lost:  # the connection went away under it; an event will be sent again, and be known
            logger.warning("acknowledgement lost", why=f"{type(lost).__name__}: {lost}")
        finally:
            taken.then()

    async def _watch(self, client: SocketModeClient) -> None:
        """Say when the connection comes and goes. slack_sdk would try a spent address for ever: after a while it must fetch a new one."""
        was, since = False, time.monotonic()
        while True:
            await asyncio.sleep(min(1.0, self._ping_interval_s))
            if self.connected != was:
                was, since = self.connected, time.monotonic()
                logger.info("slack socket connected" if was else "slack socket lost")
            elif not was and time.monotonic() - since > 2 * self._ping_interval_s:
                client.wss_uri, since = None, time.monotonic()


def _quiet_logger() -> logging.Logger:
    """slack_sdk's, without a stack trace for every second that Slack is down."""
    quiet = logging.getLogger("slack_sdk.socket_mode.aiohttp")
    if not quiet.filters:
        quiet.addFilter(_without_trace)
    return quiet


def _without_trace(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True
