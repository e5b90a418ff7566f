"""Markdown that people keep in files → Slack's own markup. What Slack has no sign for (a table, HTML) comes out as its plain text."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bot.slack.text import escape, link

if TYPE_CHECKING:
    from markdown_it.token import Token

SIGNS = {"strong_open": "*", "strong_close": "*", "em_open": "_", "em_close": "_", "softbreak": " ", "hardbreak": "\n"}
INDENT = "      "
GAPS = re.compile(r"\n{3,}")


def mrkdwn(markdown: str) -> str:
    """The text as Slack shows it: harmless, headings bold, lists with bullets. Of any length: clamp it."""
    from markdown_it import MarkdownIt  # needed when somebody reads a document, and not while the process starts

    return GAPS.sub("\n\n", "\n".join(_blocks(MarkdownIt("commonmark", {"html": False}).parse(markdown)))).strip()


def _blocks(tokens: Sequence["Token"]) -> Iterator[str]:
    lists: list[int | None] = []
    quotes, bullet, is_heading = 0, "", False
    for token in tokens:
        match token.type:
            case "heading_open":
                is_heading = True
                yield ""
            case "heading_close":
                is_heading = False
            case "bullet_list_open":
                lists.append(None)
            case "ordered_list_open":
                lists.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                number = lists[-1]
                bullet = "• " if number is None else f"{number}. "
                lists[-1] = None if number is None else number + 1
            case "blockquote_open":
                quotes += 1
            case "blockquote_close":
                quotes -= 1
            case "inline":
                text = _inline(token.children or ())
                shown = f"*{text.replace('*', '')}*" if is_heading else text
                yield f"{'> ' if quotes else ''}{INDENT * (len(lists) - 1)}{bullet}{shown}"
                bullet = ""
            case "fence" | "code_block":
                yield f"```\n{escape(token.content).replace('```', chr(39) * 3)}```"
            case "hr":
                yield "———"
            case "paragraph_close" if not lists:
                yield ""


def _inline(tokens: Sequence["Token"]) -> str:
    said, label, address = "", None, ""
    for token in tokens:
        if token.type == "link_open":
            address, label = str(token.attrs.get("href", "")), ""
            continue
        if token.type == "link_close":
            is_web = address.startswith(("http://", "https://"))
            said, label = said + (link(address, label or address) if is_web else escape(label or "")), None
            continue
        if label is not None:
            label += token.content or SIGNS.get(token.type, "").strip("*_")
        elif token.type == "code_inline":
            said += f"`{escape(token.content)}`"
        else:
            said += SIGNS[token.type] if token.type in SIGNS else escape(token.content)
    return said
