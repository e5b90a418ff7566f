"""Twilio's REST API, as far as pages need it: make a message or a call, and look for one that was made."""

import contextlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp

from bot.paging.notice import Accepted, Receipt, Stopped, TryLater
from bot.work.orders import Refused

TIMEOUT_S = 8.0
LOOK_BACK = 20
"""How many of the newest messages to a number are looked through for an earlier try."""
STOPPED = 21610
SENTENCES = {
    STOPPED: "This phone has sent STOP to our number, so the carrier blocks our messages to it.",
    21211: "The phone number is not valid.",
    21614: "The phone number cannot receive SMS.",
    20003: "Twilio does not accept our account and token.",
}


@dataclass(frozen=True)
class Made:
    """A message or call as Twilio lists it."""

    sid: str
    body: str
    status: str
    created_at: datetime | None


class Twilio:
    """One account. `sender` is the number that texts and calls come from, as E.164."""

    def __init__(self, api_url: str, account_sid: str, auth_token: str, sender: str) -> None:
        self.sender = sender
        self._root = f"{api_url.rstrip('/')}/2010-04-01/Accounts/{account_sid}"
        self._headers = {"Authorization": "Basic " + b64encode(f"{account_sid}:{auth_token}".encode()).decode()}
        self._session: aiohttp.ClientSession | None = None

    async def make(self, kind: str, fields: Mapping[str, str | tuple[str, ...]]) -> Receipt:
        """Create one of `Messages` or `Calls`. A field with several values is sent several times, as Twilio wants it."""
        form = [(name, one) for name, value in fields.items() for one in ((value,) if isinstance(value, str) else value)]
        try:
            async with self._sessions().post(f"{self._root}/{kind}.json", data=[("From", self.sender), *form]) as answer:
                body = await _json(answer)
                return _receipt(answer.status, answer.headers.get("Retry-After", ""), body)
        except aiohttp.ClientConnectorError:
            return TryLater("Twilio cannot be reached.")
        except (aiohttp.ClientError, TimeoutError, OSError) as broken:
            return TryLater(f"Twilio did not answer ({type(broken).__name__}).", maybe_sent=True)

    async def made(self, kind: str, to: str) -> list[Made] | TryLater:
        """The newest messages or calls to a number, newest first."""
        query = {"To": to, "From": self.sender, "PageSize": str(LOOK_BACK)}
        try:
            async with self._sessions().get(f"{self._root}/{kind}.json", params=query) as answer:
                body = await _json(answer)
                if answer.status != 200:
                    return TryLater(f"Twilio cannot say what it has sent (HTTP {answer.status}).")
        except (aiohttp.ClientError, TimeoutError, OSError) as broken:
            return TryLater(f"Twilio did not answer ({type(broken).__name__}).")
        rows = body.get(kind.lower())
        return [_row(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    async def probe(self) -> str:
        """Whether our account is taken now: "" when it is, otherwise what is wrong."""
        found = await self.made("Messages", self.sender)
        return f"{found.why} See TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN." if isinstance(found, TryLater) else ""

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _sessions(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
            unbounded = aiohttp.TCPConnector(limit=0)  # the lanes are the limit: a call must not wait behind texts that hang
            self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout, trust_env=True, connector=unbounded)
        return self._session


def _receipt(status: int, retry_after: str, body: Mapping[str, object]) -> Receipt:
    sid, code = body.get("sid"), body.get("code")
    if status < 300 and isinstance(sid, str):
        return Accepted(sid)
    if status == 429:
        return TryLater("Twilio asks for fewer messages just now.", timedelta(seconds=int(retry_after) if retry_after.isdecimal() else 1))
    if status >= 500 or status < 300:
        return TryLater(f"Twilio answered HTTP {status}.", maybe_sent=status != 503)
    sentence = SENTENCES.get(code) if isinstance(code, int) else None
    why = f"{sentence or body.get('message') or 'Twilio refused it.'} ({code or status})"
    return Stopped(why) if code == STOPPED else Refused(why)


def _row(row: Mapping[str, object]) -> Made:
    created = None
    with contextlib.suppress(TypeError, ValueError):
        created = parsedate_to_datetime(str(row.get("date_created"))).astimezone(UTC)
    return Made(str(row.get("sid", "")), str(row.get("body", "")), str(row.get("status", "")), created)


async def _json(answer: aiohttp.ClientResponse) -> Mapping[str, object]:
    try:
        body = await answer.json(content_type=None)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
