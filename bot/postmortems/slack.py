"""Slack's side of postmortems: `/inc postmortem …`, the buttons of its messages, the small edits, and the link on the card."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from slack_sdk.models.blocks import Block, ContextBlock, MarkdownTextObject

from bot.db import BOT, ActorId, Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput, NotFound, Refusal
from bot.incidents.actions import Action, Actions, Call
from bot.incidents.blocks import sentence
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.oncall.times import load, span
from bot.postmortems import blocks
from bot.postmortems.command import (
    Approve,
    AskChanges,
    AskReview,
    CallOff,
    Edit,
    Give,
    History,
    Meet,
    Publish,
    Restore,
    Show,
    TakeFacts,
    Withdraw,
    parse,
)
from bot.postmortems.history import told
from bot.postmortems.meetings import SAYS_LENGTH, USUAL, Meetings
from bot.postmortems.merging import blocks as blocks_of
from bot.postmortems.merging import sections, spliced
from bot.postmortems.models import Postmortem
from bot.postmortems.review import Reviews
from bot.postmortems.service import OVER, Choice, Postmortems, Saved
from bot.postmortems.states import takes_new_facts
from bot.slack.door import Door
from bot.slack.replies import Nothing, OpenModal, Reply, Say, UpdateModal
from bot.slack.requests import Click, Submission
from bot.slack.text import clamp, escape, link

SHOWN = 3
"""Words to think about again that are shown under an edit; the page shows all."""


class PostmortemCommand:
    """Reads what was typed or pressed about a postmortem, and calls one verb."""

    def __init__(self, directory: Directory, incidents: Incidents, postmortems: Postmortems, reviews: Reviews, meetings: Meetings) -> None:
        self._directory = directory
        self._incidents = incidents
        self._postmortems = postmortems
        self._reviews = reviews
        self._meetings = meetings
        self._more: dict[str, Action] = {}

    def add(self, word: str, action: Action) -> None:
        """Let an upper room answer what follows the verb: `action(tx, call)`, whose words are those after this one."""
        self._more[word] = action

    def register(self, actions: Actions, door: Door) -> None:
        """Add the verb `postmortem`, and hear the buttons and forms."""
        actions.add("postmortem", self.act)
        door.click(blocks.APPROVE, self.press_approve)
        door.click(blocks.PUBLISH, self.press_publish)
        door.click(blocks.EDIT, self.press_edit)
        door.click(blocks.ASK, self.press_ask)
        door.click(blocks.CHANGES, self.press_changes)
        door.click(blocks.MEET, self.press_meet)
        door.click(f"{blocks.SETTLE}:*", self.press_settle)
        door.submission(blocks.ASK, self.submit_ask)
        door.submission(blocks.CHANGES, self.submit_changes)
        door.submission(blocks.CHOOSE, self.submit_choice)
        door.submission(blocks.WRITE, self.submit_text)

    # Typed

    async def act(self, tx: Tx, call: Call) -> Reply:
        """The verb, as the table of verbs calls it."""
        first, _, rest = call.words.strip().partition(" ")
        if (action := self._more.get(first.lower())) is not None:
            return await action(tx, replace(call, words=rest.strip()))
        number, asked = call.incident.number, parse(call.words, has_people=bool(call.people))
        match asked:
            case Show():
                return await self.show(tx, call.incident)
            case Give():
                known = await self._reviews.give(tx, number, call.people[0])
                return self._quiet(call, f"{self._name(known.owner)} owns the postmortem of #{number} now.")
            case AskReview():
                await self._reviews.ask(tx, number, self._people(call))
                return self._quiet(call, f"The postmortem of #{number} is in review.")
            case Approve():
                known = await self._reviews.approve(tx, number)
                return self._quiet(call, f"You approved version {known.version} of the postmortem of #{number}.")
            case AskChanges(why):
                await self._reviews.request_changes(tx, number, why)
                return self._quiet(call, f"The postmortem of #{number} is a draft again; its owner is told why.")
            case Publish():
                known = await self._reviews.publish(tx, number)
                return self._quiet(call, f"Version {known.version} of the postmortem of #{number} is published.")
            case Withdraw(why):
                await self._reviews.withdraw(tx, number, why)
                return self._quiet(call, f"The postmortem of #{number} is withdrawn, and a draft again.")
            case Edit():
                return await self._edit(tx, number)
            case TakeFacts():
                return self._saved(number, await self._postmortems.take_offered(tx, number), "The newer facts are in it")
            case Restore(version):
                return self._saved(number, await self._postmortems.restore(tx, number, version), f"It says what version {version} said")
            case History():
                return await self._history(tx, number)
            case Meet(typed):
                return await self._meet(tx, call, typed)
            case CallOff():
                await self._meetings.call_off(tx, number)
                return self._quiet(call, f"The meeting about #{number} is called off.")

    async def show(self, tx: Tx, incident: Incident) -> Reply:
        """Say where the document is, and what it waits for. A draft is assembled again, since more may have been said meanwhile."""
        known = await self._postmortems.find(tx, incident.number)
        is_over = incident.state in OVER
        if known is None and not is_over:
            raise Refusal(
                f"#{incident.number} is {incident.state.value} and has no postmortem. "
                f"One is drafted when it is resolved: `/inc #{incident.number} resolve …`."
            )
        if is_over:
            await self._postmortems.order(tx, incident.number)
        if known is None:
            return Say(f"The postmortem of #{incident.number} is being drafted. It is announced in the incident's channel in a moment.")
        line = blocks.one_line(incident, known, self._postmortems.url(incident.number, reader=tx.actor))
        if not is_over:
            return Say(f"{line}. #{incident.number} is {incident.state.value} again; the draft is amended when it is resolved.")
        now = " It is brought up to date now." if takes_new_facts(known.state) else ""
        text = "\n".join([f"{line}.{now}", *await self._waits(tx, incident, known)])
        conflicts = [(one, self._whose(one.author)) for one in await self._postmortems.conflicts(tx, incident.number)]
        return Say(text, [*sentence(text), *blocks.conflicts(incident.number, conflicts)] if conflicts else ())

    async def _waits(self, tx: Tx, incident: Incident, known: Postmortem) -> list[str]:
        """Whose it is, until when, and what is to be decided."""
        owner = f"Owned by {self._name(known.owner)}." if known.owner else "Nobody owns it yet: `/inc postmortem owner @kim`."
        lines = [" ".join(part for part in (owner, blocks.owed(known)) if part)]
        if approvals := await self._postmortems.approvals(tx, incident.number):
            lines.append(f"Approved by {', '.join(self._name(one.person) for one in approvals)}.")
        if conflicts := len(await self._postmortems.conflicts(tx, incident.number)):
            lines.append(f"{conflicts} place{'s have' if conflicts > 1 else ' has'} two texts. Nothing is lost until somebody settles it:")
        if known.offered is not None:
            lines.append("More has become known since; `/inc postmortem facts` takes it in.")
        return lines

    async def _edit(self, tx: Tx, number: int) -> Reply:
        known = await self._postmortems.get(tx, number)
        parts, url = sections(blocks_of(known.markdown)), self._postmortems.url(number, reader=tx.actor)
        if not any(len(one.text) <= blocks.LONGEST_SECTION for one in parts):
            return Say(f"No part of it fits into a form of Slack's. It is edited {link(url, 'on its page')}.")
        return OpenModal(blocks.choice_form(known, parts, url))

    async def _history(self, tx: Tx, number: int) -> Reply:
        await self._postmortems.get(tx, number)
        lines = [
            f"• *{one.number}* {self._directory.wall_time(tx.actor, one.at, tx.now)} {self._name(one.author)}: {escape(one.what)}"
            for one in reversed(told(await self._postmortems.versions(tx, number)))
        ]
        where = link(self._postmortems.url(number, reader=tx.actor), f"postmortem of #{number}")
        return Say(clamp("\n".join([f"Versions of the {where}; `restore 3` brings one back:", *lines])))

    async def _meet(self, tx: Tx, call: Call, typed: str) -> Reply:
        """At the time that was typed, on the actor's clock; without one, offer a time that suits most."""
        number, zone = call.incident.number, self._directory.zone_of(tx.actor)
        if not typed:
            at = await self._meetings.suggest(tx, number)
            local = at.astimezone(zone)
            shown = f"{local:%a} {local.day} {local:%b} {local:%H:%M}"
            text = f"{shown} ({zone}) suits most of who would come. Another time: `/inc #{number} postmortem meeting tue 14:00`"
            return Say(text, [*sentence(text), *blocks.meeting_button(number, at, shown)])
        await asyncio.to_thread(load)  # the first time takes a while, and nobody's page waits for it
        found = span(typed if SAYS_LENGTH.search(typed) else f"{typed} +{USUAL.seconds // 60}m", tx.now, zone.key)
        row = await self._meetings.call(tx, number, found.start, found.end - found.start)
        at_home = self._directory.wall_time(tx.actor, row.starts_at, tx.now)
        return Say(f"You meet about #{number} at {at_home} your time, for {row.minutes} minutes. Whoever takes part is told.")

    # Pressed

    async def press_meet(self, tx: Tx, click: Click) -> Reply:
        """The time that was suggested. The answer takes the place of the question."""
        number, at = numbers_in(click.value, 2)
        await self._visible(tx, number, click)
        row = await self._meetings.call(tx, number, datetime.fromtimestamp(at, UTC))
        at_home = self._directory.wall_time(tx.actor, row.starts_at, tx.now)
        return Say(f"You meet about #{number} at {at_home} your time. Whoever takes part is told.", replace=True)

    async def press_settle(self, tx: Tx, click: Click) -> Reply:
        """One of two texts, or both. What is left to settle takes the place of the question."""
        number, conflict = numbers_in(click.value, 2)
        await self._visible(tx, number, click)
        await self._postmortems.settle(tx, number, conflict, Choice(click.action_id.removeprefix(f"{blocks.SETTLE}:")))
        shown = await self.show(tx, await self._incidents.get(tx, number))
        return replace(shown, replace=True) if isinstance(shown, Say) else shown

    async def press_approve(self, tx: Tx, click: Click) -> Reply:
        """The version that the message showed."""
        number, version = numbers_in(click.value, 2)
        await self._visible(tx, number, click)
        known = await self._reviews.approve(tx, number, version)
        return Say(f"You approved version {known.version} of the postmortem of #{number}.")

    async def press_publish(self, tx: Tx, click: Click) -> Reply:
        """Let everybody read it."""
        (number,) = numbers_in(click.value)
        await self._visible(tx, number, click)
        known = await self._reviews.publish(tx, number)
        return Say(f"Version {known.version} of the postmortem of #{number} is published.")

    async def press_edit(self, tx: Tx, click: Click) -> Reply:
        """Which part?"""
        (number,) = numbers_in(click.value)
        await self._visible(tx, number, click)
        return await self._edit(tx, number)

    async def press_ask(self, tx: Tx, click: Click) -> Reply:
        """Who is to review it?"""
        (number,) = numbers_in(click.value)
        await self._visible(tx, number, click)
        return OpenModal(blocks.ask_form(number))

    async def press_changes(self, tx: Tx, click: Click) -> Reply:
        """What is to change?"""
        (number,) = numbers_in(click.value)
        await self._visible(tx, number, click)
        return OpenModal(blocks.changes_form(number))

    # Sent

    async def submit_ask(self, tx: Tx, form: Submission) -> Reply:
        """These people are asked."""
        (number,) = numbers_in(form.private_metadata)
        chosen = form.values.get("people", {}).get(blocks.ELEMENT)
        users = chosen if isinstance(chosen, tuple) else ()
        await self._reviews.ask(tx, number, [await self._directory.actor_of(tx, user) for user in users])
        return Nothing()

    async def submit_changes(self, tx: Tx, form: Submission) -> Reply:
        """Why it is a draft again."""
        (number,) = numbers_in(form.private_metadata)
        await self._reviews.request_changes(tx, number, value(form, "why"))
        return Nothing()

    async def submit_choice(self, tx: Tx, form: Submission) -> Reply:
        """A part was chosen: its text comes next, of the version whose parts were offered."""
        number, version = numbers_in(form.private_metadata, 2)
        (place,) = numbers_in(value(form, "section"))
        parts = sections(blocks_of((await self._postmortems.version(tx, number, version)).markdown))
        return UpdateModal(blocks.write_form(number, version, place, parts[place]))

    async def submit_text(self, tx: Tx, form: Submission) -> Reply:
        """The part as it was written; the rest as it is now."""
        number, version, place = numbers_in(form.private_metadata, 3)
        parts = blocks_of((await self._postmortems.version(tx, number, version)).markdown)
        section = sections(parts)[place]
        markdown = spliced(parts, section.start, section.end, value(form, "text"))
        return self._saved(number, await self._postmortems.edit(tx, number, markdown, version), "It is saved")

    # The card

    async def card_section(self, tx: Tx, incident: Incident) -> Sequence[Block]:
        """The link on the incident's card, once there is a draft."""
        known = await self._postmortems.find(tx, incident.number)
        if known is None:
            return ()
        return (ContextBlock(elements=[MarkdownTextObject(text=blocks.one_line(incident, known, self._postmortems.url(incident.number)))]),)

    def _saved(self, number: int, saved: Saved, done: str) -> Say:
        """What became of an edit: the version, what somebody else wrote at the same place, and words to think about again."""
        lines = [f"{done}: version {saved.postmortem.version} of the postmortem of #{number}."]
        if saved.conflicts:
            lines.append(
                "*Somebody changed the same place before you.* Theirs stands; yours is kept beside it until `/inc postmortem` settles it:"
            )
            lines += [f">{escape(clamp(' '.join(one.offered.split()) or '(taken out)', 300))}" for one in saved.conflicts[:SHOWN]]
        if saved.wording:
            lines.append("_Worth another look; nothing has to change:_")
            lines += [f"• “{escape(one.words)}”: {one.instead}" for one in saved.wording[:SHOWN]]
        return Say(clamp("\n".join(lines)))

    async def _visible(self, tx: Tx, number: int, click: Click) -> None:
        """Refuse who sees the button of a private incident elsewhere than in its channel and has no part in it."""
        incident = await self._incidents.get(tx, number)
        if incident.channel_id != click.channel and not await self._postmortems.sees(tx, incident, tx.actor):
            raise NotFound(f"There is no incident #{number}.")

    def _people(self, call: Call) -> list[ActorId]:
        """The people named, and those of the teams named."""
        teams = [team for name in call.teams if (team := self._directory.team(name))]
        return [*call.people, *(ActorId(person) for team in teams for person in team.members)]

    def _whose(self, author: str) -> str:
        return "What became known since" if author == BOT else f"{self._name(author)} wrote"

    def _name(self, actor: str | None) -> str:
        return escape(self._directory.name(actor or ""))

    @staticmethod
    def _quiet(call: Call, sentence: str) -> Reply:
        """Where the channel itself shows what happened, the person needs no second answer."""
        return Say(sentence) if call.is_elsewhere or call.incident.channel_id is None else Nothing()


def value(form: Submission, name: str) -> str:
    """What was typed or chosen in a field; "" for nothing."""
    found = form.values.get(name, {}).get(blocks.ELEMENT)
    return found if isinstance(found, str) else ""


def numbers_in(carried: str, count: int = 1) -> tuple[int, ...]:
    """The numbers that a button or form carries: the incident, a version, a place."""
    parts = carried.split(":")
    if len(parts) != count or not all(part.isascii() and part.isdecimal() and len(part) < 12 for part in parts):
        raise InvalidInput("This button is of another version of the bot. Nothing was changed; `/inc postmortem` tells where things are.")
    return tuple(int(part) for part in parts)
