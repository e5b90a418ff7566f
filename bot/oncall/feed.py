"""Shifts as an iCalendar feed (RFC 5545), for whoever subscribes to it with a calendar of their own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LINE_OCTETS = 75
REFRESH = timedelta(hours=1)
"""How often a calendar should ask again; many ask less often all the same."""


@dataclass(frozen=True)
class Event:
    """A shift as it stands in a calendar. `uid` stays the same for as long as it is the same shift; times are aware."""

    uid: str
    start: datetime
    end: datetime
    summary: str
    description: str = ""
    url: str = ""


def feed(name: str, events: Iterable[Event], now: datetime) -> str:
    """The whole feed. Times are in UTC, so that every calendar shows them in its own zone."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Tocsin//On call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{text(name)}",
        f"X-WR-CALNAME:{text(name)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:PT{int(REFRESH.total_seconds()) // 3600}H",
        f"X-PUBLISHED-TTL:PT{int(REFRESH.total_seconds()) // 3600}H",
    ]
    for event in events:
        lines += ["BEGIN:VEVENT", f"UID:{text(event.uid)}", f"DTSTAMP:{stamp(now)}"]
        lines += [f"DTSTART:{stamp(event.start)}", f"DTEND:{stamp(event.end)}", f"SUMMARY:{text(event.summary)}"]
        lines += [f"DESCRIPTION:{text(event.description)}"] if event.description else []
        lines += [f"URL:{event.url}"] if event.url else []
        lines += ["TRANSP:TRANSPARENT", "END:VEVENT"]  # being on call does not make busy
    lines.append("END:VCALENDAR")
    return "".join(folded(line) + "\r\n" for line in lines)


def stamp(at: datetime) -> str:
    """A moment in UTC."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def text(value: str) -> str:
    """Words as a value: what separates values is escaped, what no line may hold is left out."""
    clean = "".join(letter for letter in value.replace("\r\n", "\n") if letter == "\n" or letter.isprintable())
    return clean.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def folded(line: str) -> str:
    """A line in pieces of at most 75 octets, never within a letter; each but the first begins with a space."""
    pieces, piece, octets = [], "", 0
    for letter in line:
        size = len(letter.encode())
        if octets + size > LINE_OCTETS:
            pieces.append(piece)
            piece, octets = " ", 1
        piece, octets = piece + letter, octets + size
    return "\r\n".join([*pieces, piece])
