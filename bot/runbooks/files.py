"""What a playbook leaves for people (`rb_files`): taken from its directory, bounded, with names that are safe to show, and kept."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from bot.db import Tx
from bot.runbooks.hiding import Hiding
from bot.runbooks.messages import PostFiles
from bot.runbooks.models import Run, RunFile
from bot.work import queue

MOST = 20
LARGEST, LARGEST_TOGETHER = 2_000_000, 10_000_000
"""Bytes. Of a larger file the end is kept: it is what a log says last that matters."""


@dataclass(frozen=True)
class Left:
    """A file that a playbook left. `cut` is how many bytes of its beginning are not in it."""

    name: str
    content: bytes
    cut: int = 0


def collected(folder: Path, hiding: Hiding) -> tuple[list[Left], list[str]]:
    """The files below a directory, without secrets, and what was left out, each with its reason. Links are not followed anywhere."""
    found: dict[str, Left] = {}
    left_out, room = [], LARGEST_TOGETHER
    for path in _below(folder):
        name = _free(safe_name(path.relative_to(folder)), found)
        if len(found) == MOST:
            left_out.append(f"{name}: more than {MOST} files")
            continue
        try:
            content, size = _end_of(path, LARGEST)
        except OSError:
            left_out.append(f"{name}: cannot be read, or is no plain file")
            continue
        content = hiding.content(content)
        if not content or len(content) > room:
            left_out.append(f"{name}: is empty" if not content else f"{name}: more than {LARGEST_TOGETHER // 1_000_000} MB together")
            continue
        room -= len(content)
        found[name] = Left(name, content, max(0, size - LARGEST))
    return list(found.values()), left_out


def safe_name(path: Path) -> str:
    """`web1/top.txt` → `web1-top.txt`: letters, digits, dots, dashes and underscores alone; never hidden, never long."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", "-".join(part for part in path.parts if part not in (".", "..", "/")))
    stem, dot, ending = name.strip("._-")[-200:].rpartition(".")
    return f"{stem[:80]}.{ending[:12]}" if dot and stem else (ending[:80] or "file")


def _free(name: str, taken: dict[str, Left]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{number}-{name}"
    return free


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(place) / name for name in sorted(names))


def _end_of(path: Path, most: int) -> tuple[bytes, int]:
    """The last bytes of a plain file, and its size. A pipe, a device or a link is an `OSError`."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError("no plain file")
        file.seek(max(0, about.st_size - most))
        return file.read(most), about.st_size


async def keep(tx: Tx, run: Run, files: Sequence[Left], left_out: Sequence[str]) -> None:
    """Store what a run left, and let it and the whole output be posted in the incident's channel."""
    title = f"run-{run.number}-{run.runbook}.log"
    tx.session.add(RunFile(run_id=run.number, name=title))
    tx.session.add_all(RunFile(run_id=run.number, name=file.name, content=file.content, cut=file.cut) for file in files)
    run.left_out = "; ".join(left_out)
    await tx.session.flush()
    await queue.schedule(tx, PostFiles(run_id=run.number), key=f"run:{run.number}:files", about=f"run:{run.number}")


async def kept(tx: Tx, run_id: int) -> list[RunFile]:
    """The files of a run, its output first."""
    rows = select(RunFile).where(col(RunFile.run_id) == run_id).order_by(col(RunFile.id))
    return list((await tx.session.execute(rows)).scalars())
