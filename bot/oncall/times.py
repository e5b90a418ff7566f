"""Times as people type them, "fri 18:00 +8h" or "18:00–22:00", turned into moments: a library reads each single one, the rest is here.

Wall times are the reader's. A wall time that the clock jumps over is refused; of one that comes twice a span takes all there is of it:
it begins at the first and ends at the second. Hours and minutes are counted as they pass, days and weeks by the calendar.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.errors import InvalidInput

if TYPE_CHECKING:
    from dateparser.date import DateDataParser

DAY_BEGINS = time(9, 0)
"""Of a day without a time of day that is given a length: "tomorrow +8h" is a working day, not the small hours."""
FARTHEST = timedelta(days=370)
"""Beyond a year a typed date is more likely a slip."""
LONGEST = timedelta(days=62)
"""A longer stand-in is a change of the rotation."""
JUST_NOW = timedelta(minutes=1)
EXAMPLES = "`fri 18:00 +8h`, `tomorrow 9:00 to 17:00`, `18:00–22:00` or `until mon 9:00`"
MAX_TYPED = 80
HARMLESS = str.maketrans("`<>&", "'‹›+")

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LENGTH = re.compile(r"(?:\d{1,4} ?(?:m|h|d|w|min|mins|minutes?|hours?|hrs?|days?|weeks?)(?![a-z]) ?)+", re.IGNORECASE)
BARE_LENGTH = re.compile(r"(?<![a-z])\d+ ?[mhdw](?![a-z])", re.IGNORECASE)
PART = re.compile(r"(\d{1,4}) ?([mhdw])", re.IGNORECASE)
DASHED = re.compile(r"\s*[–—]\s*|\s+-\s+|(?<=[:.]\d\d)-(?=\d{1,2}[:.]\d\d)|(?<=[ap]m)-(?=\d)|(?<=[a-z])-(?=[a-z])", re.IGNORECASE)
UP_TO = re.compile(r"\s+(?:until|till|til|to)\s+", re.IGNORECASE)
OPEN = re.compile(r"(?:\+|(?:for|until|till|til|to)\s)", re.IGNORECASE)
LASTING = re.compile(r"\s*\+\s*|\s+for\s+", re.IGNORECASE)
PLACED = re.compile(r"^(?:on|at|from) ", re.IGNORECASE)
SAYS_TIME = re.compile(r"\b(?:now|in|noon|midnight)\b", re.IGNORECASE)
WEEKDAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*\b", re.IGNORECASE)
ONLY_A_DAY = re.compile(
    r"(?:this )?[a-z]+(?:,? (?:at )?(?:\d{1,2}[:.]\d\d|\d{1,2} ?[ap]m|noon|midnight|morning|afternoon|evening|night))?", re.IGNORECASE
)
"""A day of the week with no date beside it."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Span:
    """From `start` until `end` (aware UTC, end excluded)."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Wall:
    """A moment on the reader's wall clock; `has_time` when a time of day was given."""

    at: datetime
    has_time: bool = True


def load() -> None:
    """Load the library with its words, which takes a moment: call it in a thread where others wait."""
    _parser(datetime(2026, 1, 1)).get_date_data("fri 18:00")  # noqa: DTZ001 - a wall time


def span(typed: str, now: datetime, zone: str) -> Span:
    """What a phrase means for somebody in `zone`. Raises InvalidInput with a sentence that says what to type instead."""
    text = " ".join(typed.replace("\u00a0", " ").split()).strip(" ,.")
    if not text:
        raise InvalidInput(f"Say from when until when: {EXAMPLES}.")
    if len(text) > MAX_TYPED:
        raise InvalidInput(f"That is too long for a time. Write {EXAMPLES}.")
    found = _span(text, now, zone)
    return _checked(found, now, zone)


def moment(typed: str, now: datetime, zone: str) -> datetime:
    """One moment, in the future, as aware UTC."""
    wall = _wall(typed, now.astimezone(ZoneInfo(zone)).replace(tzinfo=None))
    if not wall.has_time:
        wall = Wall(datetime.combine(wall.at.date(), DAY_BEGINS))
    return _instant(wall.at, zone)


def has_no_beginning(typed: str) -> bool:
    """Does a phrase say how long or until when alone ("+8h", "until mon 9:00")? Then it begins where the time before it ends."""
    return _length(typed) is not None or bool(OPEN.match(typed.strip()))


def _span(text: str, now: datetime, zone: str) -> Span:
    local = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    begun, mark, rest = _split(text, LASTING)
    if mark:
        if begun and (length := _length(begun)) is not None and _length(rest) is None:
            begun, rest = rest, begun  # "8h for tomorrow" reads as well
            return _lasting(begun, length, now, local, zone)
        given = _length(rest)
        if given is None:
            raise InvalidInput(f"`{_shown(rest)}` is no length of time. Write `+8h`, `+90m` or `+2d`.")
        return _lasting(begun, given, now, local, zone)
    if (until := re.sub(r"^(?:until|till|til|to) ", "", text, flags=re.IGNORECASE)) != text:
        return Span(now, _end(_wall(until, local), zone))
    for cut in (UP_TO, DASHED):
        begun, mark, rest = _split(re.sub(r"^from ", "", text, flags=re.IGNORECASE), cut)
        if mark:
            return _between(begun, rest, now, local, zone)
    if (length := _length(text)) is not None:
        return _lasting("", length, now, local, zone)
    start = _wall(text, local)
    if start.has_time:
        raise InvalidInput(f"`{_shown(text)}` says when it begins, but not for how long. Add a length or an end: `{_shown(text)} +8h`.")
    return Span(_instant(_midnight(start.at.date()), zone), _instant(_midnight(start.at.date() + timedelta(days=1)), zone))


def _lasting(begun: str, length: "Length", now: datetime, local: datetime, zone: str) -> Span:
    if not begun or begun.lower() == "now":
        return Span(now, length.after(now, zone))
    wall = _wall(begun, local)
    if not wall.has_time:
        wall = Wall(datetime.combine(wall.at.date(), DAY_BEGINS if length.days == 0 else time(0)))
    start = _instant(wall.at, zone)
    return Span(start, length.after(start, zone))


def _between(begun: str, ended: str, now: datetime, local: datetime, zone: str) -> Span:
    first = Wall(local) if begun.lower() == "now" else _wall(begun, local)
    last = _wall(ended, first.at if first.has_time else first.at + timedelta(seconds=1))
    if not first.has_time and last.has_time:
        first = Wall(datetime.combine(first.at.date(), time(0)))
    if first.has_time and not last.has_time:
        last = Wall(datetime.combine(last.at.date(), time(0)))  # "fri 18:00 to sun" ends where Sunday begins
    if first.has_time:
        return Span(now if begun.lower() == "now" else _instant(first.at, zone), _end(last, zone))
    return Span(_instant(_midnight(first.at.date()), zone), _instant(_midnight(last.at.date() + timedelta(days=1)), zone))


def _end(wall: Wall, zone: str) -> datetime:
    return _instant(wall.at if wall.has_time else _midnight(wall.at.date()), zone, is_end=True)


@dataclass(frozen=True)
class Length:
    """Calendar days, and time that passes."""

    days: int
    passing: timedelta

    def after(self, start: datetime, zone: str) -> datetime:
        """The end of this length, begun at an aware moment."""
        if not self.days:
            return start + self.passing
        wall = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + timedelta(days=self.days)
        return _nearest(wall, zone) + self.passing


def _length(text: str) -> Length | None:
    if not LENGTH.fullmatch(text.strip().removeprefix("+").strip()):
        return None
    amounts = dict.fromkeys(UNITS, 0)
    for number, unit in PART.findall(text):
        amounts[unit.lower()] += int(number)
    if not any(amounts.values()):
        return None
    return Length(amounts["d"] + 7 * amounts["w"], timedelta(hours=amounts["h"], minutes=amounts["m"]))


def _wall(typed: str, base: datetime) -> Wall:
    """A single moment after `base`, by the library."""
    text = typed.strip()
    named = None if BARE_LENGTH.search(text) and not text.lower().startswith("in ") else re.sub(PLACED, "", text)
    found = _parser(base).get_date_data(named) if named and not named.isdecimal() else None
    if found is None or found.date_obj is None:
        raise InvalidInput(f"I cannot read `{_shown(text)}` as a time. Write {EXAMPLES}.")
    at: datetime = found.date_obj.replace(tzinfo=None, second=0, microsecond=0)
    unsaid = (time(0), base.time().replace(second=0, microsecond=0))  # what the library fills in where nobody said a time of day
    has_time = found.period == "time" or at.time() not in unsaid or bool(SAYS_TIME.search(text))
    day = WEEKDAY.search(text)
    if day and DAYS.index(day[1].lower()) == base.weekday() and ONLY_A_DAY.fullmatch(named or ""):
        earlier = at - timedelta(days=7)
        if earlier > base or (not has_time and earlier.date() == base.date()):
            at = earlier  # on a Friday morning, "fri 18:00" is tonight
    return Wall(at, has_time)


def _parser(base: datetime) -> "DateDataParser":
    return _loaded()(
        languages=["en"],
        settings={
            "RELATIVE_BASE": base,
            "PREFER_DATES_FROM": "future",
            "DATE_ORDER": "DMY",
            "RETURN_AS_TIMEZONE_AWARE": False,
            "RETURN_TIME_AS_PERIOD": True,
            "PARSERS": ["relative-time", "custom-formats", "absolute-time"],  # a bare number is no timestamp
        },
    )


@cache
def _loaded() -> "type[DateDataParser]":
    """Loaded with the first time that somebody types: it takes 10 MB and a quarter of a second that no start should pay."""
    from dateparser.date import DateDataParser

    parser: type[DateDataParser] = DateDataParser
    return parser


def _instant(wall: datetime, zone: str, *, is_end: bool = False) -> datetime:
    tz = ZoneInfo(zone)
    found = wall.replace(tzinfo=tz, fold=1 if is_end else 0).astimezone(UTC)
    shown = found.astimezone(tz).replace(tzinfo=None)
    if shown != wall:
        exists = _nearest(wall, zone).astimezone(tz)
        raise InvalidInput(
            f"{wall:%H:%M} does not exist on {wall:%a} {wall.day} {wall:%b} in {zone}: the clock is set forward then. "
            f"Take {exists:%H:%M}, or an earlier time."
        )
    return found


def _nearest(wall: datetime, zone: str) -> datetime:
    """The moment of a wall time; where the clock jumps over it, the moment of the jump."""
    tz = ZoneInfo(zone)
    before, after = (wall.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (1, 0))
    if after.astimezone(tz).replace(tzinfo=None) == wall:
        return after
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        before, after = (before, middle) if middle.astimezone(tz).replace(tzinfo=None) >= wall else (middle, after)
    return after.replace(microsecond=0)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0))


def _checked(found: Span, now: datetime, zone: str) -> Span:
    tz = ZoneInfo(zone)
    begins, ends = (_said(one.astimezone(tz)) for one in (found.start, found.end))
    if found.end <= found.start:
        raise InvalidInput(f"That would end ({ends}) before it begins ({begins}). Write the beginning first: {EXAMPLES}.")
    if found.end <= now:
        raise InvalidInput(f"That is over already: it ended {ends}, and the past is not changed. Write a time to come: {EXAMPLES}.")
    if found.start < now - JUST_NOW and found.start.astimezone(tz).time() != time(0):
        raise InvalidInput(
            f"That began already, {begins}, and the past is not changed. To begin now, write `until {found.end.astimezone(tz):%H:%M}`."
        )
    if found.start > now + FARTHEST:
        raise InvalidInput(f"{begins} is more than a year away. Write a nearer day: {EXAMPLES}.")
    if found.end - found.start > LONGEST:
        raise InvalidInput(
            f"That is {(found.end - found.start).days} days long. Up to {LONGEST.days} days go like this; for longer, change the rotation."
        )
    return Span(max(found.start, now), found.end)


def _said(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%b} {local:%Y %H:%M}"


def _split(text: str, at: re.Pattern[str]) -> tuple[str, str, str]:
    found = at.search(text) if at is not LASTING else at.search(" " + text)
    if found is None:
        return text, "", ""
    whole = text if at is not LASTING else " " + text
    return whole[: found.start()].strip(), found.group() or " ", whole[found.end() :].strip()


def _shown(text: str) -> str:
    """What was typed, as an answer may repeat it: it is no markup of Slack's."""
    return text.translate(HARMLESS)[:MAX_TYPED]


__all__ = ["Span", "has_no_beginning", "load", "moment", "span"]
