"""What the end of an update promises."""

from datetime import timedelta

import pytest

from bot.incidents.promises import promised


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("rollback done, watching next 30m", 30),
        ("rollback done. Next update in 20 min.", 20),
        ("watching, next in 2h", 120),
        ("watching, next 1h30m", 90),
        ("NEXT UPDATE 45 minutes", 45),
        ("next 24h", 1440),
        ("x" * 40_000 + " next 15m", 15),
    ],
)
def test_a_promise(text: str, minutes: int) -> None:
    assert promised(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text", ["", "rollback done", "next", "next 0m", "next 30m we look again", "next 99h", "the next 3 hosts", "context 30m", "next 5"]
)
def test_no_promise(text: str) -> None:
    assert promised(text) is None
