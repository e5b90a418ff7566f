"""Times as people type them, read on a Monday morning in Stockholm unless said otherwise."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from bot.oncall.times import Span, has_no_beginning, moment, span

STOCKHOLM = "Europe/Stockholm"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # Monday 10:30


def read(typed: str, now: datetime = NOW, zone: str = STOCKHOLM) -> str:
    """The span in the reader's own time: `28 18:00 – 29 02:00`."""
    found = span(typed, now, zone)
    return " – ".join(f"{one.astimezone(ZoneInfo(zone)):%d %H:%M}" for one in (found.start, found.end))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sat 18:00 +8h", "28 18:00 – 29 02:00"),
        ("Sat 18.00 + 8 h", "28 18:00 – 29 02:00"),
        ("on saturday at 6pm for 8 hours", "28 18:00 – 29 02:00"),
        ("sat 18:00 +8h30m", "28 18:00 – 29 02:30"),
        ("fri 18:00 to mon 9:00", "27 18:00 – 30 09:00"),
        ("from fri 18:00 until sat 06:00", "27 18:00 – 28 06:00"),
        ("next friday 18:00 +8h", "27 18:00 – 28 02:00"),
        ("24 dec 18:00 +12h", "24 18:00 – 25 06:00"),
        ("24.12. 18:00 +2h", "24 18:00 – 24 20:00"),
        ("2026-12-24 18:00-22:00", "24 18:00 – 24 22:00"),
        # today and tomorrow
        ("18:00–22:00", "23 18:00 – 23 22:00"),
        ("18:00-22:00", "23 18:00 – 23 22:00"),
        ("22:00 - 06:00", "23 22:00 – 24 06:00"),
        ("9:00–12:00", "24 09:00 – 24 12:00"),
        ("9am-5pm", "24 09:00 – 24 17:00"),
        ("noon to 6pm", "23 12:00 – 23 18:00"),
        ("tomorrow 9:00 to 17:00", "24 09:00 – 24 17:00"),
        ("tonight +8h", "23 20:00 – 24 04:00"),
        ("mon 18:00 +2h", "23 18:00 – 23 20:00"),  # still to come today
        ("mon 9:00 +2h", "30 09:00 – 30 11:00"),  # over for today
        ("mon 30 nov 18:00 +2h", "30 18:00 – 30 20:00"),
        ("next monday 18:00 +2h", "30 18:00 – 30 20:00"),
        ("monday evening +2h", "23 18:00 – 23 20:00"),
        # from now
        ("+8h", "23 10:30 – 23 18:30"),
        ("90m", "23 10:30 – 23 12:00"),
        ("now +8h", "23 10:30 – 23 18:30"),
        ("now to 18:00", "23 10:30 – 23 18:00"),
        ("until 17:00", "23 10:30 – 23 17:00"),
        ("until mon 9:00", "23 10:30 – 30 09:00"),
        ("in 2 hours +3h", "23 12:30 – 23 15:30"),
        # days
        ("sat", "28 00:00 – 29 00:00"),
        ("sat-sun", "28 00:00 – 30 00:00"),
        ("fri–sun", "27 00:00 – 30 00:00"),
        ("today", "23 10:30 – 24 00:00"),
        ("tomorrow", "24 00:00 – 25 00:00"),
        ("tomorrow +8h", "24 09:00 – 24 17:00"),
        ("sat +2d", "28 00:00 – 30 00:00"),
        ("fri 18:00 to sun", "27 18:00 – 29 00:00"),
    ],
)
def test_a_phrase_means(typed: str, meant: str) -> None:
    assert read(typed) == meant


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Say from when until when"),
        ("gibberish", "I cannot read `gibberish` as a time. Write `fri 18:00 +8h`"),
        ("banana 18:00 +2h", "I cannot read `banana 18:00`"),
        ("25:00 +2h", "I cannot read `25:00`"),
        ("feb 30 9:00 +2h", "I cannot read `feb 30 9:00`"),
        ("1830 +2h", "I cannot read `1830`"),
        ("sat 18:00 -8h", "I cannot read"),
        ("8h tomorrow", "I cannot read `8h tomorrow`"),
        ("fri 18:00", "not for how long. Add a length or an end: `fri 18:00 +8h`"),
        ("sat 18:00 +banana", "`banana` is no length of time"),
        ("sat 18:00 +0h", "`0h` is no length of time"),
        ("yesterday 18:00 +8h", "That is over already: it ended Mon 23 Nov 2026 02:00, and the past is not changed"),
        ("today 8:00 +8h", "To begin now, write `until 16:00`"),
        ("1 jan 2030 +8h", "more than a year away"),
        ("fri +90d", "That is 90 days long"),
        ("x" * 200, "too long"),
        ("2027-03-28 02:30 +2h", "02:30 does not exist on Sun 28 Mar in Europe/Stockholm: the clock is set forward then. Take 03:00"),
        ("28 mar 2027 01:00 to 02:30", "02:30 does not exist on Sun 28 Mar"),
    ],
)
def test_what_cannot_be_meant_gets_a_sentence_that_says_what_to_write(typed: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        span(typed, NOW, STOCKHOLM)
    assert says in str(refused.value)


def test_hours_are_counted_as_they_pass_and_days_by_the_calendar() -> None:
    october = datetime(2027, 10, 30, 10, 0, tzinfo=UTC)
    assert read("today 18:00 +24h", october) == "30 18:00 – 31 17:00"  # the night has an hour more
    assert read("today 18:00 +1d", october) == "30 18:00 – 31 18:00"
    march = datetime(2027, 3, 27, 10, 0, tzinfo=UTC)
    assert read("today 18:00 +24h", march) == "27 18:00 – 28 19:00"
    assert read("27 mar 2027 22:00 +1d", march) == "27 22:00 – 28 22:00"


def test_of_an_hour_that_comes_twice_a_span_takes_both() -> None:
    october = datetime(2027, 10, 30, 10, 0, tzinfo=UTC)
    assert span("31 oct 2027 2:30 +1h", october, STOCKHOLM).start == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert span("31 oct 2027 1:00 to 2:30", october, STOCKHOLM).end == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_a_day_that_never_was_is_refused() -> None:
    with pytest.raises(InvalidInput, match="does not exist"):
        span("30 dec 2011 12:00 +2h", datetime(2011, 12, 28, tzinfo=UTC), "Pacific/Apia")


def test_times_are_the_readers() -> None:
    assert span("sat 18:00 +8h", NOW, "Asia/Kathmandu").start == datetime(2026, 11, 28, 12, 15, tzinfo=UTC)
    assert span("18:00–22:00", NOW, "Asia/Seoul").start == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # 18:30 there: tomorrow


def test_a_length_or_an_end_alone_has_no_beginning() -> None:
    assert all(has_no_beginning(typed) for typed in ("+8h", "8h", "for 2 days", "until mon 9:00", "till noon"))
    assert not any(has_no_beginning(typed) for typed in ("sat 9:00 +8h", "tomorrow", "18:00–22:00", "today", ""))


def test_one_moment_and_a_day_that_begins_at_nine() -> None:
    assert moment("sat 18:00", NOW, STOCKHOLM) == datetime(2026, 11, 28, 17, 0, tzinfo=UTC)
    assert moment("sat", NOW, STOCKHOLM) == datetime(2026, 11, 28, 8, 0, tzinfo=UTC)


WORDS = [
    "sat",
    "mon",
    "tomorrow",
    "today",
    "18:00",
    "2:30",
    "24:00",
    "+8h",
    "+1d",
    "until",
    "to",
    "–",
    "-",
    "for",
    "now",
    "in",
    "9am",
    "31",
    "feb",
    "dec",
    "2027",
    "noon",
    "at",
    "0",
    "+0h",
    "(",
    "`",
    "<!channel>",
]


@given(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), st.sampled_from([STOCKHOLM, "Australia/Lord_Howe", "Africa/Casablanca"]))
@example("until until", STOCKHOLM)
def test_whatever_is_typed_is_a_time_to_come_or_a_sentence(typed: str, zone: str) -> None:
    try:
        found = span(typed, NOW, zone)
    except InvalidInput as refusal:
        assert str(refusal).endswith((".", "`."))
        assert not set("<>&") & set(str(refusal)), "an answer pings nobody"
    else:
        assert NOW <= found.start < found.end <= NOW + timedelta(days=440)
        assert found == Span(found.start.astimezone(UTC), found.end.astimezone(UTC))


def test_the_library_is_loaded_with_the_first_time_typed_and_not_at_start() -> None:
    program = (
        "import sys, bot.wiring, bot.oncall.times as t, datetime as d\n"
        "assert not {'dateparser', 'dateutil'} & set(sys.modules), 'too early'\n"
        "t.span('sat 18:00 +8h', d.datetime.now(d.timezone.utc), 'UTC')\n"
        "assert 'dateparser' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
