"""What comes after a run's work: whether it helped, who is told, and what would take it back."""

from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import Refusal
from bot.incidents import lifecycle, roles
from bot.incidents.lifecycle import IncidentState
from bot.incidents.service import Incidents
from bot.runbooks import progress, verification
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.models import Run
from bot.runbooks.records import bound_of
from bot.runbooks.reversal import Reversal, missing, words_of
from bot.runbooks.service import Runs
from bot.runbooks.states import RunState
from bot.runbooks.verification import Reading, Verdict, Watch
from bot.slack.text import escape


class Effects:
    """Compares how things stand before and after runs."""

    def __init__(self, directory: Directory, incidents: Incidents, catalogue: Catalogue, runs: Runs) -> None:
        self._directory = directory
        self._incidents = incidents
        self._catalogue = catalogue
        self._runs = runs

    async def looked_before(self, tx: Tx, run_id: int, reading: Reading) -> bool:
        """How things stood right before its first task. False when somebody stopped it while that was asked."""
        run = await self._runs.held(tx, run_id)
        if run.state != RunState.RUNNING:
            return False
        if run.stopped_by is not None:
            await self._runs.end_unbegun(tx, run)
            return False
        run.watch = verification.written(Watch(before=reading))
        return True

    async def answered(self, tx: Tx, run_id: int, reading: Reading) -> None:
        """The verification asked once more."""
        run = await self._runs.held(tx, run_id)
        runbook = self._catalogue.runbooks.get(run.runbook)
        verify = runbook.verify if runbook else None
        if run.state != RunState.VERIFYING:
            return
        if verify is None or run.ended_at is None:
            await self._runs.end_watch(tx, run, "Its verification was removed from the configuration meanwhile.")
            return
        watch = verification.noted(verification.read(run.watch), reading, less_is_better=verify.above is None)
        run.watch = verification.written(watch)
        run.verdict = verification.verdict(watch, verify.times, is_over=tx.now - run.ended_at >= verify.within)
        if run.verdict is None:
            await self._runs.watch_on(tx, run, verify.every)
            return
        run.verified = verification.sentence(run.verdict, watch)
        await self._tell_of_effect(tx, run, run.verdict, verify.mitigates)
        await self._runs.end_watch(tx, run)

    async def _tell_of_effect(self, tx: Tx, run: Run, found: Verdict, mitigates: bool) -> None:
        """Whether it helped is said in the channel; what got worse is said to who leads and who asked, and what would take it back."""
        incident = await self._incidents.get(tx, run.incident_id)
        if found == Verdict.RECOVERED and mitigates and IncidentState.MONITORING in lifecycle.ALLOWED[incident.state]:
            await self._incidents.mitigate(tx, run.incident_id, f"run {run.number}: {run.title}")
            return
        told = f"*Run {run.number} ({escape(run.title)}): {found.value}.*"
        if found == Verdict.WORSE:
            leader = await roles.commander(tx, run.incident_id)
            people = dict.fromkeys([*([leader.person] if leader else []), run.requested_by])
            told = f"⚠️ {told} {' '.join([await self._directory.mention(tx, person) for person in people])}"
            if (back := self._catalogue.reverse(run.runbook)) is not None:
                told += f"\n_{escape(back.title)}_ would take it back: the button is on its card."
        await self._incidents.say(tx, incident, f"{told}{{words}}", words=run.verified)

    async def taken_back_by(self, tx: Tx, run_id: int) -> Reversal:
        """What would take a run back, with what is known of its parameters. `Refusal` when nothing would."""
        run = await self._runs.get(tx, run_id)
        runbook = self._catalogue.runbooks.get(run.runbook)
        if runbook is None or runbook.reverse is None or not run.progress:
            raise Refusal(f"Run {run.number} has nothing that takes it back.")
        words = words_of(runbook.reverse, bound_of(run).parameters, progress.outcome(progress.read(run.progress)))
        back = self._catalogue.find(runbook.reverse.runbook)
        return Reversal(run, back, {**words, "environment": run.environment}, missing(back, words))
