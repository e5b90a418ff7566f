"""The reference: bare aiohttp that stores each alert by upsert, and one event row for each, in one transaction a request.

python -m bench.reference PORT sqlite:PATH | postgresql://…
"""

import json
import sqlite3
import sys
from typing import Any

from aiohttp import web

TABLES = (
    "CREATE TABLE IF NOT EXISTS alert (fingerprint TEXT PRIMARY KEY, status TEXT, labels TEXT, starts_at TEXT)",
    "CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, fingerprint TEXT, status TEXT, starts_at TEXT)",
)
UPSERT = "INSERT INTO alert VALUES (?, ?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE SET status = excluded.status, labels = excluded.labels"
EVENT = "INSERT INTO event (fingerprint, status, starts_at) VALUES (?, ?, ?)"


def rows(body: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """What is stored of a webhook."""
    return [(alert["fingerprint"], alert["status"], json.dumps(alert["labels"]), alert["startsAt"]) for alert in body["alerts"]]


def on_sqlite(path: str) -> web.Application:
    """SQLite with the same durability as the bot's: WAL, synchronous FULL."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    for table in TABLES:
        connection.execute(table)

    async def take(request: web.Request) -> web.Response:
        found = rows(json.loads(await request.read()))
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(UPSERT, found)
        connection.executemany(EVENT, [(fingerprint, status, starts) for fingerprint, status, _, starts in found])
        connection.execute("COMMIT")
        return web.json_response({"ok": True}, status=202)

    app = web.Application(client_max_size=2**24)
    app.router.add_post("/hooks/alertmanager/sandbox", take)
    return app


def on_postgresql(url: str) -> web.Application:
    """PostgreSQL through asyncpg's pool."""
    import asyncpg

    app = web.Application(client_max_size=2**24)
    pools: list[Any] = []

    async def connect(_: web.Application) -> None:
        pool = await asyncpg.create_pool(url, min_size=8, max_size=8)
        pools.append(pool)
        async with pool.acquire() as connection:
            await connection.execute(TABLES[0])
            await connection.execute(TABLES[1].replace("INTEGER PRIMARY KEY", "BIGSERIAL PRIMARY KEY"))

    async def take(request: web.Request) -> web.Response:
        found = rows(json.loads(await request.read()))
        async with pools[0].acquire() as connection, connection.transaction():
            upsert = UPSERT.replace("(?, ?, ?, ?)", "($1, $2, $3, $4)")
            await connection.executemany(upsert, found)
            events = [(fingerprint, status, starts) for fingerprint, status, _, starts in found]
            await connection.executemany(EVENT.replace("(?, ?, ?)", "($1, $2, $3)"), events)
        return web.json_response({"ok": True}, status=202)

    app.on_startup.append(connect)
    app.router.add_post("/hooks/alertmanager/sandbox", take)
    return app


if __name__ == "__main__":
    where = sys.argv[2]
    application = on_sqlite(where.removeprefix("sqlite:")) if where.startswith("sqlite:") else on_postgresql(where)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=lambda *_: None, access_log=None)
