"""What a commit is made of, and what came of it: values that cross into the process that makes it (`committing.py`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wanted:
    """One commit. The Markdown is merged with what stands in the repository; other files are replaced, or removed (None)."""

    repository: str
    branch: str
    author: str
    message: str
    at: int
    path: str
    base: str
    offered: str
    others: Mapping[str, bytes | None] = field(default_factory=dict)
    username: str = ""
    token: str = field(default="", repr=False)
    key_file: str = ""


@dataclass(frozen=True)
class Committed:
    """The branch holds it. `conflicts` are pairs (what stands there, what was offered)."""

    commit: str
    is_new: bool = False
    was_gone: bool = False
    is_hand_edited: bool = False
    conflicts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class NotCommitted:
    """It does not; `again` when another try may do."""

    why: str
    again: bool
