"""Slack's side of runs: `/inc run`, the buttons of the card, and the forms."""

import json
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence

from slack_sdk.models.blocks import Block

from bot.config.runbooks import Runbook
from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput, Refusal
from bot.incidents.actions import Actions, Call
from bot.incidents.lifecycle import is_open
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.runbooks import blocks
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.effects import Effects
from bot.runbooks.models import Run
from bot.runbooks.reversal import missing
from bot.runbooks.service import Runs
from bot.slack.door import Door
from bot.slack.replies import Nothing, OpenModal, Reply, Say, UpdateModal
from bot.slack.requests import Click, Submission

Names = Callable[[Tx, Incident], Awaitable[list[str]]]
OLD = "This button belongs to a message that is too old. Use the run's newest card."


class RunCommand:
    """Listeners of everything that asks for a run or decides about one. `alerts` tells the names of an incident's alerts."""

    def __init__(
        self,
        directory: Directory,
        incidents: Incidents,
        catalogue: Catalogue,
        runs: Runs,
        effects: Effects,
        alerts: Callable[[Tx, Incident], Awaitable[list[str]]],
    ) -> None:
        self._directory = directory
        self._incidents = incidents
        self._catalogue = catalogue
        self._runs = runs
        self._effects = effects
        self._alerts = alerts

    def register(self, actions: Actions, door: Door) -> None:
        """Add the verb `run`, and put the listeners on the door."""
        actions.add("run", self.run)
        actions.add_form("run", self.form)
        door.click(f"{blocks.OPEN}:*", self.open_suggested)
        door.click(blocks.APPROVE, self.approve)
        door.click(blocks.DECLINE, self.decline)
        door.click(blocks.STOP, self.stop)
        door.click(blocks.SETTLE, self.settle)
        door.click(blocks.ALONE, self.open_reason)
        door.click(blocks.REVERSE, self.reverse)
        door.click(blocks.AGAIN, self.again)
        door.submission(blocks.CHOOSE, self.submit_choice)
        door.submission(f"{blocks.FILL}:*", self.submit_parameters)
        door.submission(blocks.BECAUSE, self.submit_reason)

    async def run(self, tx: Tx, call: Call) -> Reply:
        """`run rollback service=checkout to=v41`. What is missing is asked for in a form."""
        name, words = understood(call.words)
        runbook = self._catalogue.find(name)
        if missing(runbook, words):
            return OpenModal(blocks.parameter_form(self._directory.config, runbook, about(call.incident, words), words))
        return await self._request(tx, call.incident, name, words)

    async def form(self, tx: Tx, incident: Incident) -> Reply:
        """`run` alone: which one? Those that fit the incident come first."""
        suggested = await self._suggested(tx, incident)
        others = [one for one in self._catalogue.runbooks.values() if one not in suggested]
        if not self._catalogue.runbooks:
            raise Refusal("No runbook is configured. docs/configuration.md says how to add one.")
        return OpenModal(blocks.choice_form([*suggested, *others], about(incident, {})))

    async def card_section(self, tx: Tx, incident: Incident) -> Sequence[Block]:
        """The runbooks that fit, as buttons on the incident's card while it is open."""
        suggested = await self._suggested(tx, incident) if is_open(incident.state) else []
        return blocks.suggested(incident.number, suggested[: blocks.SUGGESTED]) if suggested else ()

    async def open_suggested(self, tx: Tx, click: Click) -> Reply:
        """A suggested runbook was pressed: its parameters come next."""
        number, _, name = click.value.partition(" ")
        incident = await self._incidents.get(tx, number_in(number))
        return OpenModal(blocks.parameter_form(self._directory.config, self._catalogue.find(name), about(incident, {}), {}))

    async def _suggested(self, tx: Tx, incident: Incident) -> list[Runbook]:
        return self._catalogue.suggested(incident.service, await self._alerts(tx, incident))

    async def submit_choice(self, tx: Tx, form: Submission) -> Reply:
        """A runbook was chosen: its parameters come next."""
        runbook = self._catalogue.find(str(form.values.get("runbook", {}).get(blocks.ELEMENT)))
        return UpdateModal(blocks.parameter_form(self._directory.config, runbook, form.private_metadata, {}))

    async def submit_parameters(self, tx: Tx, form: Submission) -> Reply:
        """The parameters are filled in."""
        kept = json.loads(form.private_metadata)
        filled = {name: one.get(blocks.ELEMENT) for name, one in form.values.items()}
        words = {name: value for name, value in {**kept["words"], **filled}.items() if isinstance(value, str) and value.strip()}
        incident = await self._incidents.get(tx, int(kept["incident"]))
        reply = await self._request(tx, incident, form.callback_id.partition(":")[2], words, reverses=kept.get("reverses"))
        return Say(reply.text, channel=incident.channel_id or "")

    async def _request(self, tx: Tx, incident: Incident, name: str, words: Mapping[str, str], *, reverses: int | None = None) -> Say:
        return await self._being_prepared(tx, await self._runs.request(tx, incident, name, words, reverses=reverses))

    async def _being_prepared(self, tx: Tx, run: Run) -> Say:
        await self._runs.show(tx, run)
        return Say(f"Run {run.number} ({run.title}) is being prepared; nothing has changed yet. Its card is in the incident's channel.")

    # Pressed

    async def approve(self, tx: Tx, click: Click) -> Reply:
        """Yes, to exactly what the card showed."""
        number, _, fingerprint = click.value.partition(" ")
        await self._runs.approve(tx, number_in(number), fingerprint)
        return Nothing()

    async def decline(self, tx: Tx, click: Click) -> Reply:
        """No."""
        await self._runs.decline(tx, number_in(click.value))
        return Nothing()

    async def stop(self, tx: Tx, click: Click) -> Reply:
        """End it."""
        run = await self._runs.stop(tx, number_in(click.value))
        return Say(f"Run {run.number} is being stopped. What it did stays done.")

    async def settle(self, tx: Tx, click: Click) -> Reply:
        """I looked at the hosts of a run that was lost."""
        run = await self._runs.settle(tx, number_in(click.value))
        return Say(f"The hosts of run {run.number} are free again.")

    async def open_reason(self, tx: Tx, click: Click) -> Reply:
        """Go alone: why?"""
        return OpenModal(blocks.reason_form(number_in(click.value)))

    async def submit_reason(self, tx: Tx, form: Submission) -> Reply:
        """Go alone, for this reason."""
        because = form.values.get("because", {}).get(blocks.ELEMENT)
        run = await self._runs.go_alone(tx, number_in(form.private_metadata), because if isinstance(because, str) else "")
        return Say(f"Run {run.number} starts. Your reason is on the timeline.")

    async def again(self, tx: Tx, click: Click) -> Reply:
        """The same once more, where it failed: a request like any other."""
        return await self._being_prepared(tx, await self._runs.again(tx, number_in(click.value)))

    async def reverse(self, tx: Tx, click: Click) -> Reply:
        """Take a run back: a request like any other, with what it needs filled in."""
        back = await self._effects.taken_back_by(tx, number_in(click.value))
        incident = await self._incidents.get(tx, back.run.incident_id)
        if back.missing:
            about_it = about(incident, back.words, reverses=back.run.number)
            return OpenModal(blocks.parameter_form(self._directory.config, back.runbook, about_it, back.words))
        return await self._request(tx, incident, back.runbook.id, back.words, reverses=back.run.number)


def understood(line: str) -> tuple[str, dict[str, str]]:
    """`rollback to=v41 reason="two words"` → its name and its words."""
    try:
        name, *pairs = shlex.split(line.replace("“", '"').replace("”", '"'))
    except ValueError:
        raise InvalidInput('A quotation mark is missing its other half. Write it like: run rollback to=v41 note="two words".') from None
    words = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise InvalidInput(f"“{pair}” is no parameter; write name=value, as in: run rollback to=v41.")
        words[key.lower()] = value
    return name, words


def about(incident: Incident, words: Mapping[str, str], *, reverses: int | None = None) -> str:
    """What a form brings back."""
    return json.dumps({"incident": incident.number, "words": dict(words), "reverses": reverses})


def number_in(value: str) -> int:
    """The run that a button or form carries."""
    if not value.isascii() or not value.isdecimal() or len(value) > 12:
        raise InvalidInput(OLD)
    return int(value)
