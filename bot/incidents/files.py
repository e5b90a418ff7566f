"""Files of incidents' channels: which there are, what their bytes are, and which of them may be shown. Kept and forgotten here."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlmodel import col

from bot.db import Tx
from bot.incidents.messages import FetchFile, FilesChanged
from bot.incidents.models import ChannelFile, ChannelMessage
from bot.incidents.transcript import moment, stamp
from bot.slack.requests import MessageBody, MessageChange
from bot.work import queue

PURPOSE = "attachments"
"""What signed links to them are for, and where their path begins."""
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser draws and can do no more with."""
MOST = 20
"""Files of one message."""
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)


async def take_in(tx: Tx, incident_id: int, body: MessageBody, person: str, *, is_newest: bool) -> None:
    """What a message shows of its files now: new ones are ordered to be kept, those that are not there any more are forgotten."""
    here = [file for file in body.files[:MOST] if file.id and file.source and not file.is_gone]
    if body.change is MessageChange.DELETED:
        await forget(tx, incident_id, body.channel, body.ts, ())
    elif is_newest:
        for file in here:
            shared_at = moment(body.ts)
            is_new = await tx.insert_new(
                ChannelFile, channel_id=body.channel, slack_id=file.id, incident_id=incident_id, ts=body.ts, person=person, name=file.name,
                source=file.source, size=file.size, kind="", trouble="", shared_at=shared_at,
            )  # fmt: skip
            if is_new:
                mine = (col(ChannelFile.channel_id) == body.channel) & (col(ChannelFile.slack_id) == file.id)
                number = (await tx.session.execute(select(ChannelFile).where(mine))).scalar_one().number
                await queue.schedule(tx, FetchFile(file_id=number), key=f"file:{number}", about=f"incident:{incident_id}")
        if body.change is MessageChange.EDITED or any(file.is_gone for file in body.files):
            await forget(tx, incident_id, body.channel, body.ts, [file.id for file in here])


async def forget(tx: Tx, incident_id: int, channel_id: str, ts: str, but: Sequence[str]) -> None:
    """The files of a message are gone, but these."""
    f = ChannelFile
    theirs = (col(f.channel_id) == channel_id) & (col(f.ts) == ts) & col(f.slack_id).not_in(but) & col(f.gone_at).is_(None)
    if await tx.changed(update(f).where(theirs).values(gone_at=tx.now, content=None)):
        await tx.announce(FilesChanged(incident_id))


async def shown(tx: Tx, incident_id: int) -> list[ChannelFile]:
    """The files of an incident that still stand in its channel, in the order they were posted."""
    f, m = ChannelFile, ChannelMessage
    gone = select(col(m.ts)).where(col(m.channel_id) == col(f.channel_id), col(m.ts) == col(f.ts), col(m.deleted_at).is_not(None))
    rows = select(f).where(col(f.incident_id) == incident_id, col(f.gone_at).is_(None), ~gone.exists())
    return list((await tx.session.execute(rows.order_by(col(f.shared_at), col(f.slack_id)))).scalars())


async def together(tx: Tx, incident_id: int) -> int:
    """Bytes of all that is kept of an incident."""
    size = func.coalesce(func.sum(func.length(col(ChannelFile.content))), 0)
    return int((await tx.session.execute(select(size).where(col(ChannelFile.incident_id) == incident_id))).scalar_one())


async def forget_old(tx: Tx, at: datetime, kept_for: timedelta) -> None:
    """Drop the content of what is too old, and of what went with its message."""
    f, m = ChannelFile, ChannelMessage
    gone = select(col(m.ts)).where(col(m.channel_id) == col(f.channel_id), col(m.ts) == col(f.ts), col(m.deleted_at).is_not(None))
    over = (col(f.shared_at) < at - kept_for) | gone.exists()
    await tx.changed(update(f).where(col(f.gone_at).is_(None), over).values(gone_at=at, content=None))


def is_newest(body: MessageBody, version: str, known: str | None) -> bool:
    """Whether what was seen of a message is not older than what is known of it."""
    return stamp(version) >= stamp(known or body.ts)


def kind_of(content: bytes) -> str:
    """What the bytes are, by how they begin; nothing that a browser would run has a kind of its own."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    found = next((kind for begins, kind in _BEGINNINGS if content.startswith(begins)), "")
    if found:
        return found
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "application/octet-stream" if "\0" in text else "text/plain"


def is_page(content: bytes) -> bool:
    """Whether this is a web page: what Slack answers with to whoever it does not know."""
    return _PAGE.match(content[:200]) is not None


def safe_name(name: str) -> str:
    """`../Graph of p99.PNG` → `Graph_of_p99.png`: letters, digits, dots, dashes and underscores alone; never hidden, never long."""
    stem, _, ending = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-")[-120:].rpartition(".")
    stem = stem[:60].rstrip("._-")
    return f"{stem}.{ending[:8].lower()}" if stem else (ending[:60] or "file")


def address(file: ChannelFile) -> str:
    """Its path on our own site."""
    return f"/{PURPOSE}/{file.incident_id}/{file.number}-{safe_name(file.name)}"
