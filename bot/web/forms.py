"""Pages behind signed links: GET shows, POST acts. The form posts to the link it was opened by, so the signature is the
authority and there is no cookie that another site could misuse."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from aiohttp import web

from bot.db import ActorId
from bot.web.signing import WAY_OUT, Grant, LinkAltered, Links
from bot.web.text import storable

Show = Callable[[Grant], Awaitable[web.Response]]
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

        def opened(request: web.Request) -> Grant:
            ids = tuple(request.match_info[name] for name in names)
            token = request.query.get("k")
            if token is None and self._is_open:
                return Grant(purpose, ids, ActorId(request.query["as"]) if "as" in request.query else None, NEVER)
            if token is None:
                raise LinkAltered(f"This address needs the signed link that was sent to you. {way_out}")
            return self._links.open(token, purpose, *ids, way_out=way_out)

        async def get(request: web.Request) -> web.Response:
            return await show(opened(request))

        path = "/".join((f"/{purpose}", *(f"{{{name}}}" for name in names)))
        self._app.router.add_get(path, get)
        if act is None:
            return
        perform = act

        async def post(request: web.Request) -> web.Response:
            grant = opened(request)
            fields = {name: storable(value) for name, value in (await request.post()).items() if isinstance(value, str)}
            following = await perform(grant, fields)
            raise web.HTTPSeeOther(following or request.raw_path)

        self._app.router.add_post(path, post)
