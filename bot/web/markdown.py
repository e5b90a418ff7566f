"""Markdown that people wrote → HTML that is safe to show."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
TAGS = TABLES | {"h1", "h2", "h3", "p", "ul", "ol", "li", "strong", "em", "code", "a", "blockquote", "hr", "br", "img"}
MARKED = ("paragraph_open", "heading_open", "list_item_open", "tr_open", "blockquote_open", "fence", "code_block")
"""What can be a block of its own, as the parser calls it."""
MARK = "data-block"
NO_MARKS: Mapping[int, int] = MappingProxyType({})
ATTRIBUTES: Mapping[str, set[str]] = {"a": {"href", "title"}, "img": {"src", "alt"}, "h2": {"id"}, "li": {"id"}}
OUR_FILES = "/attachments/"
"""Pictures are shown from here alone: one from elsewhere would tell its owner who reads."""
ANCHOR = re.compile(r"#([a-z0-9][a-z0-9-]*)")


def to_html(markdown: str, marks: Mapping[int, int] = NO_MARKS) -> str:
    """Markdown as an HTML fragment that is safe to show: no HTML of its own, no script, no picture from elsewhere, links to the web alone.

    A heading is known by its words (`#what-happened`), and a list item that begins with a link to `#something` by that.
    What begins on a line of `marks` (0 is the first) carries its number there as `data-block`.
    """
    import nh3  # these two are needed once an incident, and not while the process starts
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens, left = reader.parse(markdown), dict(marks)
    for place, token in enumerate(tokens):
        if left and token.map is not None and token.type in MARKED and token.map[0] in left:
            token.attrSet(MARK, str(left.pop(token.map[0])))
        if name := _known_as(token, tokens[place + 1 : place + 3]):
            token.attrSet("id", name)
    rendered: str = reader.renderer.render(tokens, reader.options, {})
    attributes = {tag: {*ATTRIBUTES.get(tag, ()), *([MARK] if marks else [])} for tag in TAGS}
    return nh3.clean(rendered, tags=TAGS, attributes=attributes, url_schemes={"http", "https"}, attribute_filter=_only_ours)


def slug(heading: str) -> str:
    """`What happened` → `what-happened`, as those who host Markdown call it, too."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def _known_as(token: "Token", following: "Sequence[Token]") -> str:
    """What a link within the document can call this: a heading's words, or the address with which a list item begins; "" for the rest."""
    inline = next((one for one in following if one.type == "inline"), None)
    if inline is None:
        return ""
    if token.type == "heading_open" and token.tag == "h2":
        return slug(inline.content)
    first = inline.children[0] if token.type == "list_item_open" and inline.children else None
    found = ANCHOR.fullmatch(str(first.attrGet("href"))) if first is not None and first.type == "link_open" else None
    return found[1] if found else ""


def _only_ours(tag: str, attribute: str, value: str) -> str | None:
    return None if (tag, attribute) == ("img", "src") and not value.startswith(OUR_FILES) else value
