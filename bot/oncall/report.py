"""The fairness report of a quarter: who had how many hours, nights, weekends and pages, as lines, as a table, as a plot."""

import csv
import io
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.db import Tx
from bot.directory.service import Directory
from bot.oncall.addresses import Addresses
from bot.oncall.fairness import Quarter, Share, quarter, shares
from bot.oncall.planning import Planner
from bot.oncall.service import OnCall
from bot.slack.text import escape, link

PagesTaken = Callable[[Tx, Collection[str], datetime, datetime], Awaitable[Mapping[str, int]]]
"""Asks an upper room how many pages of these teams each person took between two moments."""
FORMULA = ("=", "+", "-", "@", "\t")
SHOWN = 8


@dataclass(frozen=True)
class Fairness:
    """One schedule's quarter; `until` is now while it still runs."""

    schedule: str
    title: str
    quarter: Quarter
    until: datetime
    shares: tuple[Share, ...]

    @property
    def total(self) -> float:
        """All hours."""
        return sum(one.hours for one in self.shares)

    @property
    def is_running(self) -> bool:
        """Is the quarter not over?"""
        return self.until < self.quarter.end


class Reports:
    """Draws reports up."""

    def __init__(self, oncall: OnCall, directory: Directory, planner: Planner, addresses: Addresses, taken: PagesTaken) -> None:
        self._oncall = oncall
        self._directory = directory
        self._planner = planner
        self._addresses = addresses
        self._taken = taken

    async def of(self, tx: Tx, schedule: str, asked: str) -> Fairness:
        """What has been of a quarter. The plan is not counted: it may still change."""
        period = quarter(asked, tx.now, self._oncall.zone_of(schedule))
        until = min(max(tx.now, period.start), period.end)
        board = await self._oncall.board(tx, schedule, period.start, until)
        teams = {team for team, _ in self._oncall.roles_of(schedule)}
        pages = await self._taken(tx, teams, period.start, until)
        had = board.shifts(period.start, until) if until > period.start else ()
        takes_part = {person for layer in epoch.layers for group in layer.rotation.participants for person in group} if (
            epoch := board.definition.epoch(until)) else set()  # fmt: skip
        everybody = sorted(takes_part | {one.person for one in had})
        counted = {person: number for person, number in pages.items() if person in everybody}
        return Fairness(schedule, self._planner.title(schedule), period, until, shares(had, everybody, self._planner.zone, counted))

    async def told(self, tx: Tx, asked: str) -> str:
        """The report for Slack: of the schedules of the reader's teams, else of all."""
        mine = [name for name in self._oncall.schedules() if tx.actor in self._planner.members(name)]
        parts = [self._lines(tx, await self.of(tx, name, asked)) for name in mine or self._oncall.schedules()]
        return "\n".join(parts) or "There is no schedule yet. Add one under `teams` in the configuration."

    def _lines(self, tx: Tx, found: Fairness) -> str:
        name = found.quarter.key
        lines = [f"*{escape(found.title)}*, {found.quarter.name}{' so far' if found.is_running else ''}"]
        lines += [f"• {escape(self._directory.name(one.person))}: {in_words(one, found.total)}" for one in found.shares[:SHOWN]]
        plot = link(self._addresses.report(tx.actor, found.schedule, name), "plot")
        return "\n".join([*lines, f"{plot} · {link(self._addresses.report(tx.actor, found.schedule, name, '.csv'), 'CSV')}"])


def in_words(one: Share, total: float) -> str:
    """`84 h (50 %), 4 nights, 1 weekend, 3 pages`."""
    return (
        f"{one.hours:.0f} h ({one.of(total):g} %), {some(one.nights, 'night')}, {some(one.weekends, 'weekend')}, {some(one.pages, 'page')}"
    )


def some(number: int, noun: str) -> str:
    """`1 night`, `2 nights`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def as_csv(rows: Sequence[Share], name: Callable[[str], str]) -> str:
    """The table; no cell is a formula to whatever opens it."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["person", "name", "hours", "nights", "weekends", "pages"])
    for one in rows:
        shown = name(one.person)
        table.writerow(
            [one.person, f"'{shown}" if shown.startswith(FORMULA) else shown, f"{one.hours:.2f}", one.nights, one.weekends, one.pages]
        )
    return written.getvalue()
