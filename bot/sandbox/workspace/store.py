"""The snapshot: the world as one JSON file, written a moment after a change and when the workspace closes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import TypeAdapter

from bot.sandbox.workspace.model import World

SETTLE_S = 0.5
CODEC = TypeAdapter(World)


class Store:
    """Where the world is kept; nowhere when `directory` is None."""

    def __init__(self, directory: Path | None) -> None:
        self.path = directory / "workspace.json" if directory else None
        self._pending: asyncio.TimerHandle | None = None

    def load(self) -> World | None:
        if self.path is None or not self.path.exists():
            return None
        return CODEC.validate_json(self.path.read_bytes())

    def save(self, world: World) -> None:
        """Write the snapshot now, whole or not at all."""
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".tmp")
        draft.write_bytes(CODEC.dump_json(world))
        draft.replace(self.path)

    def save_soon(self, world: World) -> None:
        """Write after things have settled for half a second; several changes make one write."""
        if self.path is not None and self._pending is None:
            self._pending = asyncio.get_running_loop().call_later(SETTLE_S, self.save, world)
