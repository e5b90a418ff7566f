"""Whatever people wrote, a postmortem shows it and does nothing with it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.incidents.accounts import Account
from bot.incidents.impact import Aspect
from bot.incidents.lifecycle import IncidentState, Milestone, MilestoneKind
from bot.incidents.severity import Severity
from bot.postmortems.assemble import assemble
from bot.postmortems.document import ActionItem, Attempt, Facts, Responder
from bot.postmortems.impact import Measure
from bot.postmortems.inert import one_line
from bot.postmortems.lines import Entry
from bot.postmortems.material import Material, Section, SectionLine, SharedFile
from bot.postmortems.render import to_markdown
from bot.postmortems.selection import Message
from bot.web.markdown import to_html

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://acme.slack.com/archives/C1/p1772442040000000"
EVERY_KIND = (
    "declared", "severity", "state", "paged", "acknowledged", "escalated", "exhausted", "mitigated", "reopened", "run", "told", "notice",
    "overdue", "role", "impact",
)  # fmt: skip
WHY = re.compile(r"weight -?\d+: [a-z; ]+")
IMPACT = dict.fromkeys(Severity, "total outage")
HOSTILE = (
    "<!channel> <!here> <@U1>",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ 7*7 }} {% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %} {# no #}",
    "x" * 40_000,
    "\u202egnp.exe \u2067مرحبا\u2069 שלום",
    "🔥👩‍👩‍👧‍👦🇵🇹" * 20,
    "# not a heading\n- not a list\n| not | a table |\n```\nnot code",
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png) <https://evil.example>",
    "]( https://evil.example ) **bold** _it_ `code` ~~gone~~ https://evil.example www.evil.example",
    "&lt;b&gt; &amp; \\* \x00\x07\x1b[31m",
    "---\n===\n1. one\n> quote\n    code",
)


def material(text: str) -> Material:
    """A document in which everything that people can write says `text`."""
    facts = Facts(1, text, IncidentState.RESOLVED, Severity.SEV1, text, text, START, service=text)
    entries = [Entry(kind, text, text, START, START + timedelta(hours=1), None) for kind in ("note", "update", "resolved")]
    messages = [Message(START.timestamp(), text, text, url=URL, thread="1", is_marked=True, is_pinned=True, reacted=(text,))]
    entries += [Entry(kind, text, text, START, START) for kind in EVERY_KIND]
    told = (Account(START, text, URL, True, text), Account(START, text, "/runs/1", False, text))
    measures = [Measure(Aspect.USERS, text, URL), Measure(Aspect.BUDGET, trouble=text)]
    document = assemble(
        facts, [Milestone(MilestoneKind.DECLARED, START, START)], entries, messages, [Responder(text, (text,), START)],
        [ActionItem(text, text, text)], attempts=[Attempt(text, text, START, text, text, text)],
        alerts=told, runs=told, measures=measures,
    )  # fmt: skip
    section = Section("Elsewhere", (SectionLine(START, text),))
    files = (SharedFile(START, text, text, "/attachments/1/1-x.png", is_image=True), SharedFile(START, text, text, "", remark=text))
    return Material(document, sections=(section,), files=files)


WORDED = ("title", "alt")


class Shape(HTMLParser):
    """The tags of a page with their attributes, and its text. A link's title says why it is there, in our own words alone."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.titles: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.titles += [value or "" for name, value in attrs if name == "title"]
        self.tags.append((tag, tuple(one for one in attrs if one[0] not in WORDED)))

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(text: str) -> tuple[str, Shape]:
    markdown = to_markdown(material(text), IMPACT)
    return markdown, Shape(to_html(markdown))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_shown_and_does_nothing(text: str) -> None:
    markdown, page = rendered(text)
    assert page.tags == rendered("harmless")[1].tags, "no tag, no attribute and no link comes from what people wrote"
    assert all(WHY.fullmatch(title) for title in page.titles)
    assert one_line(text) in page.text, "and yet they read their own words"
    assert not {"<!", "<@", "<script"} & {markdown[at : at + 2] for at in range(len(markdown))} and "<script" not in markdown


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60) | st.text(alphabet="<>&*_`[]()!#|\\{}%~-=+.1 \n@:/'\"", max_size=40))
def test_no_text_whatever_changes_the_shape_of_the_document(text: str) -> None:
    if one_line(text):
        markdown, page = rendered(text)
        assert page.tags == rendered("harmless")[1].tags
        assert markdown.count("\n") == rendered("harmless")[0].count("\n")


def test_forty_thousand_characters_are_cut_and_that_is_said() -> None:
    markdown, _ = rendered("x" * 40_000)
    assert "38,000 more characters left out" in markdown
    assert len(markdown) < 150_000


def test_a_direction_override_ends_where_the_text_ends() -> None:
    markdown, page = rendered("\u202egnp.exe")
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068") & set(markdown + page.text)


def test_the_same_material_in_any_order_is_the_same_document() -> None:
    entries = [Entry("note", f"note {n}", "Ana", START + timedelta(seconds=n % 3), START, None) for n in range(9)]
    messages = [Message(START.timestamp() + n % 3, "Bo", f"message {n}", url=f"{URL}{n}") for n in range(9)]
    facts = Facts(1, "t", IncidentState.RESOLVED, Severity.SEV2, "because", "Kim", START)
    documents = set()
    for seed in range(5):
        shuffled = Random(seed)
        shuffled.shuffle(entries)
        shuffled.shuffle(messages)
        documents.add(to_markdown(Material(assemble(facts, [], entries, messages)), IMPACT))
    assert len(documents) == 1


def test_a_private_incident_says_so_and_a_document_without_anything_is_whole() -> None:
    facts = Facts(1, "t", IncidentState.RESOLVED, Severity.SEV2, "because", "Kim", START)
    markdown = to_markdown(Material(assemble(replace(facts, is_private=True), [], [])), IMPACT)
    assert "**Private.**" in markdown
    for sentence in ("Nobody took a part.", "Nobody was paged.", "No status update was sent.", "None was recorded."):
        assert sentence in markdown


def test_of_a_thousand_messages_the_weightiest_are_lines_and_the_others_are_folded_with_a_link() -> None:
    talk = ("rolled back to v41", "hm", "errors are at 2 %", "lunch?", "who is on it?")
    messages = [Message(START.timestamp() + n * 20, "Bo", talk[n % len(talk)], url=f"{URL}{n}") for n in range(1000)]
    facts = Facts(1, "t", IncidentState.RESOLVED, Severity.SEV2, "because", "Kim", START)
    document = assemble(facts, [], [], messages)
    page = Shape(to_html(to_markdown(Material(document), IMPACT).partition("## Timeline")[2]))
    lines = [line for line in document.timeline if line.kind == "message"]
    folded = [line for line in document.timeline if line.kind == "folded"]
    assert len(lines) + sum(int(line.what.partition(" ")[0]) for line in folded) == 1000
    assert len(lines) == 400
    assert sum(tag == "a" for tag, _ in page.tags) == len(document.timeline)
