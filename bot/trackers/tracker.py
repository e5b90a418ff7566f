"""The seam: what is asked of a place where issues are. Behind it GitHub, or nothing that is connected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.trackers.agreement import Shared
from bot.trackers.answers import Ending, Failure


@dataclass(frozen=True)
class Draft:
    """An issue that is to be made. `mark` stands in its body, unseen, and is like no other."""

    title: str
    body: str
    mark: str
    assignee: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Issue:
    """An issue as it stands: where it is now, and what it says."""

    place: str
    number: int
    outside_id: str
    url: str
    title: str
    is_done: bool
    assignees: tuple[str, ...]
    labels: tuple[str, ...]
    changed_at: datetime
    closed_by: str = ""
    remark: str = ""
    """Why it was closed, where that is not that it was done."""

    def shared(self, ours: str) -> Shared:
        """What it shares with the item whose assignee here is `ours`: of several assignees that one counts, else the first."""
        assignee = ours if ours in self.assignees else next(iter(self.assignees), "")
        return Shared(self.title, self.is_done, assignee)


@dataclass(frozen=True)
class Page:
    """Some of the issues that changed, the longest ago first."""

    issues: Sequence[Issue]
    is_last: bool


class Tracker(Protocol):
    """Each call is one question or one change; `since` and what comes back are in the tracker's own time."""

    name: str

    async def find(self, place: str, mark: str, since: datetime) -> Issue | Failure | None: ...
    async def create(self, place: str, draft: Draft) -> Issue | Failure: ...
    async def read(self, place: str, number: int) -> Issue | Failure: ...
    async def write(self, place: str, number: int, changes: Mapping[str, object]) -> Issue | Failure: ...
    async def say(self, place: str, number: int, text: str, mark: str) -> Failure | None: ...
    async def changed(self, place: str, since: datetime, page: int) -> Page | Failure: ...
    async def close(self) -> None: ...


class Unconnected:
    """No tracker is connected: whatever is asked, somebody has to set a token first."""

    name = "GitHub"
    MISSING = Failure(Ending.BLOCKED, "No token is set for GitHub. Set GITHUB_TOKEN, or take `issues` out of the configuration.")

    async def find(self, place: str, mark: str, since: datetime) -> Issue | Failure | None:
        return self.MISSING

    async def create(self, place: str, draft: Draft) -> Issue | Failure:
        return self.MISSING

    async def read(self, place: str, number: int) -> Issue | Failure:
        return self.MISSING

    async def write(self, place: str, number: int, changes: Mapping[str, object]) -> Issue | Failure:
        return self.MISSING

    async def say(self, place: str, number: int, text: str, mark: str) -> Failure | None:
        return self.MISSING

    async def changed(self, place: str, since: datetime, page: int) -> Page | Failure:
        return self.MISSING

    async def close(self) -> None:
        """There is nothing to close."""
