"""What of a channel goes on the timeline, why, and how much of it."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import timeline
from bot.postmortems.selection import LEAST, MOST, Message, Selection, select
from bot.postmortems.signals import Signal, signals

CHANNELS = Path("tests/data/timelines/slack-channels-with-human-timeline.json")
W, A, C, P, D, E = Signal.WELL, Signal.ACTION, Signal.CAUSE, Signal.PROBLEM, Signal.DECISION, Signal.EVIDENCE
TALK = ["hm", "ok", "rolled back to v41", "errors are down to 2 %", "who deployed?", "the cause was a typo", ":tada:", "let's wait", ""]


def said(*lines: str, every_s: float = 30.0, **more: object) -> list[Message]:
    """Lines that two people say in turn."""
    return [Message(n * every_s, "ana" if n % 2 else "kim", line, **more) for n, line in enumerate(lines)]  # type: ignore[arg-type]


def reasons(selection: Selection, place: int) -> tuple[str, ...]:
    return selection.weighed[place].reasons


@pytest.mark.parametrize("channel", timeline.read(CHANNELS), ids=lambda one: one.channel)
def test_what_people_wrote_down_is_found_among_less_than_half_of_what_was_said(channel: timeline.Agreement) -> None:
    assert channel.recall >= 0.7
    assert channel.share <= 0.45
    assert channel.coverable, "and something was there to be found"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rolling back to v41", {A, Signal.ACCOUNT}),
        ("rollback worked, all healthy", {A, W}),
        ("that did not work", {P}),
        ("working on it", {D, Signal.ACCOUNT}),
        ("Looks like the config is wrong", {C, P}),
        ("```error: everything\nis broken```", {E}),
        ("https://fixed.example/resolved", {E}),
        ("p99 is 1200 ms", {Signal.FIGURES}),
        ("is it still failing?", {P, Signal.QUESTION}),
        ("ok thanks", {Signal.CHATTER}),
        (":tada: :+1:", {Signal.CHATTER}),
        ("has joined #inc-42", {Signal.NOTICE}),
        ("", {Signal.CHATTER}),
    ],
)
def test_what_words_say(text: str, expected: set[Signal]) -> None:
    assert signals(text) == expected


def test_a_mark_outweighs_every_rule_and_any_budget() -> None:
    messages = [Message(n, "kim", "ok", is_marked=n in (3, 7)) for n in range(10)]
    found = select(messages)
    assert found.kept == {3, 7}
    assert reasons(found, 3) == ("marked by a person",)


def test_the_first_trouble_the_answer_and_the_word_after_a_silence_say_so() -> None:
    messages = [
        Message(0, "kim", "good morning everybody here"),
        Message(60, "kim", "checkout is down"),
        Message(70, "kim", "who released something?"),
        Message(90, "ana", "that was me this morning"),
        Message(2000, "kim", "nothing new from the vendor so far"),
    ]
    found = select(messages)
    assert reasons(found, 1)[0] == "is the first to say what is wrong"
    assert "answers a question" in reasons(found, 3)
    assert reasons(found, 4) == ("is the first word after a silence",)


def test_an_answer_belongs_to_the_question_of_its_own_thread() -> None:
    asked = Message(0, "kim", "who sees the queue?", thread="1")
    messages = [asked, Message(9, "ana", "elsewhere we wait for lunch", thread="2"), Message(20, "bo", "the board shows it", thread="1")]
    found = select(messages)
    assert [place for place in range(3) if "answers a question" in reasons(found, place)] == [2]


def test_a_question_of_the_channel_is_answered_once_in_its_thread_or_below_it() -> None:
    messages = [
        Message(0, "kim", "who sees the queue?", ts="1"),
        Message(9, "ana", "I see it on the board", thread="1", ts="2"),
        Message(20, "bo", "the board shows it to everybody", ts="3"),
    ]
    found = select(messages)
    assert [place for place in range(3) if "answers a question" in reasons(found, place)] == [1]


def test_what_an_app_repeats_is_folded_figures_aside() -> None:
    messages = [Message(n * 300.0, "bot:B1", f"FIRING: errors at {n} %", by_bot=True) for n in range(20)]
    found = select(messages)
    assert 0 in found.kept
    assert "repeats what an app said before" not in reasons(found, 0)
    assert all(found.weighed[place].weight < LEAST for place in range(1, 20))


def test_who_came_or_went_is_never_kept_however_quiet_it_was() -> None:
    messages = said("joined #inc-1.", "left #inc-1 for a while.", "has joined #inc-1", every_s=9000.0)
    assert not select(messages).kept


def test_a_quiet_turn_is_kept_before_the_second_word_of_a_storm() -> None:
    storm = [Message(n / 10, "ana", "errors are failing because of a bug") for n in range(20)]
    quiet = Message(4000, "kim", "the vendor called at last about our cables")
    assert len(storm) in select([*storm, quiet]).kept


def test_nobody_reads_thousands_of_lines() -> None:
    messages = said(*random.Random(7).choices(TALK, k=5000))
    assert len(select(messages).kept) <= MOST


def spoken(at: int, author: str, text: str) -> Message:
    return Message(float(at), author, text)


words = st.sampled_from(TALK) | st.text(max_size=30)
lines = st.lists(st.builds(spoken, st.integers(0, 9000), st.sampled_from(["kim", "ana", "bo"]), words), max_size=60).map(sorted)


@given(lines)
def test_less_than_half_is_kept_each_with_a_reason_and_the_same_each_time(messages: list[Message]) -> None:
    found = select(messages)
    assert len(found.kept) <= 0.45 * len(messages)
    assert all(reasons(found, place) for place in found.kept)
    assert select(messages) == found
