"""The one way out to Slack's Web API: a call is answered with a value, never with an exception.

    match await gateway.call("conversations.create", name="inc-7", is_private=False):
        case Ok() as ok: channel = ok.text("channel", "id")
        case TryLater() as later: return later              # it is an outcome of due work already
        case Failed() as failed: return failed.outcome()    # or go another way, by failed.code

Only handlers of due work and the door call this, outside any transaction.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from prometheus_client import Counter, Histogram
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.web.async_client import AsyncWebClient

from bot import log
from bot.clock import Clock, WallClock
from bot.slack.outcomes import METHODS, Verdict, meaning
from bot.slack.pace import Pace
from bot.work import orders

TIMEOUT_S = 10.0
UPLOAD_TIMEOUT_S = 60.0
LARGEST_FILE = 20_000_000
GONE_AGAIN = timedelta(seconds=30)
"""How soon a call is tried again while Slack does not accept our token."""

calls = Counter("tocsin_slack_calls_total", "Calls of Slack's Web API by outcome (ok, done, retry, degrade, tell)", ["method", "outcome"])
latency = Histogram("tocsin_slack_call_seconds", "How long Slack took", ["method"], buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10))
logger = log.get(__name__)


@dataclass(frozen=True)
class Ok:
    """It is done. `data` is Slack's answer; `code` says so when it had been done before (`already_pinned` …), and then `data` is bare."""

    data: Mapping[str, Any]
    code: str = ""

    def text(self, *path: str) -> str:
        """The text at `path` in the answer, as `ok.text("channel", "id")`; "" when it is not there."""
        value: object = self.data
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class TryLater(orders.TryLater):
    """Not now. With `maybe_done` it may have happened all the same: look before doing it again."""

    maybe_done: bool = False


@dataclass(frozen=True)
class Failed:
    """Slack said no, in Slack's `code` and in a sentence."""

    code: str
    why: str
    tell: bool = True
    """A human must do something; otherwise it can be gone without, or another way."""
    slack_is_gone: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)

    def outcome(self) -> orders.Outcome:
        """The same as the end of a piece of due work: while we are locked out of Slack it waits, anything else is given up."""
        return orders.TryLater(self.why, GONE_AGAIN) if self.slack_is_gone else orders.Refused(self.why)


Result = Ok | TryLater | Failed


def ending(answer: Result) -> orders.Outcome:
    """How due work ends with this answer: what Slack refuses for good, a human is told."""
    match answer:
        case Ok():
            return orders.Done()
        case Failed() as failed:
            return failed.outcome()
        case later:
            return later


@dataclass(frozen=True)
class Healthy:
    """Slack answers us."""


@dataclass(frozen=True)
class Degraded:
    """Slack cannot be reached, or does not accept us."""

    why: str
    since: datetime


def web_client(token: str | None, api_url: str) -> AsyncWebClient:
    """A client that tries once, so that nothing is done twice behind our back; proxies as the environment says, never for this machine."""
    client = AsyncWebClient(token=token, base_url=api_url, retry_handlers=[])
    client.proxy = proxy_for(client.proxy, api_url)
    return client


def proxy_for(proxy: str | None, url: str) -> str | None:
    """The proxy for `url`: slack_sdk takes it from the environment but knows nothing of NO_PROXY."""
    host = urlsplit(url).hostname or ""
    local = host in ("localhost", "127.0.0.1", "::1")
    return None if local or proxy_bypass(host) else proxy


class SlackGateway:
    """Calls Slack, within its budgets, and says how it went."""

    def __init__(
        self, client: AsyncWebClient, *, timeout_s: float = TIMEOUT_S, pace: Pace | None = None, clock: Clock | None = None
    ) -> None:
        client.retry_handlers = []
        self._client = client
        self._timeout_s = timeout_s
        self._pace = pace
        self._clock = clock or WallClock()
        self._session: aiohttp.ClientSession | None = None
        self._locked_out = False
        self.health: Healthy | Degraded = Healthy()

    @property
    def api_url(self) -> str:
        """Where the Web API is."""
        return str(self._client.base_url)

    async def call(self, method: str, *, timeout_s: float | None = None, **args: object) -> Result:
        """Call `method` once. Values may be texts, numbers, booleans, lists, slack_sdk's blocks and views; None is left out."""
        if self._pace is not None and (wait := await self._pace.turn(method, str(args.get("channel", "")))) is not None:
            return TryLater("Slack's budget for this is used up just now.", wait)
        started = time.monotonic()
        result = await self._try(method, timeout_s or self._timeout_s, {name: _plain(value) for name, value in args.items()})
        latency.labels(method).observe(time.monotonic() - started)
        calls.labels(method, _outcome(result)).inc()
        if not isinstance(result, Ok):
            code = result.code if isinstance(result, Failed) else ""
            logger.warning("slack call failed", method=method, outcome=_outcome(result), code=code, why=result.why)
        return result

    async def post_to(self, url: str, body: Mapping[str, object]) -> int:
        """POST to a `response_url` and return the HTTP status; 0 when it could not be reached. 404 means used up or expired."""
        try:
            async with asyncio.timeout(self._timeout_s):
                session = self._sessions()
                async with session.post(
                    url, json=_json(body), proxy=proxy_for(self._client.proxy, url), ssl=self._client.ssl or True
                ) as answer:
                    return answer.status
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as problem:
            logger.warning("response_url failed", why=f"{type(problem).__name__}: {problem}")
            return 0

    async def put(self, url: str, content: bytes) -> Result:
        """Bring a file's bytes to the address that Slack gave for them; until it is shared nobody sees it."""
        try:
            async with asyncio.timeout(UPLOAD_TIMEOUT_S):
                proxy = proxy_for(self._client.proxy, url)
                async with self._sessions().post(url, data=content, proxy=proxy, ssl=self._client.ssl or True) as answer:
                    status, after = answer.status, _retry_after({name.lower(): value for name, value in answer.headers.items()})
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as problem:
            return TryLater(f"A file could not be brought to Slack ({type(problem).__name__}).")
        if status == 200:
            return Ok({})
        why = f"Slack answered HTTP {status} to a file."
        logger.warning("upload failed", status=status)
        return TryLater(why, timedelta(seconds=after)) if status == 429 or status >= 500 else Failed("upload_refused", why)

    async def get(self, url: str, most: int = LARGEST_FILE) -> bytes | TryLater | Failed:
        """Read a file that is kept in Slack, of no more than `most` bytes. Our token goes to Slack alone."""
        if not self._is_slacks(url):
            return Failed("no_slack_address", "The file is not kept in Slack.")
        headers = {"Authorization": f"Bearer {self._client.token}"}
        try:
            async with asyncio.timeout(UPLOAD_TIMEOUT_S):
                proxy = proxy_for(self._client.proxy, url)
                asked = self._sessions().get(url, headers=headers, proxy=proxy, ssl=self._client.ssl or True, allow_redirects=False)
                async with asked as answer:
                    status, content = answer.status, b""
                    while status == 200 and len(content) <= most and (more := await answer.content.read(most + 1 - len(content))):
                        content += more  # one reading gives what has come so far
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as problem:
            return TryLater(f"A file could not be read from Slack ({type(problem).__name__}).")
        if status == 200 and len(content) <= most:
            return content
        why = f"Slack answered HTTP {status} when asked for a file." if status != 200 else "A file in Slack is larger than is read."
        logger.warning("download failed", status=status)
        return TryLater(why) if status == 429 or status >= 500 else Failed("file_not_readable", why)

    def _is_slacks(self, url: str) -> bool:
        """Whether Slack is at this address: at its own, or where its API is."""
        asked, api = urlsplit(url), urlsplit(self.api_url)
        own = asked.scheme == "https" and (asked.hostname or "").endswith((".slack.com", ".slack-files.com"))
        return own or (asked.scheme, asked.netloc) == (api.scheme, api.netloc)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = self._client.session = None

    async def _try(self, method: str, timeout_s: float, form: Mapping[str, str | None]) -> Result:
        self._sessions()
        reads = method in METHODS and METHODS[method].reads
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._client.api_call(method, data=dict(form))
        except SlackApiError as refusal:
            return self._refused(method, form, refusal)
        except aiohttp.ClientConnectorError as unreachable:
            return self._unreachable(f"Slack cannot be reached ({unreachable.os_error.strerror or unreachable}).", maybe_done=False)
        except TimeoutError:
            return self._unreachable(f"Slack did not answer within {timeout_s:g} s.", maybe_done=not reads)
        except (aiohttp.ClientError, OSError) as broken:
            return self._unreachable(f"The connection to Slack broke ({type(broken).__name__}).", maybe_done=not reads)
        except (SlackClientError, AttributeError) as nonsense:  # AttributeError: slack_sdk, on a 200 that is text
            return self._unreachable(f"What answered is not Slack's API ({type(nonsense).__name__}).", maybe_done=not reads)
        self.health, self._locked_out = Healthy(), False
        return Ok(cast("dict[str, Any]", answer.data))

    def _refused(self, method: str, form: Mapping[str, str | None], refusal: SlackApiError) -> Result:
        status, headers, data = _parts(refusal)
        if status == 429:
            return TryLater("Slack asks for fewer calls just now.", timedelta(seconds=_retry_after(headers)))
        code = str(data.get("error", ""))
        if not code:
            reads = method in METHODS and METHODS[method].reads
            return self._unreachable(f"Slack answered HTTP {status or 200} without a reason.", maybe_done=not reads)
        what = meaning(method, code)
        if what.slack_is_gone:
            self._locked_out = True
            self._degrade(what.why)
        elif not self._locked_out:
            self.health = Healthy()  # a refusal is an answer, too
        if what.verdict is Verdict.RETRY:
            return TryLater(what.why, timedelta(seconds=_retry_after(headers)) if "retry-after" in headers else None, what.maybe_done)
        if what.verdict is Verdict.DONE and _all_done(method, form, data):
            return Ok(data, code)
        why = f"{what.why} (needed: {data['needed']})" if "needed" in data else what.why
        return Failed(code, why, tell=what.verdict is Verdict.TELL, slack_is_gone=what.slack_is_gone, data=data)

    def _unreachable(self, why: str, *, maybe_done: bool) -> TryLater:
        self._degrade(why)
        return TryLater(why, None, maybe_done)

    def _degrade(self, why: str) -> None:
        since = self.health.since if isinstance(self.health, Degraded) else self._clock.now()
        self.health = Degraded(why, since)

    def _sessions(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            unbounded = aiohttp.TCPConnector(limit=0)  # the lanes are the limit: a page must not wait behind calls that hang
            forever = aiohttp.ClientTimeout(total=None)  # `call` has its own
            self._session = self._client.session = aiohttp.ClientSession(connector=unbounded, timeout=forever)
        return self._session


def _plain(value: object) -> str | None:
    """A value as the form field that Slack wants: lists of words joined by commas, structures as JSON."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return _sendable(str(value))
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(item, str) for item in value):
        return ",".join(value) if value else "[]"
    return json.dumps(_json(value), ensure_ascii=True)


def _json(value: object) -> object:
    """Blocks, views and what contains them as plain JSON values."""
    if isinstance(value, JsonObject):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(name): _json(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_json(item) for item in value]
    return _sendable(value) if isinstance(value, str) else value


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent


def _parts(refusal: SlackApiError) -> tuple[int, Mapping[str, str], Mapping[str, Any]]:
    """Status, lower-case headers and body of the answer behind `refusal`, whatever kind of answer slack_sdk put there."""
    answer = refusal.response
    status: int = getattr(answer, "status_code", None) or getattr(answer, "status", None) or 0
    headers = {str(name).lower(): str(value) for name, value in (getattr(answer, "headers", None) or {}).items()}
    data = getattr(answer, "data", None)
    return status, headers, data if isinstance(data, Mapping) else {}


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        return max(1.0, float(headers.get("retry-after", "30")))
    except ValueError:
        return 30.0


def _all_done(method: str, form: Mapping[str, str | None], data: Mapping[str, Any]) -> bool:
    """Is "already so" the whole truth? Of several people to invite, one who is there already refuses the whole call."""
    asked = [user for user in (form.get("users") or "").split(",") if user]
    if len(asked) < 2:
        return True
    each = [entry.get("error", "") for entry in data.get("errors", ()) if isinstance(entry, Mapping)]
    return len(each) >= len(asked) and all(meaning(method, code).verdict is Verdict.DONE for code in each)


def _outcome(result: Result) -> str:
    match result:
        case Ok(code=code):
            return "done" if code else "ok"
        case TryLater():
            return "retry"
        case Failed(tell=tell):
            return "tell" if tell else "degrade"
