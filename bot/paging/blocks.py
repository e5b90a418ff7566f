"""A page as Slack shows it."""

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ContextBlock, MarkdownTextObject, SectionBlock

from bot.paging.notice import Notice, one_line
from bot.slack.text import channel_link, clamp, escape, link

ACKNOWLEDGE, ESCALATE, DECLINE, OPEN = "page.acknowledge", "page.escalate", "page.decline", "page.open"
LONGEST_TITLE = 600


def page_text(notice: Notice) -> str:
    """The message without blocks: what a notification on a locked screen shows."""
    title = "private" if notice.private else clamp(escape(one_line(notice.title)), LONGEST_TITLE)
    remarks = f" ({', '.join(notice.remarks)})" if notice.remarks else ""
    return f"SEV{notice.severity} #{notice.incident} {title}{remarks}. {notice.standing}"


def page_blocks(notice: Notice) -> list[Block]:
    """The page with its buttons; once answered, without them."""
    title = clamp(escape(one_line(notice.title)), LONGEST_TITLE)
    lead = "*Private incident.* " if notice.private else ""
    blocks: list[Block] = [
        SectionBlock(block_id="page", text=MarkdownTextObject(text=f"{lead}*SEV{notice.severity} #{notice.incident}* {title}"))
    ]
    if notice.asked_by:
        words = f": {clamp(escape(one_line(notice.words)), LONGEST_TITLE)}" if notice.words else ""
        blocks.append(SectionBlock(block_id="asked", text=MarkdownTextObject(text=f"*{escape(notice.asked_by)}* asks for you{words}")))
    blocks.append(ContextBlock(block_id="about", elements=[MarkdownTextObject(text=" · ".join(_about(notice)))]))
    blocks.append(SectionBlock(block_id="standing", text=MarkdownTextObject(text=escape(notice.standing))))
    blocks.append(ActionsBlock(block_id="answers", elements=_buttons(notice)))
    return blocks


def _about(notice: Notice) -> list[str]:
    parts = [escape(notice.service)] if notice.service else []
    parts += [f"since {notice.since}", f"you: {escape(notice.why)}"]
    if notice.channel_id:
        parts.append(channel_link(notice.channel_id))
    if notice.bridge:
        parts.append(link(notice.bridge, "bridge") + (f" {escape(notice.dial_in)}" if notice.dial_in else ""))
    return parts + list(notice.remarks)


def _buttons(notice: Notice) -> list[ButtonElement]:
    page = str(notice.page_id)
    look = ButtonElement(text="Open page", action_id=OPEN, url=notice.link)
    if not notice.wants_answer:
        return [look]
    return [
        ButtonElement(text="Acknowledge", action_id=ACKNOWLEDGE, value=page, style="primary"),
        ButtonElement(text="Escalate", action_id=ESCALATE, value=f"{page}:{notice.version}"),
        ButtonElement(text="I can't", action_id=DECLINE, value=page),
        look,
    ]
