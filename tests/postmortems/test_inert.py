"""Hostile text in a Markdown document: shown, and nothing else."""

import html
import re

import nh3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import Environment
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.postmortems.inert import escape_markdown, one_line

# HTML is let through on purpose: the escaping must not lean on the renderer being careful.
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
CONTEXTS = [
    "{}",
    "- {}",
    "1. {}",
    "> {}",
    "## {}",
    "**{}**",
    "- `12:00` {} ([link](https://x.invalid/a))",
    "| a | b |\n|---|---|\n| {} | x |",
]
HOSTILE = [
    "<script>alert(1)</script>",
    "<!channel> <!here> <@U123> <https://evil.invalid|click>",
    "{{ config }} {% raw %} {# x #} {{ ''.__class__ }}",
    "| cells | | here |",
    "``` code ``` `x` ~~~",
    "[x](javascript:alert(1)) ![i](http://evil.invalid/x.png) <http://a.invalid>",
    "# heading\n\n- list\n1. one\n> quote\n---\n***\n===",
    "    indented code",
    "1) one",
    "- minus",
    "+ plus",
    "&lt;script&gt; &#60; &amp;",
    "\\*not escaped\\* \\",
    "a\u202etxt.exe\u2066b\u2069",
    "nul \0 bell \a \x1b[31m",
    "lone \ud800 surrogate",
    "**bold** _it_ ~~gone~~ <b onmouseover=x>",
    "שלום مرحبا 🔥👨‍👩‍👧 ｆｕｌｌ",
    "line\u2028sep\u2029para\x85nel",
    "[ref]: http://evil.invalid\n[ref]",
    "<!-- comment --> <?php ?> <![CDATA[x]]>",
]


def kinds(tokens: list[Token]) -> list[str]:
    """The structure of a document: every block and every inline element but text."""
    found = []
    for token in tokens:
        found.append(token.type)
        found.extend(child.type for child in token.children or [] if child.type not in {"text", "text_special"})
    return found


def text_of(tokens: list[Token]) -> str:
    return "".join(child.content for token in tokens for child in token.children or [])


@pytest.mark.parametrize("context", CONTEXTS)
@given(st.text(max_size=80) | st.text("\\`*_{}[]()#+-.!|<>&~=:/@ \n\t0189ab", max_size=40) | st.sampled_from(HOSTILE))
@example("1.")
@example("=")
@example("\\|")
def test_it_adds_nothing_to_the_document_but_its_own_words(context: str, text: str) -> None:
    escaped = escape_markdown(text)
    if not escaped:
        return
    expected = kinds(MARKDOWN.parse(context.format("word")))
    tokens = MARKDOWN.parse(context.replace("{}", escaped))
    assert kinds(tokens) == expected
    shown = text_of(tokens)
    assert shown == text_of(MARKDOWN.parse(context.format("\uffff"))).replace("\uffff", one_line(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_as_html_nothing_of_it_is_markup(text: str) -> None:
    rendered = MARKDOWN.render("- " + escape_markdown(text))
    assert html.unescape(nh3.clean(rendered)) == html.unescape(rendered)  # nothing was there to be taken out
    assert set(re.findall(r"<(\w+)", rendered)) == {"ul", "li"}


@given(st.text(max_size=60) | st.text("{}%#-+ \\", max_size=8) | st.sampled_from(HOSTILE))
def test_a_template_read_twice_runs_nothing(text: str) -> None:
    escaped = escape_markdown(text)
    environment = Environment(autoescape=False, keep_trailing_newline=True)
    assert environment.from_string(escaped).render() == escaped
    assert "<" not in escaped


@given(st.text(max_size=200))
def test_it_is_one_line_without_anything_that_reorders_it(text: str) -> None:
    escaped = escape_markdown(text)
    assert len(escaped.splitlines()) <= 1
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\0]", escaped)
    escaped.encode()


def test_forty_thousand_characters_are_cut_and_say_so() -> None:
    shown = one_line("x" * 40_000)
    assert shown == "x" * 2_000 + " … (38,000 more characters left out)"
    assert one_line("x" * 2_000) == "x" * 2_000


def test_lines_and_emoji_stay_readable() -> None:
    assert escape_markdown("rolled back\n\n  watching 👨‍👩‍👧 for 30m") == "rolled back ⏎ watching 👨‍👩‍👧 for 30m"
    assert escape_markdown("50 % of carts (EU)") == "50 % of carts \\(EU\\)"
