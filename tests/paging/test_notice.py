"""What a page says in an SMS: short, readable, harmless, and complete whatever the title is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.paging.blocks import page_blocks, page_text
from bot.paging.notice import SMS_LIMIT, Notice, duration, gsm, one_line, shorten, sms_text

NOTICE = Notice(
    attempt_id=1,
    page_id=7,
    version=3,
    incident=42,
    severity=1,
    title="Checkout is down",
    service="Checkout",
    private=False,
    since="09:02",
    lasting="5 min",
    person="ana",
    address="+15550100001",
    why="primary on call for Payments",
    code=4,
    link="https://tocsin.example.com/p/7?k=" + "x" * 60,
    status_url="",
    voice_url="",
    standing="Nobody has answered yet.",
    wants_answer=True,
    bridge="https://meet.example.com/payments",
    dial_in="+1 555 010 0199, code 4711",
)


@settings(deadline=None)
@given(st.text(max_size=2000), st.text(max_size=300), st.text(max_size=300))
def test_an_sms_never_exceeds_two_segments_and_always_says_how_to_answer(title: str, service: str, words: str) -> None:
    text = sms_text(replace(NOTICE, title=title, service=service[:60], words=words, asked_by="Bo", late="late by 42 min"))
    assert len(text) <= SMS_LIMIT
    assert NOTICE.link in text.splitlines()
    assert "Reply 4a to take it, 4e next person, 4n I can't" in text.splitlines()
    assert text.startswith("SEV1 #42")
    assert "late by 42 min" in text
    assert len(text.splitlines()) <= 6


def test_the_title_gives_way_before_the_link_and_the_bridge() -> None:
    text = sms_text(replace(NOTICE, title="checkout " * 60))
    assert text.splitlines()[0].endswith("checkout...")
    assert "Bridge: https://meet.example.com/payments" in text


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Checkout “down” – EU", 'Checkout "down" - EU'),
        ("🔥 Čheckout dówn 🔥", "Checkout down"),
        ("Größe für Müller", "Größe für Müller"),
        ("支払いが停止", "支払いが停止"),
        ("two\nlines\tand\u0007a bell", "two lines and a bell"),
        ("right \u202eto left\u202c", "right to left"),
    ],
)
def test_titles_are_written_in_the_alphabet_of_sms_where_that_keeps_them_readable(title: str, shown: str) -> None:
    assert gsm(one_line(title)) == shown


def test_a_title_cannot_ping_or_format_in_slack() -> None:
    hostile = replace(NOTICE, title="<!channel> *x* <https://evil|click> " + "a" * 40_000)
    words = str([block.to_dict() for block in page_blocks(hostile)]) + page_text(hostile)
    assert "<!channel>" not in words
    assert "<https://evil" not in words
    assert len(words) < 6_000


def test_long_texts_are_cut_at_a_word() -> None:
    assert shorten("one two three four", 12) == "one two..."
    assert shorten("onetwothreefour", 12) == "onetwothr..."


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0 min"), (59, "59 min"), (60, "1 h"), (130, "2 h 10 min"), (24 * 60, "1 d"), (27 * 60, "1 d 3 h")]
)
def test_durations_are_right_beyond_a_day(minutes: int, words: str) -> None:
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert duration(start, start + timedelta(minutes=minutes)) == words
