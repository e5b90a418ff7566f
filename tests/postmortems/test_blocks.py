"""What Slack is shown of postmortems fits what Slack takes, whatever is in the document."""

from datetime import UTC, date, datetime

import pytest

from bot.postmortems import blocks
from bot.postmortems.merging import blocks as blocks_of
from bot.postmortems.merging import sections, tidy
from bot.postmortems.models import Postmortem, PostmortemConflict
from bot.postmortems.states import PostmortemState
from tests.incidents.blockkit import problems_of_message, problems_of_modal
from tests.incidents.test_blocks import HOSTILE

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
URL = "https://tocsin.example/postmortems/1?k=" + "x" * 200


def document(markdown: str = "# A\n", **more: object) -> Postmortem:
    values = {"incident_id": 1, "markdown": markdown, "generated": markdown, "html": "", "drafted_at": NOW, "changed_at": NOW, "version": 7}
    return Postmortem(**{**values, **more})


@pytest.mark.parametrize("words", HOSTILE)
def test_every_message_and_form_fits(words: str) -> None:
    known = document(tidy(f"{words}\n\n## {words}\n\n{words}\n\n## Long\n\n" + "word " * 2000 + "\n\n## Last\n\nthe end"))
    parts = sections(blocks_of(known.markdown))
    conflict = PostmortemConflict(id=9, incident_id=1, standing=words, offered=words * 30, author="ana", block=0, made_at=NOW)
    messages = [
        blocks.draft_buttons(known, URL),
        blocks.review_buttons(known, URL),
        blocks.publish_buttons(known, URL),
        blocks.meeting_button(1, NOW, "Tue 3 Mar 14:00"),
        blocks.conflicts(1, [(conflict, "Ana wrote")] * 12),
    ]
    for message in messages:
        assert problems_of_message([block.to_dict() for block in message]) == []
    short = next(one for one in parts if one.title == "Last")
    for form in (blocks.ask_form(1), blocks.changes_form(1), blocks.choice_form(known, parts, URL), blocks.write_form(1, 7, 0, short)):
        assert problems_of_modal(form.to_dict()) == []


def test_a_part_that_is_too_long_for_a_form_is_left_to_the_page() -> None:
    known = document(tidy("# A\n\n## Long\n\n" + "word " * 2000 + "\n\n## Short\n\nfew words"))
    form = blocks.choice_form(known, sections(blocks_of(known.markdown)), URL).to_dict()
    assert [one["text"]["text"] for one in form["blocks"][0]["element"]["options"]] == ["A", "Short"]
    assert "What is not listed is too long for Slack." in str(form)


@pytest.mark.parametrize(
    ("state", "says"),
    [(PostmortemState.DRAFT, "It is to be in review by Mon 9 Mar."), (PostmortemState.APPROVED, "It is to be published by Mon 9 Mar.")],
)
def test_what_is_owed_is_said_in_a_sentence(state: PostmortemState, says: str) -> None:
    assert blocks.owed(document(state=state, due_on=date(2026, 3, 9))) == says
    assert blocks.owed(document(state=state)) == ""
