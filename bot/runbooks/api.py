"""Runs over HTTP, for programs: `/api/v1/…` with a key of the configuration. docs/api.md describes it."""

import json
from collections.abc import Mapping
from datetime import datetime

from aiohttp import web

from bot.config.runbooks import Parameter, Runbook
from bot.config.values import clip
from bot.db import Database, Tx
from bot.directory.programs import actor, idempotency_key, program
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.models import Run
from bot.runbooks.page_links import RunLinks
from bot.runbooks.progress import read
from bot.runbooks.records import bound_of
from bot.runbooks.service import Runs
from bot.runbooks.states import IS_OVER, SENTENCES
from bot.web.text import storable

ONLY_PEOPLE = (
    "An approver is a person: a key cannot approve, decline or go alone. Whoever can was told in Slack; it is also done on the run's page."
)
EXAMPLE = 'The body must be JSON like {"runbook": "rollback", "parameters": {"to": "v41"}}.'


class RunApi:
    """The routes that programs use."""

    def __init__(
        self, database: Database, directory: Directory, incidents: Incidents, catalogue: Catalogue, runs: Runs, links: RunLinks
    ) -> None:
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._catalogue = catalogue
        self._runs = runs
        self._links = links

    def routes(self) -> list[web.RouteDef]:
        """To be added to the front door."""
        return [
            web.get("/api/v1/runbooks", self.runbooks),
            web.post("/api/v1/incidents/{number}/runs", self.request),
            web.get("/api/v1/runs/{number}", self.look),
            web.post("/api/v1/runs/{number}/stop", self.stop),
            web.post("/api/v1/runs/{number}/{verb:approve|decline|alone}", self.refuse),
        ]

    async def runbooks(self, request: web.Request) -> web.Response:
        """Every runbook, and with `?incident=42` whether it fits that one."""
        asker = program(self._directory, request)
        fitting: list[Runbook] = []
        if "incident" in request.query:
            async with self._db.read() as tx:
                incident = await self._incident(tx, request.query["incident"])
                fitting = await self._links.suggested(tx, incident)
        told = [described(one, one.id in asker.runbooks, one in fitting) for one in self._catalogue.runbooks.values()]
        return web.json_response({"runbooks": told})

    async def request(self, http: web.Request) -> web.Response:
        """Ask for a run: 201; for one that was asked for under the same Idempotency-Key: 200, and the run of that time."""
        asker = program(self._directory, http)
        key = idempotency_key(http)
        name, words = asked(await http.read())
        async with self._db.begin(actor=actor(asker)) as tx:
            incident = await self._incident(tx, http.match_info["number"])
            before = await self._runs.asked_before(tx, once := f"{actor(asker)}:{key}")
            run = await self._runs.request(tx, incident, name, words, once=once)
            if before is not None and not is_same(run, incident, name, words):
                raise AlreadyDone(f"This Idempotency-Key was used for run {run.number}, which is another one. Nothing was asked for.")
            await self._runs.show(tx, run)
            told = await self._told(tx, run)
        return web.json_response(told, status=201 if before is None else 200)

    async def look(self, request: web.Request) -> web.Response:
        """How a run stands."""
        program(self._directory, request)
        async with self._db.read() as tx:
            return web.json_response(await self._told(tx, await self._run(tx, request)))

    async def stop(self, request: web.Request) -> web.Response:
        """Cancel it, or stop it where it is at work. One that is over stays as it is."""
        asker = program(self._directory, request)
        async with self._db.begin(actor=actor(asker)) as tx:
            run = await self._run(tx, request)
            if run.runbook not in asker.runbooks:
                raise NotAllowed(f"Program {asker.id} may not stop {run.runbook}: it is not among its runbooks.")
            if run.state not in IS_OVER:
                run = await self._runs.stop(tx, run.number)
            return web.json_response(await self._told(tx, run))

    async def refuse(self, request: web.Request) -> web.Response:
        """What is for people alone."""
        program(self._directory, request)
        raise NotAllowed(ONLY_PEOPLE)

    async def _incident(self, tx: Tx, number: str) -> Incident:
        """The incident; a private one does not exist for programs."""
        incident = await self._incidents.get(tx, number_in(number, "incident"))
        if incident.is_private:
            raise NotFound(f"There is no incident #{incident.number}.")
        return incident

    async def _run(self, tx: Tx, request: web.Request) -> Run:
        run = await self._runs.get(tx, number_in(request.match_info["number"], "run"))
        if (await self._incidents.get(tx, run.incident_id)).is_private:
            raise NotFound(f"There is no run {run.number}.")
        return run

    async def _told(self, tx: Tx, run: Run) -> dict[str, object]:
        bound = bound_of(run) if run.bound else None
        progress = read(run.progress) if run.progress else None
        hosts = {
            name: {"tasks": host.tasks, "changed": host.changed, "failed": host.failed, "unreachable": host.unreachable}
            for name, host in (progress.hosts.items() if progress else ())
        }
        return {
            "run": run.number,
            "incident": run.incident_id,
            "runbook": run.runbook,
            "title": run.title,
            "environment": run.environment,
            "parameters": dict(bound.parameters) if bound else json.loads(run.words),
            "state": run.state.value,
            "says": " ".join(part for part in (SENTENCES[run.state], run.remark, run.verified) if part),
            "is_over": run.state in IS_OVER,
            "requested_by": run.requested_by,
            "requested_at": moment(run.requested_at),
            "approvals_needed": run.needs,
            "approved_by": await self._runs.approvers(tx, run),
            "expires_at": moment(run.expires_at),
            "would_run_on": list(bound.hosts) if bound else [],
            "would_change": json.loads(run.plan),
            "cautions": json.loads(run.cautions),
            "rule": run.rule or None,
            "takes_back": run.reverses,
            "verdict": run.verdict.value if run.verdict else None,
            "started_at": moment(run.started_at),
            "ended_at": moment(run.ended_at),
            "hosts": hosts,
            "failures": list(progress.failures) if progress else [],
            "page": self._links.run(run, None),
        }


def asked(body: bytes) -> tuple[str, dict[str, str]]:
    """What a body asks for: the runbook and its words, as a person would type them."""
    try:
        raw = json.loads(body)
        name, given, environment = raw["runbook"], raw.get("parameters", {}), raw.get("environment", "")
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise InvalidInput(EXAMPLE) from None
    if not (isinstance(name, str) and isinstance(given, dict) and isinstance(environment, str)):
        raise InvalidInput(EXAMPLE)
    if unknown := sorted(set(raw) - {"runbook", "parameters", "environment"}):
        raise InvalidInput(f"'{clip(str(unknown[0]))}' means nothing here; there are runbook, parameters and environment.")
    words = {"environment": environment} if environment else {}
    for key, value in given.items():
        if not isinstance(value, str | int) or isinstance(value, bool) or key == "environment":
            raise InvalidInput(f"Parameter '{clip(str(key))}' must be a text or a whole number.")
        words[storable(key)] = storable(str(value))
    return storable(name), words


def is_same(run: Run, incident: Incident, name: str, words: Mapping[str, str]) -> bool:
    """Whether a run is what is asked for now."""
    given = {key: value for key, value in words.items() if key != "environment"}
    is_there = words.get("environment", run.environment) == run.environment
    return (run.incident_id, run.runbook, json.loads(run.words)) == (incident.number, name.strip().lower(), given) and is_there


def described(runbook: Runbook, may_ask: bool, fits: bool) -> dict[str, object]:
    """A runbook for programs."""
    return {
        "id": runbook.id,
        "title": runbook.title,
        "environments": list(runbook.environments),
        "parameters": {name: parameter_of(one) for name, one in runbook.parameters.items()},
        "may_ask": may_ask,
        "fits": fits,
    }


def parameter_of(parameter: Parameter) -> dict[str, object]:
    """A parameter for programs."""
    is_needed = parameter.required and parameter.default is None
    told: dict[str, object] = {"type": parameter.type, "help": parameter.help, "needed": is_needed, "default": parameter.default}
    bounds = {"values": list(parameter.values), "min": parameter.min, "max": parameter.max, "pattern": parameter.pattern}
    return told | {name: value for name, value in bounds.items() if value not in (None, [])}


def moment(at: datetime | None) -> str | None:
    """A moment, ISO 8601."""
    return at.isoformat() if at is not None else None


def number_in(text: str, noun: str) -> int:
    """A number from an address."""
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise NotFound(f"There is no {noun} {clip(text)!r}.")
    return int(text)
