"""The iCalendar feed, read back by an independent parser."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from bot.oncall.feed import Event, feed, folded

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
moments = st.integers(0, 22 * 365 * 86400).map(lambda seconds: datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


def test_a_feed_is_a_calendar_with_a_name_and_one_event_a_shift() -> None:
    event = Event("a@tocsin", NOW, NOW + timedelta(hours=8), "Ana Silva: Payments", "weekly rotation; override by kim, until 18:00")
    read = Calendar.from_ical(feed("Payments on call", [event], NOW))
    assert read.calendar_name == "Payments on call"
    assert [name for name in ("VERSION", "PRODID") if name not in read] == []
    found = read.walk("VEVENT")
    assert [(one["UID"], one["SUMMARY"], one["DESCRIPTION"]) for one in found] == [(event.uid, event.summary, event.description)]
    assert [(one["DTSTART"].dt, one["DTEND"].dt) for one in found] == [(event.start, event.end)]
    assert found[0]["TRANSP"] == "TRANSPARENT"


@given(st.lists(st.tuples(moments, st.timedeltas(timedelta(seconds=1), timedelta(days=40)), words, words), max_size=5), words)
def test_whatever_names_hold_comes_back_as_it_was_and_breaks_nothing(rows: list[tuple[datetime, timedelta, str, str]], name: str) -> None:
    events = [Event(f"{n}@x", at, at + lasts, said, more) for n, (at, lasts, said, more) in enumerate(rows)]
    written = feed(name, events, NOW)
    assert all(len(line.encode()) <= 75 for line in written.split("\r\n"))
    assert "\n" not in written.replace("\r\n", "")
    read = Calendar.from_ical(written).walk("VEVENT")
    assert [(one["DTSTART"].dt, one["DTEND"].dt) for one in read] == [(event.start, event.end.replace(microsecond=0)) for event in events]
    assert [str(one["SUMMARY"]) for one in read] == [printable(event.summary) for event in events]
    assert [str(one.get("DESCRIPTION", "")) for one in read] == [printable(event.description) for event in events]


def printable(value: str) -> str:
    return "".join(letter for letter in value.replace("\r\n", "\n") if letter == "\n" or letter.isprintable())


def test_a_long_line_is_never_cut_within_a_letter() -> None:
    assert folded("é" * 100).encode().split(b"\r\n ") == [b"\xc3\xa9" * 37, b"\xc3\xa9" * 37, b"\xc3\xa9" * 26]
