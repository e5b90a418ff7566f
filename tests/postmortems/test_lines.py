"""What was written down and what was said, as one timeline."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.postmortems.lines import FOLDED, WHOLE, Entry, told
from bot.postmortems.selection import Message

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TALK = ("hm", "errors are at 12 %", "rolling back to v41", "who is on it?", "that is me", "all healthy again")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def message(text: str, minutes: float, author: str = "Kim") -> Message:
    return Message(at(minutes).timestamp(), author, text, url=f"https://x.invalid/p{minutes:g}")


def long_channel() -> list[Message]:
    return [message(TALK[n % len(TALK)], n / 2, "Kim" if n % 3 else "Ana") for n in range(2 * WHOLE)]


def test_a_fact_of_nine_typed_at_noon_stands_at_nine_and_says_when_it_was_told() -> None:
    lines = told([Entry("note", "cache flushed by hand", "Ana", at(0), at(180))], [message("still down", 10)])
    assert [(line.what, line.remarks) for line in lines] == [("cache flushed by hand", ("recorded 3 h 00 min later",)), ("still down", ())]


def test_a_few_hours_later_is_never_dated_anew() -> None:
    talk = [message("it broke at 08:15, and a few hours later again", 180), message("at 09:00 all was well", 181)]
    assert [line.at for line in told([], talk)] == [at(180), at(181)]


def test_a_short_channel_is_whole_and_every_line_says_why_it_is_there() -> None:
    lines = told([Entry("alert", "CheckoutDown fires", "Alertmanager", at(0), at(0))], [message("hm", 1), message("lunch?", 2)])
    assert [(line.what, line.weight > 0) for line in lines] == [("CheckoutDown fires", True), ("hm", False), ("lunch?", False)]
    assert all(line.reasons for line in lines)


def test_what_is_folded_stands_where_it_began_counted_by_its_authors_with_a_link() -> None:
    noise = [message("hm", 10 + n / 10, author) for n, author in enumerate(["Kim", "Ana", "Kim", "Bo", "Cy", "Di", "Di", "Di"])]
    lines = told([Entry("state", "investigating → monitoring", "Ana", at(10.35), at(10.35))], [*long_channel(), *noise])
    folds = [line for line in lines if line.kind == FOLDED and at(10) <= line.at < at(11)]
    assert folds[0].url and folds[0].url.startswith("https://x.invalid/p10")
    assert sum(int(line.what.split()[0]) for line in folds) >= len(noise)
    assert any("Di 3" in line.what for line in folds)
    between = [line.at for line in lines]
    assert between == sorted(between)


def note(happened: int, recorded: int) -> Entry:
    return Entry("note", "n", "Ana", at(happened), at(recorded))


minutes = st.integers(0, 60)
entries = st.lists(st.builds(note, minutes, minutes))
messages = st.lists(st.builds(message, st.sampled_from(TALK), minutes, st.sampled_from(["Kim", "Ana", "Bo"])), max_size=90)


@given(entries, messages)
def test_nothing_is_lost_and_everything_is_in_order(some: list[Entry], said: list[Message]) -> None:
    lines = told(some, said)
    shown = sum(line.kind == "message" for line in lines)
    folded = sum(int(line.what.split()[0].replace(",", "")) for line in lines if line.kind == FOLDED)
    assert (shown + folded, sum(line.kind == "note" for line in lines)) == (len(said), len(some))
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert all(line.reasons for line in lines if line.kind != FOLDED)
