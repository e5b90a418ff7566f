"""Signed links: they work with no app and no login, for one purpose, one thing and one person, until they expire."""

import hashlib
import hmac
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select
from sqlmodel import col

from bot.clock import Clock
from bot.db import ActorId, Tx
from bot.errors import NotAllowed
from bot.web.models import SigningSecret

PREVIOUS_GOOD_FOR = timedelta(days=1)
WAY_OUT = "Use the newest link you were sent, or type /inc in Slack."


class LinkAltered(NotAllowed):
    """The link was cut off, changed, made for something else, or signed with a secret that no longer counts."""


class LinkExpired(NotAllowed):
    """The link was right, once."""


@dataclass(frozen=True)
class Grant:
    """What an opened link allows: `purpose` ("pages") on the thing named by `ids`, as `person` (None: whoever holds the link)."""

    purpose: str
    ids: tuple[str, ...]
    person: ActorId | None
    expires_at: datetime


@dataclass(frozen=True)
class Secrets:
    """The secret that signs, and the one before it, which is still accepted until `previous_until`."""

    current: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)
    previous_until: datetime | None = None


class Links:
    """Makes and opens signed links. `url` is the public address (TOCSIN_URL); expiry follows `clock`."""

    def __init__(self, secrets: Secrets, url: str, clock: Clock) -> None:
        self._secrets = secrets
        self._url = url.rstrip("/")
        self._clock = clock

    def link(self, purpose: str, *ids: str, person: ActorId | None, lasts: timedelta) -> str:
        """The address `<url>/<purpose>/<ids>?k=<token>`, good for `lasts`."""
        path = "/".join((self._url, purpose, *ids))
        return f"{path}?k={self.token(purpose, *ids, person=person, lasts=lasts)}"

    def link_until(self, purpose: str, *ids: str, person: ActorId | None, until: datetime) -> str:
        """The same, good until a moment: what an opened link leads to opens no longer than itself."""
        return self.link(purpose, *ids, person=person, lasts=until - self._clock.now())

    def token(self, purpose: str, *ids: str, person: ActorId | None, lasts: timedelta) -> str:
        """The signed part alone: who may act and until when; purpose and ids are bound by the signature."""
        expires = int((self._clock.now() + lasts).timestamp())
        return _text(_serializer(self._secrets.current, purpose, ids).dumps([person or "", expires]))

    def open(self, token: str, purpose: str, *ids: str, way_out: str = WAY_OUT) -> Grant:
        """What `token` allows. Raises LinkAltered or LinkExpired, each with the way out in its sentence."""
        person, expires = self._read(token, purpose, ids, way_out)
        expires_at = datetime.fromtimestamp(expires, UTC)
        if expires_at <= self._clock.now():
            raise LinkExpired(f"This link expired on {expires_at:%-d %B at %H:%M} UTC. {way_out}")
        return Grant(purpose, ids, ActorId(person) if person else None, expires_at)

    def seal(self, purpose: str, *ids: str) -> str:
        """A short signature of these ids, for where room is scarce and case may be lost: 20 lower-case letters and digits."""
        return _seal(self._secrets.current, purpose, ids)

    def is_sealed(self, seal: str, purpose: str, *ids: str) -> bool:
        """Whether we made this seal for these ids. It does not expire by itself."""
        return any(hmac.compare_digest(_seal(secret, purpose, ids).encode(), seal.lower().encode()) for secret in self._accepted())

    def _read(self, token: str, purpose: str, ids: Sequence[str], way_out: str) -> tuple[str, int]:
        for secret in self._accepted():
            serializer = _serializer(secret, purpose, ids)
            try:
                person, expires = serializer.loads(token)
            except (BadData, ValueError, TypeError):
                continue
            if _text(serializer.dumps([person, expires])) == token:  # base64 decoding forgives what was added or changed in spare bits
                return str(person), int(expires)
        raise LinkAltered(f"This link is incomplete or was changed on its way. {way_out}")

    def _accepted(self) -> list[str]:
        """The current secret, and the previous one for a day."""
        secrets = self._secrets
        if secrets.previous and secrets.previous_until and self._clock.now() < secrets.previous_until:
            return [secrets.current, secrets.previous]
        return [secrets.current]


async def accepted_secrets(tx: Tx, current: str, previous: str | None) -> Secrets:
    """Both secrets and how long the previous one counts: a day from when the current one was first used, by any replica."""
    fingerprint = hmac.new(current.encode(), b"tocsin signing secret", hashlib.sha256).hexdigest()[:32]
    await tx.insert_new(SigningSecret, fingerprint=fingerprint, first_used_at=tx.now)
    first_used = select(col(SigningSecret.first_used_at)).where(col(SigningSecret.fingerprint) == fingerprint)
    return Secrets(current, previous, (await tx.session.execute(first_used)).scalar_one() + PREVIOUS_GOOD_FOR)


def _seal(secret: str, purpose: str, ids: Sequence[str]) -> str:
    signed = hmac.new(secret.encode(), "\0".join(("tocsin seal", purpose, *ids)).encode(), hashlib.sha256).digest()
    return b32encode(signed[:12]).decode().rstrip("=").lower()


def _serializer(secret: str, purpose: str, ids: Sequence[str]) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="\0".join(("tocsin link", purpose, *ids)))


def _text(token: str | bytes) -> str:
    return token.decode() if isinstance(token, bytes) else token
