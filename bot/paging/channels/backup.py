"""A second provider for texts and calls, described by an address and a body with placeholders: for when the first does not answer."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus

import aiohttp
from pydantic import SecretStr

from bot.config.settings import BackupPhone
from bot.paging.notice import Accepted, Receipt, TryLater
from bot.work.orders import Refused

TIMEOUT_S = 8.0
MARK = "backup:"
"""Its ids begin so: no receipt is expected for them, and none of the first provider's is taken for theirs."""
NAMES_OF_ID = re.compile(r'"(?:message[-_]id|message_uuid|uuid|sid|id)"\s*:\s*"?([\w.-]+)', re.IGNORECASE)


@dataclass(frozen=True)
class Backup:
    """Posts what its templates say. `{to}`, `{from}` and `{text}` are filled in, escaped as the body wants it (JSON, else a form)."""

    settings: BackupPhone

    @property
    def texts(self) -> bool:
        """Whether it sends texts."""
        return self.settings.sms_url is not None

    @property
    def calls(self) -> bool:
        """Whether it makes calls."""
        return self.settings.voice_url is not None

    async def text(self, to: str, text: str) -> Receipt:
        """Send a text."""
        return await self._post(self.settings.sms_url or "", self.settings.sms_body, to, text)

    async def call(self, to: str, speech: str) -> Receipt:
        """Call and say something. It hears no keys."""
        return await self._post(self.settings.voice_url or "", self.settings.voice_body, to, speech)

    async def _post(self, url: str, template: SecretStr, to: str, text: str) -> Receipt:
        body, kind = filled(template.get_secret_value(), {"to": to, "from": self.settings.sender, "text": text})
        key = self.settings.authorization
        headers = {"Content-Type": kind} | ({"Authorization": key.get_secret_value()} if key else {})
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), trust_env=True) as session:
                answer = await session.post(url, data=body, headers=headers)
                return self._receipt(answer.status, await answer.text(errors="replace"))
        except aiohttp.ClientConnectorError:
            return TryLater("The second provider cannot be reached.")
        except (aiohttp.ClientError, TimeoutError, OSError) as broken:
            return TryLater(f"The second provider did not answer ({type(broken).__name__}).", maybe_sent=True)

    def _receipt(self, status: int, answer: str) -> Receipt:
        if status == 429 or status >= 500:
            return TryLater(f"The second provider answered HTTP {status}.", maybe_sent=status != 429)
        if status >= 300 or not re.search(self.settings.accepted, answer):
            return Refused(f"The second provider refused it (HTTP {status}).")
        named = NAMES_OF_ID.search(answer)
        return Accepted(MARK + (named[1] if named else "accepted"))


def filled(template: str, values: Mapping[str, str]) -> tuple[str, str]:
    """The body with its placeholders filled in, and its content type."""
    is_json = template.lstrip().startswith(("{", "["))

    def value(found: re.Match[str]) -> str:
        raw = values[found[1]]
        return json.dumps(raw)[1:-1] if is_json else quote_plus(raw)

    body = re.sub(r"\{(to|from|text)\}", value, template)
    return body, "application/json" if is_json else "application/x-www-form-urlencoded"


def is_broken(receipt: Receipt) -> bool:
    """Whether the first provider gave no answer or failed by itself; a throttle or a refusal is no business of the second."""
    return isinstance(receipt, TryLater) and receipt.after is None
