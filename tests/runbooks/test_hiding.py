"""Secrets never leave: whatever stands around them, and however what holds them is cut."""

import itertools
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.runbooks.hiding import MASK, SHORTEST, Hiding
from bot.runbooks.output import HEAD, PIECE, TAIL, printed

SECRET = 's3cr"et \\7391'
LINES = "-----BEGIN KEY-----\nMIIEowIBAAKC7391\n-----END KEY-----"


def test_a_value_is_hidden_as_it_is_as_json_writes_it_and_line_by_line() -> None:
    hiding = Hiding([SECRET, LINES])
    shown = hiding.text(f"{SECRET} {json.dumps(SECRET)} {json.dumps(LINES)} >{LINES.splitlines()[1]}<")
    assert "7391" not in shown
    assert hiding.content(SECRET.encode()).decode() == MASK


def test_what_is_too_short_to_be_a_secret_stays_readable() -> None:
    assert Hiding(["on", "8080", ""]).text("turned on at 8080") == "turned on at 8080"


@given(st.lists(st.text(min_size=SHORTEST, max_size=30), min_size=1, max_size=5), st.lists(st.text(max_size=20), max_size=5))
def test_no_value_is_ever_left_whatever_stands_around_it(values: list[str], words: list[str]) -> None:
    hiding = Hiding(values)
    text = "|".join([*words, *values, *words])
    assert not any(form in hiding.text(text).replace(MASK, "") for form in hiding.values)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 3 * PIECE), min_size=1, max_size=6),
    st.lists(st.integers(PIECE // 2, 4 * PIECE), min_size=1, max_size=6),
)
def test_output_that_is_read_while_it_grows_never_shows_half_a_secret(lengths: list[int], steps: list[int]) -> None:
    hiding, line, content = Hiding([SECRET]), 0, b""
    while len(content) < 4 * PIECE:
        length = lengths[line % len(lengths)]
        filling = "é" * (length // 2)
        content += f"{filling}{SECRET}{filling[: line % 7]}\n".encode()
        line += 1
    with tempfile.TemporaryDirectory() as folder:
        log, after, shown = Path(folder) / "stdout", 0, ""
        ends = itertools.accumulate(itertools.cycle(steps))
        for size in (*itertools.takewhile(lambda end: end < len(content), ends), len(content)):
            log.write_bytes(content[:size])
            for piece in printed(log, after, hiding, is_over=size == len(content)):
                assert piece.start == after
                after, shown = piece.end, shown + piece.text
    assert shown == content.decode().replace(SECRET, MASK)


def test_of_too_much_the_beginning_and_the_end_are_read_and_no_secret_at_the_cut(tmp_path: Path) -> None:
    log = tmp_path / "stdout"
    for shift in (0, 5, 11):
        log.write_bytes(b"first\n" + b"x" * shift + SECRET.encode() * 180_000 + b"\nlast\n")
        pieces = printed(log, 0, Hiding([SECRET]), is_over=True)
        text = "".join(piece.text for piece in pieces)
        assert text.startswith("first\n")
        assert text.endswith("\nlast\n")
        assert set(text.replace(MASK, "").replace("\n", "")) <= set("firstlax")
        assert sum(piece.end - piece.start for piece in pieces) <= HEAD + TAIL
