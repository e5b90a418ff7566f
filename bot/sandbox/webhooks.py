"""The carrier's side of webhooks: forms posted to the application, signed as Twilio signs them, over the address it was given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast
from urllib.parse import urlencode, urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped, unused-ignore]
from yarl import URL

from bot.sandbox.calls import Traffic
from bot.sandbox.keys import Account

ANSWER_WITHIN_S = 15.0  # Twilio's own limit for SMS and voice webhooks


@dataclass(frozen=True)
class Answer:
    """What the application answered. `error` is empty, or the sentence that a person watching the phone reads."""

    text: str
    error: str = ""


class Signer(Protocol):
    def compute_signature(self, uri: str, params: Mapping[str, str]) -> str: ...


class Webhooks:
    """Posts to the application. One retry when no connection could be made, none otherwise: as Twilio does by default."""

    def __init__(self, account: Account, traffic: Traffic) -> None:
        self.account, self.traffic = account, traffic
        self._signer = cast(Signer, RequestValidator(account.token))
        self._session: ClientSession | None = None

    async def start(self) -> None:
        self._session = ClientSession(timeout=ClientTimeout(total=ANSWER_WITHIN_S))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, params: Mapping[str, str], method: str = "POST") -> Answer:
        """Send one signed request and hand back the body of a 2xx answer, or what went wrong (error 11200)."""
        passage = self.traffic.begin("webhook", f"{method} {urlsplit(url).path}", "carrier", **params)
        try:
            answer = await self._twice(url, params, method)
            passage.finish(answer.error or None, answer=answer.text)
            return answer
        finally:
            if passage.end is None:
                passage.finish("the sandbox ended")

    async def _twice(self, url: str, params: Mapping[str, str], method: str) -> Answer:
        for attempt in (1, 2):
            try:
                return await self._send(url, params, method)
            except ClientError as failed:
                if attempt == 2:
                    return Answer("", f"11200: nobody answered at {url} ({type(failed).__name__}).")
            except TimeoutError:
                return Answer("", f"11200: no answer from {url} within {ANSWER_WITHIN_S:.0f} s.")
        raise AssertionError("unreachable")

    async def _send(self, url: str, params: Mapping[str, str], method: str) -> Answer:
        assert self._session is not None, "start() comes first"
        form: Mapping[str, str] = params
        if method != "POST":
            url, form = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}", {}
        headers = {
            "X-Twilio-Signature": self._signer.compute_signature(url, form),
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
        }
        # The signature is over the address to the letter, so it must go out as it was given.
        exact = URL(url, encoded=True)
        async with self._session.request(method, exact, data=dict(form) if method == "POST" else None, headers=headers) as answer:
            text = await answer.text()
            if 200 <= answer.status < 300:
                return Answer(text)
            return Answer("", f"11200: {url} answered {answer.status}.")
