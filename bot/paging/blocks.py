"""A page as Slack shows it."""

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ConfirmObject, ContextBlock, MarkdownTextObject, SectionBlock

from bot.paging.notice import Notice, one_line
from bot.paging.policy import is_place
from bot.slack.text import channel_link, clamp, escape, link

ACKNOWLEDGE, ESCALATE, DECLINE, OPEN = "page.acknowledge", "page.escalate", "page.decline", "page.open"
APPLY = "page.apply"
ACKNOWLEDGE_ALL = "page.acknowledge_all"
LONGEST_TITLE = 600
TITLE_IN_BUNDLE = 150
MOST_SHOWN = 40
"""Of the pages in one message: Slack takes 50 blocks."""


def page_text(notice: Notice) -> str:
    """The message without blocks: what a notification on a locked screen shows."""
    remarks = f" ({', '.join(notice.remarks)})" if notice.remarks else ""
    if notice.bundle:
        first = notice.bundle[0]
        return f"{escape(notice.about)}{remarks}, the gravest {first.label} #{first.incident}"
    title = "private" if notice.private else clamp(escape(one_line(notice.title)), LONGEST_TITLE)
    return f"{notice.label} #{notice.incident} {title}{remarks}. {notice.standing}"


def page_blocks(notice: Notice) -> list[Block]:
    """The page with its buttons; once answered, without them. Several pages have one button each, and one for all."""
    if notice.bundle:
        return _bundle_blocks(notice)
    is_shown = not (notice.private and is_place(notice.person))  # a channel has other readers than who is paged
    title = clamp(escape(one_line(notice.title)), LONGEST_TITLE) if is_shown else ""
    lead = "*Private incident.* " if notice.private else ""
    blocks: list[Block] = [
        SectionBlock(block_id="page", text=MarkdownTextObject(text=f"{lead}*{notice.label} #{notice.incident}* {title}"))
    ]
    if notice.asked_by:
        words = f": {clamp(escape(one_line(notice.words)), LONGEST_TITLE)}" if notice.words and is_shown else ""
        blocks.append(SectionBlock(block_id="asked", text=MarkdownTextObject(text=f"*{escape(notice.asked_by)}* asks for you{words}")))
    blocks.append(ContextBlock(block_id="about", elements=[MarkdownTextObject(text=" · ".join(_about(notice)))]))
    blocks.append(SectionBlock(block_id="standing", text=MarkdownTextObject(text=escape(notice.standing))))
    buttons = _buttons(notice)
    return [*blocks, ActionsBlock(block_id="answers", elements=buttons)] if buttons else blocks


def _bundle_blocks(notice: Notice) -> list[Block]:
    remarks = f" ({', '.join(notice.remarks)})" if notice.remarks else ""
    blocks: list[Block] = [SectionBlock(block_id="page", text=MarkdownTextObject(text=f"*{escape(notice.about)}*{remarks}"))]
    for one in notice.bundle[:MOST_SHOWN]:
        title = clamp(escape(one_line(one.title)), TITLE_IN_BUNDLE)
        text = f"*{one.label} #{one.incident}* {'private incident: ' if one.private else ''}{title}\n{escape(one.standing)}"
        take = ButtonElement(text="Acknowledge", action_id=ACKNOWLEDGE, value=str(one.page_id))
        look = ButtonElement(text="Open page", action_id=OPEN, url=one.link)
        accessory = take if one.wants_answer else look
        blocks.append(SectionBlock(block_id=f"page:{one.page_id}", text=MarkdownTextObject(text=text), accessory=accessory))
    if (left_out := len(notice.bundle) - MOST_SHOWN) > 0:
        blocks.append(ContextBlock(block_id="about", elements=[MarkdownTextObject(text=f"and {left_out} more")]))
    if open_pages := [str(one.page_id) for one in notice.bundle if one.wants_answer]:
        every = ButtonElement(text="Acknowledge all", action_id=ACKNOWLEDGE_ALL, value=",".join(open_pages), style="primary")
        blocks.append(ActionsBlock(block_id="answers", elements=[every]))
    return blocks


def policy_offer(page_id: int, version: int, policy: str) -> Block:
    """On the incident's card: the page runs by steps that configuration has changed since."""
    sure = ConfirmObject(
        title="Apply the new policy?",
        text="What the old one still had to do is called off. The first step of the new one is paged now, unless somebody has the page.",
        confirm="Apply",
        deny="Leave it",
    )
    button = ButtonElement(text="Apply the new one", action_id=APPLY, value=f"{page_id}:{version}", confirm=sure)
    text = f"*Policy {escape(policy)} has changed since this page began.* The page goes on by the steps it began with."
    return SectionBlock(block_id="page.policy", text=MarkdownTextObject(text=text), accessory=button)


def _about(notice: Notice) -> list[str]:
    is_shown = not (notice.private and is_place(notice.person))
    parts = [escape(notice.service)] if notice.service and is_shown else []
    parts += [f"since {notice.since}"] + ([] if is_place(notice.person) else [f"you: {escape(notice.why)}"])
    if notice.channel_id:
        parts.append(channel_link(notice.channel_id))
    if notice.bridge:
        parts.append(link(notice.bridge, "bridge") + (f" {escape(notice.dial_in)}" if notice.dial_in else ""))
    return parts + list(notice.remarks)


def _buttons(notice: Notice) -> list[ButtonElement]:
    page = str(notice.page_id)
    look = ButtonElement(text="Open page", action_id=OPEN, url=notice.link)
    if not notice.wants_answer:
        return [] if is_place(notice.person) else [look]
    answers = [
        ButtonElement(text="Acknowledge", action_id=ACKNOWLEDGE, value=page, style="primary"),
        ButtonElement(text="Escalate", action_id=ESCALATE, value=f"{page}:{notice.version}"),
    ]
    if is_place(notice.person):  # nobody in particular was called here, so nobody in particular can refuse
        return answers
    return [*answers, ButtonElement(text="I can't", action_id=DECLINE, value=page), look]
