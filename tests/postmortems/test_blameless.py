"""Postmortems ask what made it possible, not who."""

import pytest

from bot.postmortems.blameless import ABOUT_A_PERSON, JUDGES, NOT_KNOWN_THEN, Finding, look

PEOPLE = ("Bo Lindqvist", "Ana Silva")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("we should have tested it", [Finding("should have tested", NOT_KNOWN_THEN)]),
        ("It could've been seen in the canary", [Finding("could've been", NOT_KNOWN_THEN)]),
        ("this was human error, obviously", [Finding("human error", JUDGES), Finding("obviously", JUDGES)]),
        ("if only the limit had been known", [Finding("if only", NOT_KNOWN_THEN)]),
        ("an avoidable outage by a lazy review", [Finding("avoidable", JUDGES), Finding("lazy", JUDGES)]),
        ("Bo forgot the flag", [Finding("Bo forgot", ABOUT_A_PERSON)]),
        ("down because of @Bo Lindqvist", [Finding("because of @Bo Lindqvist", ABOUT_A_PERSON)]),
        ("Ana clearly missed the alert", [Finding("Ana clearly missed", ABOUT_A_PERSON)]),
    ],
)
def test_what_looks_for_who_is_found_with_what_to_write_instead(text: str, expected: list[Finding]) -> None:
    assert list(look(text, PEOPLE)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Bo rolled back to v41, and Ana paged storage",
        "the pool failed to grow because the limit was 20",
        "we should have an alarm, and should add a canary",
        "it would have been worse at noon",
        "boskos forgot its leases",
        "the connection is opened lazily, and only if the flag is on",
        "",
    ],
)
def test_what_tells_what_happened_is_left_alone(text: str) -> None:
    assert look(text, PEOPLE) == ()
