"""The meeting about a postmortem: when it suits most of those who come, and its entry in their calendars (RFC 5545)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.incidents.deadlines import DAY, following, is_working_time
from bot.oncall.feed import folded, stamp, text

DAYS = 5
"""Working days ahead among which a time is looked for; after a week it would come too late for what people remember."""
HOURS = range(9, 18)
BEST_HOUR = 14
"""After what is urgent in the morning is done, and before people are tired."""


@dataclass(frozen=True)
class Guest:
    """Somebody who comes. Without an e-mail address they stand in no invitation."""

    name: str
    email: str


@dataclass(frozen=True)
class Meeting:
    """A meeting as calendars show it. `uid` stays the same for ever, `sequence` grows with each change."""

    uid: str
    sequence: int
    starts_at: datetime
    minutes: int
    summary: str
    url: str
    organizer: Guest | None
    guests: Sequence[Guest]
    is_cancelled: bool = False


def suggested(now: datetime, zone: ZoneInfo, zones: Sequence[ZoneInfo], minutes: int = 60) -> datetime:
    """A whole hour of the next working days, on the clock of who calls the meeting, at which most of the others are at work, too."""
    day = following(now.astimezone(zone).date() + DAY)
    found: list[tuple[int, int, int, datetime]] = []
    for number in range(DAYS):
        for hour in HOURS:
            at = datetime.combine(day, time(hour), zone).astimezone(UTC)
            end = at + timedelta(minutes=minutes - 1)
            at_work = sum(is_working_time(at, one.key) and is_working_time(end, one.key) for one in (zone, *zones))
            found.append((-at_work, number, abs(hour - BEST_HOUR), at))
        day = following(day + DAY)
    return min(found)[3]


def calendar_file(meeting: Meeting, now: datetime) -> str:
    """The meeting as a file that calendars take. Its time is in UTC, so that each shows it in its own zone."""
    method = "CANCEL" if meeting.is_cancelled else "REQUEST" if meeting.organizer else "PUBLISH"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Tocsin//Postmortems//EN",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{text(meeting.uid)}",
        f"DTSTAMP:{stamp(now)}",
        f"SEQUENCE:{meeting.sequence}",
        f"STATUS:{'CANCELLED' if meeting.is_cancelled else 'CONFIRMED'}",
        f"DTSTART:{stamp(meeting.starts_at)}",
        f"DTEND:{stamp(meeting.starts_at + timedelta(minutes=meeting.minutes))}",
        f"SUMMARY:{text(meeting.summary)}",
        f"DESCRIPTION:{text(f'The document: {meeting.url}')}",
        f"URL:{meeting.url}",
    ]
    if meeting.organizer is not None:
        lines.append(f"ORGANIZER;CN={quoted(meeting.organizer.name)}:mailto:{meeting.organizer.email}")
        for guest in meeting.guests:
            status = "ACCEPTED" if guest == meeting.organizer else "NEEDS-ACTION"
            lines.append(f"ATTENDEE;CN={quoted(guest.name)};PARTSTAT={status};RSVP=TRUE:mailto:{guest.email}")
    lines += ["END:VEVENT", "END:VCALENDAR"]
    return "".join(folded(line) + "\r\n" for line in lines)


def quoted(name: str) -> str:
    """A name as the value of a parameter, which can hold no quotation mark."""
    return '"' + "".join(letter for letter in name if letter.isprintable() and letter != '"') + '"'
