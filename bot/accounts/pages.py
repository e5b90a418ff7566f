"""Pages that ask who reads: opened by a session, or by a signed link as all others.

A signed-in reader is who signed in, whatever link they hold; a link only shows them what it is about. Without a session the link says who
reads. A write of a session needs its CSRF token and our own origin; one by a link needs the link, which no other site knows.
"""

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http.cookies import CookieError
from urllib.parse import quote, urlsplit

from aiohttp import web

from bot.accounts.reader import Reader
from bot.accounts.service import Accounts, SignedIn
from bot.db import BOT, ActorId, Database
from bot.errors import InvalidInput, NotAllowed, SignInNeeded
from bot.web import pages
from bot.web.signing import WAY_OUT, Links
from bot.web.text import storable

TOKEN_HEADER = "X-Tocsin-Token"
KEY = "k"
"""The parameter of a signed link."""


@dataclass(frozen=True)
class Visit:
    """One request by somebody. `ids` are those of the address, `fields` what a form or a JSON object says."""

    reader: Reader
    ids: tuple[str, ...]
    query: Mapping[str, str]
    fields: Mapping[str, str]
    address: str
    """The page's own path, with its key if it has one: where its forms post to."""
    session: SignedIn | None = field(default=None, repr=False)
    is_unsigned: bool = False
    """The sandbox let it in without either."""
    link_ends: datetime | None = None
    """Until when the link that it came by is good."""

    def page(self, template: str, **values: object) -> web.Response:
        """A page that extends `accounts/layout.html`: it shows who reads, and its forms include `accounts/token.html`."""
        response = pages.page(template, 200, styles_inside=False, reader=self.reader, address=self.address, **values)
        if self.reader.is_signed_in:  # with "no-referrer" browsers hide the origin of our own forms, too
            response.headers["Referrer-Policy"] = "same-origin"
        return response

    def beside(self, tail: str, **query: object) -> str:
        """The address of something of the page's own, with the page's key."""
        path, _, key = self.address.partition("?")
        asked = "&".join([*([key] if key else []), *(f"{name}={quote(str(value))}" for name, value in query.items())])
        return f"{path}/{tail}" + (f"?{asked}" if asked else "")


Answer = Callable[[Visit], Awaitable[web.StreamResponse]]
Act = Callable[[Visit], Awaitable[web.StreamResponse | str | None]]


class Sessions:
    """The cookie, and whose it is."""

    def __init__(self, database: Database, accounts: Accounts, url: str) -> None:
        self._db = database
        self._accounts = accounts
        self._origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        self.is_https = url.startswith("https:")
        # The prefix lets no other host of the same domain, and nothing on plain HTTP, set it.
        self.cookie = "__Host-tocsin" if self.is_https else "tocsin"

    async def of(self, request: web.Request) -> SignedIn | None:
        """The session of a request, which lasts longer by it."""
        key = cookie_of(request, self.cookie)
        if not key or not self._accounts.can_sign_in:
            return None
        async with self._db.read() as tx:
            found = await self._accounts.find(tx, key)
            is_stale = found is not None and self._accounts.is_to_be_noted(tx, found)
        if found is not None and is_stale:
            async with self._db.begin(actor=BOT) as tx:
                await self._accounts.note(tx, found)
        return found

    def keep(self, response: web.StreamResponse, key: str) -> None:
        """Let the browser keep a session's key, out of reach of scripts and other sites' posts. How long it counts is decided here."""
        response.set_cookie(self.cookie, key, path="/", httponly=True, samesite="Lax", secure=self.is_https)

    def forget(self, response: web.StreamResponse) -> None:
        response.del_cookie(self.cookie, path="/", httponly=True, samesite="Lax", secure=self.is_https)

    def check_origin(self, request: web.Request) -> None:
        """A write must come from a page of ours; raises `NotAllowed`."""
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
        if origin not in (None, "null", self._origin) or (origin == "null" and site != "same-origin") or site == "cross-site":
            raise NotAllowed(f"This came from a page of another site, so nothing was done. Open {self._origin} and do it there.")


class ReaderPages:
    """Adds pages. `is_open` is for the sandbox alone: there a page also opens without a link, as the person that `?as=` names."""

    def __init__(self, app: web.Application, accounts: Accounts, sessions: Sessions, links: Links, *, is_open: bool = False) -> None:
        self._app = app
        self._accounts = accounts
        self._sessions = sessions
        self._links = links
        self._is_open = is_open

    def add(self, purpose: str, *names: str, show: Answer, act: Act | None = None, tail: str = "", way_out: str = WAY_OUT) -> None:
        """Serve `/<purpose>/{<name>}…[/<tail>]`: `show(visit)` answers GET, `act(visit)` does what POST asks.

        A link for this purpose and these ids opens all its tails. After acting, a browser is sent back to the page, or to the path that
        `act` returns; or it gets what `act` answers, JSON say.
        """

        async def get(request: web.Request) -> web.StreamResponse:
            return await show(await self._visit(request, purpose, names, way_out))

        path = "/".join((f"/{purpose}", *(f"{{{name}}}" for name in names), *([tail] if tail else [])))
        self._app.router.add_get(path, get)
        if act is not None:
            self.add_verb(purpose, *names, act=act, tail=tail, way_out=way_out)

    def add_verb(self, purpose: str, *names: str, act: Act, tail: str = "", way_out: str = WAY_OUT) -> None:
        """Serve POST alone."""

        async def post(request: web.Request) -> web.StreamResponse:
            visit = await self._visit(request, purpose, names, way_out)
            fields = await fields_of(request)
            if visit.reader.is_signed_in:
                self._sessions.check_origin(request)
                given = request.headers.get(TOKEN_HEADER) or fields.get("token", "")
                if not hmac.compare_digest(given.encode(), visit.reader.csrf.encode()):
                    raise NotAllowed("This page was opened before you signed in anew. Open it again, then do this once more.")
            following = await act(replace(visit, fields=fields))
            if isinstance(following, web.StreamResponse):
                return following
            raise web.HTTPSeeOther(following or visit.address)

        path = "/".join((f"/{purpose}", *(f"{{{name}}}" for name in names), *([tail] if tail else [])))
        self._app.router.add_post(path, post)

    async def _visit(self, request: web.Request, purpose: str, names: Sequence[str], way_out: str) -> Visit:
        ids = tuple(request.match_info[name] for name in names)
        path = "/".join((f"/{purpose}", *ids))
        key, query = request.query.get(KEY), dict(request.query)
        session = await self._sessions.of(request)
        if session is not None:
            ends = self._ends(key, purpose, ids) if key is not None else None
            address = f"{path}?k={quote(key)}" if key is not None and ends else path
            return Visit(self._accounts.signed_in(session, holds_link=ends is not None), ids, query, {}, address, session, link_ends=ends)
        if key is not None:
            grant = self._links.open(key, purpose, *ids, way_out=way_out)
            return Visit(self._accounts.linked(grant.person), ids, query, {}, f"{path}?k={quote(key)}", link_ends=grant.expires_at)
        if self._is_open:
            person = ActorId(query["as"]) if "as" in query else None
            address = f"{path}?as={quote(person)}" if person else path
            return Visit(self._accounts.linked(person, holds_link=False), ids, query, {}, address, is_unsigned=True)
        raise self._stranger(request, way_out)

    def _ends(self, key: str, purpose: str, ids: Sequence[str]) -> datetime | None:
        """Until when a signed-in reader's link is good; None for one that is not, which takes nothing from them."""
        try:
            return self._links.open(key, purpose, *ids).expires_at
        except NotAllowed:
            return None

    def _stranger(self, request: web.Request, way_out: str) -> Exception:
        """What becomes of somebody with neither."""
        if not self._accounts.can_sign_in:
            return NotAllowed(
                f"This address needs the signed link that was sent to you. {way_out} An admin can let people sign in with Slack: "
                "set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET."
            )
        if request.method == "GET" and pages.wants_html(request):
            return web.HTTPSeeOther(signing_in(request.raw_path))
        return SignInNeeded("You are not signed in, or no longer. Sign in with Slack, then do this again.")


def signing_in(following: str) -> str:
    """The address of the page that signs somebody in and then leads on."""
    return f"/signin?next={quote(following, safe='')}"


async def fields_of(request: web.Request) -> Mapping[str, str]:
    """What a form or a JSON object of texts and numbers says; raises `InvalidInput`."""
    if request.content_type != "application/json":
        return {name: storable(value) for name, value in (await request.post()).items() if isinstance(value, str)}
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError:
        raise InvalidInput("The body is not JSON.") from None
    if not isinstance(body, dict) or not all(isinstance(value, str | int) for value in body.values()):
        raise InvalidInput("The body is a JSON object of texts and numbers.")
    return {str(name): storable(str(value)) for name, value in body.items()}


def cookie_of(request: web.Request, name: str) -> str:
    """A cookie's value; "" when there is none, or when the header makes no sense."""
    try:
        return request.cookies.get(name, "")
    except CookieError:
        return ""
