"""Asking for a run in a browser: a form whose fields are the runbook's parameters, for whom its link names."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.config.runbooks import Parameter
from bot.db import Database
from bot.errors import NotAllowed, NotFound
from bot.incidents.lifecycle import is_open
from bot.incidents.service import Incidents
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.page_links import START_PAGE, RunLinks
from bot.runbooks.parameters import LONGEST
from bot.runbooks.service import Runs
from bot.web import pages
from bot.web.forms import SignedPages
from bot.web.markdown import to_html
from bot.web.signing import Grant

WAY_OUT = "Open the newest link that you were sent yourself, or use Slack: /inc run."


@dataclass(frozen=True)
class Field:
    """One parameter as the form shows it: a list where `options` are known, else typed."""

    name: str
    help: str
    value: str
    options: Sequence[str]
    pattern: str
    is_number: bool
    is_needed: bool
    least: str = ""
    most: str = ""


class StartPage:
    """Shows the form and takes it."""

    def __init__(self, database: Database, incidents: Incidents, catalogue: Catalogue, runs: Runs, links: RunLinks) -> None:
        self._db = database
        self._incidents = incidents
        self._catalogue = catalogue
        self._runs = runs
        self._links = links

    def register(self, signed: SignedPages) -> None:
        """Serve `/run/<incident>/<runbook>?k=…`."""
        signed.add(START_PAGE, "incident", "runbook", show=self.show, act=self.act, way_out=WAY_OUT)

    async def show(self, grant: Grant) -> web.Response:
        """What it is for, and its fields. Lists that cannot be had within seconds are typed instead."""
        if grant.person is None:
            raise NotAllowed(f"This link names nobody, so nobody can ask for a run with it. {WAY_OUT}")
        runbook = self._catalogue.find(grant.ids[1])
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, incident_number(grant))
            with tx.acting(grant.person):
                if incident.is_private and not await self._incidents.is_insider(tx, incident):
                    raise NotAllowed(f"This incident is for those invited alone. {WAY_OUT}")
        environments = self._catalogue.environments(runbook)
        options = await self._catalogue.options(runbook, environments[0])
        return pages.page(
            "runbooks/start.html",
            incident=incident,
            is_open=is_open(incident.state),
            runbook=runbook,
            body=to_html(runbook.body) if runbook.body else "",
            fields=[field_of(name, one, options.get(name, ())) for name, one in runbook.parameters.items()],
            environments=environments,
            needs=runbook.approvals_needed(incident.severity, environments[0]),
            once=secrets.token_urlsafe(12),
            longest=LONGEST,
        )

    async def act(self, grant: Grant, fields: Mapping[str, str]) -> str:
        """Ask for it; a form that is sent twice asks once."""
        if grant.person is None:
            raise NotAllowed(f"This link names nobody, so nobody can ask for a run with it. {WAY_OUT}")
        runbook = self._catalogue.find(grant.ids[1])
        words = {name: fields.get(f"p.{name}", "").strip() for name in runbook.parameters}
        words["environment"] = fields.get("environment", "")
        once = fields.get("once", "")[:64]
        async with self._db.begin(actor=grant.person) as tx:
            incident = await self._incidents.get(tx, incident_number(grant))
            given = {name: word for name, word in words.items() if word}
            run = await self._runs.request(tx, incident, runbook.id, given, once=f"page:{grant.person}:{once}" if once else None)
            await self._runs.show(tx, run)
        return self._links.run(run, grant.person)


def field_of(name: str, parameter: Parameter, options: Sequence[str]) -> Field:
    """How a parameter is filled in."""
    is_number = parameter.type == "integer"
    return Field(
        name=name,
        help=parameter.help,
        value="" if parameter.default is None else str(parameter.default),
        options=options,
        pattern=(parameter.pattern or "") if parameter.type == "text" else "",
        is_number=is_number,
        is_needed=parameter.required and parameter.default is None,
        least="" if parameter.min is None else str(parameter.min),
        most="" if parameter.max is None else str(parameter.max),
    )


def incident_number(grant: Grant) -> int:
    """The incident that a link is for."""
    number = grant.ids[0]
    if not number.isascii() or not number.isdecimal() or len(number) > 12:
        raise NotFound("There is no such incident.")
    return int(number)
