"""What `tocsin check` says of a configuration directory: its problems, or what is configured and what looks forgotten."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.config.loader import build, gather, in_order
from bot.config.models import Config, Person, Webhook
from bot.config.tree import Loc, Problem
from bot.config.values import counted
from bot.errors import ConfigInvalid

Doubt = tuple[Loc, str]


@dataclass(frozen=True)
class CheckReport:
    """The outcome of a check. With problems there is no configuration; warnings are things that work, but perhaps not as meant."""

    directory: Path
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    config: Config | None
    differences: tuple[str, ...] = ()
    """What would be otherwise by this configuration, one a line."""

    @property
    def is_sound(self) -> bool:
        """Whether the bot would start with this."""
        return not self.problems

    def text(self) -> str:
        """The report for a terminal, one finding a line."""
        if self.config is None:
            return "\n".join([f"{counted(len(self.problems), 'problem')} in {self.directory}:", *self.problems])
        lines = [f"{self.directory} is sound: {summary(self.config)}."]
        if self.warnings:
            lines += [f"{counted(len(self.warnings), 'warning')}:", *self.warnings]
        lines += self.differences
        return "\n".join(lines)


def check(directory: Path, environ: Mapping[str, str], more: Callable[[Config], Iterable[Doubt]] | None = None) -> CheckReport:
    """Check a directory. A key that the environment should hold may be absent here: it is not where the bot runs.

    `more` finds what only upper rooms can know.
    """
    try:
        tree = gather(directory)
        config = build(tree, environ, keys_may_be_unset=True)
    except ConfigInvalid as invalid:
        return CheckReport(directory, tuple(invalid.problems), (), None)
    doubts = [*warnings(config), *(more(config) if more else ())]
    found = [Problem(tree.place(loc), sentence) for loc, sentence in doubts]
    return CheckReport(directory, (), tuple(in_order(found)), config)


def summary(config: Config) -> str:
    """How much of what is configured."""
    counts = (
        (len(config.people), "person"),
        (len(config.teams), "team"),
        (len(config.services), "service"),
        (len(config.rotations), "rotation"),
        (len(config.schedules), "schedule"),
        (len(config.policies), "policy"),
        (len(config.alerts), "alert source"),
        *(((len(config.runbooks), "runbook"),) if config.runbooks else ()),
        *(((len(config.remediations), "rule"),) if config.remediations else ()),
    )
    return ", ".join(counted(number, noun) for number, noun in counts)


def warnings(config: Config) -> Iterator[Doubt]:
    """What is legal and looks forgotten."""
    for person in config.people.values():
        yield from unreachable(config, person)
        yield from doubtful_push(person)
        yield from shown_key(person.webhook, ("people", person.id), f"person '{person.id}'")
    for team in config.teams.values():
        loc: Loc = ("teams", team.id)
        yield from shown_key(team.webhook, loc, f"team '{team.id}'")
        if team.oncall is None:
            yield loc, f"team '{team.id}' has no rotation on call; its pages go to the fallback."
        elif team.oncall.secondary is None and team.oncall.backup is None:
            yield (*loc, "oncall"), f"team '{team.id}' has no secondary rotation; that step of an escalation is skipped."
        if team.manager is None:
            yield loc, f"team '{team.id}' has no manager; a step that pages one pages only the experts."
    for webhook in config.webhooks.values():
        if webhook.key is not None and webhook.key_env is None:
            where: Loc = ("webhooks", webhook.id, "key")
            yield where, f"the key of webhook '{webhook.id}' stands in the file; keep real ones in the environment (key_env)."
    for program in config.programs.values():
        if program.key is not None and program.key_env is None:
            place: Loc = ("programs", program.id, "key")
            yield place, f"the key of program '{program.id}' stands in the file; keep real ones in the environment (key_env)."
    for service in config.services.values():
        if service.owner is None:
            yield ("services", service.id), f"service '{service.id}' has no owner; its pages go to the fallback."
    for source in config.alerts.values():
        if source.key is not None and source.key_env is None:
            yield (
                ("alerts", source.id, "key"),
                f"the key of alert source '{source.id}' stands in the file; keep real ones in the environment (key_env).",
            )
    yield from missing_parts(config)


def unreachable(config: Config, person: Person) -> Iterator[Doubt]:
    """What keeps a person from being told of a page."""
    loc: Loc = ("people", person.id)
    if not config.is_reachable(person):
        yield loc, f"person '{person.id}' has no Slack id, phone, e-mail or push address, and counts as nobody when paged."
    elif person.phone is None:
        yield loc, f"person '{person.id}' has no phone; no text and no call will wake them."
    elif person.slack is None:
        yield loc, f"person '{person.id}' has no Slack id; they cannot be invited, and what they do in Slack is a stranger's."


def doubtful_push(person: Person) -> Iterator[Doubt]:
    """Push addresses that are missing, shown, or that Apprise cannot read."""
    loc: Loc = ("people", person.id)
    if person.push_env and not person.push:
        yield (
            (*loc, "push_env"),
            f"person '{person.id}' takes 'push' from {person.push_env}, which is not set here; they get no push there.",
        )
    if person.push and not person.push_env:
        yield (
            (*loc, "push"),
            f"the push address of person '{person.id}' stands in the file; keep one with a secret in the environment (push_env).",
        )
    for address in person.push:
        scheme = address.get_secret_value().partition("://")[0]
        if not is_understood(address.get_secret_value()):
            yield (
                (*loc, "push"),
                f"Apprise does not understand the {scheme}:// address of person '{person.id}'; no push will reach them by it.",
            )


def is_understood(address: str) -> bool:
    """Whether Apprise can read a push address. Nothing is sent."""
    import apprise  # a third of a second: only where somebody has one

    logging.getLogger("apprise").propagate = False
    return apprise.Apprise.instantiate(address) is not None


def shown_key(webhook: Webhook | None, loc: Loc, who: str) -> Iterator[Doubt]:
    """A key that git would keep."""
    if webhook is not None and webhook.key is not None and webhook.key_env is None:
        yield (*loc, "webhook", "key"), f"the webhook's key of {who} stands in the file; keep real ones in the environment (key_env)."


def missing_parts(config: Config) -> Iterator[Doubt]:
    """Whole parts that were not written, and what follows from that."""
    if not config.fallback:
        yield ("fallback",), "'fallback' is empty; when a policy finds nobody, nobody is paged."
    if not config.executives:
        yield ("executives",), "'executives' is empty; the last step of SEV1 and SEV2 pages nobody."
    if not config.services:
        yield ("services",), "no services are configured; severity and owner cannot be told from a name."
    if not config.audiences.customer_approvers:
        yield ("audiences",), "'audiences.customer_approvers' is empty; no customer notice can be approved."
