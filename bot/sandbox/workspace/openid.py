"""Sign in with Slack: the page on which somebody says who they are, and the codes that an app exchanges for their word."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from bot.sandbox.workspace.model import App, User
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError, child

PATH = "/openid/connect/authorize"
ELSEWHERE = User("U0STRANGER0", "sam", "Sam Elsewhere", "sam@elsewhere.example")
"""Somebody of another workspace, so that one sees them refused."""
ELSEWHERE_TEAM = ("T0ELSEWHERE", "Elsewhere")
CODE_LASTS_S = 600
TOKEN_LASTS_S = 300
SCOPES = frozenset({"openid", "profile", "email"})
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Security-Policy": "default-src 'self'; base-uri 'none'"}


@dataclass(frozen=True)
class Code:
    """What a code stands for until it is exchanged, once."""

    app_id: str
    user: User
    redirect_uri: str
    nonce: str
    challenge: str
    until: float


class OpenId:
    """Hands out codes and takes them back."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.codes: dict[str, Code] = {}

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self.ask), web.post(PATH, self.decide)]

    async def ask(self, request: web.Request) -> web.Response:
        """The page: who of the workspace is it?"""
        asked = dict(request.query)
        app, trouble = self.understood(asked)
        if app is None or trouble:
            return page("Something is wrong with the app that sent you here", f"<p>{escape(trouble)}</p>", status=400)
        people = [user for user in self.team.world.users.values() if not user.is_bot and not user.deleted and user.name != "slackbot"]
        lines = [button(user, user.name) for user in sorted(people, key=lambda user: user.real_name)]
        lines.append(button(ELSEWHERE, f"{ELSEWHERE.name}, of another workspace"))
        form = f'<form class="column" method="post" action="{escape(request.raw_path)}">{"".join(lines)}'
        said = f"<p><b>{escape(app.name)}</b> wants to know who you are: your name, your address and your picture.</p>"
        return page(f"Sign in to {escape(self.team.world.team_name)}", f'{said}{form}<button name="user" value="">Cancel</button></form>')

    async def decide(self, request: web.Request) -> web.Response:
        """Back to the app, with a code or with a refusal."""
        asked = dict(request.query)
        app, trouble = self.understood(asked)
        if app is None or trouble:
            return page("Something is wrong with the app that sent you here", f"<p>{escape(trouble)}</p>", status=400)
        chosen = str((await request.post()).get("user", ""))
        user = ELSEWHERE if chosen == ELSEWHERE.id else self.team.world.users.get(chosen)
        answer = {"state": asked.get("state", "")} | (
            {"error": "access_denied"} if user is None else {"code": self.issue(app, user, asked)}
        )
        return web.Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{urlencode(answer)}"})

    def understood(self, asked: dict[str, str]) -> tuple[App | None, str]:
        """The app that asks, and what is wrong with how it asks."""
        app = next((one for one in self.team.live_apps() if one.client_id and one.client_id == asked.get("client_id")), None)
        if app is None:
            return None, "Invalid client_id parameter."
        if asked.get("response_type") != "code":
            return app, "response_type must be code."
        scopes = set(asked.get("scope", "").replace(",", " ").split())
        if "openid" not in scopes or not scopes <= SCOPES:
            return app, f"Invalid permissions requested: {asked.get('scope', '')}. There are openid, profile and email."
        if not self.is_registered(app, asked.get("redirect_uri", "")):
            return app, f"redirect_uri did not match any configured URIs. Passed URI: {asked.get('redirect_uri', '')}"
        return app, ""

    def is_registered(self, app: App, uri: str) -> bool:
        """Whether an app may send people there. One that registered nothing may send them back to this very sandbox."""
        registered = child(app.manifest, "oauth_config").get("redirect_urls") or [self.team.address]
        target = urlsplit(uri)
        return any(uri.startswith(one) and urlsplit(one).netloc == target.netloc for one in registered)

    def issue(self, app: App, user: User, asked: dict[str, str]) -> str:
        code = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        until = self.team.now() + CODE_LASTS_S
        self.codes[code] = Code(app.id, user, asked["redirect_uri"], asked.get("nonce", ""), asked.get("code_challenge", ""), until)
        return code

    def exchange(self, args: Args) -> Json:
        """`openid.connect.token`. Raises SlackError."""
        if args.text("grant_type", "authorization_code") != "authorization_code":
            raise SlackError("invalid_grant_type")
        app = next((one for one in self.team.live_apps() if one.client_id and one.client_id == args.text("client_id")), None)
        if app is None:
            raise SlackError("invalid_client_id")
        if args.text("client_secret") != app.client_secret:
            raise SlackError("bad_client_secret")
        code = self.codes.pop(args.text("code"), None)
        if code is None or code.app_id != app.id or code.until < self.team.now():
            raise SlackError("invalid_code")
        if args.text("redirect_uri") != code.redirect_uri:
            raise SlackError("bad_redirect_uri")
        if code.challenge and challenge_of(args.text("code_verifier")) != code.challenge:
            raise SlackError("invalid_grant")
        import jwt  # with the first who signs in

        claims = self.claims(code.user) | {"iss": self.team.address, "aud": app.client_id, "nonce": code.nonce}
        now = int(self.team.now())
        id_token = jwt.encode(claims | {"iat": now, "exp": now + TOKEN_LASTS_S}, app.client_secret, algorithm="HS256")
        return {"access_token": f"xoxp-{code.user.name}", "token_type": "Bearer", "id_token": id_token}

    def claims(self, user: User) -> Json:
        """What is said of somebody."""
        world = self.team.world
        team_id, team_name = ELSEWHERE_TEAM if user is ELSEWHERE else (world.team_id, world.team_name)
        return {
            "sub": user.id,
            "https://slack.com/user_id": user.id,
            "https://slack.com/team_id": team_id,
            "https://slack.com/team_name": team_name,
            "email": user.email,
            "email_verified": True,
            "name": user.real_name,
            "locale": "en-US",
            "picture": f"{self.team.address}/avatars/{user.name}.png",
        }


def challenge_of(verifier: str) -> str:
    """PKCE with S256."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def button(user: User, small: str) -> str:
    return f'<button name="user" value="{user.id}">{escape(user.real_name)} <span class="faint">{escape(small)}</span></button>'


def page(title: str, inside: str, status: int = 200) -> web.Response:
    """A page in the sandbox's own dress, without any script."""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="stylesheet" href="/sandbox/static/base.css">'
        f'<link rel="stylesheet" href="/sandbox/static/openid.css"></head><body><main><h1>{title}</h1>{inside}</main></body></html>'
    )
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=HEADERS)
