"""The way through to the bot: whatever the sandbox's port does not serve itself is handed on, both ways as a stream."""

import logging
from collections.abc import Mapping

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from multidict import CIMultiDict
from yarl import URL

from bot.sandbox.calls import Traffic

logger = logging.getLogger(__name__)

# RFC 9110, 7.6.1: these belong to one connection and are not handed on.
OF_THE_CONNECTION = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"}
)
DEAD = "Tocsin is not running, so nobody is here to answer. Slack, phones and mailbox work on; start it again with POST /control/bot."
CHUNK = 64 * 1024


class Proxy:
    """Hands requests on to `target` (http://host:port), which is None while there is no bot, and notes them in `traffic`."""

    def __init__(self, traffic: Traffic) -> None:
        self.target: str | None = None
        self.traffic = traffic
        self._session: ClientSession | None = None

    async def start(self) -> None:
        self._session = ClientSession(
            connector=TCPConnector(force_close=True),  # a kept connection may be closed by the bot just as it is used again
            timeout=ClientTimeout(total=None, sock_connect=2),
            auto_decompress=False,
            cookie_jar=DummyCookieJar(),
            trust_env=False,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """The bot's own answer, or 503 with a sentence while it is dead."""
        agent = request.headers.get("User-Agent", "")
        if agent.startswith("TwilioProxy"):  # the carrier's own, which notes what it posts
            return await self._pass_on(request)
        passage = self.traffic.begin("http", f"{request.method} {request.path}", agent.partition(" ")[0][:40])
        try:
            response = await self._pass_on(request)
            passage.finish(None if response.status < 400 else f"HTTP {response.status}", status=response.status)
            return response
        finally:
            if passage.end is None:
                passage.finish("the caller went away")

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None, "start() comes first"
        if self.target is None:
            return web.Response(status=503, text=DEAD, headers={"Retry-After": "2"})
        response: web.StreamResponse | None = None
        try:
            async with self._session.request(
                request.method,
                URL(self.target + request.raw_path, encoded=True),
                headers=handed_on(request),
                data=request.content if request.can_read_body else None,
                allow_redirects=False,
            ) as answer:
                response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=framed(without_hops(answer.headers)))
                await response.prepare(request)
                async for chunk in answer.content.iter_chunked(CHUNK):
                    await response.write(chunk)
                await response.write_eof()
                return response
        except (ClientError, OSError) as lost:
            logger.info("the bot did not answer path=%s error=%s", request.path, type(lost).__name__)
            if response is not None:  # half an answer is out already: all that can be told is that it broke off
                if request.transport is not None:
                    request.transport.abort()
                return response
            return web.Response(status=503, text=DEAD, headers={"Retry-After": "2"})


def handed_on(request: web.Request) -> CIMultiDict[str]:
    """The request's headers with the three X-Forwarded ones; its own Host stays, because signatures may be over it."""
    headers = without_hops(request.headers)
    before = request.headers.get("X-Forwarded-For")
    peer = request.remote or "unknown"
    headers["X-Forwarded-For"] = f"{before}, {peer}" if before else peer
    headers["X-Forwarded-Proto"] = request.scheme
    headers["X-Forwarded-Host"] = request.host
    return headers


def framed(headers: CIMultiDict[str]) -> CIMultiDict[str]:
    """Tocsin lets nobody frame its pages. Here one does: the phone on the sandbox's own page, which has the same origin."""
    policy = headers.get("Content-Security-Policy")
    if policy is not None:
        headers["Content-Security-Policy"] = policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    return headers


def without_hops(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """A copy without what concerns one connection only."""
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in OF_THE_CONNECTION)
