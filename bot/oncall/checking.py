"""`tocsin check`, as far as it is about who is on call: findings for eight weeks, and who differs from what holds now."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.config.check import CheckReport, Doubt, check
from bot.config.models import Config
from bot.db import Tx
from bot.oncall import absences, configured
from bot.oncall.definition import NONE, Overrides, Schedule
from bot.oncall.differences import Difference, differences
from bot.oncall.epochs import Held, first_epochs, planned
from bot.oncall.findings import AHEAD, Findings
from bot.oncall.roster import Board, Roster
from bot.oncall.store import all_epochs, boards

Standing = Mapping[str, tuple[tuple[Held, ...], Overrides]]
"""What holds now: the epochs of each schedule, and what people changed about it."""
SHOWN = 12


def checked(
    directory: Path, environ: Mapping[str, str], standing: Standing, now: datetime, also: Callable[[Config], Iterable[Doubt]] | None = None
) -> CheckReport:
    """The whole report on a directory. `standing` is compared with; empty, there is nothing to differ from.

    `also` finds what only upper rooms can know.
    """

    def more(config: Config) -> Iterator[Doubt]:
        away = asyncio.run(absences.gather(config, directory, now, now + AHEAD))
        yield from Findings(config, planned_roster(config, standing, now), away, now).doubts()
        yield from also(config) if also else ()

    report = check(directory, environ, more)
    return replace(report, differences=tuple(told(report.config, standing, now))) if report.config and standing else report


async def stored(tx: Tx, config: Config | None) -> Standing:
    """What the database holds."""
    held = await all_epochs(tx)
    found = await boards(tx, config, tuple(held), tx.now) if config else {}
    return {name: (epochs, found[name].overrides if name in found else NONE) for name, epochs in held.items()}


def as_written(config: Config) -> Standing:
    """What another directory says, nothing of it edited."""
    return {name: (first_epochs(configured.wanted(config, name)), NONE) for name in configured.ids(config)}


def planned_roster(config: Config, standing: Standing, now: datetime) -> Roster:
    """The roster that would hold after loading this configuration."""
    found: dict[str, Board] = {}
    for name in configured.ids(config):
        held, overrides = standing.get(name, ((), NONE))
        epochs = tuple(one.epoch for one in planned(held, configured.wanted(config, name), now))
        found[name] = Board(Schedule(name, configured.zone_of(config, name), epochs), overrides)
    return Roster(config, found)


def told(config: Config, standing: Standing, now: datetime) -> Iterator[str]:
    """Who is on call differs, schedule by schedule."""
    after = planned_roster(config, standing, now).boards
    gone = set(standing) - set(after)
    found = {name: differing(name, standing, after, now) for name in sorted({*configured.answering(config), *gone})}
    if not any(found.values()):
        yield "Who is on call stays the same for 8 weeks."
        return
    yield "Who is on call differs in the next 8 weeks:"
    for name, changes in found.items():
        zone = ZoneInfo(configured.zone_of(config, name))
        for change in changes[:SHOWN]:
            yield f"  {name}: {line(change, zone)}"
        if len(changes) > SHOWN:
            yield f"  {name}: and {len(changes) - SHOWN} more times"


def differing(name: str, standing: Standing, after: Mapping[str, Board], now: datetime) -> tuple[Difference, ...]:
    held, overrides = standing.get(name, ((), NONE))
    old = Schedule(name, "UTC", tuple(one.epoch for one in held))
    new = after[name].definition if name in after else Schedule(name, "UTC", ())
    return differences(old, new, overrides, now, now + AHEAD)


def line(change: Difference, zone: ZoneInfo) -> str:
    start, end = change.start.astimezone(zone), change.end.astimezone(zone)
    before, after = (", ".join(people) or "nobody" for people in (change.before, change.after))
    return f"{start:%a %Y-%m-%d %H:%M} to {end:%a %Y-%m-%d %H:%M} {end:%Z}: {after} instead of {before}"
