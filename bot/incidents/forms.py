"""Forms and questions: the modal that declares, the modal of a verb, and the two buttons under what was ambiguous."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    CheckboxesElement,
    DatePickerElement,
    InputBlock,
    InputInteractiveElement,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    SectionBlock,
    StaticSelectElement,
    UserSelectElement,
)
from slack_sdk.models.views import View

from bot.config.models import Config
from bot.errors import InvalidInput, Refusal
from bot.incidents.declaration import TITLE_LENGTH
from bot.incidents.drafts import LONGEST
from bot.incidents.intents import Act, Declare, Look, MentionKind, OpenForm
from bot.incidents.lifecycle import ALLOWED, IncidentState
from bot.incidents.models import CustomerNotice, Incident
from bot.incidents.severity import ComponentStatus, Severity
from bot.incidents.tasks import ItemKind, ItemPriority
from bot.incidents.verbs import VERBS, Argument
from bot.slack.requests import Submission
from bot.slack.text import clamp, plain

ELEMENT = "value"
"""Each field is one block with one element of this id."""
OFFERED = 1800
"""A button carries at most 2,000 characters."""
LONGEST_TEXT = 3000
"""What Slack lets one type into a field."""
NOTICE = "notice.edit"
LABELS = {"convert": "Make this channel the incident's"}
QUESTIONS = {
    "update": "Where do things stand?",
    "resolve": "What ended it?",
    "cancel": "Why was it no incident?",
    "mitigated": "What stopped the harm?",
    "reopen": "What came back?",
    "decline": "Why is it no incident?",
    "note": "What shall the timeline say?",
    "impact": "What harm, and how much? users 4,000 in EU · since 08:40",
    "sev": "Why?",
    "page": "What shall they know?",
    "handoff": "What shall they know: suspected, under way, owed?",
    "task": "What is to be done?",
    "drill": "What is practised?",
    "private": "Why?",
    "convert": "What is wrong?",
}


def declaration(config: Config, title: str, *, severity: Severity | None = None, reply_to: str = "") -> View:
    """The form that declares: one required field; what else is known helps to decide the severity.

    `reply_to` is the address at which who asked for it is told where the channel is.
    """
    services = [Option(value=service.id, text=clamp(service.name, 75)) for service in list(config.services.values())[:100]]
    severities = [Option(value=str(n), text=clamp(f"SEV{n}: {config.severity.level(n).impact}", 75)) for n in (1, 2, 3, 4)]
    statuses = [Option(value=status.value, text=status.value.capitalize()) for status in ComponentStatus]
    what = PlainTextInputElement(
        action_id=ELEMENT,
        initial_value=title[:TITLE_LENGTH] or None,
        placeholder="checkout is down",
        max_length=TITLE_LENGTH,
        focus_on_load=True,
    )
    chosen = severities[severity - 1] if severity else None
    blocks: list[Block] = [InputBlock(block_id="title", label="What is wrong?", element=what)]
    if services:
        blocks.append(field("service", "Service", StaticSelectElement(action_id=ELEMENT, options=services), is_optional=True))
    private = Option(value="private", text="Data or security is at risk: keep it private")
    blocks += [
        field(
            "severity",
            "Severity",
            StaticSelectElement(action_id=ELEMENT, options=severities, initial_option=chosen),
            hint="Left empty, the policy decides, and says why.",
            is_optional=True,
        ),
        field("status", "How bad is it for the service?", StaticSelectElement(action_id=ELEMENT, options=statuses), is_optional=True),
        field("private", "Data or security", CheckboxesElement(action_id=ELEMENT, options=[private]), is_optional=True),
    ]
    return modal("incident.declare", "Declare an incident", "Declare", reply_to, blocks)


def verb_form(verb: str, incident: Incident | None, open_now: Sequence[Incident], words: str = "", channel: str = "") -> View:
    """The form of a verb that was typed or pressed without what it needs. Without an incident it asks for one.

    `channel` is where it was asked for: what the form does is answered there.
    """
    argument = VERBS[verb].argument
    blocks: list[Block] = []
    others = [one for one in open_now if incident is None or one.number != incident.number]
    options = [Option(value=str(one.number), text=clamp(f"#{one.number} {one.title}", 75)) for one in others[:100]]
    if incident is None and VERBS[verb].needs_incident:
        blocks.append(field("incident", "Which incident?", StaticSelectElement(action_id=ELEMENT, options=options)))
    if argument is Argument.INCIDENT:
        blocks.append(field("into", "Which incident is it the same as?", StaticSelectElement(action_id=ELEMENT, options=options)))
    if argument is Argument.SEVERITY:
        severities = [Option(value=str(n), text=f"SEV{n}") for n in (1, 2, 3, 4)]
        blocks.append(field("severity", "Severity", StaticSelectElement(action_id=ELEMENT, options=severities)))
    if argument is Argument.STATE:
        legal = (ALLOWED[incident.state] if incident else frozenset(ALLOWED)) - {IncidentState.MERGED}
        if incident and not legal:
            raise Refusal(f"#{incident.number} is {incident.state.value}, and nothing follows that state.")
        states = [Option(value=state.value, text=state.value.capitalize()) for state in sorted(legal)]
        blocks.append(field("state", "New state", StaticSelectElement(action_id=ELEMENT, options=states)))
    if argument is Argument.DURATION:
        waits = [Option(value=str(minutes), text=f"{minutes} min") for minutes in (15, 30, 60)]
        blocks.append(field("wait", "For how long?", StaticSelectElement(action_id=ELEMENT, options=waits)))
    if argument in (Argument.PERSON, Argument.TARGET):
        blocks.append(field("person", "Who?", UserSelectElement(action_id=ELEMENT)))
    if argument in (Argument.TEXT, Argument.SEVERITY, Argument.TARGET, Argument.TASK, Argument.NAME):
        text = PlainTextInputElement(
            action_id=ELEMENT,
            multiline=True,
            initial_value=words[:LONGEST_TEXT] or None,
            max_length=LONGEST_TEXT,
            focus_on_load=True,
        )
        blocks.append(
            field("words", QUESTIONS.get(verb, "In a sentence"), text, is_optional=argument in (Argument.SEVERITY, Argument.TARGET))
        )
    if argument is Argument.TASK:
        blocks.append(field("person", "Who does it?", UserSelectElement(action_id=ELEMENT), is_optional=True))
        blocks.append(field("due", "By when?", DatePickerElement(action_id=ELEMENT), is_optional=True))
        grades = [Option(value=grade.value, text=grade.value) for grade in ItemPriority]
        hint = "Without a day, the priority gives it one."
        blocks.append(field("priority", "Priority", StaticSelectElement(action_id=ELEMENT, options=grades), hint=hint, is_optional=True))
        kinds = [Option(value=kind.value, text=kind.value.capitalize()) for kind in ItemKind]
        blocks.append(field("kind", "What does it do?", StaticSelectElement(action_id=ELEMENT, options=kinds), is_optional=True))
    number = str(incident.number) if incident else ""
    title = clamp(f"#{number} {verb}" if number else verb.capitalize(), 24)
    return modal(f"incident.form:{verb}", title, "Send", f"{number} {channel}".rstrip(), blocks)


def notice_form(notice: CustomerNotice) -> View:
    """Other words for customers."""
    words = PlainTextInputElement(action_id=ELEMENT, multiline=True, initial_value=notice.text, max_length=LONGEST, focus_on_load=True)
    about = f"{notice.number}:{notice.version}"
    return modal(NOTICE, "Customer notice", "Save", about, [field("words", "What shall customers read?", words)])


def modal(callback_id: str, title: str, submit: str, about: str, blocks: Sequence[Block]) -> View:
    """A form; `about` comes back with what is filled in."""
    return View(type="modal", callback_id=callback_id, title=title, submit=submit, close="Not now", private_metadata=about, blocks=blocks)


def field(block_id: str, label: str, element: InputInteractiveElement, *, hint: str | None = None, is_optional: bool = False) -> InputBlock:
    """One field of a form."""
    return InputBlock(block_id=block_id, label=label, element=element, hint=hint, optional=is_optional)


def value(form: Submission, name: str) -> str:
    """What a field of a submitted form holds; "" when it is empty or not there."""
    held = form.values.get(name, {}).get(ELEMENT)
    return ",".join(held) if isinstance(held, tuple) else held or ""


# Offers


@dataclass(frozen=True)
class Offered:
    """A declaration that waits behind a button."""

    declare: Declare
    separate: bool


def offer(text: str, declare: Declare, instead: Act | OpenForm | Look | Declare | None) -> list[Block]:
    """Nothing has happened: [Declare "…"] and, where it may have been a command, [Do it on #42]."""
    title = clamp(plain(declare.title), 40)
    buttons = [ButtonElement(text=clamp(f"Declare “{title}”", 75), action_id="offer.declare", value=packed(declare))]
    if isinstance(instead, Declare):
        buttons.append(ButtonElement(text="Declare it privately", action_id="offer.declare:private", value=packed(instead)))
    elif instead is not None:
        number, line = spoken(instead)
        label = f"Do it on #{number}" if number else LABELS.get(instead.verb or "", f"It was the command {instead.verb}")
        buttons.append(ButtonElement(text=clamp(label, 75), action_id="offer.act", value=f"{number or ''} {line}"[:OFFERED]))
    return [SectionBlock(text=MarkdownTextObject(text=clamp(text))), ActionsBlock(block_id="offer", elements=buttons)]


def join_or_separate(text: str, number: int, declare: Declare) -> list[Block]:
    """Two people see the same thing: join the young incident, or say that it is another."""
    buttons = [
        ButtonElement(text="Join", action_id="incident.join", value=str(number), style="primary"),
        ButtonElement(text="Separate", action_id="offer.declare:separate", value=packed(declare, separate=True)),
    ]
    return [SectionBlock(text=MarkdownTextObject(text=clamp(text))), ActionsBlock(block_id="twin", elements=buttons)]


def packed(declare: Declare, *, separate: bool = False) -> str:
    """A declaration as a button's value; the title is cut to what fits."""
    title = declare.title
    while True:
        kept = {"title": title, "severity": declare.severity, "service": declare.service, "private": declare.private, "separate": separate}
        text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
        if len(text) <= OFFERED:
            return text
        title = title[: len(title) - max(1, len(text) - OFFERED)]


def offered_declaration(value: str) -> Offered:
    """What `packed` made; raises `InvalidInput` for what it did not."""
    try:
        kept = json.loads(value)
        severity = Severity(kept["severity"]) if kept["severity"] else None
        return Offered(Declare(kept["title"], severity, kept["service"], private=kept["private"]), bool(kept["separate"]))
    except (ValueError, KeyError, TypeError):
        raise InvalidInput("This button is too old. Type the command again.") from None


def spoken(instead: Act | OpenForm | Look) -> tuple[int | None, str]:
    """An intent as the incident's number and the line that would say it without doubt."""
    match instead:
        case OpenForm(verb, incident, text):
            return incident, f"{verb} {text}"
        case Look(verb, argument):
            return None, f"{verb} {argument}"
        case Act():
            severity = f"{int(instead.severity)} " if instead.severity else ""
            kind = VERBS[instead.verb].argument
            named = instead.mentions if kind in (Argument.TARGET, Argument.TASK) else ()
            people = "".join(f"<@{who.ref}> " if who.kind is MentionKind.SLACK_USER else f"@{who.ref} " for who in named)
            if kind is Argument.TASK:
                more = " ".join(filter(None, (instead.priority, instead.kind, instead.due)))
                return instead.incident, f"{instead.verb} {instead.argument} {people}{more}".strip()
            return instead.incident, f"{instead.verb} {severity}{people}{instead.argument}"


def offered_action(value: str) -> tuple[int | None, str]:
    """What `offer` put behind its second button."""
    number, _, line = value.partition(" ")
    return (int(number) if number.isdecimal() else None), line
