"""What Ansible prints, kept in the database in pieces, so that every replica can show it wherever it was printed.

Of what is too much the beginning and the end are kept, and what was left out is said: why a run failed stands at its end, what it was
about to do at its beginning.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlmodel import col

from bot.db import Tx
from bot.runbooks.hiding import Hiding
from bot.runbooks.models import Run, RunFile, RunOutput

PIECE = 64_000
HEAD, TAIL = 500_000, 1_500_000
"""Bytes of the beginning and of the end that are kept."""
REMEMBERED = timedelta(days=90)
"""How long the output of a run can be read, and how long the links to its page open."""


@dataclass(frozen=True)
class Piece:
    """Some lines of the output. `start` and `end` count the bytes that were printed; the text has no secret in it any more."""

    start: int
    end: int
    text: str


def printed(log: Path, after: int, hiding: Hiding, *, is_over: bool) -> list[Piece]:
    """What stands in the file beyond byte `after`, in pieces. A line that may go on is left for later unless it `is_over`."""
    try:
        with log.open("rb") as file:
            size = log.stat().st_size
            pieces: list[Piece] = []
            for start, end in ranges(after, size):
                file.seek(start)
                content = file.read(end - start)
                first = 0 if start == after else _line_start(content, hiding)
                pieces += _pieces(content, start, first, hiding, is_whole=is_over and end == size)
            return pieces
    except OSError:
        return []


def ranges(after: int, size: int) -> list[tuple[int, int]]:
    """Which bytes are worth reading: all beyond `after`, or what belongs to the beginning and to the end."""
    if size - max(after, HEAD) <= TAIL:
        return [(after, size)] if after < size else []
    return [*([(after, HEAD)] if after < HEAD else []), (size - TAIL, size)]


def _line_start(content: bytes, hiding: Hiding) -> int:
    """Where the first whole line begins: what comes before it may be the end of a secret."""
    found = content.find(b"\n", 0, PIECE)
    return found + 1 if found >= 0 else hiding.cut(content, PIECE)


def _pieces(content: bytes, offset: int, first: int, hiding: Hiding, *, is_whole: bool) -> Iterator[Piece]:
    start = first
    while start < len(content):
        cut = min(start + PIECE, len(content))
        line_end = content.rfind(b"\n", start, cut) + 1
        if line_end > start and (cut < len(content) or not is_whole):
            cut = line_end
        elif not is_whole and len(content) - start < 2 * PIECE:
            return  # the line is not finished, nor, perhaps, a secret in it
        else:
            cut = max(_between_letters(content, hiding.cut(content, cut)), start + 1)
        text = hiding.content(content[start:cut]).decode(errors="replace").replace("\0", "�").replace("\r\n", "\n")
        yield Piece(offset + start, offset + cut, text)
        start = cut


def _between_letters(content: bytes, at: int) -> int:
    while at < len(content) and content[at] & 0b1100_0000 == 0b1000_0000:
        at -= 1
    return at


async def position(tx: Tx, run_id: int) -> int:
    """Up to which byte the output is kept."""
    return int((await tx.session.execute(select(func.max(col(RunOutput.end))).where(col(RunOutput.run_id) == run_id))).scalar() or 0)


async def keep(tx: Tx, run_id: int, after: int, pieces: Sequence[Piece]) -> None:
    """Add what was printed beyond byte `after`, unless somebody else has meanwhile; the middle of what is too much goes."""
    if not pieces or await position(tx, run_id) != after:
        return
    tx.session.add_all(RunOutput(run_id=run_id, start=piece.start, end=piece.end, text=piece.text) for piece in pieces)
    await tx.session.flush()
    middle = (col(RunOutput.start) >= HEAD) & (col(RunOutput.end) <= pieces[-1].end - TAIL)
    await tx.changed(delete(RunOutput).where(col(RunOutput.run_id) == run_id, middle))


async def kept(tx: Tx, run_id: int, longest: int | None = None) -> str:
    """The output as people read it, or about the last `longest` bytes of it; what is left out is said where it would stand."""
    wanted = select(RunOutput).where(col(RunOutput.run_id) == run_id).order_by(col(RunOutput.start))
    if longest is not None:
        wanted = wanted.where(col(RunOutput.end) > await position(tx, run_id) - longest)
    text, upto = [], 0
    for piece in (await tx.session.execute(wanted)).scalars():
        if piece.start > upto:
            text.append(f"\n… {piece.start - upto:,} bytes are not shown here …\n\n")
        text.append(piece.text)
        upto = piece.end
    return "".join(text)


async def forget_old(tx: Tx) -> None:
    """Drop the output and the files of runs that ended so long ago that no link to their page opens any more."""
    old = select(col(Run.id)).where(col(Run.ended_at) < tx.now - REMEMBERED)
    for table in (RunOutput, RunFile):
        await tx.changed(delete(table).where(col(table.run_id).in_(old)))
