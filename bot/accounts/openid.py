"""Sign in with Slack, as OpenID Connect has it: the way there, and what is believed of what comes back."""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode

from bot.errors import NotAllowed

if TYPE_CHECKING:
    from jwt.types import Options

SCOPES = "openid profile email"
LEEWAY_S = 60
"""How far our clock and Slack's may be apart."""
LONGEST_PATH = 2000
AGAIN = "Begin again: open the page that you wanted."


class NotBelieved(NotAllowed):
    """What came back from Slack is not for us, not for this browser, or not of now."""


@dataclass(frozen=True)
class Attempt:
    """One way to Slack and back. Everything that must match at the end follows from a secret that only this browser holds."""

    secret: str = field(repr=False)
    next: str

    @classmethod
    def begin(cls, following: str) -> "Attempt":
        """A new one, that leads to a page of ours."""
        return cls(secrets.token_urlsafe(32), local_path(following))

    @classmethod
    def read(cls, cookie: str) -> "Attempt":
        """The one that a cookie holds."""
        secret, _, following = cookie.partition(".")
        return cls(secret, local_path(unquote(following)))

    @property
    def cookie(self) -> str:
        return f"{self.secret}.{quote(self.next, safe='')}"

    @property
    def state(self) -> str:
        return self._derived("state")

    @property
    def nonce(self) -> str:
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What PKCE proves: who exchanges the code is who asked for it."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        return _base64(sha256(self.verifier.encode()).digest())

    def _derived(self, purpose: str) -> str:
        return _base64(sha256(f"tocsin sign-in {purpose}\0{self.secret}".encode()).digest())


@dataclass(frozen=True)
class Provider:
    """Slack, as we are known to it. `site` is where its pages and its issuer are (https://slack.com)."""

    site: str
    client_id: str
    redirect_uri: str

    def address(self, attempt: Attempt, team: str) -> str:
        """Where a browser goes to sign in. `team` lets Slack skip the question which workspace is meant."""
        asked = {
            "response_type": "code", "scope": SCOPES, "client_id": self.client_id, "redirect_uri": self.redirect_uri, "team": team,
            "state": attempt.state, "nonce": attempt.nonce, "code_challenge": attempt.challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{self.site}/openid/connect/authorize?{urlencode(asked)}"


@dataclass(frozen=True)
class Claims:
    """Who Slack says somebody is."""

    slack_user: str
    team: str
    name: str
    email: str
    """ "" for one that Slack has not seen to be theirs."""


def believed(id_token: str, provider: Provider, attempt: Attempt, team: str) -> Claims:
    """What Slack says, once it is certain that it is said to us, now, about this attempt and our workspace; raises `NotBelieved`.

    The token comes from Slack itself, in the answer to our own request over TLS; OpenID Connect (Core 3.1.3.7) lets that stand for
    its signature.
    """
    import jwt  # it loads a cryptography library: with the first who signs in, and not while the process starts

    options: Options = {
        "verify_signature": False, "verify_exp": True, "verify_iat": True, "verify_aud": True, "verify_iss": True, "strict_aud": True,
        "require": ["exp", "iat", "iss", "aud", "sub", "nonce"],
    }  # fmt: skip
    try:
        told = jwt.decode(id_token, options=options, audience=provider.client_id, issuer=provider.site, leeway=LEEWAY_S)
    except jwt.InvalidTokenError as wrong:
        raise NotBelieved(f"What Slack said about you is not meant for us, or too old ({type(wrong).__name__}). {AGAIN}") from None
    if not secrets.compare_digest(str(told["nonce"]).encode(), attempt.nonce.encode()):
        raise NotBelieved(f"This answer belongs to another attempt to sign in. {AGAIN}")
    email = str(told.get("email", "")) if told.get("email_verified") is True else ""  # or one could claim anybody's place
    found = Claims(str(told["sub"]), str(told.get("https://slack.com/team_id", "")), str(told.get("name", "")), email)
    if found.team != team:
        elsewhere = str(told.get("https://slack.com/team_name", "")) or "another workspace"
        raise NotAllowed(
            f"You signed in as a member of {elsewhere}. This Tocsin belongs to another workspace; sign in to that one in Slack."
        )
    return found


def local_path(following: str) -> str:
    """A path of ours to go on to; "/account" for anything that could lead elsewhere."""
    is_local = following.startswith("/") and len(following) <= LONGEST_PATH and following.isascii() and following.isprintable()
    is_ours = is_local and not following.startswith("//") and "\\" not in following and not following.startswith(("/signin", "/hooks/"))
    return following if is_ours else "/account"


def _base64(digest: bytes) -> str:
    return urlsafe_b64encode(digest).decode().rstrip("=")
