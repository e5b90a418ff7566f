"""The documents of two real incidents, from their channels alone: reviewed files, the same to the byte."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.timeline import as_said
from bot.incidents.lifecycle import IncidentState, Milestone, MilestoneKind
from bot.incidents.severity import Severity
from bot.postmortems.assemble import assemble
from bot.postmortems.document import Facts
from bot.postmortems.material import Material, Permalinks
from bot.postmortems.render import to_markdown
from bot.web.markdown import to_html

DATA = Path("tests/data")
IMPACT = dict.fromkeys(Severity, "major degradation")


def document(name: str) -> str:
    raw = json.loads((DATA / "timelines/slack-channels-with-human-timeline.json").read_text())[name]["messages"]
    urls = Permalinks("https://kubernetes.slack.example/")
    said = [as_said(one)._replace(at=float(one["ts"]), url=urls.of("C0TESTINGOPS", one["ts"], None)) for one in raw]
    first = datetime.fromtimestamp(min(message.at for message in said), UTC)
    facts = Facts(1, "Prow is down", IncidentState.RESOLVED, Severity.SEV2, "typed by who declared it", said[0].author, first)
    return to_markdown(Material(assemble(facts, [Milestone(MilestoneKind.DECLARED, first, first)], [], said)), IMPACT)


@pytest.mark.parametrize("name", ["2019-02-05", "2019-03-26"])
def test_the_document_of_a_real_channel_is_the_reviewed_one(name: str) -> None:
    markdown = document(name)
    for file, text in ((f"channel-{name}.md", markdown), (f"channel-{name}.html", to_html(markdown))):
        if os.environ.get("GOLDEN") == "write":
            (DATA / "postmortems" / file).write_text(text)
        assert text == (DATA / "postmortems" / file).read_text(), f"see tests/data/postmortems/{file}; GOLDEN=write makes it anew"
