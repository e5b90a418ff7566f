"""The front door's application: what every request and every answer has in common, and the process's own addresses."""

import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_LATEST, Histogram, generate_latest

from bot import log, resources
from bot.errors import AlreadyDone, InvalidInput, InvalidTransition, NotAllowed, NotFound, Refusal, SignInNeeded, Unavailable
from bot.web import pages
from bot.web.signing import LinkExpired

MAX_BODY = 5 * 1024 * 1024
"""Bytes. The largest webhooks (500 alerts, every label) are about 1 MB."""

STATUS: Mapping[type[Exception], int] = {
    LinkExpired: 410, SignInNeeded: 401, InvalidInput: 400, NotFound: 404, NotAllowed: 403, InvalidTransition: 409, AlreadyDone: 409,
    Refusal: 400, Unavailable: 503,
}  # fmt: skip
"""The first that matches counts."""

SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: f"The body is larger than the {MAX_BODY // 1024 // 1024} MB that are accepted. Nothing of it was read; send less at once.",
}
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": pages.POLICY,
    "X-Content-Type-Options": "nosniff",
}
SECRET_PARTS = frozenset({"key", "token", "secret", "signature"})
"""Names of path parameters that never reach a log."""

REQUEST_ID = web.RequestKey("request_id", str)

logger = log.get(__name__)
seconds = Histogram("tocsin_http_request_seconds", "Time to answer", ["route", "status"], buckets=(0.01, 0.05, 0.2, 1, 3, 10))


@dataclass(frozen=True)
class Check:
    """One line of `/readyz`: how something is, and whether we are of no use without it."""

    ok: bool
    says: str
    is_needed: bool = True


Checks = Callable[[], Awaitable[Mapping[str, Check]]]


def build(checks: Checks) -> web.Application:
    """The application with `/healthz`, `/readyz`, `/metrics` and `/static/`; rooms add their routes to it.

    Run it with `access_log=None`: it keeps its own access log, without keys, tokens or signatures.
    """
    app = web.Application(client_max_size=MAX_BODY, middlewares=[_observe, _answer_errors])
    app.on_response_prepare.append(_add_headers)

    async def readyz(_: web.Request) -> web.Response:
        found = await checks()
        is_ready = all(check.ok for check in found.values() if check.is_needed)
        lines = {name: {"ok": check.ok, "says": check.says} for name, check in found.items()}
        return web.json_response({"ready": is_ready, "checks": lines}, status=200 if is_ready else 503)

    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", _metrics)
    app.router.add_get("/static/tocsin.css", _stylesheet)
    app.router.add_get("/static/{room:[a-z]+}/{file:[a-z_]+[.](?:js|css)}", _asset)
    return app


async def _healthz(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST})


async def _stylesheet(_: web.Request) -> web.FileResponse:
    return web.FileResponse(resources.path("templates") / "web" / "tocsin.css", headers={"Cache-Control": "public, max-age=3600"})


async def _asset(request: web.Request) -> web.FileResponse:
    """A script or a style of a room's pages, beside its templates. Asked for anew each time: it belongs to the page that names it."""
    file = resources.path("templates") / request.match_info["room"] / request.match_info["file"]
    if not file.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(file, headers={"Cache-Control": "no-cache"})


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if reference := request.get(REQUEST_ID):
        response.headers["X-Request-Id"] = reference


@web.middleware
async def _observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Number the request, measure it, and write one line about it."""
    began = time.perf_counter()
    request[REQUEST_ID] = reference = uuid.uuid4().hex[:12]
    with structlog.contextvars.bound_contextvars(request=reference):
        status = 500
        try:
            response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as redirect:
            status = redirect.status
            raise
        finally:
            took = time.perf_counter() - began
            resource = request.match_info.route.resource
            seconds.labels(resource.canonical if resource else "none", status).observe(took)
            logger.info("request", method=request.method, path=safe_path(request), status=status, ms=round(took * 1000, 1))


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals become their status and sentence; a bug becomes a 500 with a reference to look for in the log."""
    try:
        if (request.content_length or 0) > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(max_size=MAX_BODY, actual_size=request.content_length or 0)
        return await handler(request)
    except (Refusal, Unavailable) as refusal:
        status = next(status for kind, status in STATUS.items() if isinstance(refusal, kind))
        return _failure(request, status, str(refusal))
    except web.HTTPException as answer:
        if answer.status < 400:
            raise
        response = _failure(request, answer.status, SENTENCES.get(answer.status, answer.text or answer.reason))
        if hdrs.ALLOW in answer.headers:
            response.headers[hdrs.ALLOW] = answer.headers[hdrs.ALLOW]
        return response
    except Exception:
        logger.exception("request failed", method=request.method, path=safe_path(request))
        return _failure(request, 500, f"Something broke on our side. Nothing was changed. Reference {request[REQUEST_ID]}.")


def _failure(request: web.Request, status: int, sentence: str) -> web.Response:
    if pages.wants_html(request):
        response = pages.page("web/refusal.html", status=status, sentence=sentence)
    else:
        response = web.json_response({"error": sentence, "request": request.get(REQUEST_ID, "")}, status=status)
    if status == 503:
        response.headers[hdrs.RETRY_AFTER] = "10"
    return response


def safe_path(request: web.Request) -> str:
    """The path as a log may show it: no query, no secret parts; of an address that does not exist, only its first part."""
    resource = request.match_info.route.resource
    if resource is None:  # perhaps a mistyped address with a good key in it: show only what one of ours begins with, too
        first = "/" + request.path.split("/")[1]
        known = {"/" + other.canonical.split("/")[1] for other in request.app.router.resources()}
        return f"{first}/…" if first in known else "/…"
    shown = {name: "…" if name in SECRET_PARTS else value for name, value in request.match_info.items()}
    return re.sub(r"{(\w+)[^}]*}", lambda part: shown.get(part[1], "…"), resource.canonical)
