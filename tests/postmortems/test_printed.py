"""On paper: the timeline capped with what was left out said, tables whole, pages numbered, nothing raw."""

from datetime import UTC, datetime

import pypdfium2
import pytest

from bot.incidents.lifecycle import IncidentState
from bot.incidents.models import Incident
from bot.postmortems.models import PostmortemPicture
from bot.postmortems.paper import Paper
from bot.postmortems.printed import for_print
from bot.press.press import Press

T = datetime(2026, 3, 2, 9, tzinfo=UTC)
HEAD = (
    "# Postmortem of #7: checkout\n\n| | |\n| --- | --- |\n| Severity | SEV1 |\n\n"
    "## Action items\n\n- not a line of the timeline\n\n## Timeline\n\nIn order.\n"
)


def line(minute: int, weight: int | None = None) -> str:
    when = f"09:{minute:02}:00" if weight is None else f'[09:{minute:02}:00](https://x.example "weight {weight}: says so")'
    return f"- {when} **Ana**: did {minute}"


def test_the_weightiest_lines_are_printed_and_days_without_any_are_gone() -> None:
    days = [
        "\n### Monday, 2026-03-02\n", line(0), line(1, 1), line(2, 9),
        "\n### Tuesday, 2026-03-03\n", line(3, 1), "- 09:04:00 *7 more messages (Bo)*",
        "\n### Wednesday, 2026-03-04\n", line(5, 2), line(6),
        "\n## Left out\n\n- 3 messages were deleted",
    ]  # fmt: skip
    text, left_out = for_print(HEAD + "\n".join(days), 3)
    assert left_out == 4
    assert [one for one in text.splitlines() if one.startswith(("- ", "#"))] == [
        "# Postmortem of #7: checkout", "## Action items", "- not a line of the timeline", "## Timeline",
        "### Monday, 2026-03-02", line(0), line(2, 9), "### Wednesday, 2026-03-04", line(6), "## Left out", "- 3 messages were deleted",
    ]  # fmt: skip


@pytest.mark.parametrize("markdown", ["", "# A title", HEAD, HEAD + "\n".join(line(n) for n in range(3))])
def test_what_is_short_is_printed_as_it_is(markdown: str) -> None:
    assert for_print(markdown, 3) == (markdown, 0)


async def test_the_pdf_has_its_title_numbered_pages_whole_lines_and_says_what_it_lacks() -> None:
    incident = Incident(
        id=7, title="checkout & co", state=IncidentState.RESOLVED, severity=1, rule="x", is_confirmed=True, is_private=True, origin="slack",
        declared_by="kim", declared_at=T,
    )  # fmt: skip
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="576pt" height="300pt"><rect width="576" height="300" fill="#0000ff"/></svg>'
    picture = PostmortemPicture(incident_id=7, facts="", words="A <picture> in words.", svg=svg, drawn_at=T)
    told = "\n### Monday, 2026-03-02\n\n" + "\n".join(line(n % 60, n % 5) for n in range(400))
    made = await Paper(Press()).pdf(incident, "Draft, version 3", HEAD + told, picture, "https://tocsin.example/postmortems/7?k=abc")
    pdf = pypdfium2.PdfDocument(made)
    texts = [page.get_textpage().get_text_bounded() for page in pdf]
    assert pdf.get_metadata_dict()["Title"] == "Postmortem of #7: checkout & co"
    assert all(f"{number} of {len(texts)}" in text for number, text in enumerate(texts, 1))
    assert all("Private" in text and "Draft, version 3" in text for text in texts)
    assert all("Postmortem of #7" in text for text in texts[1:]), "each page says what it is of"
    whole = " ".join(" ".join(texts).split())
    assert "100 others are left out. All of it: the page of this postmortem" in whole
    assert "**" not in whole and "weight 4" not in whole and "###" not in whole
    assert whole.count("did ") == 300
    blue = pdf[0].render().to_pil().convert("RGB").getcolors(1 << 24)
    pdf.close()
    assert blue and max(count for count, colour in blue if colour == (0, 0, 255)) > 50_000, "the picture is as wide as the page"
