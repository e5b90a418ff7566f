"""The inbox: what came in from outside is taken once, however often it is delivered."""

from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import col

from bot.db import Tx
from bot.work.models import InboxEntry

REMEMBERED = timedelta(days=3)
"""Nobody redelivers after days: Slack gives up after an hour, Twilio after a day."""


async def first_time(tx: Tx, key: str) -> bool:
    """Note that `key` came in. False when it had come before: then do nothing."""
    return await tx.insert_new(InboxEntry, key=key, received_at=tx.now)


async def forget_old(tx: Tx) -> int:
    """Drop entries so old that no sender would repeat them; returns how many."""
    return await tx.changed(delete(InboxEntry).where(col(InboxEntry.received_at) < tx.now - REMEMBERED))
