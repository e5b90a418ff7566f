"""The versions of a document as people want them told: what one person saved in one sitting is one line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.postmortems.states import VersionKind

SITTING = timedelta(minutes=15)
"""Saved by the same person so soon after the last time, it is the same sitting; a page that saves by itself would fill the history."""
WORDS = {
    VersionKind.ASSEMBLED: "assembled from what happened",
    VersionKind.EDITED: "edited",
    VersionKind.MERGED: "merged",
    VersionKind.RESTORED: "brought back",
}


@dataclass(frozen=True)
class Version:
    """A version without its text, which is long."""

    number: int
    kind: VersionKind
    author: str
    at: datetime
    why: str = ""


@dataclass(frozen=True)
class Told:
    """One line of the history: the last version of a sitting, and the version before it, with which it is compared."""

    number: int
    before: int | None
    author: str
    at: datetime
    what: str


def told(versions: Iterable[Version]) -> list[Told]:
    """The history of versions in their order, the first one first."""
    lines: list[Told] = []
    last: Version | None = None
    for version in versions:
        what = f"{WORDS[version.kind]}{f', {version.why}' if version.why else ''}"
        line = Told(version.number, last.number if last else None, version.author, version.at, what)
        if last is not None and _is_one_sitting(last, version):
            lines[-1] = Told(line.number, lines[-1].before, line.author, line.at, line.what)
        else:
            lines.append(line)
        last = version
    return lines


def _is_one_sitting(last: Version, version: Version) -> bool:
    are_edits = last.kind is version.kind is VersionKind.EDITED and not last.why and not version.why
    return are_edits and last.author == version.author and version.at - last.at <= SITTING
