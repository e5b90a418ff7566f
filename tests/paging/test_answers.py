"""What people answer to a page, word by word: by SMS with none, one or several pages open, and by the keys of a phone."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.paging.answers import (
    KINDS,
    Ack,
    Ambiguous,
    Answer,
    DeclareBySms,
    Decline,
    Escalate,
    Help,
    Key,
    NoSuchPage,
    NothingOpen,
    OpenPage,
    Resolve,
    Snooze,
    Start,
    Stop,
    WhoElse,
    parse_answer,
    parse_keys,
)

MIN = timedelta(minutes=1)
NONE: list[OpenPage] = []
ONE = [OpenPage(4, severity=1)]
MILD = [OpenPage(4, severity=3)]
TWO = [OpenPage(4, severity=2), OpenPage(5, severity=1)]  # 5 is the newest
STORM = [OpenPage(3, 1), OpenPage(4, 2, bundle="checkout"), OpenPage(5, 2, bundle="checkout")]

GOLDEN: list[tuple[list[OpenPage], str, Answer]] = [
    # ── acknowledging the only page
    *[
        (ONE, text, Ack((4,)))
        for text in (
            *(
                "a",
                "A",
                "ack",
                "Ack.",
                "ACK!",
                "a c k",
                " ok ",
                "OK.",
                "okay",
                "on it",
                "On it!",
                "I’m on it",
                "yes",
                "Yes.",
                "👍",
                "👍🏽",
                "got it",
            ),
            *("4", "4a", "4 a", "4.a", "4 ack", "ack4", "ack #4", "#4", "Ack, 4", "４ａ", "a4.", "aa", "4\n", '"4a"'),
        )
    ],
    # ── with several, a bare one takes the last and names the rest
    (TWO, "a", Ack((5,), others=(4,))),
    (TWO, "👍", Ack((5,), others=(4,))),
    (TWO, "4a", Ack((4,), others=(5,))),
    (TWO, "4 5", Ack((4, 5))),
    (TWO, "4a 5a", Ack((4, 5))),
    (TWO, "ack 5, 4", Ack((5, 4))),
    (TWO, "aa", Ack((4, 5))),
    (STORM, "aa", Ack((4, 5), others=(3,))),
    # ── everything else names its page, or is refused with a list
    (ONE, "e", Escalate(4)),
    (ONE, "Esc", Escalate(4)),
    (TWO, "5e", Escalate(5)),
    (TWO, "escalate #4", Escalate(4)),
    (TWO, "e", Ambiguous("Which one? You have 4 and 5 open. Answer like: 5e", (4, 5))),
    (TWO, "4e 5e", Ambiguous("Which one? You have 4 and 5 open. Answer like: 5e", (4, 5))),
    (ONE, "n", Decline(4)),
    (ONE, "No", Decline(4)),
    (ONE, "I can't", Decline(4)),
    (TWO, "n 4", Decline(4)),
    (TWO, "n", Ambiguous("Which one? You have 4 and 5 open. Answer like: 5n", (4, 5))),
    (ONE, "s30", Snooze(4, 30 * MIN)),
    (ONE, "S 30", Snooze(4, 30 * MIN)),
    (ONE, "snooze 30m", Snooze(4, 30 * MIN)),
    (ONE, "s1h", Snooze(4, 60 * MIN)),
    (TWO, "4s30", Snooze(4, 30 * MIN)),
    (TWO, "s30 5", Snooze(5, 30 * MIN)),
    (TWO, "s30", Ambiguous("Which one? You have 4 and 5 open. Answer like: 5s30", (4, 5))),
    (ONE, "s", Ambiguous("For how long? Answer like: 4s30", (4,))),
    (ONE, "s0", Ambiguous("A page can be snoozed for up to a day. Answer like: s30", (4,))),
    (ONE, "s25h", Ambiguous("A page can be snoozed for up to a day. Answer like: s30", (4,))),
    (ONE, "r", Resolve(4, confirmed=False)),
    (MILD, "resolve", Resolve(4, confirmed=True)),
    (TWO, "r5", Resolve(5, confirmed=False)),
    (TWO, "r", Ambiguous("Which one? You have 4 and 5 open. Answer like: 5r", (4, 5))),
    (TWO, "?", WhoElse(5)),
    (TWO, "4?", WhoElse(4)),
    (NONE, "?", WhoElse(None)),
    # ── codes that mean nothing
    (TWO, "7", NoSuchPage(7, (4, 5))),
    (TWO, "4 7", NoSuchPage(7, (4, 5))),
    (NONE, "4a", NoSuchPage(4, ())),
    (NONE, "ack", NothingOpen()),
    (NONE, "e", NothingOpen()),
    # ── the carrier's words
    (ONE, "STOP", Stop()),
    (ONE, "Unsubscribe", Stop()),
    (ONE, "Start", Start()),
    (NONE, "yes", Start()),
    # ── declaring
    (NONE, "sev1 checkout is down", DeclareBySms(1, "checkout is down")),
    (ONE, "SEV-2: EU only, 50 % of carts", DeclareBySms(2, "EU only, 50 % of carts")),
    (ONE, "Sev 3 search\nis slow", DeclareBySms(3, "search\nis slow")),
    (NONE, "sev1", Ambiguous("What is wrong? Answer like: sev1 checkout is down")),
    # ── what is no answer
    (ONE, "", Help()),
    (ONE, "help", Help()),
    (ONE, "who is this", Help()),
    (ONE, "stop the rollback please", Help()),
    (ONE, "ok but I cannot reach the host", Help()),
    (ONE, "sev5 x", Help()),
    (ONE, "+49 151 5550101", Help()),
]


@pytest.mark.parametrize(
    ("pages", "text", "expected"), GOLDEN, ids=[f"{n}: {text} of {len(pages)}" for n, (pages, text, _) in enumerate(GOLDEN)]
)
def test_golden(pages: list[OpenPage], text: str, expected: Answer) -> None:
    assert parse_answer(text, pages) == expected


@pytest.mark.parametrize("text", ["r", "r4", "R.", "yes", "resolve"])
def test_resolving_a_serious_one_is_asked_once_more(text: str) -> None:
    assert parse_answer("r", ONE) == Resolve(4, confirmed=False)
    assert parse_answer(text, ONE, confirming=4) == Resolve(4, confirmed=True)


def test_confirming_one_page_confirms_no_other() -> None:
    assert parse_answer("r5", TWO, confirming=4) == Resolve(5, confirmed=False)
    assert parse_answer("a", TWO, confirming=4) == Ack((5,), others=(4,))


pages = st.lists(
    st.builds(OpenPage, st.integers(1, 30), st.integers(1, 4), st.sampled_from([None, "b"])), max_size=4, unique_by=lambda page: page.code
)
texts = st.text(max_size=30) | st.text("asern?0123456789 .#!yo👍", max_size=8)


@given(texts, pages, st.none() | st.integers(1, 30))
def test_whatever_is_sent_only_open_pages_are_touched(text: str, open_pages: list[OpenPage], confirming: int | None) -> None:
    codes = {page.code for page in open_pages}
    match parse_answer(text, open_pages, confirming):
        case Ack(taken, others):
            assert taken
            assert set(taken) | set(others) == codes
            assert not set(taken) & set(others)
        case Escalate(code) | Decline(code) | Snooze(code, _) | Resolve(code, _):
            assert code in codes
        case NoSuchPage(code, _):
            assert code not in codes


@given(st.sampled_from(sorted(KINDS)), pages.filter(lambda some: len(some) > 1))
def test_with_several_open_only_an_acknowledgement_may_name_none(word: str, open_pages: list[OpenPage]) -> None:
    assert isinstance(parse_answer(word, open_pages), Ack | Ambiguous | WhoElse)


@given(st.sampled_from(["a", "e", "n", "r", "s30", "?"]), st.sampled_from([" ", ".", "#", "! ", "\n"]), st.booleans())
def test_case_spaces_dots_and_hashes_do_not_matter(word: str, noise: str, upper: bool) -> None:
    typed = word.upper() if upper else word
    assert parse_answer(noise + typed + noise, ONE) == parse_answer(word, ONE)


@pytest.mark.parametrize(
    ("digits", "key"),
    [("4", Key.ACK), ("5", Key.ESCALATE), ("6", Key.RESOLVE), ("0", Key.HELP), ("*", Key.REPEAT), ("44", Key.ACK), ("4#", Key.ACK)]
    + [(wrong, Key.WRONG) for wrong in ("", "1", "45", "#", "x", "9")],
)
def test_keys(digits: str, key: Key) -> None:
    assert parse_keys(digits) is key
