"""Rules that ask for runs with nobody asking: what an alert makes them do, and what keeps them from it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlmodel import col

from bot.config.remediations import Remediation
from bot.config.values import clip, duration_text, nearest
from bot.db import BOT, ActorId, Tx
from bot.directory.service import RULE_ACTOR, Directory
from bot.errors import AlreadyDone, NotAllowed, NotFound, Refusal
from bot.incidents import timeline
from bot.incidents.lifecycle import is_open
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.runbooks.bounds import AN_HOUR, Bounds, Decision, Standing, Step, alone, decide
from bot.runbooks.messages import ConsiderRules, RunEnded
from bot.runbooks.models import ALL_RULES, RuleSwitch, Run
from bot.runbooks.requests import ByRule
from bot.runbooks.service import Runs
from bot.runbooks.states import IS_OVER, RunState
from bot.runbooks.verification import Verdict
from bot.slack.text import escape
from bot.work import queue

LABELS_SHOWN = 4
Firing = Callable[[Tx, Incident], Awaitable[Sequence[Mapping[str, str]]]]
"""The labels of each alert of an incident that fires now."""


class Remedies:
    """Lets rules ask for runs, keeps them within their bounds, and switches them off and on."""

    def __init__(self, directory: Directory, incidents: Incidents, runs: Runs, firing: Firing) -> None:
        self._directory = directory
        self._incidents = incidents
        self._runs = runs
        self._firing = firing

    async def look_at(self, tx: Tx, incident_id: int) -> None:
        """Something changed about an incident that a rule may be about."""
        if self._directory.config.remediations:
            order, key = ConsiderRules(incident_id=incident_id), f"rules:{incident_id}"
            await queue.refresh(tx, order, key=key, about=f"incident:{incident_id}")

    async def consider(self, tx: Tx, incident_id: int) -> None:
        """Let every rule that an alert of this incident asks for do what it may."""
        incident = await self._incidents.held(tx, incident_id)
        if not is_open(incident.state) or incident.channel_id is None:
            return
        await tx.lock("rules")  # so that what a rule asks for in two incidents at once is counted
        again_at = []
        for rule in self._directory.config.remediations.values():
            if (labels := await self._met(tx, incident, rule)) is not None:
                decision = decide(bounds_of(rule), await self._standing(tx, incident, rule), tx.now)
                await self._follow(tx, incident, rule, labels, decision)
                again_at += [decision.again_at] if decision.again_at else []
        if again_at:  # what kept them from it will be over
            order, key = ConsiderRules(incident_id=incident_id), f"rules:{incident_id}:later"
            await queue.refresh(tx, order, key=key, about=f"incident:{incident_id}", due=min(again_at))

    async def _met(self, tx: Tx, incident: Incident, rule: Remediation) -> Mapping[str, str] | None:
        """The labels of the first alert that asks for it now."""
        firing = await self._firing(tx, incident)
        return next((labels for labels in firing if rule.when.is_met(labels, incident.service, incident.severity)), None)

    async def _follow(self, tx: Tx, incident: Incident, rule: Remediation, labels: Mapping[str, str], decision: Decision) -> None:
        if decision.step is Step.NOTHING and not decision.why:
            return
        if decision.step is Step.NOTHING:
            text = f"rule {rule.id} does nothing about {clip(labels['alertname'])}: {decision.why}"
            await timeline.record(tx, incident.number, "run", text, key=f"rule:{rule.id}:{clip(decision.why)}")
            return
        words = {**rule.words(labels), **({"environment": rule.environment} if rule.environment else {})}
        asked = ByRule(rule.id, because(labels), may_start=decision.step is Step.RUN, approvals=rule.approvals)
        try:
            with tx.acting(ActorId(RULE_ACTOR + rule.id)):
                run = await self._runs.request(tx, incident, rule.runbook, words, by_rule=asked)
                await self._runs.show(tx, run)
                await self._announce(tx, incident, rule, run, decision)
        except Refusal as no:
            text = f"rule {rule.id} could not ask for {rule.runbook}: {no}"
            if await timeline.record(tx, incident.number, "trouble", text, key=f"rule:{rule.id}:refused"):
                await self._incidents.say(tx, incident, f"*Rule {rule.id} could not ask for {rule.runbook}*{{words}}", words=str(no))

    async def _announce(self, tx: Tx, incident: Incident, rule: Remediation, run: Run, decision: Decision) -> None:
        """Never in silence: what, why, and how to stop it."""
        what, command = f"run {run.number} ({escape(run.title)})", self._directory.config.commands.incident
        if run.needs == 0:
            told = (
                f"🤖 *Rule {rule.id} starts {what} by itself*, {duration_text(rule.starts_after)} after its dry run; _Cancel_ on its card "
                f"prevents it, _Stop_ ends it, and `{command} rules pause` keeps all rules from starting anything."
            )
        else:
            why = f" It starts nothing by itself: {escape(decision.why)}." if decision.why else ""
            told = f"🤖 *Rule {rule.id} proposes {what}.* Nothing is run unless somebody approves it on its card.{why}"
        await self._incidents.say(tx, incident, f"{told}{{words}}", words=run.because)

    async def check_alone(self, tx: Tx, run_id: int) -> None:
        """Right before a run starts that nobody approved: `Refusal` when it may not any more."""
        run = await self._runs.held(tx, run_id)
        if not run.rule or run.needs > 0 or run.state != RunState.APPROVED:
            return
        rule = self._directory.config.remediations.get(run.rule)
        if rule is None:
            raise Refusal(f"Nothing was run: there is no rule {run.rule} any more.")
        incident = await self._incidents.get(tx, run.incident_id)
        if not is_open(incident.state):
            raise Refusal(f"Nothing was run: #{incident.number} is {incident.state.value}.")
        if await self._met(tx, incident, rule) is None:
            raise Refusal("Nothing was run: the alert that asked for it has stopped, or the rule is about others now.")
        if why := alone(bounds_of(rule), await self._standing(tx, incident, rule, leave_out=run.number)):
            raise Refusal(f"Nothing was run: {why}.")

    async def on_run_ended(self, tx: Tx, fact: RunEnded) -> None:
        """A rule whose run did harm, or did not come to its end, starts nothing more by itself until a person says so."""
        await self.look_at(tx, fact.incident_id)  # another rule may have waited for it
        run = await self._runs.get(tx, fact.run_id)
        if not run.rule or (run.state != RunState.FAILED and run.verdict != Verdict.WORSE):
            return
        why = f"run {run.number} {'made things worse' if run.verdict == Verdict.WORSE else 'failed'}"
        if await tx.insert_new(RuleSwitch, rule=run.rule, because=why, by=BOT, at=tx.now):
            incident = await self._incidents.get(tx, run.incident_id)
            told = (
                f"🤖 *Rule {run.rule} is off*, since {why}: it only proposes, until somebody says "
                f"`{self._directory.config.commands.incident} rules on {run.rule}`."
            )
            await timeline.record(tx, incident.number, "run", f"rule {run.rule} is off, since {why}")
            await self._incidents.say(tx, incident, told)
            await self._incidents.tell_ops(tx, f"{told} (#{incident.number})", f"rule-off:{run.rule}:{run.number}")

    # Switches

    async def switch_off(self, tx: Tx, rule: str, words: str) -> None:
        """The actor keeps a rule, or all of them (`ALL_RULES`), from starting anything by itself."""
        name = self._known(tx, rule)
        if not await tx.insert_new(RuleSwitch, rule=name, because=words.strip()[:300], by=tx.actor, at=tx.now):
            raise AlreadyDone(f"{called(name)} off already. Nothing to do.")
        who, why = self._directory.name(tx.actor), f": {escape(words.strip())}" if words.strip() else ""
        await self._incidents.tell_ops(tx, f"🤖 *{called(name)} off*, says {escape(who)}{why}", f"rule:{name}:{tx.now.timestamp():.3f}")

    async def switch_on(self, tx: Tx, rule: str) -> None:
        """The actor lets a rule, or all that were paused together, start runs again."""
        name = self._known(tx, rule)
        if not await tx.changed(delete(RuleSwitch).where(col(RuleSwitch.rule) == name)):
            raise AlreadyDone(f"{called(name)} on already. Nothing to do.")
        who = escape(self._directory.name(tx.actor))
        await self._incidents.tell_ops(tx, f"🤖 *{called(name)} on again*, says {who}.", f"rule:{name}:{tx.now.timestamp():.3f}")

    async def at_work(self, tx: Tx) -> list[Run]:
        """Runs that a rule began with nobody approving them, and that are still at it: a switch does not stop those."""
        running = select(Run).where(col(Run.rule) != "", col(Run.needs) == 0, col(Run.state) == RunState.RUNNING)
        return list((await tx.session.execute(running.order_by(col(Run.id)))).scalars())

    async def listed(self, tx: Tx) -> list[str]:
        """How each rule stands, as sentences in mrkdwn."""
        switches = await self._switches(tx)
        lines = []
        for rule in self._directory.config.remediations.values():
            asked = len(await self._asked(tx, rule.id, AN_HOUR))
            how = "starts by itself" if rule.run == "automatic" else "proposes"
            off = self._off(switches, rule.id)
            state = f"*off*: {escape(off)}" if off else f"{how}, {asked} of {rule.most_per_hour} in the last hour"
            lines.append(f"`{rule.id}` → {rule.runbook} · {state}")
        if ALL_RULES in switches:
            lines.insert(0, f"*All rules are paused*: {escape(self._off(switches, ALL_RULES))}")
        return lines

    def _known(self, tx: Tx, rule: str) -> str:
        if self._directory.person(tx.actor) is None:
            raise NotAllowed("Only people of Tocsin's directory switch rules, and you are not in it. Nothing was changed.")
        rules, name = self._directory.config.remediations, rule.strip().lower()
        if name != ALL_RULES and name not in rules:
            raise NotFound(f"There is no rule {clip(rule)!r}{nearest(name, rules)}")
        return name

    # How things stand

    async def _standing(self, tx: Tx, incident: Incident, rule: Remediation, *, leave_out: int = 0) -> Standing:
        here = (await tx.session.execute(select(Run).where(col(Run.incident_id) == incident.number).order_by(col(Run.id)))).scalars()
        others = [run for run in here if run.number != leave_out]
        stopped = next((run for run in others if run.stopped_by is not None and run.stopped_by != BOT), None)
        busy = next((run for run in others if run.state not in IS_OVER), None) or await self._lost(tx, rule.id)
        return Standing(
            severity=incident.severity,
            asked=await self._asked(tx, rule.id, max(AN_HOUR, rule.cool_down)),
            asked_here=any(run.rule == rule.id for run in others),
            stopped=f"{self._directory.name(stopped.stopped_by or '')} stopped run {stopped.number} here" if stopped else "",
            busy=f"run {busy.number} ({busy.title}) is {busy.state.value}" if busy else "",
            off=self._off(await self._switches(tx), rule.id),
        )

    async def _lost(self, tx: Tx, rule: str) -> Run | None:
        lost = select(Run).where(col(Run.rule) == rule, col(Run.state) == RunState.LOST).limit(1)
        return (await tx.session.execute(lost)).scalar()

    async def _asked(self, tx: Tx, rule: str, within: timedelta) -> list[datetime]:
        times = select(col(Run.requested_at)).where(col(Run.rule) == rule, col(Run.requested_at) > tx.now - within)
        return list((await tx.session.execute(times)).scalars())

    async def _switches(self, tx: Tx) -> dict[str, RuleSwitch]:
        return {row.rule: row for row in (await tx.session.execute(select(RuleSwitch))).scalars()}

    def _off(self, switches: Mapping[str, RuleSwitch], rule: str) -> str:
        found = switches.get(ALL_RULES) or switches.get(rule)
        if found is None:
            return ""
        who = "" if found.by == BOT else f"{self._directory.name(found.by)} switched {'all rules' if found.rule == ALL_RULES else 'it'} off"
        return f"{' because: '.join(part for part in (who, found.because) if part)} ({found.at:%Y-%m-%d %H:%M} UTC)"


def bounds_of(rule: Remediation) -> Bounds:
    """What the configuration allows a rule."""
    return Bounds(rule.run == "automatic", rule.most_per_hour, rule.cool_down, may_sev1=1 in rule.when.severities)


def because(labels: Mapping[str, str]) -> str:
    """The alert that a rule answers, in a few words."""
    others = [f"{name}={clip(value)}" for name, value in sorted(labels.items()) if name not in ("alertname", "severity")]
    return f"{clip(labels['alertname'])} fires" + (f" ({', '.join(others[:LABELS_SHOWN])})" if others else "")


def called(rule: str) -> str:
    """The beginning of a sentence about a rule, or about all."""
    return "All rules are" if rule == ALL_RULES else f"Rule {rule} is"
