"""How an incident looks in Slack: its card, its forms and its sentences."""

from datetime import datetime

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from bot.incidents.lifecycle import is_open
from bot.incidents.models import Incident
from bot.incidents.names import heading
from bot.incidents.standing import Standing
from bot.slack.text import HEADER_LIMIT, TOPIC_LIMIT, channel_link, clamp, escape, link, when

LINE = 150
"""Characters of an incident in a list."""
EMOJI = {1: "🔴", 2: "🟠", 3: "🟡", 4: "⚪"}


def card(standing: Standing) -> list[Block]:
    """The message with the buttons. Everything that changes is edited here, in place, so that the channel stays readable."""
    incident = standing.incident
    blocks: list[Block] = [
        HeaderBlock(text=PlainTextObject(text=clamp(f"{EMOJI[incident.severity]} {heading(incident)}", HEADER_LIMIT), emoji=True)),
        SectionBlock(text=MarkdownTextObject(text=clamp(facts(standing)))),
    ]
    if not incident.is_confirmed:
        blocks += [severity_question(incident)]
    if incident.last_update:
        blocks.append(SectionBlock(text=MarkdownTextObject(text=clamp(f"*Latest update:* {escape(incident.last_update)}", 1500))))
    if is_open(incident.state):
        blocks.append(buttons(standing))
    blocks += standing.more
    blocks.append(ContextBlock(elements=[MarkdownTextObject(text=clamp(footnote(standing), 2000))]))
    return blocks


def facts(standing: Standing) -> str:
    """The lines of the card, in mrkdwn."""
    incident = standing.incident
    sure = "" if incident.is_confirmed else " (unconfirmed)"
    lines = [
        f"*{incident.state.value.capitalize()}* since {when(incident.declared_at)} · declared by {standing.declared_by}",
        f"*Severity:* SEV{incident.severity}, {escape(standing.level.impact)}{sure} — {escape(incident.rule)}",
        f"*Service:* {escape(standing.service.name)} (tier {standing.service.tier})" if standing.service else "*Service:* not known yet",
        f"*Commander:* {commander(standing)}",
        f"*Answering:* {answering(standing)}",
    ]
    if standing.responders:
        lines.append(
            f"*Responders:* {len(standing.responders)} of {standing.level.responders_wanted} · {', '.join(standing.responders[:10])}"
        )
    if incident.next_update_at and is_open(incident.state):
        lines.append(f"*Next update:* by {when(incident.next_update_at)}")
    if standing.team and standing.team.bridge:
        dial_in = f" · {escape(standing.team.bridge.dial_in)}" if standing.team.bridge.dial_in else ""
        lines.append(f"*Bridge:* {link(str(standing.team.bridge.url), 'join the call')}{dial_in}")
    if standing.service and standing.service.dashboards:
        lines.append(
            "*Dashboards:* " + " · ".join(link(str(url), f"dashboard {n}") for n, url in enumerate(standing.service.dashboards, 1))
        )
    return "\n".join(lines)


def commander(standing: Standing) -> str:
    """Who leads, or that nobody does."""
    if standing.commander is None:
        return "nobody yet"
    return f"{standing.commander} (acting)" if standing.is_acting else standing.commander


def answering(standing: Standing) -> str:
    """Who answered the page, or who is being paged and why."""
    if standing.acknowledged_by:
        return f"{standing.acknowledged_by} acknowledged"
    if not standing.paging:
        return "nobody was paged"
    return "; ".join(escape(line) for line in standing.paging[-4:])


def no_channel(standing: Standing) -> str:
    """Why there is no channel, and where to meet meanwhile; nothing where there is one, or none is wanted."""
    incident = standing.incident
    if incident.channel_id or not incident.channel_trouble:
        return ""
    bridge = standing.team.bridge if standing.team else None
    meet = f" Meet here: {link(str(bridge.url), 'join the call')}." if bridge else ""
    return f"\nNo channel yet: {escape(incident.channel_trouble)}{meet}"


def footnote(standing: Standing) -> str:
    """What the buttons do as words, and what else there is."""
    more = f" · {link(standing.page_url, 'open in the browser')}" if standing.page_url else ""
    return f"`/inc update …` · `/inc status …` · `/inc resolve …` · `/inc help`{more}"


def buttons(standing: Standing) -> ActionsBlock:
    """Ack, I'm commander, Update, Escalate, Resolve: five, in thumb's reach."""
    number = str(standing.incident.number)
    take_seat = ConfirmObject(
        title="Take the lead?",
        text=f"{commander(standing)} leads now. You will be the only commander, and they are told.",
        confirm="I'm commander",
        deny="Not now",
    )
    waits = standing.page_id is not None
    return ActionsBlock(
        block_id="incident.actions",
        elements=[
            ButtonElement(text="Ack", action_id="incident.ack", value=number, style="primary" if waits else None),
            ButtonElement(text="I'm commander", action_id="incident.lead", value=number, confirm=take_seat if standing.commander else None),
            ButtonElement(text="Update", action_id="incident.update", value=number),
            ButtonElement(text="Escalate", action_id="incident.escalate", value=number),
            ButtonElement(text="Resolve", action_id="incident.resolve", value=number),
        ],
    )


def severity_question(incident: Incident) -> ActionsBlock:
    """The two buttons under an unconfirmed severity: it is so, or one step the other way."""
    other = incident.severity - 1 if incident.severity > 1 else 2
    return ActionsBlock(
        block_id="incident.severity",
        elements=[
            ButtonElement(
                text=f"Confirm SEV{incident.severity}",
                action_id="incident.severity:confirm",
                value=f"{incident.number}:{incident.severity}",
            ),
            ButtonElement(text=f"Make it SEV{other}", action_id="incident.severity:change", value=f"{incident.number}:{other}"),
        ],
    )


def said(headline: str, actor: str, words: str, promised: datetime | None) -> str:
    """A sentence for the channel: our headline with who, what they wrote (made harmless) and the promise filled in."""
    promise = f"Next update by {when(promised, '{time}')}." if promised else ""
    text = headline.replace("{actor}", actor).replace("{promise}", promise)
    return clamp(text.replace("{words}", f": {escape(words)}" if words else "")).strip()


def sentence(text: str) -> list[Block]:
    """Our words as a section, in mrkdwn."""
    return [SectionBlock(text=MarkdownTextObject(text=clamp(text)))]


def promote_button(number: int) -> ActionsBlock:
    """What woke nobody becomes an incident that people work on."""
    button = ButtonElement(text="Promote to SEV3", action_id="incident.severity:promote", value=f"{number}:3")
    return ActionsBlock(block_id="incident.promote", elements=[button])


def undo_button(number: int) -> ActionsBlock:
    """A slip of the thumb can be taken back."""
    return ActionsBlock(block_id="incident.undo", elements=[ButtonElement(text="Undo", action_id="incident.undo", value=str(number))])


def topic(incident: Incident) -> str:
    """The channel's topic."""
    return clamp(f"{EMOJI[incident.severity]} SEV{incident.severity} · {escape(incident.title)}", TOPIC_LIMIT)


def one_line(incident: Incident) -> str:
    """An incident in a list, in mrkdwn."""
    where = f" {channel_link(incident.channel_id)}" if incident.channel_id else ""
    return f"{EMOJI[incident.severity]} *{escape(clamp(heading(incident), LINE))}* · {incident.state.value}{where}"
