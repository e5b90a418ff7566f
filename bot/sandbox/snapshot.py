"""One JSON file that holds a value whole: written a moment after a change and when the sandbox ends, read when it comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

SETTLE_S = 0.5

Value = TypeVar("Value")


_codecs: dict[type[Any], TypeAdapter[Any]] = {}
"""Made once for each kind: to make one takes a tenth of all that starting a sandbox costs."""


class Snapshot(Generic[Value]):
    """Keeps a value of `kind` (a dataclass) at `path`; nowhere when that is None."""

    def __init__(self, path: Path | None, kind: type[Value]) -> None:
        self.path = path
        if kind not in _codecs:
            _codecs[kind] = TypeAdapter(kind)
        self._codec: TypeAdapter[Value] = _codecs[kind]
        self._pending: asyncio.TimerHandle | None = None

    def load(self) -> Value | None:
        """What was written last; None when nothing was."""
        if self.path is None or not self.path.exists():
            return None
        return self._codec.validate_json(self.path.read_bytes())

    def save(self, value: Value) -> None:
        """Write it now, whole or not at all."""
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".tmp")
        draft.write_bytes(self._codec.dump_json(value))
        draft.replace(self.path)

    def save_soon(self, take: Callable[[], Value]) -> None:
        """Write what `take` says after things have settled for half a second; several changes make one write."""
        if self.path is not None and self._pending is None:
            self._pending = asyncio.get_running_loop().call_later(SETTLE_S, lambda: self.save(take()))
