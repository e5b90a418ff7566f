"""Pages posted to a program: signed JSON, after the Standard Webhooks convention. docs/webhooks.md tells receivers what they get."""

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta

import aiohttp

from bot.clock import Clock
from bot.config.escalation import Method
from bot.paging.notice import Accepted, Notice, Receipt, TryLater, one_line
from bot.work.orders import Refused

TIMEOUT_S = 8.0
VERSION = 1
ENCODED = "whsec_"
"""A key that begins so is base64, as the libraries for Standard Webhooks write theirs."""


class WebhookChannel:
    """One POST. `key_of` says which key signs what goes to a person."""

    method: Method = "webhook"

    def __init__(self, key_of: Callable[[str], str | None], clock: Clock) -> None:
        self._key_of = key_of
        self._clock = clock

    async def send(self, notice: Notice) -> Receipt:
        """Post it. A receiver that hears it twice knows by its id."""
        key = self._key_of(notice.person)
        if not key:
            return Refused("The webhook has no key to sign with: set the variable that its `key_env` names.")
        body = json.dumps(content(notice), ensure_ascii=False).encode()
        sent_at = str(int(self._clock.now().timestamp()))
        message_id = f"{'check' if notice.check else 'page-attempt'}-{notice.attempt_id}"
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Tocsin",
            "webhook-id": message_id,
            "webhook-timestamp": sent_at,
            "webhook-signature": signature(key, message_id, sent_at, body),
        }
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), trust_env=True) as session:
                answer = await session.post(notice.address, data=body, headers=headers, allow_redirects=False)
                return receipt(answer.status, answer.headers.get("Retry-After", ""), message_id)
        except aiohttp.ClientConnectorError:
            return TryLater("The webhook cannot be reached.")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as broken:
            return TryLater(f"The webhook did not answer ({type(broken).__name__}).", maybe_sent=True)

    async def earlier(self, notice: Notice, known: frozenset[str]) -> Accepted | TryLater | None:
        """Nobody can be asked. A repeat carries the same id."""
        return None


def content(notice: Notice) -> dict[str, object]:
    """What is posted. Of a private incident neither title nor service nor words."""
    if notice.check:
        said = {"title": notice.title, "person": notice.person, "code": notice.check, "link": notice.link}
        return {"version": VERSION, "type": "check", "attempt": notice.attempt_id, **said}
    shown = not notice.private
    return {
        "version": VERSION,
        "type": "page",
        "attempt": notice.attempt_id,
        "page": notice.page_id,
        "incident": notice.incident,
        "severity": notice.severity,
        "title": one_line(notice.title) if shown else None,
        "service": notice.service if shown else None,
        "private": notice.private,
        "drill": notice.drill,
        "since": notice.since_at.isoformat() if notice.since_at else None,
        "person": notice.person,
        "why": notice.why if shown else None,
        "asked_by": notice.asked_by,
        "words": one_line(notice.words) or None if shown else None,
        "link": notice.link,
        "bridge": notice.bridge,
        "dial_in": notice.dial_in,
        "late": bool(notice.late),
        "possible_duplicate": notice.possible_duplicate,
    }


def signature(key: str, message_id: str, sent_at: str, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of `<id>.<timestamp>.<body>` in base64."""
    secret = key.encode()
    if key.startswith(ENCODED):
        with contextlib.suppress(binascii.Error, ValueError):
            secret = base64.b64decode(key.removeprefix(ENCODED), validate=True)
    signed = hmac.new(secret, f"{message_id}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


def receipt(status: int, retry_after: str, message_id: str) -> Receipt:
    """What an answer's status means. Its body is not read."""
    if 200 <= status < 300:
        return Accepted(message_id)
    if status in (408, 425, 429):
        return TryLater(f"The webhook answered HTTP {status}.", timedelta(seconds=int(retry_after)) if retry_after.isdecimal() else None)
    if status >= 500:
        return TryLater(f"The webhook answered HTTP {status}.", maybe_sent=True)
    where = " and a redirect is not followed" if status < 400 else ""
    return Refused(f"The webhook answered HTTP {status}{where}: look at its address.")
