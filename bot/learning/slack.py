"""`/inc find` and `/inc report`: looking back, in private."""

from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput
from bot.incidents import blocks as incident_blocks
from bot.incidents.actions import Actions
from bot.incidents.grammar import is_quarter
from bot.incidents.look_command import how_it_ended
from bot.learning import archive, blocks
from bot.learning.addresses import PDF, Addresses
from bot.learning.gathering import Reports
from bot.learning.query import EXAMPLE, typed
from bot.slack.replies import Reply, Say
from bot.slack.text import clamp, escape, link, when

LISTED = 10


class LearningCommand:
    """Answers who wants to look back, and changes nothing."""

    def __init__(self, directory: Directory, reports: Reports, addresses: Addresses) -> None:
        self._directory = directory
        self._reports = reports
        self._addresses = addresses

    def register(self, actions: Actions) -> None:
        """Add the verbs."""
        actions.add_look("find", self.find)
        actions.add_look("report", self.report)

    async def find(self, tx: Tx, argument: str) -> Reply:
        """Incidents that have all of these words."""
        query = typed(argument)
        if query.is_empty:
            raise InvalidInput(f"Say what to look for: `/inc find {EXAMPLE}`.")
        found = await archive.search(tx, query, self._directory.zone_of(tx.actor), LISTED)
        page = self._addresses.archive(tx.actor, query)
        if not found.hits:
            asked = escape(clamp(" ".join(argument.split()), 100))
            return Say(f"No incident is like `{asked}`. Fewer words find more; {link(page, 'the archive')} shows what else there is.")
        lines = []
        for hit in found.hits:
            tags = "".join(f" `{escape(tag)}`" for tag in hit.tags)
            lines.append(
                f"{incident_blocks.one_line(hit.incident)} · {when(hit.incident.declared_at)}{await how_it_ended(tx, hit.incident)}{tags}"
            )
            lines += [f">{blocks.marked(hit.snippet)}"] if hit.snippet else []
        more = f"All {found.total} in the archive" if found.total > len(found.hits) else "In the archive"
        return Say(clamp("\n".join([*lines, link(page, more)])))

    async def report(self, tx: Tx, argument: str) -> Reply:
        """A quarter in a few sentences: the present one of the company, unless words name another or a team."""
        asked, team = "", None
        for word in argument.lower().split():
            if is_quarter(word):
                asked = word
            elif (named := self._directory.team(word.removeprefix("@"))) is not None:
                team = named
            else:
                raise InvalidInput(
                    f"`{escape(word[:40])}` is no quarter and no team. Type `/inc report 2026q3`, or `/inc report payments`."
                )
        found = await self._reports.of(tx, self._reports.quarter(asked, tx.now), team)
        page, pdf = (self._addresses.report(found.quarter, found.team, suffix) for suffix in ("", PDF))
        text, body = blocks.report(found, page, pdf)
        return Say(text, blocks=body)
