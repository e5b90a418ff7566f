"""Changes over HTTP: `POST /api/v1/changes` with a key of the configuration. docs/api.md describes it."""

from aiohttp import web

from bot.changes.report import read
from bot.changes.service import Changes
from bot.db import Database
from bot.directory.programs import actor, idempotency_key, program
from bot.directory.service import Directory


class ChangeApi:
    """The route that pipelines use."""

    def __init__(self, database: Database, directory: Directory, changes: Changes) -> None:
        self._db = database
        self._directory = directory
        self._changes = changes

    def routes(self) -> list[web.RouteDef]:
        """To be added to the front door."""
        return [web.post("/api/v1/changes", self.tell)]

    async def tell(self, request: web.Request) -> web.Response:
        """Keep a change: 201; one that was told under the same Idempotency-Key: 200."""
        teller = actor(program(self._directory, request))
        key, body = idempotency_key(request), await request.read()
        async with self._db.begin(actor=teller) as tx:
            change, is_new = await self._changes.record(tx, read(body, tx.now), f"{teller}:{key}")
            told = {"change": change.id, "service": change.service, "at": change.happened_at.isoformat()}
        return web.json_response(told, status=201 if is_new else 200)
