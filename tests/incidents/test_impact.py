"""What people say of the harm."""

import pytest

from bot.errors import InvalidInput
from bot.incidents.impact import EXAMPLES, SAID, Aspect, said, understood


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("users 4,000 in EU", (Aspect.USERS, "4,000 in EU")),
        ("Customers: two", (Aspect.USERS, "two")),
        ("requests  2 % failed", (Aspect.REQUESTS, "2 % failed")),
        ("slo 12 % of the month's", (Aspect.BUDGET, "12 % of the month's")),
        ("tickets 60", (Aspect.SUPPORT, "60")),
        ("since 08:40", (None, "08:40")),
    ],
)
def test_what_is_meant(words: str, meant: tuple[Aspect | None, str]) -> None:
    assert understood(words) == meant


@pytest.mark.parametrize("words", ["", "users", "a lot", "since"])
def test_what_says_nothing_is_answered_with_examples(words: str) -> None:
    with pytest.raises(InvalidInput, match="users 4,000 in EU"):
        understood(words)


def test_what_is_written_down_is_read_again() -> None:
    for aspect in Aspect:
        assert said(f"{SAID[aspect]}4,000: in EU") == (aspect, "4,000: in EU")
    assert said("impact began") is None
    assert all(understood(example) for example in EXAMPLES.values())
