"""What is doubtful about rules, for `tocsin check`: those that can never do anything, and those that do it unseen."""

import re
from collections.abc import Iterator

from bot.config.models import Config
from bot.config.remediations import LABEL, Remediation
from bot.config.runbooks import Runbook
from bot.runbooks.parameters import Known, value

Doubt = tuple[tuple[str, ...], str]
LOOKED_UP = frozenset({"host", "version"})
"""What such a parameter may be is known only where it runs."""


def doubts(config: Config) -> Iterator[Doubt]:
    """Every doubt about the rules of a configuration, with its place."""
    for rule in config.remediations.values():
        if (runbook := config.runbooks.get(rule.runbook)) is not None:
            for where, words in about(config, rule, runbook):
                yield ("remediations", rule.id, *where), f"rule '{rule.id}' {words}"


def about(config: Config, rule: Remediation, runbook: Runbook) -> Iterator[Doubt]:
    """Every doubt about one rule."""
    severities = rule.when.severities or (1, 2, 3, 4)
    if not config.alerts:
        yield ("when",), "can never match: no alert source is configured."
    if not any(config.severity.level(number).opens_channel for number in severities):
        yield ("when", "severities"), "can never match: incidents of these severities have no channel in which a run could be shown."
    if (why := contradiction(rule)) is not None:
        yield ("when",), f"can never match: {why}"
    yield from wrong_values(config, rule, runbook)
    if rule.run != "automatic":
        return
    if waits := [f"SEV{number}" for number in severities if needed(config, rule, runbook, number)]:
        words = f"runs '{runbook.id}' by itself, but in {', '.join(waits)} it waits for an approval; 'approvals: 0' lets it start alone."
        yield ("run",), words
    if not runbook.check_mode:
        yield ("run",), f"runs '{runbook.id}' by itself, which has no dry run: nobody sees beforehand what it would change."
    if runbook.verify is None:
        yield ("run",), f"runs '{runbook.id}' by itself, which has no 'verify': whether it helps or harms, nobody is told."


def needed(config: Config, rule: Remediation, runbook: Runbook, severity: int) -> int:
    """How many people would have to approve a run by this rule."""
    if rule.approvals is not None:
        return rule.approvals
    return runbook.approvals_needed(severity, rule.environment or next(iter(runbook.environments or config.environments), ""))


def contradiction(rule: Remediation) -> str | None:
    """Why no alert can be meant by the rule."""
    when = rule.when
    for label, pattern in when.match_re.items():
        if label in when.match and not re.fullmatch(pattern, when.match[label]):
            return f"'match' wants {label} to be '{when.match[label]}', which 'match_re' excludes."
    names = [name for name in when.alerts if when.match.get("alertname", name) == name]
    if when.alerts and not any(re.fullmatch(when.match_re.get("alertname", ".*"), name) for name in names):
        return "no name in 'alerts' fits what it wants of the label alertname."
    return None


def wrong_values(config: Config, rule: Remediation, runbook: Runbook) -> Iterator[Doubt]:
    """Plain values that the runbook would refuse."""
    for name, text in rule.parameters.items():
        parameter = runbook.parameters.get(name)
        if parameter is None or parameter.type in LOOKED_UP or LABEL.search(text):
            continue
        try:
            value(name, parameter, text, Known({}, tuple(config.services), {}))
        except ValueError as error:
            yield ("parameters", name), f"gives '{name}' a value that '{runbook.id}' refuses: {error}"
