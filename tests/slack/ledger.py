"""What a listener of these tests changes: so that a test can see what was kept, what was undone, and what happened once."""

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Database, Tx
from bot.work import queue
from bot.work.models import WorkItem
from bot.work.orders import Order


class Note(Order):
    """Stands for anything that a listener orders."""


async def note(tx: Tx, key: str) -> None:
    """Leave a trace in the open transaction."""
    await queue.schedule(tx, Note(), key=f"note:{key}")


async def notes(database: Database) -> int:
    """How many traces were kept."""
    async with database.read() as tx:
        return (await tx.session.execute(select(func.count()).where(col(WorkItem.key).startswith("note:")))).scalar_one()
