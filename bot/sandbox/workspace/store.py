"""The snapshot: the world as one JSON file, written a moment after a change and when the workspace closes."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox.snapshot import Snapshot
from bot.sandbox.workspace.model import World


class Store(Snapshot[World]):
    """Where the world is kept; nowhere when `directory` is None."""

    def __init__(self, directory: Path | None) -> None:
        super().__init__(directory / "workspace.json" if directory else None, World)
