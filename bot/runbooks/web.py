"""A run in a browser: what it is, who looked at it, and what Ansible printed, wherever it ran."""

import json
from collections.abc import Mapping

from aiohttp import web

from bot.db import Database
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.runbooks import output
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.deciding import ALONE, Deciding
from bot.runbooks.page_links import NAMES_NOBODY, summary
from bot.runbooks.records import LOG_PAGE, bound_of
from bot.runbooks.service import Runs
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
BEFORE = frozenset({RunState.WAITING, RunState.APPROVED})
"""States in which what it would do is worth more than what it did."""


class RunPage:
    """Shows a run to whoever holds its link."""

    def __init__(self, database: Database, directory: Directory, catalogue: Catalogue, runs: Runs, deciding: Deciding) -> None:
        self._db = database
        self._directory = directory
        self._catalogue = catalogue
        self._runs = runs
        self._deciding = deciding

    def register(self, signed: SignedPages) -> None:
        """Serve `/runs/<number>?k=…`. A link that names somebody lets them decide about it, too."""
        signed.add(LOG_PAGE, "number", show=self.show, act=self.act, way_out=WAY_OUT)
        signed.add(LOG_PAGE, "number", "asking", show=self.ask, act=self.act, way_out=WAY_OUT)

    async def show(self, grant: Grant) -> web.Response:
        """The run as it stands now; one that is at work is loaded anew by the browser every few seconds."""
        async with self._db.read() as tx:
            run = await self._runs.get(tx, run_number(grant))
            choices = await self._deciding.choices(tx, run, grant.person) if grant.person is not None else None
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
            hosts=bound_of(run).hosts if run.bound else (),
            choices=choices,
            names_nobody=f"{NAMES_NOBODY} {self._directory.config.commands.runbook}",
            cautions=json.loads(run.cautions) if run.state in BEFORE else (),
            plan=json.loads(run.plan) if run.state in BEFORE else (),
            is_before=run.state in BEFORE,
            has_dry_run=runbook is None or runbook.check_mode,
            body=to_html(runbook.body) if runbook is not None and runbook.body else "",
            log=printed,
        )
        if run.state not in IS_OVER:
            shown.headers["Refresh"] = str(REFRESH_S)
        return shown

    async def ask(self, grant: Grant) -> web.Response:
        """Why does nobody else look at it?"""
        if grant.person is None or grant.ids[1] != ALONE:
            raise NotFound("There is no such page.")
        async with self._db.read() as tx:
            run = await self._runs.get(tx, run_number(grant))
            choices = await self._deciding.choices(tx, run, grant.person)
        what = summary(run, self._directory.name(run.requested_by))
        back = self._deciding.address(run, grant.person)
        return pages.page("runbooks/alone.html", run=run, choices=choices, what=what, sentence=SENTENCES[run.state], back=back)

    async def act(self, grant: Grant, fields: Mapping[str, str]) -> str | None:
        """Do what was tapped."""
        return await self._deciding.act(run_number(grant), grant.person, fields)


def run_number(grant: Grant) -> int:
    """The run that a link is for."""
    number = grant.ids[0]
    if not number.isascii() or not number.isdecimal() or len(number) > 12:
        raise NotFound("There is no such run.")
    return int(number)
