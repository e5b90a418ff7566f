"""How a postmortem looks in Slack."""

import json
from collections.abc import Sequence
from datetime import date, datetime

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    InputBlock,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
    UserMultiSelectElement,
)
from slack_sdk.models.views import View

from bot.incidents.blocks import sentence
from bot.incidents.models import Incident
from bot.postmortems.merging import Section
from bot.postmortems.models import Postmortem, PostmortemConflict
from bot.postmortems.states import PostmortemState
from bot.slack.text import clamp, escape, link

READ, EDIT, ASK, APPROVE = (f"postmortem.{verb}" for verb in ("read", "edit", "ask", "approve"))
CHANGES, PUBLISH, MEET = (f"postmortem.{verb}" for verb in ("changes", "publish", "meet"))
SETTLE = "postmortem.settle"
CHOOSE, WRITE = "postmortem.choose", "postmortem.write"
"""Forms: which section, and its text."""
ELEMENT = "value"
CONFLICTS_SHOWN = 5
CONFLICT_SHOWN = 600
"""Characters of each of two texts; the page has all of them."""
LONGEST_SECTION = 3000
"""What Slack lets one type into a field; a longer section is edited on its page."""


def one_line(incident: Incident, postmortem: Postmortem, url: str) -> str:
    """Which document it is, in which state, and where, in mrkdwn."""
    what = f"postmortem of #{incident.number}"
    return f"{link(url, what)}, {postmortem.state.value.replace('_', ' ')}, version {postmortem.version}"


def owed(postmortem: Postmortem) -> str:
    """Until when its next step is due, as a sentence; "" when nothing is owed."""
    if postmortem.due_on is None:
        return ""
    step = "in review" if postmortem.state is PostmortemState.DRAFT else "published"
    return f"It is to be {step} by {day(postmortem.due_on)}."


def day(when: date) -> str:
    """`Mon 9 Mar`."""
    return f"{when:%a} {when.day} {when:%b}"


def encoded(blocks: Sequence[Block]) -> str:
    """Blocks as orders carry them."""
    return json.dumps([block.to_dict() for block in blocks])


def draft_buttons(known: Postmortem, url: str) -> list[Block]:
    """What one does with a draft."""
    number = str(known.incident_id)
    return [
        ActionsBlock(
            elements=[
                _read(url),
                ButtonElement(text="Edit", action_id=EDIT, value=number),
                ButtonElement(text="Ask for a review", action_id=ASK, value=number),
            ]
        )
    ]


def review_buttons(known: Postmortem, url: str) -> list[Block]:
    """What a reviewer does. The button approves what they were shown and nothing newer."""
    about = f"{known.incident_id}:{known.version}"
    return [
        ActionsBlock(
            elements=[
                _read(url),
                ButtonElement(text=f"Approve version {known.version}", action_id=APPROVE, value=about, style="primary"),
                ButtonElement(text="Ask for changes", action_id=CHANGES, value=str(known.incident_id)),
            ]
        )
    ]


def publish_buttons(known: Postmortem, url: str) -> list[Block]:
    """What comes after the last approval."""
    publish = ButtonElement(text="Publish", action_id=PUBLISH, value=str(known.incident_id), style="primary")
    return [ActionsBlock(elements=[_read(url), publish])]


def conflicts(incident_id: int, found: Sequence[tuple[PostmortemConflict, str]]) -> list[Block]:
    """Places with two texts, each with whose the other one is, and what can be done about it."""
    shown: list[Block] = []
    for conflict, whose in found[:CONFLICTS_SHOWN]:
        standing, offered = (quoted(text) or "_(nothing)_" for text in (conflict.standing, conflict.offered))
        shown += sentence(f"*It says:*\n{standing}\n*{whose}:*\n{offered}")
        choices = (("standing", "Leave it"), ("offered", "Take the other"), ("both", "Keep both"))
        value = f"{incident_id}:{conflict.number}"
        shown.append(ActionsBlock(elements=[ButtonElement(text=text, action_id=f"{SETTLE}:{one}", value=value) for one, text in choices]))
    if len(found) > CONFLICTS_SHOWN:
        shown += sentence(f"And {len(found) - CONFLICTS_SHOWN} more places, once these are settled.")
    return shown


def quoted(text: str) -> str:
    """Markdown of the document as it is written there, as a quotation."""
    cut = escape(text if len(text) <= CONFLICT_SHOWN else f"{text[:CONFLICT_SHOWN]}…")
    return "\n".join(f"> {line}" for line in cut.splitlines())


def meeting_button(incident_id: int, at: datetime, shown: str) -> list[Block]:
    """The time that was suggested."""
    value = f"{incident_id}:{int(at.timestamp())}"
    return [ActionsBlock(elements=[ButtonElement(text=f"Meet {shown}", action_id=MEET, value=value, style="primary")])]


def _read(url: str) -> ButtonElement:
    return ButtonElement(text="Read it", action_id=READ, url=url)


def ask_form(incident_id: int) -> View:
    """Who is to review it?"""
    who = UserMultiSelectElement(action_id=ELEMENT, placeholder="Two who were there, and one who was not")
    return _form(ASK, "Ask for a review", "Ask", str(incident_id), [InputBlock(block_id="people", label="Who reviews it?", element=who)])


def changes_form(incident_id: int) -> View:
    """What is to change?"""
    why = PlainTextInputElement(action_id=ELEMENT, multiline=True, max_length=2000, focus_on_load=True)
    hint = "It becomes a draft again; the owner is told."
    return _form(
        CHANGES,
        "Ask for changes",
        "Send",
        str(incident_id),
        [InputBlock(block_id="why", label="What is to change?", element=why, hint=hint)],
    )


def choice_form(known: Postmortem, sections: Sequence[Section], url: str) -> View:
    """Which section of this version? Those that are too long for a form are edited on the page."""
    fit = [(place, one) for place, one in enumerate(sections) if len(one.text) <= LONGEST_SECTION][:100]
    options = [Option(value=str(place), text=clamp(one.title or "Beginning", 75)) for place, one in fit]
    left = "" if len(fit) == len(sections) else " What is not listed is too long for Slack."
    return _form(
        CHOOSE,
        f"Postmortem of #{known.incident_id}",
        "Go on",
        f"{known.incident_id}:{known.version}",
        [
            InputBlock(block_id="section", label="Which part?", element=StaticSelectElement(action_id=ELEMENT, options=options)),
            ContextBlock(elements=[MarkdownTextObject(text=f"All of it is edited {link(url, 'on its page')}.{left}")]),
        ],
    )


def write_form(incident_id: int, version: int, place: int, section: Section) -> View:
    """The Markdown of one section, to be changed."""
    text = PlainTextInputElement(
        action_id=ELEMENT, multiline=True, initial_value=section.text, max_length=LONGEST_SECTION, focus_on_load=True
    )
    hint = "Markdown. Emptied, the part is taken out. What others change meanwhile stays."
    field = InputBlock(block_id="text", label=clamp(section.title or "Beginning", 75), element=text, hint=hint, optional=True)
    return _form(WRITE, f"Postmortem of #{incident_id}", "Save", f"{incident_id}:{version}:{place}", [field])


def _form(callback_id: str, title: str, submit: str, about: str, blocks: Sequence[Block]) -> View:
    return View(
        type="modal", callback_id=callback_id, title=clamp(title, 24), submit=submit, close="Not now", private_metadata=about, blocks=blocks
    )
