"""Markdown that people wrote → HTML that is safe to show."""

from collections.abc import Mapping
from types import MappingProxyType

TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
TAGS = TABLES | {"h1", "h2", "h3", "p", "ul", "ol", "li", "strong", "em", "code", "a", "blockquote", "hr", "br"}
MARKED = ("paragraph_open", "heading_open", "list_item_open", "tr_open", "blockquote_open", "fence", "code_block")
"""What can be a block of its own, as the parser calls it."""
MARK = "data-block"
NO_MARKS: Mapping[int, int] = MappingProxyType({})
ATTRIBUTES: Mapping[str, set[str]] = {"a": {"href", "title"}}


def to_html(markdown: str, marks: Mapping[int, int] = NO_MARKS) -> str:
    """Markdown as an HTML fragment that is safe to show: no HTML of its own, no script, no image, links to the web alone.

    What begins on a line of `marks` (0 is the first) carries its number there as `data-block`.
    """
    import nh3  # these two are needed once an incident, and not while the process starts
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens, left = reader.parse(markdown), dict(marks)
    for token in tokens:
        if left and token.map is not None and token.type in MARKED and token.map[0] in left:
            token.attrSet(MARK, str(left.pop(token.map[0])))
    rendered: str = reader.renderer.render(tokens, reader.options, {})
    attributes = {tag: {*ATTRIBUTES.get(tag, ()), *([MARK] if marks else [])} for tag in TAGS}
    return nh3.clean(rendered, tags=TAGS, attributes=attributes, url_schemes={"http", "https"})
