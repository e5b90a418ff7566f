"""What the bot holds, to compare: the transcript of a channel, and every row of the database."""

from dataclasses import dataclass

from sqlmodel import SQLModel, select

from bot.incidents import transcript
from tests.world import World


@dataclass(frozen=True)
class Said:
    """A message as the record has it. `thread` is the place of its thread's first message in the channel."""

    author: str
    text: str
    thread: int | None
    is_edited: bool
    is_deleted: bool
    is_pinned: bool
    reactions: tuple[tuple[str, str], ...]


async def record(world: World, number: int) -> list[Said]:
    """What was said in an incident's channel, in its order, without the times at which it was."""
    async with world.bot.database.read() as tx:
        incident = await world.bot.rooms.incidents.get(tx, number)
        rows = await transcript.messages(tx, number)
        reactions = await transcript.reactions(tx, [incident.channel_id or ""])
    places = {row.ts: place for place, row in enumerate(rows)}
    return [
        Said(
            author=row.author,
            text="" if row.deleted_at else row.text,
            thread=places.get(row.thread_ts) if row.thread_ts else None,
            is_edited=row.edited_ts is not None and row.deleted_at is None,
            is_deleted=row.deleted_at is not None,
            is_pinned=row.is_pinned,
            reactions=tuple(sorted((one.person, one.name) for one in reactions if one.ts == row.ts)),
        )
        for row in rows
    ]


async def everything(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, in the order of the tables' keys."""
    held = {}
    async with world.bot.database.read() as tx:
        for table in SQLModel.metadata.sorted_tables:
            rows = (await tx.session.execute(select(table).order_by(*table.primary_key.columns))).all()
            held[table.name] = [tuple(row) for row in rows]
    return held


def told(world: World) -> dict[str, list[str]]:
    """Everything that has reached phones and mailboxes."""
    outside = world.sandbox.outside
    return {
        person: [*(sms.body for sms in phone.sms if sms.direction == "in"), *(call.sid for call in phone.calls)]
        + [mail.subject for mail in world.sandbox.mailbox(person)]
        for person, phone in outside.phones.phones.items()
    }
