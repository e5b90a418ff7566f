"""The severity policy: what each level means, and the numbers of the decision table. Levels are plain numbers here, 1 to 4."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from bot.config.values import Duration, Filled, Id, Line, Percent, SeverityNumber, Strict, Tier

Hearer = Literal["executives", "customers", "tracking", "ticket"]
Group = Literal["urgent", "normal"]
Count = Annotated[int, Field(ge=0, le=1000)]


class Level(Strict):
    """What one severity means for answering, paging and telling."""

    impact: Line = Field(description="What this level means, in two or three words; stands beside the severity wherever people choose one.")
    answer_within: Duration = Field(description="Somebody answers within this time; later counts as missed in the review.")
    responders_wanted: Count = Field(
        description="How many responders the bot invites towards. It wakes nobody to reach it, unless a service sets `pages_for_width`."
    )
    hears: tuple[Hearer, ...] = Field(
        description="Who is told: `executives` (one sentence and the all-clear), `customers` (a draft for a named approver), "
        "`tracking` (the tracking channel), `ticket` (one line in the digest)."
    )
    update_every: Duration | None = Field(default=None, description="A status update is promised this often. Empty: none is promised.")
    update_pages: bool = Field(default=False, description="A missed update also pages the commander, not only nags in the channel.")
    policy: Id = Field(description="Escalation policy that pages for this level, unless the owning team names another.")
    rules: Group = Field(description="Which of a person's notification rules apply: `urgent` or `normal`.")
    opens_channel: bool = Field(default=True, description="Whether an incident of this level gets a channel and a commander.")
    ack_timeout: Duration | None = Field(
        default=None, description="An acknowledged page with no sign of life for this long pages again. Empty: an acknowledgement holds."
    )


# SEV1 and SEV2 wake people, so they use the urgent rules; an acknowledgement wears off there (after 10 and 20 minutes),
# because one who fell asleep again would otherwise hold the page for good.
SEV1 = Level(
    impact="total outage",
    answer_within=timedelta(minutes=5),
    responders_wanted=10,
    hears=("ticket", "tracking", "customers", "executives"),
    update_every=timedelta(minutes=30),
    update_pages=True,
    policy="sev1",
    rules="urgent",
    ack_timeout=timedelta(minutes=10),
)
SEV2 = Level(
    impact="major degradation",
    answer_within=timedelta(minutes=15),
    responders_wanted=5,
    hears=("ticket", "tracking", "customers"),
    update_every=timedelta(minutes=60),
    update_pages=True,
    policy="sev2",
    rules="urgent",
    ack_timeout=timedelta(minutes=20),
)
SEV3 = Level(
    impact="minor issue",
    answer_within=timedelta(hours=1),
    responders_wanted=2,
    hears=("ticket", "tracking"),
    update_every=timedelta(hours=4),
    policy="sev3",
    rules="normal",
)
# SEV4 pages nobody and opens nothing: one line in the digest and a ticket, with Promote.
SEV4 = Level(
    impact="monitoring alert",
    answer_within=timedelta(hours=4),
    responders_wanted=1,
    hears=("ticket",),
    policy="sev4",
    rules="normal",
    opens_channel=False,
)


class Sev1Rule(Strict):
    """SEV1 when any of these is reached; exposed data and confirmed loss or corruption are always SEV1."""

    users_percent: Percent = Field(default=50, description="Share of a service's users affected, from this on.")
    users_tier: Tier = Field(default=1, description="The share counts for services of this tier and more important ones.")
    success_percent: Percent = Field(default=50, description="Success rate below this …")
    success_for: Duration = Field(default=timedelta(minutes=2), description="… for this long; shorter dips are deploys and restarts.")
    success_tier: Tier = Field(default=1, description="The success rate counts for services of this tier and more important ones.")
    region_tier: Tier = Field(default=0, description="A whole region down counts for services of this tier and more important ones.")
    burn_5m: Annotated[float, Field(gt=0)] = Field(
        default=100, description="Error budget burn over 5 minutes, from this on, together with …"
    )
    burn_1h: Annotated[float, Field(gt=0)] = Field(
        default=14.4, description="… the burn over 1 hour: 14.4 spends 2 % of a 30-day budget in an hour."
    )
    burn_tier: Tier = Field(default=0, description="Burn counts for services of this tier and more important ones.")


class Sev2Rule(Strict):
    """SEV2 when any of these is reached; so is a core function that is unusable with no workaround."""

    users_percent: Percent = Field(default=10, description="Share of users affected, from this on.")
    slo_page_tier: Tier = Field(default=1, description="A paging SLO alert counts for services of this tier and more important ones.")
    customer_reports: Count = Field(default=10, description="Customer reports, from this on, …")
    customer_reports_within: Duration = Field(default=timedelta(minutes=15), description="… within this time, …")
    customer_reports_chance: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.001, description="… if the usual rate would give so many with less than this chance; a busy Monday is not an incident."
    )
    redundancy_tier: Tier = Field(default=0, description="Lost redundancy counts for services of this tier and more important ones.")


class Sev3Rule(Strict):
    """SEV3 when any of these is reached; so are a core function with a workaround, and a canary rolled back after it reached customers."""

    users_percent: Percent = Field(default=1, description="Share of users affected, from this on; below it is SEV4.")
    slo_page_tier: Tier = Field(default=2, description="A paging SLO alert counts for services of this tier and more important ones.")
    slo_ticket_tier: Tier = Field(default=1, description="A ticketing SLO alert counts for services of this tier and more important ones.")


class Sev4Rule(Strict):
    """SEV4 is what is left: few users, an anomaly alone, a single host, other SLO tickets, and …"""

    tier: Tier = Field(default=3, description="… anything about services of this tier and less important ones.")


class UnknownRule(Strict):
    """When nothing is known of the impact. The result is marked unconfirmed, and unknown inputs never lower a severity."""

    important_tier: Tier = Field(default=1, description="A person who types about a service of this tier or a more important one gets …")
    important: SeverityNumber = Field(default=2, description="… this severity: better one page too many about a key service …")
    otherwise: SeverityNumber = Field(default=3, description="… and everything else this one.")


class Decision(Strict):
    """The numbers of the decision table, first match wins. Tiers: 0 is the most important, 3 the least."""

    sev1: Sev1Rule = Field(default=Sev1Rule(), description="What makes a SEV1.")
    sev2: Sev2Rule = Field(default=Sev2Rule(), description="What makes a SEV2.")
    sev3: Sev3Rule = Field(default=Sev3Rule(), description="What makes a SEV3.")
    sev4: Sev4Rule = Field(default=Sev4Rule(), description="What is no more than a SEV4.")
    unknown: UnknownRule = Field(default=UnknownRule(), description="What is decided when nothing is known.")


class WordRule(Strict):
    """What a word is worth: an alert's severity label, or the status that a person chose for a component."""

    words: tuple[Line, ...] = Field(min_length=1, description="The words, in any case.")
    tier: Tier | None = Field(
        default=None, description="Only for services of this tier and more important ones. Empty: for all, and for no known service."
    )
    severity: SeverityNumber | None = Field(description="The severity. `null`: the alert is recorded and opens no incident.")


# A page is worth a SEV2 only where users are near; a warning wakes nobody; `none` is what an always-firing watchdog carries.
LABEL_RULES = (
    WordRule(words=("critical", "page"), tier=1, severity=2),
    WordRule(words=("critical", "page"), severity=3),
    WordRule(words=("warning",), severity=4),
    WordRule(words=("info", "none"), severity=None),
)
# A person's word about a component never makes a SEV1 by itself: that takes a number.
STATUS_RULES = (
    WordRule(words=("major", "partial"), tier=1, severity=2),
    WordRule(words=("major", "partial", "degraded"), severity=3),
)


class SeverityPolicy(Filled):
    """What severities mean and how one is decided."""

    sev1: Level = Field(default=SEV1, description="Total outage: everybody, now.")
    sev2: Level = Field(default=SEV2, description="Major degradation.")
    sev3: Level = Field(default=SEV3, description="Minor issue.")
    sev4: Level = Field(default=SEV4, description="Monitoring alert: a digest line and a ticket; no page, no channel, no commander.")
    decision: Decision = Field(default=Decision(), description="The numbers of the decision table.")
    label: Line = Field(default="severity", description="The alert label that holds its own severity.")
    labels: tuple[WordRule, ...] = Field(default=LABEL_RULES, description="What that label's values mean, first match wins.")
    statuses: tuple[WordRule, ...] = Field(
        default=STATUS_RULES, description="What `degraded`, `partial` and `major` mean, chosen on the form; first match wins."
    )

    def level(self, severity: int) -> Level:
        """The meaning of severity 1 to 4."""
        return (self.sev1, self.sev2, self.sev3, self.sev4)[severity - 1]
