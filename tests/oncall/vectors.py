"""`python -m tests.oncall.vectors FILE`: ask our schedules what other projects assert of theirs, and print every disagreement.

The last line is `agree N of M`. Where engines differ on purpose the vector says so in a tag; those we decided otherwise stand in
`POLICY`, and are printed with that tag.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.oncall.schedule import who
from tests.oncall.translate import Raw, moment, schedule

POLICY = {
    "before-start": "before its start a rotation has nobody on call",
    "policy-choice": "monthly turns on the 31st change on the last day of shorter months",
}
"""What we decided where a vector's tag says that engines differ."""


@dataclass(frozen=True)
class Answer:
    """One query, and what we answer."""

    vector: str
    at: str
    expected: Sequence[str]
    found: Sequence[str]
    tag: str | None

    @property
    def agrees(self) -> bool:
        return list(self.expected) == list(self.found)

    def __str__(self) -> str:
        why = f" (policy choice, tag {self.tag}: {POLICY[self.tag]})" if self.tag else ""
        return f"{self.vector} at {self.at}: expected {self.expected}, found {self.found}{why}"


def answers(vector: Raw) -> Iterator[Answer]:
    """Our answers to the queries of a vector."""
    tag = next((one for one in vector.get("tags", ()) if one in POLICY), None)
    try:
        definition, overrides = schedule(vector)
    except (NotImplementedError, KeyError, ValueError) as error:  # a form we do not know is a disagreement, not a crash
        yield from (
            Answer(vector["id"], query["at"], sorted(query["expect"]), (f"cannot be translated: {error!r}",), None)
            for query in vector["queries"]
        )
        return
    for query in vector["queries"]:
        found = sorted(who(definition, overrides, moment(query["at"])).people)
        yield Answer(vector["id"], query["at"], sorted(query["expect"]), found, tag)


def main(path: Path) -> int:
    """Print the disagreements of a file of vectors; 1 when there are any that are no policy choice."""
    found = [answer for vector in json.loads(path.read_text()) for answer in answers(vector)]
    wrong = [answer for answer in found if not answer.agrees]
    for answer in wrong:
        print(answer)
    print(f"agree {len(found) - len(wrong)} of {len(found)}")
    return 1 if any(answer.tag is None for answer in wrong) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
