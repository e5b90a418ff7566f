"""How on-call looks in Slack: what is about to change, what is asked, and the home tab."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.oncall.proposals import Proposal, What
from bot.slack.text import clamp

DO, CHOOSE, CANCEL = "oncall.do", "oncall.choose", "oncall.cancel"
REMOVE, REMOVE_TEMPORARY = "oncall.remove", "oncall.remove-temporary"
ACCEPT, DECLINE, WITHDRAW = "oncall.accept", "oncall.decline", "oncall.withdraw"
COVER, OFF, FILL = "oncall.cover", "oncall.off", "oncall.fill"
MOST = 5
"""Choices in a row; more are a reason to name one."""
CONFIRM = {What.OVERRIDE: "Confirm", What.SWAP: "Ask", What.COVER: "Ask the team", What.TEMPORARY: "Confirm"}


@dataclass(frozen=True)
class Line:
    """A shift on the home tab: in words, and what its buttons are about."""

    text: str
    proposal: Proposal


@dataclass(frozen=True)
class Changed:
    """An override or a temporary schedule in words, and the button that takes it back."""

    text: str
    action: str
    id: int


def text_block(text: str) -> SectionBlock:
    """Words, in mrkdwn."""
    return SectionBlock(text=MarkdownTextObject(text=clamp(text)))


def button(label: str, action: str, value: str, style: str | None = None) -> ButtonElement:
    """A button; `action` is unique within its block."""
    return ButtonElement(text=clamp(label, 75), action_id=action, value=value, style=style)


def confirm(text: str, proposal: Proposal) -> list[Block]:
    """What would happen, to be confirmed."""
    buttons = [button(CONFIRM[proposal.what], DO, proposal.to_value(), "primary"), button("Cancel", CANCEL, "-")]
    return [text_block(text), ActionsBlock(elements=buttons)]


def choice(text: str, choices: Sequence[tuple[str, Proposal]]) -> list[Block]:
    """Which one is meant."""
    buttons = [button(label, f"{CHOOSE}:{number}", proposal.to_value()) for number, (label, proposal) in enumerate(choices[:MOST])]
    return [text_block(text), ActionsBlock(elements=[*buttons, button("Cancel", CANCEL, "-")])]


def candidates(text: str, lines: Sequence[tuple[str, str, Proposal]], cover: Proposal) -> list[Block]:
    """Who could take a shift (in words, and a name for the button), and the whole team."""
    blocks: list[Block] = [text_block(text)]
    for number, (line, name, proposal) in enumerate(lines[:MOST]):
        accessory = button(f"Ask {name}", f"{DO}:{number}", proposal.to_value())
        blocks.append(SectionBlock(text=MarkdownTextObject(text=clamp(line)), accessory=accessory))
    blocks.append(ActionsBlock(elements=[button("Ask the whole team", DO, cover.to_value(), "primary"), button("Cancel", CANCEL, "-")]))
    return blocks


def asked(text: str, swap_id: int, *, by_name: bool) -> list[Block]:
    """A swap as whoever may take it sees it."""
    buttons = [button("I take it", ACCEPT, str(swap_id), "primary")]
    if by_name:
        buttons.append(button("I cannot", DECLINE, str(swap_id)))
    return [text_block(text), ActionsBlock(elements=buttons)]


def with_button(text: str, label: str, action: str, value: str) -> list[Block]:
    """Words, and one thing that can be done about them."""
    return [text_block(text), ActionsBlock(elements=[button(label, action, value)])]


def gap(text: str, fill: str) -> list[Block]:
    """What a team hears of its gaps, and the button by which somebody takes one."""
    return with_button(text, "I take the first", FILL, fill) if fill else [text_block(text)]


def board(text: str, changed: Sequence[Changed]) -> list[Block]:
    """Who is on call, and what was changed about it."""

    def line(one: Changed) -> SectionBlock:
        return SectionBlock(text=MarkdownTextObject(text=clamp(one.text)), accessory=button("Take it back", one.action, str(one.id)))

    found: list[Block] = [text_block(text), *(line(one) for one in changed[:MOST])]
    return [*found, text_block(f"… and {len(changed) - MOST} more changes")] if len(changed) > MOST else found


def home(
    now: str,
    mine: Sequence[Line],
    waiting: Sequence[tuple[str, int, bool]],
    asked: Sequence[tuple[str, int]],
    board: str,
    links: str,
    more: Sequence[Block],
) -> View:
    """The home tab: my shifts with buttons, what waits for my answer, what I asked, who is on call, and where the calendars are."""
    blocks: list[Block] = [HeaderBlock(text=PlainTextObject(text="On call")), text_block(now)]
    for text, swap_id, by_name in waiting[:MOST]:
        blocks += [text_block(f":bell: {text}"), _waiting(swap_id, by_name)]
    for text, swap_id in asked[:MOST]:
        accessory = button("Withdraw", f"{WITHDRAW}:{swap_id}", str(swap_id))
        blocks.append(SectionBlock(text=MarkdownTextObject(text=clamp(text)), accessory=accessory))
    blocks += [DividerBlock(), text_block("*Your next shifts*" if mine else "You have no shift in the next eight weeks.")]
    for number, line in enumerate(mine[:MOST]):
        value = line.proposal.to_value()
        pair = [button("Find cover", f"{OFF}:{number}", value), button("Ask the team", f"{COVER}:{number}", value)]
        blocks += [text_block(line.text), ActionsBlock(elements=pair)]
    blocks += [DividerBlock(), text_block(board), ContextBlock(elements=[MarkdownTextObject(text=clamp(links, 2000))])]
    return View(type="home", blocks=[*blocks, *more])


def _waiting(swap_id: int, by_name: bool) -> ActionsBlock:
    buttons = [button("I take it", f"{ACCEPT}:{swap_id}", str(swap_id), "primary")]
    if by_name:
        buttons.append(button("I cannot", f"{DECLINE}:{swap_id}", str(swap_id)))
    return ActionsBlock(elements=buttons)
