"""What an incident's postmortem says of its runs: who wanted each, who looked at it, what it did, and whether it helped."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents.accounts import Account
from bot.incidents.lifecycle import humane
from bot.incidents.models import Incident
from bot.runbooks.models import Run
from bot.runbooks.records import LOG_PAGE, bound_of
from bot.runbooks.service import Runs
from bot.runbooks.states import RunState
from bot.runbooks.verification import Verdict

BADLY = frozenset({RunState.FAILED, RunState.LOST})
MADE_NO_BETTER = frozenset({Verdict.WORSE, Verdict.NOT_RECOVERED})


class RunReport:
    """Tells of the runs of an incident."""

    def __init__(self, directory: Directory, runs: Runs) -> None:
        self._directory = directory
        self._runs = runs

    async def accounts(self, tx: Tx, incident: Incident) -> Sequence[Account]:
        """Each run of it, by when it was asked for."""
        found = (await tx.session.execute(select(Run).where(col(Run.incident_id) == incident.number).order_by(col(Run.id)))).scalars()
        return [self._account(run, await self._runs.approvers(tx, run)) for run in found]

    def _account(self, run: Run, approvers: Sequence[str]) -> Account:
        went_badly = run.state in BADLY or run.verdict in MADE_NO_BETTER
        went_well = False if went_badly else True if run.verdict is Verdict.RECOVERED else None
        gist = f"{run.title} (run {run.number}): {run.verified or run.remark or run.state.value}"
        return Account(run.requested_at, " ".join(self._said(run, approvers)), f"/{LOG_PAGE}/{run.number}", went_well, gist)

    async def spans(self, tx: Tx, incident: Incident) -> Sequence[tuple[datetime, str, datetime | None, bool]]:
        """Each run of it that began, for its picture: from when, what it was and how it ended, until when, and whether badly."""
        begun = select(Run).where(col(Run.incident_id) == incident.number, col(Run.started_at).is_not(None)).order_by(col(Run.id))
        return [
            (run.started_at, self._named(run), run.ended_at, run.state in BADLY or run.verdict in MADE_NO_BETTER)
            for run in (await tx.session.execute(begun)).scalars()
            if run.started_at is not None
        ]

    def _named(self, run: Run) -> str:
        effect = f", {run.verdict.value}" if run.verdict else ""
        return f"{run.number} {run.title}: {run.state.value}{effect}"

    def _said(self, run: Run, approvers: Sequence[str]) -> Iterator[str]:
        words = " ".join([run.runbook, *(f"{name}={value}" for name, value in json.loads(run.words).items())])
        effect = f", {run.verdict.value}" if run.verdict else ""
        yield f"Run {run.number}, {run.title} ({words}) in {run.environment}: {run.state.value}{effect}."
        yield f"Asked for by {self._directory.name(run.requested_by)}" + (f", because {run.because}." if run.because else ".")
        if run.reverses is not None:
            yield f"It took back run {run.reverses}."
        if run.started_at is not None:
            yield self._looked_at(run, approvers)
            took = f", for {humane(run.ended_at - run.started_at)}" if run.ended_at else ""
            yield f"It worked on {', '.join(bound_of(run).hosts)} from {run.started_at:%H:%M:%S} UTC{took}."
        yield from (f"{text[0].upper()}{text[1:].rstrip('.')}." for text in (*json.loads(run.cautions), run.verified, run.remark) if text)

    def _looked_at(self, run: Run, approvers: Sequence[str]) -> str:
        if run.alone_because:
            return f"Nobody else looked at it, because: {run.alone_because.rstrip('.')}."
        if approvers:
            return f"Approved by {', '.join(map(self._directory.name, approvers))}."
        return "It needed no approval."
