"""From what is configured and what was said to a severity: the glue between configuration and the decision table."""

import dataclasses
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.config.models import Config, Service, Team
from bot.config.severity import WordRule as ConfiguredWord
from bot.errors import InvalidInput
from bot.incidents.declaration import Declaration, shortened
from bot.incidents.names import drill_title
from bot.incidents.severity import Decision, Observation, Severity, SeverityPolicy, WordRule, decide


@dataclass(frozen=True)
class Judged:
    """A declaration understood: what it is about, who answers for that, and how severe it is and why."""

    title: str
    left_out: str | None
    """The whole text, where the title had to be cut."""
    service: Service | None
    team: Team | None
    severity: Severity
    rule: str
    is_confirmed: bool
    is_private: bool


WORD = re.compile(r"[\w.-]+")


class Judge:
    """Finds the service a text is about, and decides severities by the configured policy."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._policy = policy_from(config)
        self._longest = max((len(WORD.findall(name)) for name in config.service_names), default=1)

    def judge(self, wanted: Declaration) -> Judged:
        """Understand a declaration. Raises `InvalidInput` for an empty title, an unknown service or an unknown team."""
        said = drill_title(wanted.title) if wanted.is_drill and wanted.title.strip() else wanted.title
        title, left_out = shortened(said)
        if not title:
            raise InvalidInput("Say in a few words what is wrong, for example: /inc sev1 checkout is down")
        service = self.service(wanted.service, title)
        decision = self.decide(wanted.observation, service)
        values = f" ({', '.join(decision.values)})" if decision.values else ""
        return Judged(
            title=title,
            left_out=left_out,
            service=service,
            team=self.team(wanted.team, service),
            severity=wanted.severity or decision.severity,
            rule="typed by who declared it" if wanted.severity else f"{decision.rule}{values}",
            is_confirmed=decision.confirmed or wanted.severity is not None,
            is_private=wanted.is_private or bool(wanted.observation.data_exposed),
        )

    def team(self, named: str | None, service: Service | None) -> Team | None:
        """The team that was named, or else the owner of the service; raises `InvalidInput` for a team nobody knows."""
        if named is None:
            return self.config.owner(service) if service else None
        found = self.config.team(named)
        if found is None:
            raise InvalidInput(f"There is no team called “{named[:80]}”. Known teams: {', '.join(sorted(self.config.teams))}.")
        return found

    def service(self, named: str | None, title: str) -> Service | None:
        """The service that was named, or else the first that the title mentions; raises `InvalidInput` for a name nobody knows."""
        if named is None:
            return self.mentioned(title)
        found = self.config.service(named)
        if found is None:
            near = difflib.get_close_matches(named.lower(), self.config.services, n=2, cutoff=0.5)
            offer = f" Did you mean {' or '.join(near)}?" if near else f" Known services: {', '.join(sorted(self.config.services)[:12])}."
            raise InvalidInput(f"There is no service called “{named[:80]}”.{offer}")
        return found

    def mentioned(self, title: str) -> Service | None:
        """The first service whose id, name or alias stands in the title as whole words; longer names win."""
        words = WORD.findall(title.lower())
        for start in range(len(words)):
            for length in range(min(self._longest, len(words) - start), 0, -1):
                found = self.config.service(" ".join(words[start : start + length]))
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
