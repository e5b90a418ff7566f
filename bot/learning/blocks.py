"""How what was learnt looks in Slack."""

from collections.abc import Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from bot.learning import wording
from bot.learning.report import Report
from bot.learning.tags import Suggestion
from bot.learning.words import Piece
from bot.slack.replies import Say
from bot.slack.text import HEADER_LIMIT, clamp, escape, link

TAG = "learning.tag"
SUGGESTED = 5
LINE = 900
"""Characters of a sentence: titles and names in it are other people's."""


def report(found: Report, page: str, pdf: str) -> tuple[str, list[Block]]:
    """The report as a post: its sentences, and the way to all of it."""
    title = f"Incidents of {found.quarter.name}: {found.scope}{' (so far)' if found.is_running else ''}"
    sentences = "\n".join(f"• {clamp(escape(sentence), LINE)}" for sentence in wording.headlines(found))
    ways = " · ".join([link(page, "All of it"), *([link(pdf, "as PDF")] if pdf else [])])
    return title, [
        HeaderBlock(text=PlainTextObject(text=clamp(title, HEADER_LIMIT), emoji=False)),
        SectionBlock(text=MarkdownTextObject(text=clamp(sentences))),
        ContextBlock(elements=[MarkdownTextObject(text=ways)]),
    ]


def tags(number: int, has: str, fitting: Sequence[Suggestion], others: Sequence[str]) -> Say:
    """What an incident is tagged, what may fit with why, each with its button, and what else there is."""
    lines = [f"• `{escape(one.tag)}`: {clamp(escape(one.why), 200)}" for one in fitting[:SUGGESTED]]
    more = f"To set one: `/inc postmortem tag {others[0]}`. There is also: {', '.join(others)}." if others else ""
    text = "\n".join([has, *(["What may fit, by what was written down:", *lines] if lines else []), *([more] if more else [])])
    shown: list[Block] = [SectionBlock(text=MarkdownTextObject(text=clamp(text)))]
    if fitting:
        buttons = [
            ButtonElement(text=one.tag.capitalize(), action_id=f"{TAG}:{place}", value=f"{number}:{one.tag}")
            for place, one in enumerate(fitting[:SUGGESTED])
        ]
        shown.append(ActionsBlock(elements=buttons))
    return Say(text, blocks=shown)


def marked(pieces: Sequence[Piece]) -> str:
    """A snippet in mrkdwn, what was looked for in bold."""
    return "".join(f"*{escape(piece.text)}*" if piece.is_marked else escape(piece.text).replace("*", "∗") for piece in pieces)
