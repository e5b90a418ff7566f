"""From what is configured and what was said to a severity: the glue between configuration and the decision table."""

import dataclasses
import difflib
import re
from collections.abc import Iterable

from bot.config.models import Config, Service
from bot.config.severity import WordRule as ConfiguredWord
from bot.errors import InvalidInput
from bot.incidents.severity import Decision, Observation, Severity, SeverityPolicy, WordRule, decide

WORD = re.compile(r"[\w.-]+")


class Judge:
    """Finds the service a text is about, and decides severities by the configured policy."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._policy = policy_from(config)
        self._longest = max((len(WORD.findall(name)) for name in config.service_names), default=1)

    def service(self, named: str | None, title: str) -> Service | None:
        """The service that was named, or else the first that the title mentions; raises `InvalidInput` for a name nobody knows."""
        if named is None:
            return self.mentioned(title)
        found = self._config.service(named)
        if found is None:
            near = difflib.get_close_matches(named.lower(), self._config.services, n=2, cutoff=0.5)
            offer = f" Did you mean {' or '.join(near)}?" if near else f" Known services: {', '.join(sorted(self._config.services)[:12])}."
            raise InvalidInput(f"There is no service called “{named[:80]}”.{offer}")
        return found

    def mentioned(self, title: str) -> Service | None:
        """The first service whose id, name or alias stands in the title as whole words; longer names win."""
        words = WORD.findall(title.lower())
        for start in range(len(words)):
            for length in range(min(self._longest, len(words) - start), 0, -1):
                found = self._config.service(" ".join(words[start : start + length]))
                if found is not None:
                    return found
        return None

    def decide(self, observation: Observation, service: Service | None) -> Decision:
        """The severity, with its rule and values."""
        return decide(dataclasses.replace(observation, tier=service.tier if service else None), self._policy)


def policy_from(config: Config) -> SeverityPolicy:
    """The decision table with the configured numbers."""
    said = config.severity.decision
    numbers = {
        f"{level}_{name}": value
        for level in ("sev1", "sev2", "sev3", "sev4")
        for name, value in getattr(said, level).model_dump().items()
        if f"{level}_{name}" in KNOWN
    }
    return SeverityPolicy(
        **numbers,
        unknown_tier=said.unknown.important_tier,
        unknown_important=Severity(said.unknown.important),
        unknown_otherwise=Severity(said.unknown.otherwise),
        labels=worded(config.severity.labels),
        statuses=worded(config.severity.statuses),
    )


def worded(rules: Iterable[ConfiguredWord]) -> tuple[WordRule, ...]:
    """What configured words are worth, in the rules' own terms."""
    return tuple(WordRule(rule.words, Severity(rule.severity) if rule.severity else None, rule.tier) for rule in rules)


KNOWN = frozenset(field.name for field in dataclasses.fields(SeverityPolicy))
