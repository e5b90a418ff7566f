"""Slack's side of incidents: read what was typed or pressed, call one verb, answer."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.db import ActorId, Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput, Refusal
from bot.incidents import blocks, forms, help_text, lifecycle, roles
from bot.incidents.actions import Actions, Call, Opening
from bot.incidents.confirming import Confirmations
from bot.incidents.declaration import Declaration, declaration_of
from bot.incidents.grammar import parse, titled
from bot.incidents.intents import Act, Ask, Declare, Intent, Look, Mention, MentionKind, OpenForm, Place, Unknown
from bot.incidents.lifecycle import is_open, state_named
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.incidents.severity import ComponentStatus, Observation, Severity
from bot.incidents.standing import Standings
from bot.incidents.tasks import ItemKind, ItemPriority
from bot.incidents.verbs import NEXT, VERBS, Argument
from bot.slack.door import Door
from bot.slack.identity import identity
from bot.slack.replies import FieldErrors, Nothing, OpenModal, Reply, Say
from bot.slack.requests import Click, Command, Event, MentionBody, MessageAction, Shortcut, Submission
from bot.slack.text import escape, plain

MENTIONED = re.compile(r"\s*<@(?P<user>[A-Z0-9]+)(?:\|[^>]*)?>[\s,:]*(?P<line>.*)", re.DOTALL)


class IncidentListeners:
    """Listeners of `/inc`, of the card's buttons and of the forms."""

    def __init__(
        self, directory: Directory, incidents: Incidents, actions: Actions, standings: Standings, confirmations: Confirmations
    ) -> None:
        self._directory = directory
        self._incidents = incidents
        self._actions = actions
        self._standings = standings
        self._confirmations = confirmations

    def register(self, door: Door) -> None:
        """Tell the door what comes here."""
        commands = self._directory.config.commands
        for name in (commands.incident, commands.incident_alias):
            if name:
                door.command(name, self.command)
        for verb in ("ack", "lead", "escalate", "join"):
            door.click(f"incident.{verb}", self.press)
        for verb in ("update", "resolve"):
            door.click(f"incident.{verb}", self.open_form)
        door.click("incident.page_next", self.press_page_next)
        door.click("incident.page_these", self.press_page_these)
        door.click("incident.severity:*", self.press_severity)
        door.click("incident.undo", self.press_undo)
        door.click("offer.declare", self.declare_offered)
        door.click("offer.declare:*", self.declare_offered)
        door.click("offer.act", self.act_offered)
        door.submission("incident.declare", self.submit_declaration)
        door.submission("incident.form:*", self.submit_form)
        door.shortcut("declare.open", self.open_declaration)
        door.message_action("declare.from_message", self.declare_from_message)
        door.event("app_mention", self.mentioned)

    # Typed

    async def command(self, tx: Tx, command: Command) -> Reply:
        """`/inc …`, in the order of the decision table."""
        incident = await self._incidents.of_channel(tx, command.channel)
        intent = parse(command.text, await self._place(tx, incident))
        return await self.follow(tx, intent, command.channel, command.response_url)

    async def follow(self, tx: Tx, intent: Intent, channel: str, reply_to: str) -> Reply:
        """Do what a line means."""
        match intent:
            case Declare():
                return await self._declare(tx, intent, reply_to)
            case Act():
                return await self._act(tx, intent, channel, reply_to)
            case OpenForm(verb=None):
                return OpenModal(forms.declaration(self._directory.config, plain(intent.text), severity=intent.severity, reply_to=reply_to))
            case OpenForm():
                return await self._form(tx, intent, channel)
            case Look():
                return await self._look(tx, intent, channel)
            case Ask():
                return Say(intent.text, blocks=forms.offer(intent.text, intent.declare, intent.instead))
            case Unknown():
                return self._unknown(intent)

    async def _place(self, tx: Tx, incident: Incident | None) -> Place:
        open_now = await self._incidents.seen_open(tx)
        mine = await roles.of_person(tx, tx.actor)
        names = self._directory.config.service_names
        return Place(
            incident=incident.number if incident else None,
            mine=tuple(one.number for one in open_now if one.number in mine or one.declared_by == tx.actor),
            open=frozenset(one.number for one in open_now),
            people=frozenset(self._directory.config.people),
            teams=frozenset(self._directory.config.teams),
            services=frozenset(name for name in names if " " not in name),
            runbooks=frozenset(self._directory.config.runbooks),
        )

    # Declaring

    async def _wanted(self, tx: Tx, intent: Declare, reply_to: str, *, separate: bool = False) -> Declaration:
        if intent.unknown_service:
            self._incidents.judge.service(intent.unknown_service, "")  # refuses, with the nearest names
        people = tuple([person for who in intent.people if (person := await self._person(tx, who))])
        return declaration_of(intent, origin="slack", reply_to=reply_to or None, people=people, separate=separate)

    async def _declare(self, tx: Tx, intent: Declare, reply_to: str, *, separate: bool = False) -> Reply:
        declared = await self._incidents.declare(tx, await self._wanted(tx, intent, reply_to, separate=separate))
        if not declared.is_new:
            return self._twin(tx, declared.incident, intent)
        return Say(await self._confirmations.of(tx, declared.incident))

    def _twin(self, tx: Tx, incident: Incident, intent: Declare) -> Reply:
        ago = lifecycle.humane(tx.now - incident.declared_at)
        text = f"#{incident.number} was declared {ago} ago: {escape(incident.title)}. Nobody was paged again."
        return Say(text, blocks=forms.join_or_separate(text, incident.number, intent))

    # Acting

    async def _open(self, tx: Tx, verb: str, words: str, channel: str, reply_to: str = "") -> Reply:
        """A verb that makes an incident of what follows it."""
        wanted = await self._wanted(tx, titled(words, await self._place(tx, None)), reply_to)
        return await self._actions.open(tx, verb, Opening(wanted, channel))

    async def _act(self, tx: Tx, intent: Act, channel: str, reply_to: str) -> Reply:
        if VERBS[intent.verb].makes_incident:
            return await self._open(tx, intent.verb, intent.argument, channel, reply_to)
        if intent.incident is None:
            return await self._form(tx, OpenForm(intent.verb, None, intent.argument), channel)
        incident = await self._visible(tx, intent.incident, channel)
        if any(who.kind is MentionKind.SLACK_GROUP for who in intent.mentions):
            raise InvalidInput("I know people and teams, not Slack's groups. Name one of them: `/inc page @kim …`.")
        people = [await self._person(tx, who) for who in intent.mentions]
        call = Call(
            incident=incident,
            other=await self._visible(tx, intent.other, channel) if intent.other else None,
            words=plain(intent.argument),
            severity=intent.severity,
            state=intent.state,
            people=tuple(person for person in people if person),
            teams=tuple(who.ref for who in intent.mentions if who.kind is MentionKind.TEAM),
            wait=intent.wait,
            due=intent.due,
            priority=intent.priority,
            kind=intent.kind,
            is_elsewhere=incident.channel_id != channel,
        )
        return await self._actions.perform(tx, intent.verb, call)

    async def _form(self, tx: Tx, intent: OpenForm, channel: str) -> Reply:
        verb = intent.verb or ""
        if VERBS[verb].makes_incident:
            return OpenModal(forms.verb_form(verb, None, (), words=plain(intent.text), channel=channel))
        if not VERBS[verb].needs_incident:
            raise InvalidInput(f"Say it in one line: `/inc {VERBS[verb].example}`.")
        incident = await self._visible(tx, intent.incident, channel) if intent.incident else None
        if incident is not None and (form := self._actions.form(verb)) is not None:
            return await form(tx, incident)
        is_of_two = VERBS[verb].argument is Argument.INCIDENT
        open_now = await self._incidents.seen_open(tx) if incident is None or is_of_two else []
        if is_of_two and not any(one.number != intent.incident for one in open_now):
            raise Refusal(f"There is no other open incident to `{verb}` it into.")
        if incident is None and not open_now:
            raise Refusal(f"There is no open incident to `{verb}`. To declare one: `/inc new …`.")
        return OpenModal(forms.verb_form(verb, incident, open_now, words=plain(intent.text), channel=channel))

    async def _visible(self, tx: Tx, number: int, channel: str) -> Incident:
        """The incident, unless it is private and this person has no part in it; then it does not exist for them."""
        incident = await self._incidents.get(tx, number)
        if incident.is_private and incident.channel_id != channel and not await self._incidents.is_insider(tx, incident):
            raise InvalidInput(f"There is no incident #{number}.")
        return incident

    async def _person(self, tx: Tx, who: Mention) -> ActorId | None:
        match who.kind:
            case MentionKind.SLACK_USER:
                return await self._directory.actor_of(tx, who.ref)
            case MentionKind.PERSON:
                return ActorId(who.ref)
            case MentionKind.ME:
                return tx.actor
            case _:
                return None

    # Looking

    async def _look(self, tx: Tx, intent: Look, channel: str) -> Reply:
        if intent.verb == "help":
            return Say(help_text.overview(self._directory.config.commands.incident, intent.argument))
        if intent.verb == "list" and intent.argument.startswith("#"):
            incident = await self._visible(tx, int(intent.argument[1:]), channel)
            return Say(f"{blocks.one_line(incident)}\n{blocks.facts(await self._standings.of(tx, incident))}")
        if intent.verb == "list":
            return Say(self._listed(await self._incidents.listed(tx, intent.argument)))
        return await self._actions.look(tx, intent.verb, intent.argument)

    @staticmethod
    def _listed(incidents: Sequence[Incident]) -> str:
        return "\n".join(blocks.one_line(one) for one in incidents[:20]) or "No incident is open. All quiet."

    def _unknown(self, intent: Unknown) -> Reply:
        nearest = f" Did you mean {' or '.join(f'`{verb}`' for verb in intent.nearest)}?" if intent.nearest else ""
        text = f"`{escape(plain(intent.word))[:60]}` is no command.{nearest} Nothing has happened. `/inc help` lists the commands."
        return Say(text, blocks=forms.offer(text, intent.declare, None))

    # Pressed

    async def press(self, tx: Tx, click: Click) -> Reply:
        """A button of the card that acts at once."""
        verb = click.action_id.removeprefix("incident.")
        incident = await self._visible(tx, number_in(click.value), click.channel)
        return await self._actions.perform(tx, verb, Call(incident, is_elsewhere=incident.channel_id != click.channel))

    async def open_form(self, tx: Tx, click: Click) -> Reply:
        """A button of the card that needs words."""
        incident = await self._visible(tx, number_in(click.value), click.channel)
        if not is_open(incident.state):
            raise Refusal(f"#{incident.number} is {incident.state.value} already. Nothing to do.")
        return OpenModal(forms.verb_form(click.action_id.removeprefix("incident."), incident, (), channel=click.channel))

    async def press_severity(self, tx: Tx, click: Click) -> Reply:
        """Confirm or correct a severity that nobody has confirmed."""
        number, _, severity = click.value.partition(":")
        incident = await self._visible(tx, number_in(number), click.channel)
        call = Call(incident, severity=Severity(int(severity)), is_elsewhere=incident.channel_id != click.channel)
        return await self._actions.perform(tx, "sev", call)

    async def press_page_next(self, tx: Tx, click: Click) -> Reply:
        """Who could be paged next: shown to who asks alone."""
        incident = await self._visible(tx, number_in(click.value), click.channel)
        return await self._actions.perform(tx, "page", Call(incident, words=NEXT))

    async def press_page_these(self, tx: Tx, click: Click) -> Reply:
        """Yes, page those who were named. The answer takes the place of the question."""
        number, *people = click.value.split()
        incident = await self._visible(tx, number_in(number), click.channel)
        return in_place(await self._actions.page_these(tx, incident, people))

    async def press_undo(self, tx: Tx, click: Click) -> Reply:
        """Take back a resolve or cancel."""
        await self._visible(tx, number_in(click.value), click.channel)
        incident = await self._incidents.undo(tx, number_in(click.value))
        return Nothing() if incident.channel_id == click.channel else Say(f"#{incident.number} is {incident.state.value} again.")

    async def declare_offered(self, tx: Tx, click: Click) -> Reply:
        """[Declare "…"], or [Separate]. The answer takes the place of the buttons."""
        offered = forms.offered_declaration(click.value)
        return in_place(await self._declare(tx, offered.declare, click.response_url, separate=offered.separate))

    async def act_offered(self, tx: Tx, click: Click) -> Reply:
        """[Do it on #42]: what was typed, now said to be a command."""
        number, line = forms.offered_action(click.value)
        place = await self._place(tx, await self._visible(tx, number, click.channel) if number else None)
        intent = parse(f"#{number} {line}" if number else line, place)
        if isinstance(intent, Ask):
            intent = intent.instead
        return in_place(await self.follow(tx, intent, click.channel, click.response_url))

    # Sent

    async def submit_declaration(self, tx: Tx, form: Submission) -> Reply:
        """The one form with one required field."""
        title = forms.value(form, "title")
        if not title.strip():
            return FieldErrors({"title": "Say in a few words what is wrong."})
        severity, status = forms.value(form, "severity"), forms.value(form, "status")
        declared = await self._incidents.declare(
            tx,
            Declaration(
                title=title,
                severity=Severity(int(severity)) if severity else None,
                service=forms.value(form, "service") or None,
                is_private=bool(forms.value(form, "private")),
                observation=Observation(component_status=ComponentStatus(status) if status else None),
                reply_to=form.private_metadata or None,
            ),
        )
        if not declared.is_new:
            return self._twin(tx, declared.incident, Declare(title, service=declared.incident.service))
        return Say(await self._confirmations.of(tx, declared.incident))

    async def submit_form(self, tx: Tx, form: Submission) -> Reply:
        """The form of a verb."""
        verb = form.callback_id.removeprefix("incident.form:")
        number, _, channel = form.private_metadata.partition(" ")
        if VERBS[verb].makes_incident:
            return await self._open(tx, verb, forms.value(form, "words"), channel)
        chosen = forms.value(form, "incident") or number
        if not chosen:
            return FieldErrors({"incident": "Choose the incident."})
        incident = await self._visible(tx, number_in(chosen), channel)
        severity, state, person = (forms.value(form, name) for name in ("severity", "state", "person"))
        into = forms.value(form, "into")
        call = Call(
            incident,
            await self._visible(tx, number_in(into), channel) if into else None,
            words=forms.value(form, "words"),
            severity=Severity(int(severity)) if severity else None,
            state=state_named(state) if state else None,
            people=(await self._directory.actor_of(tx, person),) if person else (),
            wait=timedelta(minutes=int(minutes)) if (minutes := forms.value(form, "wait")).isdecimal() else None,
            due=forms.value(form, "due"),
            priority=ItemPriority(priority) if (priority := forms.value(form, "priority")) else None,
            kind=ItemKind(kind) if (kind := forms.value(form, "kind")) else None,
        )
        reply = await self._actions.perform(tx, verb, call)
        return Say(reply.text, reply.blocks, channel=channel or incident.channel_id or "") if isinstance(reply, Say) else reply

    async def open_declaration(self, tx: Tx, shortcut: Shortcut) -> Reply:
        """The global shortcut."""
        return OpenModal(forms.declaration(self._directory.config, ""))

    async def declare_from_message(self, tx: Tx, action: MessageAction) -> Reply:
        """A message's shortcut: what it says is the title, to be looked over first."""
        return OpenModal(forms.declaration(self._directory.config, " ".join(plain(action.text).split()), reply_to=action.response_url))

    async def mentioned(self, tx: Tx, event: Event) -> Reply:
        """`@tocsin ack` in a thread, where slash commands do not work: the same grammar, answered where it was asked.

        Only what begins with our name is meant for us, and only `sev1 …` or `new …` declares: people also talk about the bot.
        """
        us, body = await identity(tx), event.body
        found = MENTIONED.match(body.text) if isinstance(body, MentionBody) else None
        if not isinstance(body, MentionBody) or found is None or us is None or found["user"] != us.bot_user:
            return Nothing()
        incident, line = await self._incidents.of_channel(tx, body.channel), found["line"].strip() or "help"
        intent = parse(line, await self._place(tx, incident))
        if isinstance(intent, Declare) and intent.severity is None and not line.lower().startswith(("new ", "declare ")):
            intent = Ask("Nothing has happened yet. Shall I declare an incident?", intent, Look("help"))
        try:
            async with tx.savepoint():  # a refusal undoes what it refused, and is answered like anything else
                reply = await self._follow_mention(tx, intent, body.channel)
        except Refusal as refusal:
            reply = Say(str(refusal))
        return replace(reply, channel=body.channel, thread=body.thread_ts) if isinstance(reply, Say) else reply

    async def _follow_mention(self, tx: Tx, intent: Intent, channel: str) -> Reply:
        reply = await self.follow(tx, intent, channel, "")
        if isinstance(reply, OpenModal):  # a form needs a click, and a mention is none
            verb = intent.verb if isinstance(intent, OpenForm | Act) else None
            example = VERBS[verb].example if verb else "sev1 checkout is down"
            return Say(f"Say it in one line, for example: @tocsin {example}")
        return reply


def in_place(reply: Reply) -> Reply:
    """What is said takes the place of the message whose button was pressed, so that it is not pressed again."""
    return replace(reply, replace=True) if isinstance(reply, Say) else reply


def number_in(value: str) -> int:
    """The incident number that a button or form carries; raises `InvalidInput` for anything else."""
    if not value.isdecimal():
        raise InvalidInput("This button belongs to a message that is too old. Use the incident's card.")
    return int(value)
