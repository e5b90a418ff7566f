"""The seam behind which playbooks run. A run lives on without us: whoever starts it may die, and another finds it again by its id."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar

from bot.runbooks.events import RunEvent

T = TypeVar("T")
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class RunSpec:
    """What is to run. `hosts` are exact names of the inventory, never a pattern; `run_id` is used once for ever."""

    run_id: str
    playbook: Path
    inventory: Path
    hosts: tuple[str, ...]
    parameters: Mapping[str, str | int]
    is_dry: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: NOTHING, repr=False)
    """Variables that Ansible gets besides its own; they may be secret."""


class Life(StrEnum):
    """Whether a run is at work. Lost: nobody is at it any more, and nobody wrote down how it ended."""

    RUNNING = "running"
    FINISHED = "finished"
    LOST = "lost"
    UNKNOWN = "unknown"  # it was never started here


@dataclass(frozen=True)
class Look:
    """What a look at a run shows: the events after the one asked for, whether it is at work, and how many bytes it has written."""

    events: tuple[RunEvent, ...]
    life: Life
    written: int = 0


class CannotStart(Exception):
    """The engine itself could not begin; nothing has run. `str` is a sentence."""


class CannotRead(Exception):
    """Ansible makes nothing of an inventory. `str` is what it says to that."""


@dataclass(frozen=True)
class Standing:
    """How well a runner works, for whoever looks after the bot."""

    ok: bool
    says: str


Inventory = Mapping[str, Mapping[str, Collection[str]]]
"""What `ansible-inventory --list` tells: for each group its `hosts` and `children`, and variables in `_meta`."""


class PlaybookRunner(Protocol):
    """Starts playbooks, looks at them, stops them."""

    @property
    def standing(self) -> Standing:
        """Whether it works as it should."""
        ...

    async def inventory(self, path: Path, handed: Mapping[str, str] = NOTHING) -> Inventory:
        """An inventory by Ansible's own reading, with these variables of its environment. Raises `CannotRead`."""
        ...

    async def start(self, spec: RunSpec) -> None:
        """Begin, detached. A run that was started before is left alone: nothing ever runs twice. Raises `CannotStart`."""
        ...

    async def look(self, run_id: str, after: int) -> Look:
        """What happened after event number `after`, without gap or double."""
        ...

    async def stop(self, run_id: str) -> None:
        """End the run and everything on this machine that it began. What it told other machines to do may go on."""
        ...

    async def reading(self, does: Callable[[], T]) -> T:
        """What something that blocks finds in runs' directories, with no more rights than the runs themselves had."""
        ...

    def log(self, run_id: str) -> Path:
        """The file with everything that Ansible printed."""
        ...

    def files(self, run_id: str) -> Path:
        """The directory in which a run leaves files for people."""
        ...

    async def scrub(self, run_id: str) -> None:
        """Replace what is secret in everything that an ended run left here."""
        ...

    async def clear(self, run_id: str) -> None:
        """Remove everything that a run left here. It still counts as begun: nothing of this name ever runs again."""
        ...

    async def forget(self, run_id: str) -> None:
        """Remove the last trace of a run, after which one of this name could be begun."""
        ...

    async def kept(self) -> Mapping[str, float]:
        """The runs of which something is left here, and for how many seconds nothing was added to or taken from each."""
        ...
