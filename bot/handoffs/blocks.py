"""How a hand-off looks in Slack."""

from collections.abc import Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    InputBlock,
    MarkdownTextObject,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.handoffs.note import Section, as_text
from bot.slack.text import clamp

CONFIRM, ADD_WORDS, WORDS = "handoff.confirm", "handoff.add", "handoff.words"
TAKE, DECLINE = "handover.take", "handover.decline"
LONGEST = 2000


def note(intro: str, sections: Sequence[Section], handoff_id: int, *, is_incoming: bool) -> list[Block]:
    """The note: who comes and who leaves, what there is, and the one thing to press."""
    label, action = ("I have it", CONFIRM) if is_incoming else ("Add something", ADD_WORDS)
    button = ButtonElement(text=label, action_id=action, value=str(handoff_id), style="primary" if is_incoming else None)
    parts: list[Block] = [SectionBlock(text=MarkdownTextObject(text=clamp(intro)))]
    parts.append(SectionBlock(text=MarkdownTextObject(text=clamp(as_text(sections)))))
    return [*parts, ActionsBlock(elements=[button])]


def nudge(text: str, handoff_id: int) -> list[Block]:
    """The question once more."""
    button = ButtonElement(text="I have it", action_id=CONFIRM, value=str(handoff_id), style="primary")
    return [SectionBlock(text=MarkdownTextObject(text=clamp(text))), ActionsBlock(elements=[button])]


def words_form(handoff_id: int, words: str) -> View:
    """What whoever leaves wants to add."""
    field = PlainTextInputElement(action_id="value", multiline=True, max_length=LONGEST, initial_value=words or None, focus_on_load=True)
    return View(
        type="modal",
        callback_id=WORDS,
        private_metadata=str(handoff_id),
        title=PlainTextObject(text="Hand-off"),
        submit=PlainTextObject(text="Send"),
        close=PlainTextObject(text="Cancel"),
        blocks=[InputBlock(block_id="words", label="What should they know?", element=field)],
    )


def handover(intro: str, told: str, handover_id: int) -> list[Block]:
    """The command, offered: who offers it, where the incident stands, and the two things to press."""
    take = ButtonElement(text="I have it", action_id=TAKE, value=str(handover_id), style="primary")
    decline = ButtonElement(text="I cannot", action_id=DECLINE, value=str(handover_id))
    parts: list[Block] = [SectionBlock(text=MarkdownTextObject(text=clamp(text))) for text in (intro, told)]
    return [*parts, ActionsBlock(elements=[take, decline])]
