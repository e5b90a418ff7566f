"""`/runbook`: which runbooks there are, what each says, and a way to run it."""

from collections.abc import Collection, Sequence

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ContextBlock, MarkdownTextObject, SectionBlock

from bot.config.runbooks import Parameter, Runbook
from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import Refusal
from bot.incidents.actions import Call
from bot.incidents.lifecycle import is_open
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.runbooks import blocks
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.page_links import RunLinks
from bot.runbooks.slack import RunCommand, understood
from bot.slack.door import Door
from bot.slack.mrkdwn import mrkdwn
from bot.slack.replies import Reply, Say
from bot.slack.requests import Click, Command
from bot.slack.text import clamp, escape, link, plain

READ = "runbook.read"
LISTED = 20


class Library:
    """Listeners of `/runbook` and of its buttons."""

    def __init__(self, directory: Directory, incidents: Incidents, catalogue: Catalogue, command: RunCommand, run_links: RunLinks) -> None:
        self._directory = directory
        self._incidents = incidents
        self._catalogue = catalogue
        self._command = command
        self._links = run_links

    def register(self, door: Door) -> None:
        """Put the listeners on the door."""
        door.command(self._directory.config.commands.runbook, self.command)
        door.click(f"{READ}:*", self.read)

    async def command(self, tx: Tx, command: Command) -> Reply:
        """`/runbook` lists them, `/runbook rollback` shows one, `/runbook rollback to=v41` asks for a run in an incident's channel."""
        incident = await self._incidents.of_channel(tx, command.channel)
        line = plain(command.text).strip()
        if line.lower() in ("", "list"):
            return await self._list(tx, incident)
        if line.lower() == "help":
            return Say(self._help())
        name, words = understood(line)
        if not words:
            return await self._document(tx, self._catalogue.find(name), incident)
        if incident is None:
            root = self._directory.config.commands.incident
            raise Refusal(f"Nothing was run: this is no incident's channel. `{root} #42 run {escape(line)}` says for which one.")
        return await self._command.run(tx, Call(incident, words=line))

    async def read(self, tx: Tx, click: Click) -> Reply:
        """One of the list, in full."""
        incident = await self._incidents.of_channel(tx, click.channel)
        return await self._document(tx, self._catalogue.find(click.value), incident)

    def _help(self) -> str:
        name = self._directory.config.commands.runbook
        return (
            f"`{name}` lists the runbooks, those that fit the incident first. `{name} rollback` shows what one says. "
            f"`{name} rollback to=v41` in an incident's channel asks for a run, as `{self._directory.config.commands.incident} run` does."
        )

    async def _list(self, tx: Tx, incident: Incident | None) -> Say:
        if not self._catalogue.runbooks:
            raise Refusal("No runbook is configured. docs/configuration.md says how to add one.")
        fits = await self._links.suggested(tx, incident) if incident is not None else []
        every = [*fits, *(one for one in self._catalogue.runbooks.values() if one not in fits)]
        told = f"{len(every)} runbooks" if len(every) > 1 else "1 runbook"
        return Say(told, blocks=[*listed(every, len(fits)), *self._own_page(tx, incident)])

    async def _document(self, tx: Tx, runbook: Runbook, incident: Incident | None) -> Say:
        can_run = incident is not None and is_open(incident.state)
        needs = runbook.approvals_needed(incident.severity if incident else 2, self._catalogue.environments(runbook)[0])
        shown = [*document(runbook, self._catalogue.environments(runbook), needs), *self._own_page(tx, incident, runbook)]
        if incident is not None and can_run:
            button = ButtonElement(text="Run it …", action_id=f"{blocks.OPEN}:0", value=f"{incident.number} {runbook.id}", style="primary")
            shown.append(ActionsBlock(block_id="runbook", elements=[button]))
        return Say(f"Runbook {runbook.id}: {runbook.title}", blocks=shown)

    def _own_page(self, tx: Tx, incident: Incident | None, runbook: Runbook | None = None) -> list[Block]:
        """A link of the reader's own to the same in a browser, from where things can be run, too."""
        if incident is None or self._directory.person(tx.actor) is None:
            return []
        if runbook is not None:
            address, label = self._links.start(incident.number, runbook.id, tx.actor), "the same on a page, to be run from there"
        else:
            address, label = self._links.incident(incident.number, tx.actor), f"#{incident.number} on a page of your own"
        return [
            ContextBlock(elements=[MarkdownTextObject(text=f"{link(address, label)} · only for you: whoever has this link acts as you")])
        ]


def listed(runbooks: Sequence[Runbook], fitting: int) -> list[Block]:
    """A line and a button each, those that fit the incident first."""
    shown: list[Block] = []
    for position, one in enumerate(runbooks[:LISTED]):
        if position == 0 and fitting:
            shown.append(ContextBlock(elements=[MarkdownTextObject(text="*Those that fit this incident:*")]))
        if position == fitting and fitting:
            shown.append(ContextBlock(elements=[MarkdownTextObject(text="*The others:*")]))
        button = ButtonElement(text="Read", action_id=f"{READ}:{position}", value=one.id)
        shown.append(SectionBlock(text=MarkdownTextObject(text=f"`{one.id}` {escape(one.title)}"), accessory=button))
    if left_out := len(runbooks) - LISTED:
        shown += [ContextBlock(elements=[MarkdownTextObject(text=f"and {left_out} more, each by its name")])] if left_out > 0 else []
    return shown


def document(runbook: Runbook, environments: Collection[str], needs: int) -> list[Block]:
    """What a runbook is for, what it needs, and what its body says."""
    approval = {0: "needs no approval", 1: "somebody else must approve"}.get(needs, f"{needs} others must approve")
    facts = f"runs `{escape(runbook.playbook)}` on `{escape(runbook.group)}` · {escape(', '.join(environments))} · {approval}"
    parameters = "\n".join(f"• `{name}` {escape(meaning(one))}" for name, one in runbook.parameters.items())
    sections = [f"*{escape(runbook.title)}*  `{runbook.id}`\n{facts}", parameters, mrkdwn(runbook.body)]
    return [SectionBlock(text=MarkdownTextObject(text=clamp(part))) for part in sections if part]


def meaning(parameter: Parameter) -> str:
    """What a parameter is, in a few words."""
    allowed = {
        "choice": " or ".join(parameter.values),
        "integer": f"{parameter.min} to {parameter.max}",
        "duration": f"{parameter.min} to {parameter.max}",
    }.get(parameter.type, f"a {parameter.type}")
    default = f", {parameter.default} unless you say otherwise" if parameter.default is not None else ""
    optional = "" if parameter.required or parameter.default is not None else ", may be left out"
    return f"{parameter.help + ': ' if parameter.help else ''}{allowed}{default}{optional}"
