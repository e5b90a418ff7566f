"""What a program tells of a change is read, or refused with a sentence that says how to say it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.changes.report import ChangeKind, Report, read
from bot.errors import InvalidInput

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
GOOD = {"kind": "deploy", "title": "checkout v42"}


def body(**more: object) -> bytes:
    return json.dumps(GOOD | more).encode()


def test_what_is_left_out_is_now_and_everywhere() -> None:
    assert read(body(), NOW) == Report(ChangeKind.DEPLOY, "checkout v42", "", "", "", "", NOW)


def test_a_moment_keeps_its_zone() -> None:
    assert read(body(at="2026-03-02T09:30:00+01:00"), NOW).happened_at == NOW - timedelta(minutes=30)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (b"not json", "must be JSON like"),
        (b"[1]", "must be JSON like"),
        (body(kind="deployment"), "'kind' is one of deploy, flag"),
        (body(title=" "), "'title' says in a few words"),
        (body(title=7), "'title' is a text"),
        (body(title="x" * 201), "at most 200 characters, this one has 201"),
        (body(url="javascript:alert(1)"), "begins with https://"),
        (body(at="2026-03-02T09:00:00"), "with its zone"),
        (body(at="yesterday"), "with its zone"),
        (body(at=1772442000), "with its zone"),
        (body(at="2026-03-02T10:00:00Z"), "still to come"),
        (body(when="now"), "'when' means nothing here"),
    ],
)
def test_what_makes_no_sense_is_refused_with_how_to_say_it(wrong: bytes, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        read(wrong, NOW)


@given(
    st.dictionaries(
        st.sampled_from(["kind", "title", "service", "at", "url", "by", "x"]), st.none() | st.text() | st.integers() | st.lists(st.text())
    )
)
def test_whatever_is_sent_is_read_or_refused(raw: dict[str, object]) -> None:
    try:
        report = read(json.dumps(raw).encode(), NOW)
    except InvalidInput:
        return
    assert report.title and len(report.title) <= 200 and "\n" not in report.title
