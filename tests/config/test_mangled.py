"""Whatever a file holds, the loader answers with a configuration or with problems that say where; it never falls over."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.config.loader import load
from bot.config.models import Config
from bot.config.reference import models
from bot.errors import ConfigInvalid

SEED = Path(__file__).resolve().parents[2] / "bot" / "sandbox" / "config"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(SEED.glob("*.yaml"))}
SHAPE = re.compile(r"^.+\.yaml:[1-9]\d*: [^\n]+[.?]$")
FREELY = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
PUNCTUATION = (
    "\t",
    ": ",
    "- ",
    "&a ",
    "*a",
    "<<: ",
    "? ",
    "!!int ",
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    "|",
    ">",
    "#",
    "%",
    "@",
    "-",
    "  ",
    "\n",
    "---\n",
    "...",
)
CHARACTERS = ("\x00", "\r", "\x85", "\u2028", "\ufeff", "\ud800", "é", "\U0001f525", '"\\UFFFFFFFF"', '"\\ud800"')
SCALARS = ("~", "null", "1e999", ".inf", ".nan", "0x1F", "9" * 5000, "2026-13-45", "id: x\n")
SNIPPETS = st.sampled_from(PUNCTUATION + CHARACTERS + SCALARS)
EDITS = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 30), SNIPPETS | st.text(max_size=6)), min_size=1, max_size=4)


def judged(directory: Path) -> None:
    """Load; problems must have their shape and be printable."""
    try:
        load(directory, {})
    except ConfigInvalid as invalid:
        assert invalid.problems
        for problem in invalid.problems:
            assert SHAPE.match(problem), problem
            problem.encode("utf-8")


@FREELY
@given(name=st.sampled_from(sorted(TEXTS)), edits=EDITS)
def test_edited_files(tmp_path: Path, name: str, edits: list[tuple[int, int, str]]) -> None:
    text = TEXTS[name]
    for start, length, put in edits:
        start %= len(text) + 1
        text = text[:start] + put + text[start + length :]
    for other in TEXTS:
        shutil.copy(SEED / other, tmp_path / other)
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    judged(tmp_path)


KEYS = {field.alias or name for model in (Config, *models(Config)) for name, field in model.model_fields.items()}
WORDS = st.sampled_from(sorted(KEYS | {"ana", "a"}))
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
VALUES = st.recursive(
    PLAIN | st.sampled_from(["ana", "5m", "sev1", "UTC", "../UTC", "America", "primary", "person:ana"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@FREELY
@given(tree=st.dictionaries(WORDS, VALUES, min_size=1, max_size=6))
def test_well_formed_files_of_the_wrong_shape(tmp_path: Path, tree: dict[str, object]) -> None:
    (tmp_path / "all.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8", errors="surrogatepass")
    judged(tmp_path)


@FREELY
@given(content=st.binary(max_size=60))
@example(content=b"\xff\xfe")
@example(content=b'a: "\\UFFFFFFFF"')
@example(content=b"%YAML 9.9\n---\na: b")
@example(content=b"[" * 20000)
@example(content=b"a: " + b"{b: " * 5000)
@example(content=b"&a [*a]")
@example(content=b"a: &b [1]\nc: *b")
@example(content=b"? [a]\n: b")
@example(content=b"people: {ana: {name: A, zone: '\\0'}}")
@example(content=b'people: {ana: {name: A, zone: "\\0"}}')
@example(content=b'people: {"\\ud800": {name: "\\ud800"}}')
@example(content=b"people: {ana: {name: A, rules: {urgent: [{method: sms, after: 999999999w}]}}}")
@example(content=b"policies: {a: {steps: [{after: " + b"9" * 5000 + b"m, targets: [primary]}]}}")
@example(content=b"alerts: {a: {key: abcdefg, routes: [{match_re: {a: '" + b"(" * 3000 + b")" * 3000 + b"'}, team: b}]}}")
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "all.yaml").write_bytes(content)
    judged(tmp_path)


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text("company: Example\n")
    (tmp_path / "big.yaml").write_bytes(b"#" * 4_000_001)
    with pytest.raises(ConfigInvalid, match=r"big\.yaml:1: the file is larger than 4 MB; split it\."):
        load(tmp_path, {})
