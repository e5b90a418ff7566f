"""Every sentence that we write says where it has that from, and what it names is there."""

import re
from pathlib import Path

import pytest

from bot.web.markdown import to_html

GOLDEN = Path(__file__).parent.parent / "data" / "postmortems"
CITED = re.compile(r"\*\((?P<sources>.*)\)\*(?: \|)?$")
SOURCE = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
OURS = ("Summary", "Impact", "What happened", "Contributing factors", "Detection", "Response", "Mitigation", "What went well",
    "What did not go well", "Where we got lucky", "Updates", "People", "Pictures and files")  # fmt: skip
WAITS = (
    "*To be written",
    "*not known*",
    "*Not known*",
    "Nobody ",
    "No status update",
    "What people said",
    "What was changed",
    "| --- ",
    "| | |",
    "![",
)
"""What waits for people, and what says that there is nothing."""


def sentences(markdown: str) -> list[str]:
    """The lines of the sections that we write, without what waits for people."""
    found, section = [], ""
    for line in markdown.splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif section in OURS and line and not line.startswith(WAITS) and "*not known*" not in line:
            found.append(line)
    return found


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.md")), ids=lambda path: path.stem)
def test_every_sentence_of_ours_cites_something_that_is_there(golden: Path) -> None:
    markdown = golden.read_text()
    anchors = set(re.findall(r' id="([^"]+)"', to_html(markdown)))
    ours = sentences(markdown)
    assert len(ours) > 5
    for line in ours:
        cited = CITED.search(line)
        assert cited, f"no source and no mark: {line}"
        sources = SOURCE.findall(cited["sources"])
        assert sources or cited["sources"] in ("no source", "as told by its pipeline"), line
        for source in sources:
            assert source.startswith(("https://", "/runs/")) or source.removeprefix("#") in anchors, f"{source} leads nowhere: {line}"
