"""What is printed of a document: all of it but the long tail of its timeline, and a sentence about what was left out."""

import re
from collections.abc import Sequence

PRINTED = 300
"""Lines of a timeline on paper: about ten pages. More are read on the page, where they can be searched."""
UNWEIGHED = 5
"""What a line counts that says no weight: it was written down, not said."""
FOLD = 0
_WEIGHT = re.compile(r'"weight (\d+):')
_HEADING = re.compile(r"#{1,6} ")


def for_print(markdown: str, most: int = PRINTED) -> tuple[str, int]:
    """The document with at most so many lines of its timeline, the weightiest, and how many were left out."""
    lines = markdown.splitlines()
    first = next((place for place, line in enumerate(lines) if line.strip() == "## Timeline"), len(lines)) + 1
    last = next((place for place in range(first, len(lines)) if lines[place].startswith("## ")), len(lines))
    told = [place for place in range(first, last) if lines[place].startswith("- ")]
    if len(told) <= most:
        return markdown, 0
    kept = set(sorted(told, key=lambda place: (-_weight(lines[place]), place))[:most])
    told_here = [line for place, line in enumerate(lines[first:last], first) if place in kept or not line.startswith("- ")]
    return "\n".join([*lines[:first], *_without_empty_days(told_here), *lines[last:]]) + "\n", len(told) - most


def _weight(line: str) -> int:
    found = _WEIGHT.search(line)
    return int(found[1]) if found else FOLD if line.endswith("*") and "more message" in line else UNWEIGHED


def _without_empty_days(lines: Sequence[str]) -> list[str]:
    """The lines without headings that nothing follows any more."""
    kept: list[str] = []
    for line in (*lines, "## "):
        if _HEADING.match(line):
            while kept and (not kept[-1].strip() or kept[-1].startswith("### ")):
                if kept.pop().startswith("### "):
                    break
            if kept and kept[-1].strip():
                kept.append("")
        kept.append(line)
    return kept[:-1]
