"""Templates of postmortems: choosing one (`/inc postmortem template vendor`), and what `tocsin check` says of the company's own."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bot.config.check import Doubt
from bot.config.models import Config
from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput, NotFound
from bot.incidents.actions import Call
from bot.incidents.lifecycle import IncidentState, Milestone, MilestoneKind
from bot.incidents.severity import Severity
from bot.postmortems.assemble import assemble
from bot.postmortems.document import ActionItem, Facts, Responder
from bot.postmortems.lines import Entry
from bot.postmortems.material import Material
from bot.postmortems.render import SHIPPED, rendered, trouble_of
from bot.postmortems.selection import Message
from bot.postmortems.service import Postmortems
from bot.slack.replies import Reply, Say

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Templates:
    """The verb: another template for a draft."""

    def __init__(self, directory: Directory, postmortems: Postmortems) -> None:
        self._directory = directory
        self._postmortems = postmortems

    async def choose(self, tx: Tx, call: Call) -> Reply:
        """Let the document be written by another template; what people wrote in it stays."""
        name, number = call.words.strip().lower(), call.incident.number
        known = sorted({*SHIPPED, *self._directory.config.postmortem_templates})
        if name not in known:
            raise InvalidInput(f"Say which template: {', '.join(f'`/inc postmortem template {one}`' for one in known)}.")
        postmortem = await self._postmortems.find(tx, number)
        if postmortem is None:
            raise NotFound(f"The postmortem of #{number} is not there yet: it is drafted when the incident is resolved.")
        postmortem.template = name
        await self._postmortems.amend(tx, number)
        return Say(f"The postmortem of #{number} is written by the template `{name}` now. What people wrote in it stays.")


def doubts(config: Config) -> Iterator[Doubt]:
    """Templates that break, with the line, and names of templates that there are not."""
    known = {*SHIPPED, *config.postmortem_templates}
    named = [(("services", one.id, "postmortem_template"), one.postmortem_template) for one in config.services.values()]
    for loc, name in ((("postmortem_template",), config.postmortem_template), *named):
        if name is not None and name not in known:
            yield loc, f"there is no template '{name}' of postmortems, so the default one is used; known are {', '.join(sorted(known))}."
    for name in config.postmortem_templates:
        try:
            rendered(sample(), name, dict.fromkeys(Severity, "an outage"), UTC, config.postmortem_templates)
        except Exception as broken:
            line, why = trouble_of(broken, config.postmortem_templates)
            yield ("postmortem_templates", name, line), f"the template '{name}' breaks, so the default one is used: {why}"


def sample() -> Material:
    """A document with something in each part, to try templates on."""
    facts = Facts(1, "Checkout is down", IncidentState.RESOLVED, Severity.SEV1, "typed", "Kim", START, "Checkout")
    kinds = ("declared", "severity", "paged", "acknowledged", "update", "mitigated", "resolved")
    entries = [Entry(kind, f"{kind} it", "Kim", START, START) for kind in kinds]
    stones = [Milestone(kind, START, START) for kind in MilestoneKind]
    said = [Message(START.timestamp(), "Ana", "rolled back", url="https://acme.slack.com/archives/C1/p1")]
    return Material(assemble(facts, stones, entries, said, [Responder("Ana", ("commander",), START)], [ActionItem("an alarm", "Ana")]))
