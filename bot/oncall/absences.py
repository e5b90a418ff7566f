"""When people are away: their out-of-office calendars (iCal, an address or a file), and the public holidays where they live."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from bot.config.models import Config, Person

PATIENCE = aiohttp.ClientTimeout(total=10)
LARGEST = 5_000_000  # bytes; a calendar of many years
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Away:
    """Somebody is out of office from `start` until `end` (aware)."""

    start: datetime
    end: datetime
    what: str


@dataclass(frozen=True)
class Absences:
    """What is known of everybody's absences: by person id, and why some calendars could not be read."""

    away: Mapping[str, tuple[Away, ...]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)


async def gather(config: Config, directory: Path, start: datetime, end: datetime) -> Absences:
    """Read every calendar between two moments (aware). What cannot be read is told, not raised."""
    people = [person for person in config.people.values() if person.out_of_office is not None]
    async with aiohttp.ClientSession(timeout=PATIENCE) as client:
        read = await asyncio.gather(*(of_person(person, directory, client, start, end) for person in people))
    away = {person.id: found for person, found in zip(people, read, strict=True) if not isinstance(found, str)}
    unread = {person.id: found for person, found in zip(people, read, strict=True) if isinstance(found, str)}
    return Absences(away, unread)


async def of_person(
    person: Person, directory: Path, client: aiohttp.ClientSession, start: datetime, end: datetime
) -> tuple[Away, ...] | str:
    """A person's absences, or why they are not known."""
    source = person.out_of_office or ""
    try:
        content = await fetched(source, client) if source.startswith(("http://", "https://")) else (directory / source).read_bytes()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return str(error) or type(error).__name__
    try:
        return tuple(events(content, ZoneInfo(person.zone), start, end))
    except Exception as error:  # the parser raises many kinds, and every one means that this is no calendar
        return f"it is no iCalendar ({type(error).__name__})"


async def fetched(address: str, client: aiohttp.ClientSession) -> bytes:
    async with client.get(address) as answer:
        answer.raise_for_status()
        content = await answer.content.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 1_000_000} MB")
    return content


def events(content: bytes, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Away]:
    """The events of a calendar between two moments, repetitions included. Whole days and times without a zone are the person's."""
    import icalendar  # both take a while to import, and the running bot needs neither
    import recurring_ical_events

    calendar = icalendar.Calendar.from_ical(content)
    for event in recurring_ical_events.of(calendar).between(start - DAY, end + DAY):
        if str(event.get("TRANSP", "")).upper() == "TRANSPARENT" and str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() != "OOF":
            continue  # it is noted there, and they are not away
        away = Away(aware(event.start, zone), aware(event.end, zone), str(event.get("SUMMARY", "away")))
        if away.start < end and away.end > start:
            yield away


def aware(moment: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def holidays_of(person: Person, years: range) -> Mapping[date, str]:
    """Public holidays where a person lives, by date. `NotImplementedError` when the place is not known."""
    import holidays

    if person.country is None:
        return {}
    country, _, part = person.country.partition("-")
    return dict(holidays.country_holidays(country, subdiv=part or None, years=years))
