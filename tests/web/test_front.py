"""The front door: every answer carries the headers, every failure has a sentence, no secret reaches the log."""

import io
from collections.abc import Mapping

import pytest
import structlog
from aiohttp import web
from structlog.testing import capture_logs

from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound, Refusal, Unavailable
from bot.web import front
from bot.web.front import Check
from tests.web.conftest import Serve

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


async def all_is_well() -> Mapping[str, Check]:
    return {"database": Check(True, "answers"), "slack": Check(False, "degraded: Slack has not answered since 09:00", is_needed=False)}


async def nothing_works() -> Mapping[str, Check]:
    return {"database": Check(False, "does not answer")}


def app_with(handler: object, path: str = "/thing", checks: front.Checks = all_is_well) -> web.Application:
    app = front.build(checks)
    app.router.add_route("*", path, handler)  # type: ignore[arg-type]
    return app


async def test_every_answer_carries_the_headers(serve: Serve) -> None:
    client = await serve(front.build(all_is_well))
    for path in ("/healthz", "/readyz", "/metrics", "/static/tocsin.css", "/nowhere"):
        answer = await client.get(path)
        assert answer.headers["Referrer-Policy"] == "no-referrer", path
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';"), path
        assert "unsafe" not in answer.headers["Content-Security-Policy"], path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert len(answer.headers["X-Request-Id"]) == 12, path


async def test_it_is_ready_though_slack_is_degraded_and_says_so(serve: Serve) -> None:
    answer = await (await serve(front.build(all_is_well))).get("/readyz")
    found = await answer.json()
    assert (answer.status, found["ready"], found["checks"]["slack"]["ok"]) == (200, True, False)
    assert "degraded" in found["checks"]["slack"]["says"]


async def test_it_is_not_ready_without_what_it_needs_but_alive(serve: Serve) -> None:
    client = await serve(front.build(nothing_works))
    assert (await client.get("/readyz")).status == 503
    assert (await client.get("/healthz")).status == 200


async def test_metrics_count_the_requests_by_route(serve: Serve) -> None:
    client = await serve(front.build(all_is_well))
    await client.get("/healthz")
    text = await (await client.get("/metrics")).text()
    assert 'tocsin_http_request_seconds_count{route="/healthz",status="200"}' in text


@pytest.mark.parametrize(
    ("error", "status"),
    [(InvalidInput, 400), (NotFound, 404), (NotAllowed, 403), (AlreadyDone, 409), (Refusal, 400), (Unavailable, 503)],
)
async def test_a_refusal_reaches_the_caller_as_a_sentence(serve: Serve, error: type[Exception], status: int) -> None:
    async def refuse(_: web.Request) -> web.Response:
        raise error("Ana took this page at 09:02 <b>. Nothing to do.")

    client = await serve(app_with(refuse))
    answer = await client.get("/thing")
    assert (answer.status, (await answer.json())["error"]) == (status, "Ana took this page at 09:02 <b>. Nothing to do.")
    shown = await client.get("/thing", headers=BROWSER)
    assert (shown.status, shown.content_type) == (status, "text/html")
    assert "Ana took this page at 09:02 &lt;b&gt;. Nothing to do." in await shown.text()


async def test_a_bug_is_a_500_with_a_reference_and_nothing_of_its_words(serve: Serve) -> None:
    async def fail(_: web.Request) -> web.Response:
        raise RuntimeError("password=hunter2")

    client = await serve(app_with(fail))
    with capture_logs() as lines:
        answer = await client.get("/thing")
    text = (await answer.json())["error"]
    assert answer.status == 500
    assert answer.headers["X-Request-Id"] in text
    assert "hunter2" not in text
    assert [line["event"] for line in lines] == ["request failed", "request"]
    assert lines[1]["status"] == 500


async def test_unknown_addresses_and_methods_are_answered_in_words(serve: Serve) -> None:
    client = await serve(front.build(all_is_well))
    assert "nothing at this address" in (await (await client.get("/nowhere")).json())["error"]
    answer = await client.post("/healthz")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_beyond_the_limit_gets_a_clear_413(serve: Serve, is_chunked: bool) -> None:
    async def read(request: web.Request) -> web.Response:
        return web.json_response(len(await request.read()))

    client = await serve(app_with(read))
    fits, beyond = b"x" * front.MAX_BODY, b"x" * (10 * 1024 * 1024)

    async def chunks(body: bytes):  # type: ignore[no-untyped-def]
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    assert (await client.post("/thing", data=chunks(fits) if is_chunked else io.BytesIO(fits))).status == 200
    answer = await client.post("/thing", data=chunks(beyond) if is_chunked else io.BytesIO(beyond))
    assert (answer.status, (await answer.json())["error"]) == (413, front.SENTENCES[413])


async def test_a_body_that_says_it_is_too_large_is_refused_before_anything_is_done(serve: Serve) -> None:
    called: list[str] = []

    async def act(request: web.Request) -> web.Response:
        called.append(request.method)
        return web.Response()

    answer = await (await serve(app_with(act))).post("/thing", data=io.BytesIO(b"x" * (front.MAX_BODY + 1)))
    assert (answer.status, called) == (413, [])


async def test_keys_tokens_and_signatures_stay_out_of_the_access_log(serve: Serve) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response()

    client = await serve(app_with(answer, "/hooks/{source}/{key}"))
    with capture_logs() as lines:
        await client.post("/hooks/alertmanager/s3cret?token=s3cret")
        await client.post("/hook/alertmanager/s3cret")  # the wrong address, with the right key
        await client.get("/s3cret")
        await client.get("/hooks/alertmanager/s3cret/more?k=s3cret")
    assert [line["path"] for line in lines] == ["/hooks/alertmanager/…", "/…", "/…", "/hooks/…"]


async def test_everything_logged_during_a_request_carries_its_number(serve: Serve) -> None:
    async def look(_: web.Request) -> web.Response:
        return web.json_response(structlog.contextvars.get_contextvars())

    answer = await (await serve(app_with(look))).get("/thing")
    assert (await answer.json())["request"] == answer.headers["X-Request-Id"]


async def test_a_redirect_is_passed_on_and_logged(serve: Serve) -> None:
    async def elsewhere(_: web.Request) -> web.Response:
        raise web.HTTPSeeOther("/healthz")

    client = await serve(app_with(elsewhere))
    with capture_logs() as lines:
        answer = await client.post("/thing", allow_redirects=False)
    assert (answer.status, answer.headers["Location"], lines[0]["status"]) == (303, "/healthz", 303)
