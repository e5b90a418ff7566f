"""Webhooks that carry their sender's signature."""

from collections.abc import Mapping

from aiohttp import web
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from bot.errors import NotAllowed, NotFound
from bot.web.text import storable


class TwilioWebhooks:
    """Reads Twilio's webhooks. The signature covers the public address (`url`, TOCSIN_URL), whatever a proxy makes of it."""

    def __init__(self, auth_token: str | None, url: str) -> None:
        self._validator = RequestValidator(auth_token) if auth_token else None
        self._url = url.rstrip("/")

    async def fields(self, request: web.Request) -> Mapping[str, str]:
        """The form that Twilio posted. Raises NotAllowed when the signature does not match, NotFound when there is no Twilio."""
        if self._validator is None:
            raise NotFound("Twilio is not configured here: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.")
        form = MultiDict((name, value) for name, value in (await request.post()).items() if isinstance(value, str))
        address = self._url + request.raw_path
        if not self._validator.validate(address, form, request.headers.get("X-Twilio-Signature", "")):
            raise NotAllowed("The signature does not match: check that Twilio calls the address in TOCSIN_URL, and TWILIO_AUTH_TOKEN.")
        return {name: storable(value) for name, value in form.items()}
