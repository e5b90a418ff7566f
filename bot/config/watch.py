"""Watching a configuration directory: whether it holds something else than before, whole, and what that says."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.config.keeping import packed
from bot.config.loader import digest, load
from bot.config.models import Config
from bot.errors import ConfigInvalid


@dataclass(frozen=True)
class Found:
    """What a directory holds since a while: a configuration, or what is wrong with it."""

    digest: str
    config: Config | None
    problems: tuple[str, ...] = ()


class Watch:
    """Looks at one directory, again and again."""

    def __init__(self, directory: Path, environ: Mapping[str, str], known: str) -> None:
        self._directory = directory
        self._environ = environ
        self._known = known
        self._seen = known

    def look(self, *, at_once: bool = False) -> Found | None:
        """What is new there and holds still; `None` when nothing is. Blocks while it reads.

        A checkout writes file after file, and half of it may be sound: what is new counts when two looks in a row saw the same, or,
        `at_once`, when it did not change while it was read.
        """
        now = digest(self._directory)
        holds_still, self._seen = now == self._seen, now
        if now == self._known or not (holds_still or at_once):
            return None
        try:
            found = Found(now, load(self._directory, self._environ))
        except ConfigInvalid as invalid:
            found = Found(now, None, tuple(invalid.problems))
        return found if digest(self._directory) == now else None

    def kept(self, known_as: str) -> bytes | None:
        """The directory's files in one piece, if they hold what is known as this. Blocks while it reads."""
        return packed(self._directory, known_as)

    def settle(self, found: Found) -> None:
        """What was found has been dealt with: it is not new any more."""
        self._known = found.digest
