"""`python -m bench [P1 P8 …]`: run everything, or only some, and print the table."""

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import (
    backfill,
    channel,
    declare,
    ingest,
    learning,
    mobile,
    oncall,
    page,
    paging,
    printing,
    recover,
    rest,
    runs,
    sandbox,
    start,
    steady,
    telling,
    timeline,
)
from bench.table import Row, show
from tests import postgres

Suite = Callable[[Path], Awaitable[list[Row]]]


async def on_postgresql(folder: Path) -> list[Row]:
    """What is measured on PostgreSQL."""
    with postgres.running() as server:
        ours, theirs = await asyncio.to_thread(server.create), await asyncio.to_thread(server.create)
        return await ingest.on_postgresql(plain(server.url(ours)), plain(server.url(theirs)))


def plain(url: str) -> str:
    """The address without SQLAlchemy's driver."""
    return url.replace("+asyncpg", "")


SUITES: dict[tuple[str, ...], Suite] = {
    ("P1", "P2", "P4", "P5"): ingest.on_sqlite,
    ("P3",): on_postgresql,
    ("P6", "P7"): steady.measure,
    ("P8",): start.measure,
    ("P9", "P10", "P11"): paging.measure,
    ("P12",): channel.measure,
    ("P13", "R1"): recover.measure,
    ("R2", "R3"): rest.measure,
    ("P14", "P15"): oncall.measure,
    ("P16", "P17"): declare.measure,
    ("P18",): telling.measure,
    ("P19",): backfill.measure,
    ("T1",): timeline.measure,
    ("L1",): learning.measure,
    ("D2",): printing.measure,
    ("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9"): runs.measure,
    ("S1", "S2"): sandbox.measure,
    ("S3",): page.measure,
    ("S4",): mobile.measure,
}


async def main(wanted: set[str]) -> None:
    """Run the suites that hold a wanted figure."""
    rows: list[Row] = []
    for names, suite in SUITES.items():
        if wanted and not wanted & set(names):
            continue
        with tempfile.TemporaryDirectory() as folder:
            print(f"measuring {', '.join(names)} …", file=sys.stderr, flush=True)
            rows += await suite(Path(folder))
    print(show(sorted(rows, key=place)))


def place(row: Row) -> tuple[str, int]:
    """Where a row stands: P2 before P16, and P16 before S1."""
    found = re.match(r"([A-Z])(\d+)", row.name)
    assert found is not None, row.name
    return found[1], int(found[2])


if __name__ == "__main__":
    asyncio.run(main(set(sys.argv[1:])))
