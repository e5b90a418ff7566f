"""Markdown that people wrote → HTML that is safe to show."""

from collections.abc import Mapping

TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
TAGS = TABLES | {"h1", "h2", "h3", "p", "ul", "ol", "li", "strong", "em", "code", "a", "blockquote", "hr", "br"}
ATTRIBUTES: Mapping[str, set[str]] = {"a": {"href", "title"}}


def to_html(markdown: str) -> str:
    """Markdown as an HTML fragment that is safe to show: no HTML of its own, no script, no image, links to the web alone."""
    import nh3  # these two are needed once an incident, and not while the process starts
    from markdown_it import MarkdownIt

    rendered: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return nh3.clean(rendered, tags=TAGS, attributes={tag: set(names) for tag, names in ATTRIBUTES.items()}, url_schemes={"http", "https"})
