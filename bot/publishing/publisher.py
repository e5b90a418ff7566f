"""The seam: one place where postmortems are published."""

from dataclasses import dataclass
from typing import Protocol

from bot.publishing.editions import Edition
from bot.work.orders import Refused, TryLater


class Note(Protocol):
    """Stores the outside id of a copy as soon as there is one ("" before), and that people have changed it."""

    async def __call__(self, outside_id: str, *, is_hand_edited: bool = False) -> bool:
        """False when the work is no longer ours, so nothing more may be done."""


@dataclass(frozen=True)
class Copy:
    """What is out there from before: its id (a path, a canvas), and the text that was published last, which is what a merge begins from."""

    outside_id: str = ""
    text: str = ""
    is_hand_edited: bool = False


@dataclass(frozen=True)
class HandEdit:
    """A passage that somebody has changed in the copy and that has changed in the postmortem, too: the copy keeps theirs."""

    kept: str
    ours: str


@dataclass(frozen=True)
class Published:
    """It is out there. `text` is what the next merge begins from; `where` is for people."""

    outside_id: str
    text: str
    where: str
    url: str = ""
    is_new: bool = False
    is_hand_edited: bool = False
    conflicts: tuple[HandEdit, ...] = ()


class Publisher(Protocol):
    """One place. Publishing again updates the copy there, and finds it when an earlier try got through."""

    name: str
    is_shared: bool
    """Others than those who may see the incident read it: nothing private goes there."""

    def is_on(self) -> bool:
        """Whether the configuration names it."""

    def formats(self) -> tuple[str, ...]:
        """Which files besides the Markdown it wants: `html`, `pdf`."""

    async def publish(self, edition: Edition, copy: Copy, note: Note) -> Published | TryLater | Refused:
        """Let the copy be this edition, with what people changed in it."""
