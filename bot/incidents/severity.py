"""The severity policy: what was observed goes in, SEV1–4 with the rule that decided comes out.

The table is read from the top and the first match wins. An unknown measurement matches nothing; an unknown *qualifier* (tier,
workaround, baseline) never lowers: it is taken at its worst and the decision is then marked unconfirmed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, IntEnum, StrEnum

from bot.errors import InvalidInput


class Severity(IntEnum):
    """SEV1 is the worst; a smaller number is more severe."""

    SEV1 = 1
    SEV2 = 2
    SEV3 = 3
    SEV4 = 4

    @property
    def lowered(self) -> "Severity":
        """The next milder severity; SEV4 stays SEV4."""
        return Severity(min(self + 1, 4))


class Origin(StrEnum):
    """How the incident came to us."""

    PERSON = "person"
    ALERT = "alert"


class ComponentStatus(StrEnum):
    """What a person says about the component in the declare form."""

    DEGRADED = "degraded"
    PARTIAL = "partial"
    MAJOR = "major"


@dataclass(frozen=True)
class Observation:
    """Everything that is known at the moment of deciding. `None` means unknown. Percentages run from 0 to 100."""

    origin: Origin = Origin.PERSON
    typed: Severity | None = None
    tier: int | None = None
    data_exposed: bool | None = None
    data_loss_confirmed: bool | None = None
    users_affected_percent: float | None = None
    success_percent: float | None = None
    success_low_for: timedelta | None = None
    region_down: bool | None = None
    burn_5m: float | None = None
    burn_1h: float | None = None
    slo_page: bool | None = None
    slo_ticket: bool | None = None
    core_function_unusable: bool | None = None
    workaround: bool | None = None
    customer_reports_15m: int | None = None
    reports_improbable: bool | None = None
    redundancy_lost: bool | None = None
    canary_reached_customers: bool | None = None
    anomaly: bool | None = None
    single_host: bool | None = None
    component_status: ComponentStatus | None = None
    alert_label: str | None = None

    def __post_init__(self) -> None:
        for name, percent in (("users affected", self.users_affected_percent), ("success", self.success_percent)):
            if percent is not None and not 0 <= percent <= 100:
                raise InvalidInput(f"The percentage of {name} must lie between 0 and 100, not {percent}.")
        for name, burn in (("burn rate over 5 minutes", self.burn_5m), ("burn rate over 1 hour", self.burn_1h)):
            if burn is not None and (math.isnan(burn) or burn < 0):
                raise InvalidInput(f"The {name} must be 0 or more, not {burn}.")


@dataclass(frozen=True)
class WordRule:
    """What a word (an alert's label, a component's status) is worth, for services up to `tier` (`None`: for all, known or not)."""

    words: tuple[str, ...]
    severity: Severity | None  # None: the signal is recorded and opens no incident
    tier: int | None = None


# A page is worth a SEV2 only where users are near; `none` is what the always-firing Watchdog of kube-prometheus carries.
LABELS = (
    WordRule(("critical", "page"), Severity.SEV2, tier=1),
    WordRule(("critical", "page"), Severity.SEV3),
    WordRule(("warning",), Severity.SEV4),
    WordRule(("info", "none"), None),
)
STATUSES = (
    WordRule(("major", "partial"), Severity.SEV2, tier=1),
    WordRule(("major", "partial", "degraded"), Severity.SEV3),
)


@dataclass(frozen=True)
class SeverityPolicy:
    """Every number of the decision table, with the seed's defaults. A `_tier` means services of that tier and more important ones."""

    sev1_users_percent: float = 50
    sev1_users_tier: int = 1
    sev1_success_percent: float = 50
    sev1_success_for: timedelta = timedelta(minutes=2)
    sev1_success_tier: int = 1
    sev1_region_tier: int = 0
    sev1_burn_5m: float = 100
    sev1_burn_1h: float = 14.4
    sev1_burn_tier: int = 0
    sev2_users_percent: float = 10
    sev2_slo_page_tier: int = 1
    sev2_customer_reports: int = 10
    sev2_customer_reports_within: timedelta = timedelta(minutes=15)
    sev2_redundancy_tier: int = 0
    sev3_users_percent: float = 1
    sev3_slo_page_tier: int = 2
    sev3_slo_ticket_tier: int = 1
    sev4_tier: int = 3  # services of this tier and less important ones
    unknown_tier: int = 1
    unknown_important: Severity = Severity.SEV2
    unknown_otherwise: Severity = Severity.SEV3
    labels: tuple[WordRule, ...] = LABELS
    statuses: tuple[WordRule, ...] = STATUSES


@dataclass(frozen=True)
class Decision:
    """The severity with its reason: the rule that matched, as a sentence's core, and the values that made it match."""

    severity: Severity
    rule: str
    values: tuple[str, ...] = ()
    confirmed: bool = True  # False: show the two buttons that confirm or change it
    opens_incident: bool = True  # False: record the signal and do nothing else
    suggests: Severity | None = None  # the table's own answer, where a person typed a milder one

    @property
    def reason(self) -> str:
        """One line for the card: rule, values and whether somebody still has to confirm it."""
        values = f" ({', '.join(self.values)})" if self.values else ""
        return f"{self.rule}{values}" + ("" if self.confirmed else ", unconfirmed")


class Basis(Enum):
    """What a rule rests on. Only a judged rule is lowered by a workaround."""

    DATA = "data"
    MEASURED = "measured"
    SETTLED = "settled"  # the rule itself mentions the workaround
    JUDGED = "judged"


@dataclass(frozen=True)
class Match:
    """One line of the table that holds."""

    rule: str
    values: tuple[str, ...]
    basis: Basis
    assumed: str | None = None  # what was unknown and taken at its worst


def decide(seen: Observation, policy: SeverityPolicy | None = None) -> Decision:
    """Classify. A severity typed by a person stands; otherwise the first line of the table that holds wins."""
    table = by_table(seen, policy or SeverityPolicy())
    if seen.typed is None:
        return table
    milder = table.confirmed and table.severity < seen.typed
    return Decision(seen.typed, "as typed", suggests=table.severity if milder else None)


def by_table(seen: Observation, policy: SeverityPolicy) -> Decision:
    """Classify by the decision table alone, whatever was typed."""
    for severity, lines in ((Severity.SEV1, sev1), (Severity.SEV2, sev2), (Severity.SEV3, sev3)):
        for match in (*lines(seen, policy), *spoken(severity, seen, policy)):
            return decided(severity, match, seen)
    label = label_of(seen)
    rule = word_rule(label, policy.labels, seen)
    if rule and rule.severity is None:
        return Decision(Severity.SEV4, f'an alert labelled "{label}" is recorded only', opens_incident=False)
    for match in (*sev4(seen, policy), *spoken(Severity.SEV4, seen, policy)):
        return decided(Severity.SEV4, match, seen)
    return nothing_known(seen, policy)


def decided(severity: Severity, match: Match, seen: Observation) -> Decision:
    """Turn the matching line into a decision, lowered by a workaround where the line allows that."""
    values = match.values + ((match.assumed,) if match.assumed else ())
    if match.basis is Basis.JUDGED and seen.workaround:
        severity, values = severity.lowered, (*values, "lowered by one for the workaround")
    return Decision(severity, match.rule, values, confirmed=match.assumed is None)


def nothing_known(seen: Observation, policy: SeverityPolicy) -> Decision:
    """The default where no line holds: a person's word about an important service weighs more."""
    severity, rule = policy.unknown_otherwise, "nothing is known of the impact yet"
    if seen.origin is Origin.PERSON and seen.tier is not None and seen.tier <= policy.unknown_tier:
        severity, rule = policy.unknown_important, f"declared by a person about a {tiers(policy.unknown_tier)} service"
    return decided(severity, Match(rule, tier_value(seen), Basis.JUDGED, assumed="impact unknown"), seen)


def sev1(seen: Observation, policy: SeverityPolicy) -> Iterator[Match]:
    """The lines of SEV1 that hold, in order."""
    if seen.data_exposed:
        yield Match("data is exposed", (), Basis.DATA)
    if seen.data_loss_confirmed:
        yield Match("data loss or corruption is confirmed", (), Basis.DATA)
    if at_least(seen.users_affected_percent, policy.sev1_users_percent) and may_be(seen, policy.sev1_users_tier):
        yield measured(f"{users(policy.sev1_users_percent)} of a {tiers(policy.sev1_users_tier)} service", seen, users_value(seen))
    if too_few_succeed(seen, policy) and may_be(seen, policy.sev1_success_tier):
        rule = f"success below {policy.sev1_success_percent:g} % for {minutes(policy.sev1_success_for)}"
        yield measured(rule, seen, f"{seen.success_percent:g} % success for {minutes(seen.success_low_for)}")
    if seen.region_down and may_be(seen, policy.sev1_region_tier):
        yield measured(f"a whole region of a {tiers(policy.sev1_region_tier)} service is down", seen)
    burning = at_least(seen.burn_5m, policy.sev1_burn_5m) and at_least(seen.burn_1h, policy.sev1_burn_1h)
    if burning and may_be(seen, policy.sev1_burn_tier):
        rule = f"burn(5 m) at least {policy.sev1_burn_5m:g} and burn(1 h) at least {policy.sev1_burn_1h:g}"
        yield measured(f"{rule} on a {tiers(policy.sev1_burn_tier)} service", seen, f"burn {seen.burn_5m:g} and {seen.burn_1h:g}")


def sev2(seen: Observation, policy: SeverityPolicy) -> Iterator[Match]:
    """The lines of SEV2 that hold, in order."""
    if at_least(seen.users_affected_percent, policy.sev2_users_percent):
        yield Match(users(policy.sev2_users_percent), (users_value(seen),), Basis.MEASURED)
    if seen.slo_page and may_be(seen, policy.sev2_slo_page_tier):
        yield measured(f"an SLO page on a {tiers(policy.sev2_slo_page_tier)} service", seen)
    if seen.core_function_unusable and not seen.workaround:
        assumed = "workaround unknown" if seen.workaround is None else None
        yield Match("a core function is unusable with no workaround", (), Basis.SETTLED, assumed)
    reports = seen.customer_reports_15m
    if at_least(reports, policy.sev2_customer_reports) and seen.reports_improbable is not False:
        within = minutes(policy.sev2_customer_reports_within)
        rule = f"at least {policy.sev2_customer_reports} customer reports in {within}, improbable against the baseline"
        assumed = "baseline unknown" if seen.reports_improbable is None else None
        yield Match(rule, (f"{reports} reports",), Basis.MEASURED, assumed)
    if seen.redundancy_lost and may_be(seen, policy.sev2_redundancy_tier):
        rule = f"redundancy of a {tiers(policy.sev2_redundancy_tier)} service is lost"
        yield Match(rule, tier_value(seen), Basis.JUDGED, tier_assumed(seen))


def sev3(seen: Observation, policy: SeverityPolicy) -> Iterator[Match]:
    """The lines of SEV3 that hold, in order."""
    if at_least(seen.users_affected_percent, policy.sev3_users_percent):
        yield Match(users(policy.sev3_users_percent), (users_value(seen),), Basis.MEASURED)
    if seen.slo_page and may_be(seen, policy.sev3_slo_page_tier):
        yield measured(f"an SLO page on a tier-{policy.sev3_slo_page_tier} service", seen)
    if seen.slo_ticket and may_be(seen, policy.sev3_slo_ticket_tier):
        yield measured(f"an SLO ticket on a {tiers(policy.sev3_slo_ticket_tier)} service", seen)
    if seen.core_function_unusable and seen.workaround:
        yield Match("a core function is unusable, with a workaround", (), Basis.SETTLED)
    if seen.canary_reached_customers:
        yield Match("a canary was rolled back after it reached customers", (), Basis.JUDGED)


def sev4(seen: Observation, policy: SeverityPolicy) -> Iterator[Match]:
    """The lines of SEV4 that hold, in order."""
    if seen.users_affected_percent is not None:
        yield Match(f"less than {policy.sev3_users_percent:g} % of users", (users_value(seen),), Basis.MEASURED)
    if seen.anomaly:
        yield Match("an anomaly alone", (), Basis.MEASURED)
    if seen.single_host:
        yield Match("a single host", (), Basis.MEASURED)
    if seen.tier is not None and seen.tier >= policy.sev4_tier:
        yield Match(f"a tier-{policy.sev4_tier} service", tier_value(seen), Basis.MEASURED)
    if seen.slo_ticket:
        yield Match("an SLO ticket on a less important service", tier_value(seen), Basis.MEASURED)


def spoken(severity: Severity, seen: Observation, policy: SeverityPolicy) -> Iterator[Match]:
    """The words that amount to this severity: the component's status in the form, the alert's own label."""
    status, label = seen.component_status or "", label_of(seen)
    for word, rules, sentence in (
        (status, policy.statuses, f'the component\'s status is "{status}"'),
        (label, policy.labels, f'the alert is labelled "{label}"'),
    ):
        rule = word_rule(word, rules, seen)
        if rule and rule.severity == severity:
            yield Match(sentence, tier_value(seen), Basis.JUDGED)


def word_rule(word: str, rules: tuple[WordRule, ...], seen: Observation) -> WordRule | None:
    """The first rule for a word and the tier of the service."""
    for rule in rules:
        near = rule.tier is None or (seen.tier is not None and seen.tier <= rule.tier)
        if near and word in (known.lower() for known in rule.words):
            return rule
    return None


def label_of(seen: Observation) -> str:
    """The alert's own label, in lower case."""
    return (seen.alert_label or "").strip().lower()


def at_least(value: float | None, limit: float) -> bool:
    """Whether a measurement is known and reaches its limit."""
    return value is not None and value >= limit


def too_few_succeed(seen: Observation, policy: SeverityPolicy) -> bool:
    """Whether success is known to have been too low for long enough."""
    low, lasted = seen.success_percent, seen.success_low_for
    return low is not None and low < policy.sev1_success_percent and lasted is not None and lasted >= policy.sev1_success_for


def may_be(seen: Observation, tier: int) -> bool:
    """Whether the service is of this tier or a more important one. An unknown tier never lowers."""
    return seen.tier is None or seen.tier <= tier


def tier_assumed(seen: Observation) -> str | None:
    return "tier unknown" if seen.tier is None else None


def measured(rule: str, seen: Observation, *values: str) -> Match:
    """A line that rests on measurements and on the service's tier."""
    return Match(rule, values + tier_value(seen), Basis.MEASURED, tier_assumed(seen))


def users(percent: float) -> str:
    return f"at least {percent:g} % of users"


def users_value(seen: Observation) -> str:
    return f"{seen.users_affected_percent:g} % of users"


def tier_value(seen: Observation) -> tuple[str, ...]:
    return () if seen.tier is None else (f"tier {seen.tier}",)


def tiers(up_to: int) -> str:
    return "tier-" + "/".join(str(tier) for tier in range(up_to + 1))


def minutes(span: timedelta | None) -> str:
    return f"{span.total_seconds() / 60:g} min" if span else "0 min"
