"""How a run looks in Slack: one card, edited in place from the request to its end; and the forms."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    InputBlock,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.config.models import Config
from bot.config.runbooks import Parameter, Runbook, Verification
from bot.runbooks import verification
from bot.runbooks.models import Run
from bot.runbooks.parameters import LONGEST
from bot.runbooks.progress import Host, Progress
from bot.runbooks.progress import read as read_progress
from bot.runbooks.records import bound_of
from bot.runbooks.rerun import failed_hosts
from bot.runbooks.states import IS_OVER, RunState
from bot.runbooks.verification import Verdict
from bot.slack.mrkdwn import mrkdwn
from bot.slack.text import clamp, escape, link, when

APPROVE, DECLINE, STOP, ALONE, SETTLE = (f"run.{verb}" for verb in ("approve", "decline", "stop", "alone", "settle"))
REVERSE, AGAIN = "run.reverse", "run.again"
PAUSE_RULES = "run.pause_rules"
CHOOSE, FILL, BECAUSE = "run.choose", "run.fill", "run.because"
OPEN = "run.open"
ELEMENT = "value"
SUGGESTED = 3
"""Buttons on the incident's card; `/inc run` offers them all."""
PLAN_SHOWN, FAILURES_SHOWN, HOSTS_SHOWN = 12, 3, 20
EMBLEMS = {
    RunState.PREPARING: "🔎",
    RunState.WAITING: "✋",
    RunState.APPROVED: "👍",
    RunState.RUNNING: "▶️",
    RunState.VERIFYING: "👀",
    RunState.SUCCEEDED: "✅",
    RunState.FAILED: "❌",
    RunState.CANCELLED: "⏹️",
    RunState.LOST: "❓",
    RunState.REFUSED: "🚫",
    RunState.EXPIRED: "⌛",
}
DOUBTS = {Verdict.WORSE: "⚠️", Verdict.NOT_RECOVERED: "☑️", Verdict.UNKNOWN: "☑️"}
"""Of a run that did its work, which is not the same as having helped."""


@dataclass(frozen=True)
class Shown:
    """Everything that a card shows. Names are mentions already."""

    run: Run
    requester: str
    approvers: Sequence[str]
    log: str
    """The address of the page with the whole output."""
    now: datetime
    may_go_alone: bool = False
    reverse: str = ""
    """The title of what takes it back, where that is offered."""
    verify: Verification | None = None
    """What shows whether it helped."""
    has_dry_run: bool = True


def headline(shown: Shown) -> str:
    """The first line, and the notification."""
    run = shown.run
    emblem = DOUBTS.get(run.verdict, EMBLEMS[run.state]) if run.verdict else EMBLEMS[run.state]
    effect = f", {run.verdict.value}" if run.verdict else ""
    return f"{emblem} *Run {run.number}: {escape(run.title)}* · {run.environment} · {run.state.value}{effect}"


def card(shown: Shown) -> list[Block]:
    """The card as things stand."""
    run = shown.run
    progress = read_progress(run.progress) if run.progress else None
    parts = [headline(shown), facts(shown), *(f"> {escape(text)}" for text in (run.verified, run.remark) if text), watched(shown)]
    blocks: list[Block] = [SectionBlock(text=MarkdownTextObject(text=clamp("\n".join(part for part in parts if part))))]
    if run.state in (RunState.WAITING, RunState.APPROVED):
        if cautions := json.loads(run.cautions):
            told = "\n".join(["⚠️ *Before you approve it:*", *(f"• {escape(caution)}" for caution in cautions)])
            blocks.append(SectionBlock(text=MarkdownTextObject(text=clamp(told))))
        plan = planned(json.loads(run.plan)) if shown.has_dry_run else "It has no dry run: what it would change is not known beforehand."
        blocks.append(SectionBlock(text=MarkdownTextObject(text=clamp(plan))))
    if progress is not None:
        blocks.append(SectionBlock(text=MarkdownTextObject(text=clamp(pictured(progress)))))
    if buttons := [*offered(shown), *pausing(run)]:
        blocks.append(ActionsBlock(block_id=f"run:{run.number}", elements=buttons))
    if run.started_at is not None:
        said = [elapsed(shown), link(shown.log, "whole output"), *filed(run)]
        blocks.append(ContextBlock(elements=[MarkdownTextObject(text=clamp(" · ".join(said)))]))
    return blocks


def filed(run: Run) -> list[str]:
    """Where its output is as a file, or why it is none."""
    where = [link(run.files_link, "as a file")] if run.files_link else []
    return [*where, *([f"not posted as a file: {escape(run.files_trouble)}"] if run.files_trouble else [])]


def facts(shown: Shown) -> str:
    """Who asked, with what, on which hosts, and who must still look."""
    run = shown.run
    words = json.loads(run.words)
    if not run.bound:
        given = " ".join(f"{name}={value}" for name, value in words.items())
        return f"Asked for by {shown.requester}{f' with `{escape(given)}`' if given else ''}."
    bound = bound_of(run)
    given = ", ".join(f"{name} *{escape(str(value))}*" for name, value in bound.parameters.items())
    hosts = f"{len(bound.hosts)} host{'s' if len(bound.hosts) != 1 else ''} ({escape(few(bound.hosts))})"
    why = f", because {escape(run.because)}" if run.because else ""
    return f"{given + ' · ' if given else ''}on {hosts} · asked for by {shown.requester}{why}\n{approvals(shown)}"


def approvals(shown: Shown) -> str:
    """Who said yes, and how many must."""
    run = shown.run
    if run.alone_because:
        return f"*Nobody else looked at it*, because: {escape(run.alone_because)}"
    if run.needs == 0:
        return "Needs no approval."
    names = f"Approved by {', '.join(shown.approvers)}. " if shown.approvers else ""
    left = run.needs - len(shown.approvers)
    if run.state != RunState.WAITING or left <= 0:
        return names.strip()
    another = "another person" if left == 1 else f"{left} other people"
    if run.rule:
        return f"{names}Waits for {'somebody' if run.needs == left == 1 else another} to approve it."
    return f"{names}Waits for {another} to approve it: not {shown.requester}."


def watched(shown: Shown) -> str:
    """How the verification stands while it lasts."""
    run, verify = shown.run, shown.verify
    if run.state != RunState.VERIFYING or verify is None or run.ended_at is None:
        return ""
    watch = verification.read(run.watch)
    now = f"now {escape(watch.last.says)}" if watch.last else "not asked yet"
    before = f", before the run {escape(watch.before.says)}" if watch.before else ""
    until = f"watched since {when(run.ended_at, '{time_secs}')}, until {when(run.ended_at + verify.within, '{time_secs}')}"
    lines = [f"*{escape(clamp(verify.name, 200))}*: {now}{before}", f"{watch.good} of {verify.times} good answers in a row · {until}"]
    if verification.is_worse_so_far(watch, verify.times):
        lines.append("⚠️ *Worse than before the run, so far.*")
    return "\n".join(lines)


def planned(plan: Sequence[str]) -> str:
    """What the dry run said."""
    if not plan:
        return "The dry run would change nothing."
    more = f"\n… and {len(plan) - PLAN_SHOWN} more" if len(plan) > PLAN_SHOWN else ""
    lines = "\n".join(escape(line).replace("```", "'''") for line in plan[:PLAN_SHOWN])
    return f"*What would change, by the dry run:*\n```{lines}{more}```"


def pictured(progress: Progress) -> str:
    """How far each host is, and what went wrong."""
    most = max((host.tasks for host in progress.hosts.values()), default=0)
    lines = [f"Now: {escape(progress.task)}"] if progress.task else []
    names = sorted(progress.hosts, key=lambda name: (not (progress.hosts[name].failed or progress.hosts[name].unreachable), name))
    lines += [f"`{bar(progress.hosts[name], most)}` {escape(name)}{state_of(progress.hosts[name])}" for name in names[:HOSTS_SHOWN]]
    lines += [f"… and {len(names) - HOSTS_SHOWN} more hosts"] if len(names) > HOSTS_SHOWN else []
    failures = "\n".join(escape(clamp(line, 600)).replace("```", "'''") for line in progress.failures[:FAILURES_SHOWN])
    return "\n".join([*lines, *([f"```{failures}```"] if failures else [])])


def bar(host: Host, most: int) -> str:
    """Tasks done, of those that any host has come to."""
    full = 8 if most == 0 else round(8 * host.tasks / most)
    return "█" * full + "░" * (8 - full)


def state_of(host: Host) -> str:
    """What there is to say of a host."""
    if host.unreachable:
        return " · *cannot be reached*"
    return (" · *failed*" if host.failed else "") + (f" · {host.changed} changed" if host.changed else "")


def offered(shown: Shown) -> list[ButtonElement]:
    """What can be done with it now."""
    run, number = shown.run, str(shown.run.number)
    if run.state == RunState.WAITING:
        sure = ConfirmObject(title="Approve this run?", text="It starts at once, as the card shows it.", confirm="Approve", deny="Not yet")
        buttons = [
            ButtonElement(text="Approve", action_id=APPROVE, value=f"{number} {run.fingerprint}", style="primary", confirm=sure),
            ButtonElement(text="Decline", action_id=DECLINE, value=number),
        ]
        return [*buttons, *([ButtonElement(text="Go alone", action_id=ALONE, value=number, style="danger")] if shown.may_go_alone else [])]
    if run.state in (RunState.PREPARING, RunState.APPROVED, RunState.RUNNING) and not run.stopped_by:
        return [ButtonElement(text="Stop" if run.state == RunState.RUNNING else "Cancel", action_id=STOP, value=number, style="danger")]
    if run.state == RunState.LOST:
        return [ButtonElement(text="I looked at its hosts", action_id=SETTLE, value=number)]
    return afterwards(shown)


def afterwards(shown: Shown) -> list[ButtonElement]:
    """What can be done once its work is done."""
    run, number = shown.run, str(shown.run.number)
    failed = failed_hosts(read_progress(run.progress)) if run.progress and run.state in IS_OVER else ()
    buttons = [ButtonElement(text=clamp(f"Run again on {few(failed, 3)}", 75), action_id=AGAIN, value=number)] if failed else []
    if not shown.reverse:
        return buttons
    is_urgent = run.verdict == Verdict.WORSE or run.state == RunState.VERIFYING
    style = "primary" if is_urgent else None
    return [*buttons, ButtonElement(text=clamp(f"Take back: {shown.reverse}", 75), action_id=REVERSE, value=number, style=style)]


def pausing(run: Run) -> list[ButtonElement]:
    """The way to keep every rule from starting anything, on what a rule has asked for."""
    if not run.rule or run.state in IS_OVER:
        return []
    return [ButtonElement(text="Pause all rules", action_id=PAUSE_RULES, value=str(run.number))]


def elapsed(shown: Shown) -> str:
    """How long it took, or takes."""
    run = shown.run
    seconds = int(((run.ended_at or shown.now) - (run.started_at or shown.now)).total_seconds())
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


def few(names: Sequence[str], most: int = 5) -> str:
    """The first of many names."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


@dataclass(frozen=True)
class Ask:
    """A run that waits for one person's approval, as they are told of it. `incident` is plain, `why` for what they were chosen."""

    shown: Shown
    incident: str
    why: str
    page: str
    """Their own signed address of the run's page."""
    has_approved: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it still waits for this person."""
        return self.shown.run.state == RunState.WAITING and not self.has_approved


def ask_text(ask: Ask) -> str:
    """The message without blocks: what a notification shows."""
    run = ask.shown.run
    return f"Run {run.number} waits for your approval: {escape(run.title)}" if ask.is_open else headline(ask.shown)


def ask_blocks(ask: Ask) -> list[Block]:
    """The card with its buttons while it waits for them; afterwards one line that says how it ended."""
    if not ask.is_open:
        thanks = "You approved it. " if ask.has_approved else "" if ask.shown.run.state == RunState.WAITING else "Nothing to do. "
        said = f"{headline(ask.shown)}\n{thanks}{escape(ask.shown.run.remark) or approvals(ask.shown)}"
        return [SectionBlock(text=MarkdownTextObject(text=clamp(said)))]
    about = f"{ask.shown.requester} asks for your approval · {escape(ask.incident)}"
    return [
        SectionBlock(text=MarkdownTextObject(text=clamp(about))),
        *card(ask.shown),
        ContextBlock(elements=[MarkdownTextObject(text=f"you: {escape(ask.why)} · {link(ask.page, 'approve it on a page')}")]),
    ]


def suggested(incident: int, runbooks: Sequence[Runbook]) -> list[Block]:
    """The runbooks that fit an incident, for its card."""
    buttons = [
        ButtonElement(text=clamp(one.title, 75), action_id=f"{OPEN}:{position}", value=f"{incident} {one.id}")
        for position, one in enumerate(runbooks)
    ]
    return [ContextBlock(elements=[MarkdownTextObject(text="*Runbooks that fit:*")]), ActionsBlock(block_id="runbooks", elements=buttons)]


# Forms


def choice_form(runbooks: Sequence[Runbook], about: str) -> View:
    """Which runbook? Those that fit the incident come first."""
    options = [Option(value=one.id, text=clamp(f"{one.id}: {one.title}", 75)) for one in runbooks[:100]]
    block = InputBlock(block_id="runbook", label="Which runbook?", element=StaticSelectElement(action_id=ELEMENT, options=options))
    return View(
        type="modal", callback_id=CHOOSE, title="Run a runbook", submit="Go on", close="Not now", private_metadata=about, blocks=[block]
    )


def parameter_form(config: Config, runbook: Runbook, about: str, given: Mapping[str, str]) -> View:
    """A field for each parameter, as its type wants it."""
    blocks: list[Block] = []
    if body := runbook.body.strip():
        blocks.append(SectionBlock(text=MarkdownTextObject(text=clamp(mrkdwn(body)))))
    for name, parameter in runbook.parameters.items():
        blocks.append(
            InputBlock(
                block_id=name,
                label=clamp(name, 75),
                element=element(config, parameter, given.get(name, "")),
                hint=clamp(parameter.help, 150) or None,
                optional=not parameter.required or parameter.default is not None,
            )
        )
    if not blocks:
        blocks.append(SectionBlock(text=MarkdownTextObject(text="It needs nothing more.")))
    title = clamp(runbook.id, 24)
    return View(
        type="modal",
        callback_id=f"{FILL}:{runbook.id}",
        title=title,
        submit="Prepare",
        close="Not now",
        private_metadata=about,
        blocks=blocks,
    )


def element(config: Config, parameter: Parameter, given: str) -> StaticSelectElement | PlainTextInputElement:
    """The input for one parameter, with what holds if nothing is said."""
    filled = given or ("" if parameter.default is None else str(parameter.default))
    choices = parameter.values if parameter.type == "choice" else tuple(config.services) if parameter.type == "service" else ()
    if choices and len(choices) <= 100:
        options = [Option(value=one, text=clamp(one, 75)) for one in choices]
        return StaticSelectElement(
            action_id=ELEMENT, options=options, initial_option=next((one for one in options if one.value == filled), None)
        )
    bounds = f"{parameter.min} to {parameter.max}" if parameter.min is not None else (parameter.pattern or parameter.type)
    return PlainTextInputElement(action_id=ELEMENT, initial_value=filled or None, max_length=LONGEST, placeholder=clamp(bounds, 150))


def reason_form(run_id: int) -> View:
    """Why does nobody else look at it?"""
    field = PlainTextInputElement(action_id=ELEMENT, multiline=True, max_length=500, focus_on_load=True)
    block = InputBlock(
        block_id="because",
        label="Why can it not wait for a second person?",
        element=field,
        hint="It is announced, and stands in the postmortem.",
    )
    return View(
        type="modal",
        callback_id=BECAUSE,
        title="Go alone",
        submit="Start the run",
        close="Wait",
        private_metadata=str(run_id),
        blocks=[block],
    )
