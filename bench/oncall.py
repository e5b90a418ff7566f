"""P14 and P15: who is on call, over 90 days and right now, beside plain arithmetic and an iCal engine; answers asserted equal first."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from bench.table import Row, ratios
from bot.oncall.definition import NONE, Layer, Schedule, always
from bot.oncall.rotation import Rotation, Unit
from bot.oncall.schedule import shifts, who

ROUNDS = 7
SCHEDULES, DAYS = 100, 90
ASKED = 1000
SAMPLE = 10  # of the iCal engine, which takes a hundred times as long; its time is scaled up
START, END = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC) + timedelta(days=DAYS)  # over the end of summer time
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "UTC")
PEOPLE = ("ana", "bo", "kim", "lee", "max")
STEPS = {Unit.DAY: timedelta(days=1), Unit.WEEK: timedelta(weeks=1)}
Shift = tuple[datetime, datetime, str]


@dataclass(frozen=True)
class Plan:
    """What all three are told: people taking turns of a day or a week by a zone's wall clock."""

    zone: str
    start: datetime
    people: tuple[str, ...]
    unit: Unit

    def ours(self) -> Schedule:
        groups = tuple((person,) for person in self.people)
        return always("s", self.zone, Layer(Rotation("r", self.zone, self.start, groups, 1, self.unit)))


def plans() -> list[Plan]:
    """Half of the schedules turn by the day, half by the week."""
    begin = datetime.fromisoformat("2026-01-05T09:00")  # a wall time
    return [
        Plan(ZONES[number % 5], begin + timedelta(hours=number % 7), PEOPLE[: 2 + number % 4], Unit.DAY if number % 2 else Unit.WEEK)
        for number in range(SCHEDULES)
    ]


def by_arithmetic(plan: Plan) -> list[Shift]:
    """The bare minimum: whole steps from the start, each boundary turned into a moment."""
    zone, step, found = ZoneInfo(plan.zone), STEPS[plan.unit], list[Shift]()
    number = max(0, (START.astimezone(zone).replace(tzinfo=None) - plan.start) // step)
    since = (plan.start + number * step).replace(tzinfo=zone).astimezone(UTC)
    while since < END:
        until = (plan.start + (number + 1) * step).replace(tzinfo=zone).astimezone(UTC)
        found.append((max(since, START), min(until, END), plan.people[number % len(plan.people)]))
        since, number = until, number + 1
    return found


def now_by_arithmetic(plan: Plan, at: datetime) -> tuple[str, datetime]:
    """Who, and until when."""
    zone, step = ZoneInfo(plan.zone), STEPS[plan.unit]
    number = (at.astimezone(zone).replace(tzinfo=None) - plan.start) // step
    return plan.people[number % len(plan.people)], (plan.start + (number + 1) * step).replace(tzinfo=zone).astimezone(UTC)


def ours(plan: Plan) -> list[Shift]:
    """Our shifts."""
    return [(shift.start, shift.end, shift.person) for shift in shifts(plan.ours(), NONE, START, END)]


def calendar(plan: Plan) -> icalendar.Calendar:
    """One repeating event for each person, as a calendar would have it."""
    zone, step = ZoneInfo(plan.zone), STEPS[plan.unit]
    made = icalendar.Calendar()
    for number, person in enumerate(plan.people):
        event = icalendar.Event()
        begin = plan.start + number * step
        event.add("uid", person)
        event.add("summary", person)
        event.add("dtstart", begin.replace(tzinfo=zone))
        event.add("dtend", (begin + step).replace(tzinfo=zone))
        event.add("rrule", {"freq": "daily" if plan.unit is Unit.DAY else "weekly", "interval": len(plan.people)})
        made.add_component(event)
    return made


def by_calendar(plan: Plan) -> list[Shift]:
    """The iCal engine's expansion, cut to the time."""
    found = recurring_ical_events.of(calendar(plan)).between(START, END)
    return sorted((max(e.start.astimezone(UTC), START), min(e.end.astimezone(UTC), END), str(e["SUMMARY"])) for e in found)


def check() -> None:
    """The answers of all three are the same."""
    for plan in plans():
        assert ours(plan) == by_arithmetic(plan), plan
    for plan in plans()[:SAMPLE]:
        expanded = [shift for shift in by_calendar(plan) if shift[0] < shift[1]]
        assert expanded == by_arithmetic(plan), plan
    for plan in plans():
        at = START + timedelta(days=40, hours=5)
        person, until = now_by_arithmetic(plan, at)
        found = who(plan.ours(), NONE, at)
        assert (found.people, found.until) == ((person,), until), plan


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def questions(known: list[Plan]) -> Iterator[tuple[Plan, datetime]]:
    """Another moment each time, so that nothing is asked twice."""
    return ((known[number % SCHEDULES], START + timedelta(minutes=37 * number)) for number in range(ASKED))


async def measure(folder: Path) -> list[Row]:
    """Each round runs ours, then arithmetic, then the iCal engine."""
    check()
    known = plans()
    spans: list[tuple[float, float, float]] = []
    asked: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        mine = timed(lambda: [ours(plan) for plan in known])
        bare = timed(lambda: [by_arithmetic(plan) for plan in known])
        ical = timed(lambda: [by_calendar(plan) for plan in known[:SAMPLE]]) * SCHEDULES / SAMPLE
        spans.append((mine, bare, ical))
        cold = timed(lambda: [who(plan.ours(), NONE, at) for plan, at in questions(known)])
        plain = timed(lambda: [now_by_arithmetic(plan, at) for plan, at in questions(known)])
        asked.append((cold / ASKED, plain / ASKED))
    over, over_spread = ratios([one[0] for one in spans], [one[1] for one in spans])
    against, against_spread = ratios([one[0] for one in spans], [one[2] for one in spans])
    once, once_spread = ratios([one[0] for one in asked], [one[1] for one in asked])
    seconds = [f"{median(one[place] for one in spans):.3f} s" for place in range(3)]
    micro = [f"{median(one[place] for one in asked) * 1e6:.0f} µs" for place in range(2)]
    return [
        Row("P14", f"shifts of {SCHEDULES} schedules × {DAYS} days, to arithmetic", seconds[0], seconds[1], over, over_spread, 4, 1.5),
        Row("P14", "the same, to recurring-ical-events", seconds[0], seconds[2], against, against_spread, 1, 0.1),
        Row("P15", "who is on call now, cold, to arithmetic", micro[0], micro[1], once, once_spread, 50, 10),
    ]
