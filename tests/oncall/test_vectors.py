"""What other projects' tests assert of their schedules holds for ours, or is a policy that the vector's own tag names."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.oncall.vectors import POLICY, answers

HOUSE = Path(__file__).parents[2]
FILE = HOUSE / "tests" / "data" / "schedules.json"
VECTORS = json.loads(FILE.read_text())
OUR_POLICY = {"GA-ROT-30": "before-start", "GA-ROT-32": "policy-choice"}
"""The short list: which vectors we answer otherwise, each with its own tag."""


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_who_is_on_call_agrees_with_what_others_assert(vector: dict[str, object]) -> None:
    wrong = [answer for answer in answers(vector) if not answer.agrees]
    if vector["id"] in OUR_POLICY:
        assert {answer.tag for answer in wrong} == {OUR_POLICY[str(vector["id"])]}
    else:
        assert not wrong


def test_all_of_them_are_asked() -> None:
    assert sum(len(vector["queries"]) for vector in VECTORS) == 704


def test_the_runner_prints_each_disagreement_and_how_many_agree(tmp_path: Path) -> None:
    lied = next(vector for vector in VECTORS if vector["id"] == "GA-ROT-26")
    lied = {**lied, "queries": [{**lied["queries"][0], "expect": ["C"]}, *lied["queries"][1:]]}
    odd = {**lied, "id": "ODD", "schedule": {**lied["schedule"], "layers": [{"id": "x", "rotation": {"type": "tidal"}}]}}
    files = {"all.json": VECTORS, "lied.json": [lied, odd]}
    found = {}
    for name, vectors in files.items():
        (tmp_path / name).write_text(json.dumps(vectors))
        run = subprocess.run(
            [sys.executable, "-m", "tests.oncall.vectors", str(tmp_path / name)], cwd=HOUSE, capture_output=True, text=True
        )
        found[name] = (run.returncode, run.stdout.splitlines())
    code, lines = found["all.json"]
    assert (code, lines[-1], len(lines)) == (0, "agree 692 of 704", 13)
    assert all(any(f"tag {tag}: {words}" in line for tag, words in POLICY.items()) for line in lines[:-1])
    code, lines = found["lied.json"]
    queries = len(lied["queries"])
    assert (code, lines[-1], len(lines)) == (1, f"agree {queries - 1} of {2 * queries}", queries + 2)
    assert lines[0] == "GA-ROT-26 at 2017-03-12T07:00:00Z: expected ['C'], found ['A']"
