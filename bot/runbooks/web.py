"""A run in a browser: what it is, who looked at it, and what Ansible printed, wherever it ran."""

from aiohttp import web

from bot.db import Database
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.runbooks import output
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.service import LOG_PAGE, Runs, bound_of
from bot.runbooks.states import IS_OVER, SENTENCES, RunState
from bot.web import pages
from bot.web.forms import SignedPages
from bot.web.markdown import to_html
from bot.web.signing import Grant

WAY_OUT = "Open the newest link on the run's card in Slack."
REFRESH_S = 5
FOLLOWED = 100_000
"""Bytes of the newest output that are shown while it grows: the page is loaded again and again, perhaps by a phone."""
BAD = frozenset({RunState.FAILED, RunState.LOST})


class RunPage:
    """Shows a run to whoever holds its link."""

    def __init__(self, database: Database, directory: Directory, catalogue: Catalogue, runs: Runs) -> None:
        self._db = database
        self._directory = directory
        self._catalogue = catalogue
        self._runs = runs

    def register(self, signed: SignedPages) -> None:
        """Serve `/runs/<number>?k=…`."""
        signed.add(LOG_PAGE, "number", show=self.show, way_out=WAY_OUT)

    async def show(self, grant: Grant) -> web.Response:
        """The run as it stands now; one that is at work is loaded anew by the browser every few seconds."""
        number = grant.ids[0]
        if not number.isascii() or not number.isdecimal() or len(number) > 12:
            raise NotFound("There is no such run.")
        async with self._db.read() as tx:
            run = await self._runs.get(tx, int(number))
            approvers = [self._directory.name(person) for person in await self._runs.approvers(tx, run)]
            printed = await output.kept(tx, run.number, None if run.state in IS_OVER else FOLLOWED)
        runbook = self._catalogue.runbooks.get(run.runbook)
        shown = pages.page(
            "runbooks/log.html",
            run=run,
            sentence=SENTENCES[run.state],
            is_bad=run.state in BAD,
            is_over=run.state in IS_OVER,
            requester=self._directory.name(run.requested_by),
            approvers=approvers,
            parameters=bound_of(run).parameters if run.bound else {},
            body=to_html(runbook.body) if runbook is not None and runbook.body else "",
            log=printed,
        )
        if run.state not in IS_OVER:
            shown.headers["Refresh"] = str(REFRESH_S)
        return shown
