"""Pages behind signed links: GET shows, POST acts. The form posts to the link it was opened by, so the signature is the
authority and there is no cookie that another site could misuse."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from aiohttp import web

from bot.db import ActorId
from bot.web.signing import WAY_OUT, Grant, LinkAltered, Links
from bot.web.text import storable

Show = Callable[[Grant], Awaitable[web.Response]]
Look = Callable[[Grant, Mapping[str, str]], Awaitable[web.Response]]
Act = Callable[[Grant, Mapping[str, str]], Awaitable[str | None]]

NEVER = datetime.max.replace(tzinfo=UTC)


class SignedPages:
    """Adds pages that only a signed link opens.

    `is_open` is for the sandbox alone: there a page also opens without a signature, as the person that `?as=` names.
    """

    def __init__(self, app: web.Application, links: Links, is_open: bool = False) -> None:
        self._app = app
        self._links = links
        self._is_open = is_open

    def add(self, purpose: str, *names: str, show: Show, act: Act | None = None, way_out: str = WAY_OUT) -> None:
        """Serve `/<purpose>/{<name>}…`: `show(grant)` answers GET, `act(grant, fields)` does what POST asks.

        After acting the browser is sent back to the page, or to the path that `act` returns.
        """

        async def get(request: web.Request) -> web.Response:
            return await show(self._opened(request, purpose, names, way_out))

        path = _path(purpose, names)
        self._app.router.add_get(path, get)
        if act is None:
            return
        perform = act

        async def post(request: web.Request) -> web.Response:
            grant = self._opened(request, purpose, names, way_out)
            fields = {name: storable(value) for name, value in (await request.post()).items() if isinstance(value, str)}
            following = await perform(grant, fields)
            raise web.HTTPSeeOther(following or request.raw_path)

        self._app.router.add_post(path, post)

    def add_view(self, purpose: str, *names: str, look: Look, way_out: str = WAY_OUT) -> None:
        """Serve a page that is looked at in several ways: `look(grant, query)` answers GET; the query is not signed, the rest is."""

        async def get(request: web.Request) -> web.Response:
            return await look(self._opened(request, purpose, names, way_out), request.query)

        self._app.router.add_get(_path(purpose, names), get)

    def _opened(self, request: web.Request, purpose: str, names: Sequence[str], way_out: str) -> Grant:
        ids = tuple(request.match_info[name] for name in names)
        token = request.query.get("k")
        if token is None and self._is_open:
            return Grant(purpose, ids, ActorId(request.query["as"]) if "as" in request.query else None, NEVER)
        if token is None:
            raise LinkAltered(f"This address needs the signed link that was sent to you. {way_out}")
        return self._links.open(token, purpose, *ids, way_out=way_out)


def _path(purpose: str, names: Sequence[str]) -> str:
    return "/".join((f"/{purpose}", *(f"{{{name}}}" for name in names)))
