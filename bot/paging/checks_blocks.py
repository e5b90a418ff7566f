"""How a test page, and how people are reached, look in Slack."""

from collections.abc import Sequence

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ContextBlock, MarkdownTextObject, SectionBlock

from bot.paging.models import ContactCheck
from bot.paging.notice import METHOD_NAMES
from bot.paging.states import AttemptState
from bot.slack.text import clamp, escape, link

TEST, ARRIVED, VERIFY = "contact.test", "contact.arrived", "contact.verify"
TEST_PAGE = "*TEST page*: nothing is wrong, and nobody else is paged. Answer it wherever it arrives."
FATES = {AttemptState.ACCEPTED: "accepted", AttemptState.DELIVERED: "delivered", AttemptState.SEEN: "seen"}


def test_text(checks: Sequence[ContactCheck]) -> str:
    """A test page without blocks."""
    return f"TEST page, nothing is wrong: {'; '.join(f'{METHOD_NAMES[check.method]} {fate(check, False)}' for check in checks)}"


def test_blocks(test_id: int, checks: Sequence[ContactCheck], is_over: bool) -> list[Block]:
    """A test page: how each method fares, and a button as long as this message itself was not answered."""
    lines = "\n".join(f"{_mark(check, is_over)} *{METHOD_NAMES[check.method]}*: {escape(fate(check, is_over))}" for check in checks)
    blocks: list[Block] = [
        SectionBlock(text=MarkdownTextObject(text=TEST_PAGE)),
        SectionBlock(text=MarkdownTextObject(text=clamp(lines))),
    ]
    if any(check.method == "slack" and check.answered_at is None for check in checks):
        blocks.append(ActionsBlock(elements=[ButtonElement(text="It has arrived", action_id=ARRIVED, value=str(test_id), style="primary")]))
    return blocks


def fate(check: ContactCheck, is_over: bool) -> str:
    """How a check fares, in a few words."""
    if check.state in FATES:
        unanswered = ", no answer came" if is_over else ", not answered yet"
        return FATES[check.state] + unanswered
    return "answered" if check.answered_at else f"failed: {check.reason}" if check.state == AttemptState.FAILED else "on its way"


def _mark(check: ContactCheck, is_over: bool) -> str:
    if check.answered_at:
        return ":white_check_mark:"
    return ":x:" if check.state == AttemptState.FAILED else ":warning:" if is_over else ":hourglass_flowing_sand:"


def contact_blocks(lines: Sequence[tuple[str, str]], card: str) -> list[Block]:
    """The home tab's part: how each method stands, with a button where a code can be sent; and the test page."""
    blocks: list[Block] = [SectionBlock(text=MarkdownTextObject(text="*How Tocsin reaches you*"))]
    for text, method in lines:
        button = ButtonElement(text="Send me a code", action_id=f"{VERIFY}:{method}", value=method) if method else None
        blocks.append(SectionBlock(text=MarkdownTextObject(text=clamp(text)), accessory=button))
    if card:
        saved = link(card, "Save our numbers") + ", and let them through Do Not Disturb."
        blocks.append(ContextBlock(elements=[MarkdownTextObject(text=saved)]))
    blocks.append(ActionsBlock(elements=[ButtonElement(text="Test page me", action_id=TEST, value="test")]))
    return blocks
