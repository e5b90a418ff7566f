"""The reference for paging: one table of texts, leased in batches as wide as ours, each posted to the provider and marked in one UPDATE.

python -m bench.paging_reference DATABASE PROVIDER

It knows no page, no second look, no version, no story and no duplicate: it is what sending so many texts costs physically.
"""

import asyncio
import sys
import time

import aiohttp
import asyncpg

WIDTH = 48
TABLE = """CREATE TABLE IF NOT EXISTS text (id BIGSERIAL PRIMARY KEY, "to" TEXT, body TEXT, due DOUBLE PRECISION, state TEXT, sid TEXT);
CREATE INDEX IF NOT EXISTS text_due ON text (state, due)"""
CLAIM = """UPDATE text SET state = 'leased' WHERE id IN (
  SELECT id FROM text WHERE state = 'waiting' AND due <= $1 ORDER BY due LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING id, "to", body"""
NEXT = "SELECT min(due) FROM text WHERE state = 'waiting'"
SENT = "UPDATE text SET state = 'sent', sid = $2 WHERE id = $1"


async def main(database: str, provider: str) -> None:
    """Send what is due, for ever."""
    pool = await asyncpg.create_pool(database, min_size=8, max_size=8)
    running: set[asyncio.Task[None]] = set()
    address = f"{provider}/twilio/2010-04-01/Accounts/AC1/Messages.json"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send(number: int, to: str, body: str) -> None:
            async with session.post(address, data={"To": to, "From": "+15550100000", "Body": body}) as answer:
                sid = (await answer.json())["sid"]
            await pool.execute(SENT, number, sid)

        while True:
            rows = await pool.fetch(CLAIM, time.time(), WIDTH - len(running)) if len(running) < WIDTH else []
            for row in rows:
                task = asyncio.create_task(send(row["id"], row["to"], row["body"]))
                running.add(task)
                task.add_done_callback(running.discard)
            if running:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            elif not rows:
                due = await pool.fetchval(NEXT)
                await asyncio.sleep(min(0.1, max(0.001, due - time.time())) if due else 0.1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
