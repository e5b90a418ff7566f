"""How an incident looks in Slack: its card, its forms and its sentences."""

from collections.abc import Mapping, Sequence
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

from bot.incidents.drafts import NoticeKind
from bot.incidents.lifecycle import is_open
from bot.incidents.models import CustomerNotice, Incident
from bot.incidents.names import DRILL, heading, subject
from bot.incidents.roles import COMMS, SCRIBE
from bot.incidents.standing import Standing
from bot.incidents.widening import Plan
from bot.incidents.width import AT_ONCE, why_never
from bot.slack.text import HEADER_LIMIT, TOPIC_LIMIT, channel_link, clamp, escape, link, when

LEFT_OUT = 12
"""People of a rehearsal who are said to be left out."""
NAMED = 10
"""Responders whose names the card has."""
LINE = 150
"""Characters of an incident in a list."""
ITEM_DONE = "task.done"
MOST_ITEMS = 20
DUTIES = {COMMS: "Communication", SCRIBE: "Scribe"}
EMOJI = {1: "🔴", 2: "🟠", 3: "🟡", 4: "⚪"}


def card(standing: Standing) -> list[Block]:
    """The message with the buttons. Everything that changes is edited here, in place, so that the channel stays readable."""
    incident = standing.incident
    blocks: list[Block] = [
        HeaderBlock(text=PlainTextObject(text=clamp(f"{emoji(incident)} {heading(incident)}", HEADER_LIMIT), emoji=True)),
        SectionBlock(text=MarkdownTextObject(text=clamp(facts(standing)))),
    ]
    if standing.is_asked and is_open(incident.state):
        blocks += [severity_question(incident)]
    if incident.last_update:
        blocks.append(SectionBlock(text=MarkdownTextObject(text=clamp(f"*Latest update:* {escape(incident.last_update)}", 1500))))
    if is_open(incident.state):
        blocks += [buttons(standing), *more_hands(standing)]
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
        *(f"*{label}:* {standing.duties[duty]}" for duty, label in DUTIES.items() if duty in standing.duties),
    ]
    if standing.level.opens_channel:
        lines.append(f"*Responders:* {responders(standing)}")
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


def responders(standing: Standing) -> str:
    """How many respond of those wanted, who, and how many more were invited."""
    names = standing.responders
    shown = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    invited = f"{standing.invited} invited" if standing.invited else ""
    return " · ".join(part for part in (f"{len(names)} of {standing.level.responders_wanted}", shown, invited) if part)


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


def more_hands(standing: Standing) -> list[Block]:
    """Join, and as long as more are wanted: who could be paged next."""
    incident = standing.incident
    row = [ButtonElement(text="Join", action_id="incident.join", value=str(incident.number))]
    wanted = len(standing.responders) < standing.level.responders_wanted
    if wanted and why_never(incident.state, incident.is_private, incident.is_drill) is None:
        row.append(ButtonElement(text=f"Page next {AT_ONCE}", action_id="incident.page_next", value=str(incident.number)))
    return [ActionsBlock(block_id="incident.width", elements=row)]


def page_next(number: int, plan: Plan, names: Mapping[str, str]) -> tuple[str, list[Block]]:
    """A rehearsal of "Page next 3": who, why, and who is left out; with the button that does it. `names` are plain."""
    chosen = plan.choice.chosen
    so_far = f"{plan.responders} of {plan.wanted} respond"
    if chosen:
        text = f"*Page these {len(chosen)} for #{number}?*" if len(chosen) > 1 else f"*Page this one for #{number}?*"
        lines = [
            f"{text} {so_far}. Nobody is paged until you say so.",
            *(f"• *{escape(names[one.person])}*: {escape(one.why)}" for one in chosen),
        ]
    else:
        lines = [f"*Nobody is left to page next for #{number}.* {so_far}. To call somebody by name: `/inc page @person`."]
    if plan.choice.left_out:
        left_out = [f"{escape(names[one.candidate.person])} ({escape(one.reason)})" for one in plan.choice.left_out[:LEFT_OUT]]
        lines.append(f"Left out: {', '.join(left_out)}.")
    said = "\n".join(lines)
    if not chosen:
        return said, sentence(said)
    value = " ".join([str(number), *(one.person for one in chosen)])
    label = clamp(f"Page {' and '.join(escape(names[one.person]).split()[0] for one in chosen)}", 75)
    button = ButtonElement(text=label, action_id="incident.page_these", value=value, style="primary")
    return said, [*sentence(said), ActionsBlock(block_id="incident.page_next", elements=[button])]


def paged_next(number: int, plan: Plan, names: Mapping[str, str], asked: Sequence[str]) -> str:
    """What became of a rehearsal."""
    paged = [names[one.person] for one in plan.choice.chosen]
    reasons = {one.candidate.person: one.reason for one in plan.choice.left_out}
    left = [f"{names[person]} ({reasons.get(person, 'is not on call any more')})" for person in asked if names[person] not in paged]
    said = f"{', '.join(paged)}: being paged for #{number}." if paged else f"Nobody was paged for #{number}."
    return escape(f"{said} Left out: {', '.join(left)}." if left else said)


def notice_to_decide(notice: CustomerNotice, incident: Incident, editor: str) -> tuple[str, list[Block]]:
    """A draft for one who may approve it: the words, and what can be done with them."""
    what = "the problem" if notice.kind is NoticeKind.PROBLEM else "its end"
    edited = f", edited by {escape(editor)}" if editor else ""
    head = f"*Customer notice for #{incident.number} {escape(incident.title)}:* a draft about {what}{edited}."
    text = f"{head} Nothing is told to customers unless you approve it.\n>" + escape(notice.text).replace("\n", "\n>")
    value = f"{notice.number}:{notice.version}"
    row = [
        ButtonElement(text="Approve", action_id="notice.approve", value=value, style="primary"),
        ButtonElement(text="Edit", action_id="notice.edit", value=value),
        ButtonElement(text="Not needed", action_id="notice.discard", value=value),
    ]
    return clamp(text), [*sentence(text), ActionsBlock(block_id="notice", elements=row)]


def tracked(standing: Standing) -> str:
    """An incident's line in the tracking channel, in mrkdwn."""
    since = f"since {when(standing.incident.declared_at)}"
    return f"{one_line(standing.incident)} · {since} · commander: {commander(standing)} · answering: {answering(standing)}"


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


def action_item(text: str, number: int) -> list[Block]:
    """An action item as its owner is told of it."""
    return [*sentence(text), ActionsBlock(elements=[ButtonElement(text="Done", action_id=ITEM_DONE, value=str(number))])]


def action_items(intro: str, lines: Sequence[tuple[str, int | None]]) -> list[Block]:
    """Action items, each with a button unless it is done; `lines` are words and the number, those to be done first."""
    shown = [*sentence(intro)]
    for text, number in lines[:MOST_ITEMS]:
        done = ButtonElement(text="Done", action_id=f"{ITEM_DONE}:listed", value=str(number)) if number else None
        shown.append(SectionBlock(text=MarkdownTextObject(text=clamp(text)), accessory=done))
    return [*shown, *sentence(f"… and {len(lines) - MOST_ITEMS} more")] if len(lines) > MOST_ITEMS else shown


def topic(incident: Incident) -> str:
    """The channel's topic; what stood there before an ordinary channel was converted still does, as far as there is room."""
    mark = f"{DRILL} " if incident.is_drill else ""
    before = f" | {incident.topic_before}" if incident.topic_before else ""
    return clamp(f"{emoji(incident)} {mark}SEV{incident.severity} · {escape(subject(incident))}{before}", TOPIC_LIMIT)


def emoji(incident: Incident) -> str:
    """The severity as a colour; a drill has none that anybody could take for the real thing."""
    return "🧪" if incident.is_drill else EMOJI[incident.severity]


def one_line(incident: Incident) -> str:
    """An incident in a list, in mrkdwn."""
    where = f" {channel_link(incident.channel_id)}" if incident.channel_id else ""
    return f"{emoji(incident)} *{escape(clamp(heading(incident), LINE))}* · {incident.state.value}{where}"
