"""One port: what is the sandbox's own, what goes through to the bot, and what is said while the bot is dead."""

import asyncio
import gzip
import hashlib
import io
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bot.sandbox.phones import sid
from bot.sandbox.voice import Call
from bot.web.front import HEADERS
from tests.sandbox.application import Carrier, carrier


@pytest.fixture
async def sandbox() -> AsyncIterator[Carrier]:
    async with carrier() as running:
        yield running


class Bot:
    """A bot of one handler, to see exactly what reaches it."""

    def __init__(self) -> None:
        self.seen: list[web.Request] = []
        self.first_half_read = asyncio.Event()

    async def mirror(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        digest = hashlib.sha256()
        size = 0
        async for chunk in request.content.iter_chunked(65536):
            digest.update(chunk)
            size += len(chunk)
        seen = {"method": request.method, "path": request.raw_path, "size": size, "sha256": digest.hexdigest()}
        return web.json_response(seen, status=202, headers={"Set-Cookie": "seat=1", "X-Kept": "yes"})

    async def too_large(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=413, text="That is more than a webhook.")

    async def away(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/i/42")

    async def zipped(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=gzip.compress(b"the page of incident 42"), headers={"Content-Encoding": "gzip"})

    async def slowly(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await self.first_half_read.wait()
        await response.write(b"second")
        return response

    async def guarded(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text="the page", headers=HEADERS)

    async def broken(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response


@pytest.fixture
async def bot(sandbox: Carrier) -> AsyncIterator[Bot]:
    bot = Bot()
    app = web.Application()
    app.router.add_post("/hooks/large", bot.too_large)
    app.router.add_get("/away", bot.away)
    app.router.add_get("/slowly", bot.slowly)
    app.router.add_get("/zipped", bot.zipped)
    app.router.add_get("/broken", bot.broken)
    app.router.add_get("/p/1", bot.guarded)
    app.router.add_route("*", "/{path:.*}", bot.mirror)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sandbox.server.proxy.target = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield bot
    await runner.cleanup()


@pytest.mark.parametrize(
    "path", ["/hooks/alertmanager/sandbox", "/p/a%2Fb?key=x%20y&z=%C3%A9", "/incidents/42", "/healthz", "/anything/else"]
)
async def test_every_other_path_goes_through_to_the_letter(sandbox: Carrier, bot: Bot, path: str) -> None:
    async with sandbox.client.put(URL(sandbox.server.url + path, encoded=True), data=b"body") as answer:
        body = await answer.json()
    assert (answer.status, answer.headers["X-Kept"], answer.headers["Set-Cookie"]) == (202, "yes", "seat=1")
    assert body == {"method": "PUT", "path": path, "size": 4, "sha256": hashlib.sha256(b"body").hexdigest()}


async def test_signatures_and_host_are_kept_and_the_way_is_told(sandbox: Carrier, bot: Bot) -> None:
    headers = {"X-Twilio-Signature": "abc=", "X-Slack-Signature": "v0=1", "X-Forwarded-For": "192.0.2.7"}
    async with sandbox.client.get(f"{sandbox.server.url}/i/42", headers=headers):
        pass
    [request] = bot.seen
    assert (request.headers["X-Twilio-Signature"], request.headers["X-Slack-Signature"]) == ("abc=", "v0=1")
    assert request.headers["Host"] == request.headers["X-Forwarded-Host"] == f"127.0.0.1:{sandbox.server.port}"
    assert (request.headers["X-Forwarded-For"], request.headers["X-Forwarded-Proto"]) == ("192.0.2.7, 127.0.0.1", "http")


async def test_ten_megabytes_go_through_and_an_early_refusal_comes_back(sandbox: Carrier, bot: Bot) -> None:
    body = b"x" * 10_000_000
    async with sandbox.client.post(f"{sandbox.server.url}/hooks/alertmanager/sandbox", data=io.BytesIO(body)) as answer:
        assert (await answer.json())["sha256"] == hashlib.sha256(body).hexdigest()
    async with sandbox.client.post(f"{sandbox.server.url}/hooks/large", data=io.BytesIO(body)) as answer:
        assert (answer.status, await answer.text()) == (413, "That is more than a webhook.")


async def test_a_redirect_is_the_callers_to_follow(sandbox: Carrier, bot: Bot) -> None:
    async with sandbox.client.get(f"{sandbox.server.url}/away", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/i/42")


async def test_tocsin_s_pages_may_be_framed_by_the_sandbox_s_own_page_and_by_no_other(sandbox: Carrier, bot: Bot) -> None:
    async with sandbox.client.get(f"{sandbox.server.url}/p/1") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert policy == HEADERS["Content-Security-Policy"].replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    assert "frame-ancestors 'self'" in policy


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_pages_of_other_sites_reach_neither_phones_nor_clock(sandbox: Carrier, origin: str) -> None:
    for path in ("/phones/ana/reply", "/clock", "/bot"):
        async with sandbox.client.post(f"{sandbox.server.url}/control{path}", data="{}", headers={"Origin": origin}) as answer:
            assert answer.status == 403
    assert sandbox.phones.phone("ana").sms == []


async def test_a_compressed_answer_stays_as_it_was(sandbox: Carrier, bot: Bot) -> None:
    async with sandbox.client.get(f"{sandbox.server.url}/zipped") as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert await answer.read() == b"the page of incident 42"


async def test_an_answer_streams_and_is_not_collected_first(sandbox: Carrier, bot: Bot) -> None:
    async with sandbox.client.get(f"{sandbox.server.url}/slowly") as answer:
        assert await asyncio.wait_for(answer.content.readany(), 2) == b"first"
        bot.first_half_read.set()
        assert await answer.read() == b"second"


async def test_while_the_bot_is_dead_its_paths_say_so_and_the_rest_works(sandbox: Carrier) -> None:
    dead = sandbox.server.proxy.target = "http://127.0.0.1:9"  # nobody listens on discard
    for target in (dead, None):
        sandbox.server.proxy.target = target
        async with sandbox.client.post(f"{sandbox.server.url}/hooks/alertmanager/sandbox", json={}) as answer:
            assert answer.status == 503
            assert "not running" in await answer.text()
            assert "Retry-After" in answer.headers
    assert (await sandbox.control("GET", "/phones/bo"))["number"] == "+15550100002"


async def test_a_bot_that_dies_in_the_middle_of_an_answer_breaks_the_connection(sandbox: Carrier, bot: Bot) -> None:
    with pytest.raises(aiohttp.ClientError):
        async with sandbox.client.get(f"{sandbox.server.url}/broken") as answer:
            await answer.read()


@pytest.mark.parametrize("path", ["/control/nothing", "/api", "/twilio/2010-04-01/nothing", "/sandbox/secrets"])
async def test_the_sandboxs_own_prefixes_never_reach_the_bot(sandbox: Carrier, bot: Bot, path: str) -> None:
    async with sandbox.client.get(sandbox.server.url + path) as answer:
        assert answer.status == 404
    assert bot.seen == []


async def test_a_call_rings_out_on_the_way_and_not_at_the_end(sandbox: Carrier) -> None:
    """What the bot does at the second minute can build on nobody having answered in the first."""
    ended_when: list[float] = []
    call = Call(sid("CA"), "+15550100000", "+15550100002", sandbox.clock.now(), document="<Response/>", ring_for=timedelta(seconds=40))
    start = sandbox.clock.now()

    async def advance(seconds: float) -> None:
        if call.status == "no-answer":
            ended_when.append((sandbox.clock.now() - start).total_seconds())
        sandbox.clock.advance(timedelta(seconds=seconds))

    sandbox.server.advance_bot = advance
    sandbox.phones.call("+15550100002", call)
    await sandbox.control("POST", "/clock", advance_s=300)
    assert ended_when[0] == 60
    assert (sandbox.clock.now() - start).total_seconds() == 300


async def test_control_refuses_what_it_cannot_read_with_a_sentence(sandbox: Carrier) -> None:
    assert "advance_s" in await sandbox.refused("/clock", advance_s=-1)
    assert "advance_s" in await sandbox.refused("/clock", advance_s="soon")
    assert "one of kill, stop, start" in await sandbox.refused("/bot", action="dance")
    async with sandbox.client.post(f"{sandbox.server.url}/control/clock", data=b"{") as answer:
        assert (answer.status, await answer.json()) == (400, {"error": "The body is not JSON."})


async def test_a_bot_in_this_process_cannot_be_killed(sandbox: Carrier) -> None:
    assert "inside this process" in await sandbox.refused("/bot", action="kill")
