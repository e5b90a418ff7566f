"""What `tocsin check` finds about who is on call: gaps, overlaps, people who cannot be reached, are on call twice, away, or too junior.

Everything here works, but perhaps not as meant; each finding has the place of the line it is about.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from bot.config.check import Doubt
from bot.config.models import Config, Person
from bot.config.tree import Loc
from bot.config.values import counted
from bot.oncall.absences import Absences, holidays_of
from bot.oncall.definition import Combine, Shift
from bot.oncall.roster import Board, Roster
from bot.oncall.schedule import layer_shifts

AHEAD = timedelta(weeks=8)
ALWAYS_HELD = ("primary", "secondary")
"""Roles that a gap leaves without anybody; managers and experts may be on call only at times."""
SHOWN = 3
Times = list[tuple[datetime, datetime]]


@dataclass(frozen=True)
class Findings:
    """Looks eight weeks ahead."""

    config: Config
    roster: Roster
    absences: Absences
    now: datetime

    def doubts(self) -> Iterator[Doubt]:
        """Everything that looks wrong, with its location."""
        shifts = {name: board.shifts(self.now, self.end) for name, board in self.boards().items()}
        for name, board in self.boards().items():
            yield from self.gaps(name, board)
            yield from self.overlaps(name, board)
        yield from self.unreachable()
        yield from self.not_eligible()
        yield from self.twice(shifts)
        yield from self.unread()
        for name, found in shifts.items():
            yield from self.away(name, found)
            yield from self.on_holidays(name, found)

    @property
    def end(self) -> datetime:
        return self.now + AHEAD

    def boards(self) -> dict[str, Board]:
        """The schedules that answer for a role of a team."""
        return {name: board for name, board in self.roster.boards.items() if self.roles(name)}

    def roles(self, schedule: str) -> list[tuple[str, str]]:
        """The (team id, role) pairs that a schedule answers for."""
        teams = self.config.teams.values()
        return [(team.id, role) for team in teams if team.oncall for role, name in team.oncall.schedules().items() if name == schedule]

    def loc(self, schedule: str) -> Loc:
        return ("schedules" if schedule in self.config.schedules else "rotations", schedule)

    def when(self, schedule: str, start: datetime, end: datetime) -> str:
        """A time in the schedule's zone."""
        zone = ZoneInfo(self.roster.boards[schedule].definition.zone)
        begin, over = start.astimezone(zone), end.astimezone(zone)
        return f"{begin:%a %Y-%m-%d %H:%M} to {over:%a %Y-%m-%d %H:%M} {over:%Z}"

    def gaps(self, name: str, board: Board) -> Iterator[Doubt]:
        held = [(team, role) for team, role in self.roles(name) if role in ALWAYS_HELD]
        found = board.gaps(self.now, self.end) if held else ()
        if found:
            team, role = held[0]
            hours = sum((end - start for start, end in found), timedelta()) / timedelta(hours=1)
            times = counted(len(found), "gap")
            yield (
                self.loc(name),
                f"nobody is {role} on call for team '{team}' from {self.when(name, *found[0])} ({times} and {hours:g} h in 8 weeks); "
                "add a layer or a participant for that time.",
            )

    def overlaps(self, name: str, board: Board) -> Iterator[Doubt]:
        """Two layers of one rank that both have somebody, where only the highest should answer."""
        epoch = board.definition.epoch(self.now)
        if epoch is None or epoch.combine is Combine.TOGETHER:
            return
        for one, other in combinations(epoch.layers, 2):
            if one.priority != other.priority:
                continue
            both = common(layer_shifts(one, self.now, self.end), layer_shifts(other, self.now, self.end))
            if both:
                yield (
                    self.loc(name),
                    f"layers '{one.id}' and '{other.id}' of schedule '{name}' are both on call from {self.when(name, *both[0])}; "
                    "give one a higher 'priority', or say 'combine: together'.",
                )

    def unreachable(self) -> Iterator[Doubt]:
        for rotation in self.config.rotations.values():
            for person in self.people(rotation.everybody()):
                if not self.config.is_reachable(person):
                    yield (
                        ("rotations", rotation.id, "participants"),
                        f"rotation '{rotation.id}' gives turns to '{person.id}', who has no Slack id, phone or e-mail address; "
                        "a page in those turns reaches nobody.",
                    )

    def not_eligible(self) -> Iterator[Doubt]:
        for schedule in self.boards():
            layers = self.config.schedules[schedule].layers if schedule in self.config.schedules else ()
            for rotation in [layer.rotation for layer in layers] or [schedule]:
                for person in self.people(self.config.rotations[rotation].everybody()):
                    yield from self.below(rotation, schedule, person)

    def below(self, rotation: str, schedule: str, person: Person) -> Iterator[Doubt]:
        for team, role in self.roles(schedule):
            if not self.config.eligibility.allows(role, person.level):
                yield (
                    ("rotations", rotation, "participants"),
                    f"rotation '{rotation}' makes '{person.id}' ({person.level}) {role} on call for team '{team}', which asks for "
                    f"{self.config.eligibility.of(role)} or above; change the turn, the level, or 'eligibility'.",
                )

    def twice(self, shifts: dict[str, tuple[Shift, ...]]) -> Iterator[Doubt]:
        for one, other in combinations(shifts, 2):
            for name in dict.fromkeys(shift.person for shift in shifts[one]):
                both = common([s for s in shifts[one] if s.person == name], [s for s in shifts[other] if s.person == name])
                if both:
                    yield (
                        self.loc(other),
                        f"'{name}' is on call twice at once, in '{one}' and '{other}', from {self.when(other, *both[0])} "
                        f"({counted(len(both), 'time')} in 8 weeks); two pages at once have one person to answer them.",
                    )

    def unread(self) -> Iterator[Doubt]:
        for name, why in self.absences.unread.items():
            yield (
                ("people", name, "out_of_office"),
                f"the out-of-office calendar of '{name}' cannot be read ({why}); absences are not known.",
            )

    def away(self, schedule: str, shifts: tuple[Shift, ...]) -> Iterator[Doubt]:
        for name, away in self.absences.away.items():
            for one in away:
                both = common([shift for shift in shifts if shift.person == name], [(one.start, one.end)])
                if both:
                    yield (
                        self.loc(schedule),
                        f"'{name}' is on call in '{schedule}' from {self.when(schedule, *both[0])} and out of office then "
                        f'("{one.what[:60]}"); ask for a swap or an override.',
                    )

    def on_holidays(self, schedule: str, shifts: tuple[Shift, ...]) -> Iterator[Doubt]:
        for person in self.people(dict.fromkeys(shift.person for shift in shifts)):
            if person.country is None:
                continue
            try:
                days = holidays_of(person, range(self.now.year, self.end.year + 1))
            except NotImplementedError:
                yield ("people", person.id, "country"), f"public holidays of '{person.country}' are not known; write it like DE or DE-BE."
                continue
            zone = ZoneInfo(person.zone)
            mine = [shift for shift in shifts if shift.person == person.id]
            hit = [day for day in sorted(days) if any(s.start.astimezone(zone).date() <= day <= last_day(s, zone) for s in mine)]
            if hit:
                named = ", ".join(f"{day} ({days[day]})" for day in hit[:SHOWN]) + (
                    f" and {len(hit) - SHOWN} more" if len(hit) > SHOWN else ""
                )
                yield (
                    self.loc(schedule),
                    f"'{person.id}' is on call in '{schedule}' on public holidays in {person.country}: {named}.",
                )

    def people(self, names: Iterable[str]) -> list[Person]:
        return [person for name in names if (person := self.config.person(name)) is not None]


def last_day(shift: Shift, zone: ZoneInfo) -> date:
    return (shift.end.astimezone(zone) - timedelta(seconds=1)).date()


def common(ours: Sequence[Shift], theirs: Sequence[Shift] | Times) -> Times:
    """The times that are in both, in order."""
    other = sorted((one.start, one.end) if isinstance(one, Shift) else one for one in theirs)
    found, first = [], 0
    for shift in ours:  # in the order of their starts
        while first < len(other) and other[first][1] <= shift.start:
            first += 1
        for start, end in other[first:]:
            if start >= shift.end:
                break
            if end > shift.start:
                found.append((max(shift.start, start), min(shift.end, end)))
    return sorted(set(found))
