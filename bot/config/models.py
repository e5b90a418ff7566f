"""The configuration as the other rooms read it: people, teams, services, rotations, alert sources, and `Config` around them all."""

import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, PrivateAttr, SecretStr, field_validator, model_validator

from bot.config.access import AccessPolicy
from bot.config.action_items import ActionItemDefaults
from bot.config.escalation import DEFAULT_POLICIES, EscalationPolicy, EscalationStep, Method, NotificationRule, NotificationRules
from bot.config.labels import LabelMatch
from bot.config.learning import Learning
from bot.config.oncall import Eligibility, Grade, OnCall, Rotation, Schedule
from bot.config.postmortems import PostmortemPolicy
from bot.config.programs import Program
from bot.config.publishing import Publishing
from bot.config.remediations import Remediation
from bot.config.runbooks import Environment, Runbook, RunDefaults
from bot.config.severity import Level, SeverityPolicy
from bot.config.values import (
    Duration,
    Email,
    EnvName,
    GitHubLogin,
    Id,
    Line,
    Phone,
    PushAddresses,
    Repository,
    SlackChannel,
    SlackUser,
    Strict,
    Target,
    Tier,
    WallTime,
    WebAddress,
    Zone,
)

__all__ = [
    "AccessPolicy",
    "AlertRoute",
    "AlertSource",
    "Audiences",
    "Bridge",
    "Commands",
    "Config",
    "Eligibility",
    "EscalationPolicy",
    "EscalationStep",
    "FilesKept",
    "ImpactQueries",
    "IncidentDefaults",
    "Level",
    "MostPerHour",
    "NamedWebhook",
    "NotificationRule",
    "NotificationRules",
    "OnCall",
    "PagingBounds",
    "Person",
    "QuietHours",
    "Rotation",
    "Schedule",
    "Service",
    "SeverityPolicy",
    "Target",
    "Team",
    "Webhook",
]


class Webhook(Strict):
    """A program that is told of pages: signed JSON by POST, as docs/webhooks.md describes it."""

    url: WebAddress = Field(description="Where it is posted to.")
    key: SecretStr | None = Field(default=None, description="The secret that signs it. Better `key_env`, to keep it out of git.")
    key_env: EnvName | None = Field(default=None, description="Environment variable that holds the key.")

    @model_validator(mode="after")
    def has_a_key(self) -> Self:
        if self.key is None and self.key_env is None:
            raise ValueError("a webhook needs a 'key' or a 'key_env'; without a signature its receiver cannot tell who posts.")
        return self


class NamedWebhook(Webhook):
    """A program that a step of a policy tells, as `webhook:<id>`."""

    id: Id = Field(description="Its name.")


class Person(Strict):
    """Somebody who can be paged, or who may act in an incident."""

    id: Id = Field(description="Short name; the actor id in every record.")
    name: Line = Field(description="How others call this person.")
    slack: SlackUser | None = Field(default=None, description="Slack member id (profile, ⋮, Copy member ID).")
    email: Email | None = Field(default=None, description="Address for pages by e-mail, and for finding the person in Slack.")
    phone: Phone | None = Field(default=None, description="Number for SMS and calls, with its country code: `+4915550100001`.")
    github: GitHubLogin | None = Field(default=None, description="Name on GitHub: who has an action item is assigned its issue.")
    push: PushAddresses = Field(
        default=(),
        description="Where push notifications go, one address of Apprise's or several: `ntfys://ntfy.sh/topic`, `pover://user@token`, "
        "`tgram://…`. Most hold a secret: better `push_env`.",
    )
    push_env: EnvName | None = Field(
        default=None, description="Environment variable that holds `push`. While it is unset the person has no push notifications."
    )
    webhook: Webhook | None = Field(default=None, description="A program that is told of every page of this person. Default: their team's.")
    zone: Zone = Field(
        default="UTC", description="Time zone the person lives in; times in their pages are shown in it. Default: the company's."
    )
    level: Grade = Field(
        default="engineer",
        description="Standing, for on-call roles and approvals that ask for one. A `junior` stands below L4, an `engineer` at L4.",
    )
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = Field(
        default=None, description="Where they live, as `DE` or `DE-BE`: `tocsin check` tells shifts on public holidays."
    )
    out_of_office: Line | None = Field(
        default=None,
        description="Their absences as iCal: an address, or a file beside the YAML. `tocsin check` tells shifts in them, "
        "and whoever is away is not invited or paged to help.",
    )
    rules: NotificationRules = Field(default=NotificationRules(), description="How the person is told of a page.")


class Bridge(Strict):
    """Where a team talks during an incident."""

    url: WebAddress = Field(description="Address of the video call.")
    dial_in: Line | None = Field(default=None, description="Number and code for those with only a phone.")


class PolicyOverride(Strict):
    """Escalation policies of a team in place of the severity's."""

    sev1: Id | None = Field(default=None, description="Policy for SEV1.")
    sev2: Id | None = Field(default=None, description="Policy for SEV2.")
    sev3: Id | None = Field(default=None, description="Policy for SEV3.")
    sev4: Id | None = Field(default=None, description="Policy for SEV4.")

    def of(self, severity: int) -> str | None:
        """The policy for severity 1 to 4, if the team has its own."""
        return (self.sev1, self.sev2, self.sev3, self.sev4)[severity - 1]


class Team(Strict):
    """Who answers for services together."""

    id: Id = Field(description="Short name, as in `@payments`.")
    name: Line = Field(description="Name for people.")
    members: tuple[Id, ...] = Field(default=(), description="People of the team.")
    lead: Id | None = Field(default=None, description="The team's lead.")
    manager: Id | None = Field(default=None, description="Who is paged as `manager`.")
    oncall: OnCall | None = Field(default=None, description="The rotations on call. Empty: pages for this team go to the fallback.")
    channel: SlackChannel | None = Field(default=None, description="The team's Slack channel: name or id. Its topic names who is on call.")
    usergroup: Annotated[str, Field(pattern=r"^(@?[a-z0-9][a-z0-9._-]{0,20}|S[A-Z0-9]{6,})$")] | None = Field(
        default=None,
        description="Slack user group that always holds exactly the team's primary: handle (`@payments-oncall`) or id.",
    )
    bridge: Bridge | None = Field(default=None, description="Call of the team; stands on the card, in the page and on the phone.")
    webhook: Webhook | None = Field(
        default=None, description="A program that is told of every page of a member without a webhook of their own."
    )
    policies: PolicyOverride = Field(default=PolicyOverride(), description="Escalation policies of its own, by severity.")
    issues: Repository | None = Field(
        default=None, description="GitHub repository, `owner/name`, in which action items of its incidents become issues."
    )


class QuietHours(Strict):
    """Hours in which SEV3 waits for the morning. SEV1 and SEV2 never wait."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    start: WallTime = Field(alias="from", description="First minute of quiet, `22:00`.")
    end: WallTime = Field(alias="to", description="First minute after it, `07:00`; earlier than `from` means overnight.")
    zone: Zone = Field(default="UTC", description="Zone of both times. Default: the company's.")


class ErrorRate(Strict):
    """How much of what users ask of a service fails, by a Prometheus: drawn in the picture of its incidents."""

    query: Annotated[str, Field(min_length=1, max_length=2000)] = Field(
        description="PromQL with one series: the share that fails, from 0 to 1, such as "
        "`sum(rate(http_requests_total{code=~'5..'}[1m])) / sum(rate(http_requests_total[1m]))`."
    )
    environment: Id = Field(description="The environment whose `prometheus` is asked.")


class ImpactQueries(Strict):
    """What to ask Prometheus for the harm that an incident did, once it is over, in PromQL: the sum of what each finds stands in the
    postmortem. `{window}` becomes the incident's length, as `7560s`: `sum(increase(http_requests_total{code=~"5.."}[{window}]))`."""

    environment: Id | None = Field(default=None, description="Whose Prometheus is asked. Default: the first environment's that has one.")
    users: Line | None = Field(default=None, description="How many users were affected.")
    requests: Line | None = Field(default=None, description="How many requests failed.")
    budget: Line | None = Field(default=None, description="Which share of the error budget was spent: 0.12 stands there as 12.0 %.")
    support: Line | None = Field(default=None, description="How many tickets support had.")


class Service(Strict):
    """Something that can break, and somebody's to mend."""

    id: Id = Field(description="Short name, as in `service:checkout`.")
    name: Line = Field(description="Name for people.")
    tier: Tier = Field(default=2, description="0 (the company stands still without it) to 3 (nobody notices for a day).")
    owner: Id | None = Field(default=None, description="The team that is paged.")
    aliases: tuple[Line, ...] = Field(default=(), description="Other names people and alerts use for it, in any case.")
    dependencies: tuple[Id, ...] = Field(default=(), description="Services it cannot work without; their on-call is invited, not paged.")
    experts: tuple[Id, ...] = Field(default=(), description="People who know it best: paged as `expert`, else invited.")
    runbooks: tuple[Line, ...] = Field(default=(), description="Ids of runbooks, or addresses of documents, most useful first.")
    dashboards: tuple[WebAddress, ...] = Field(default=(), description="Addresses of dashboards.")
    core_functions: tuple[Line, ...] = Field(
        default=(), description="What users do with it; offered on the form, since an unusable one decides severity."
    )
    # Off: that a machine wakes people beyond the ladder is a decision of whoever owns the service.
    pages_for_width: bool = Field(
        default=False,
        description="In a SEV1 that a person has confirmed, more people are paged with nobody asking until enough respond: 3 in 5 minutes, "
        "never more than half a team, never in private incidents or drills. Off: only when somebody presses *Page next 3*.",
    )
    error_rate: ErrorRate | None = Field(default=None, description="Its error rate, for the picture of its incidents.")
    issues: Repository | None = Field(default=None, description="The same for incidents of this service, in place of the team's.")
    impact: ImpactQueries = Field(default=ImpactQueries(), description="Queries that measure the harm of its incidents.")
    postmortem_template: Id | None = Field(default=None, description="The template of its incidents' postmortems. Default: the company's.")
    quiet_hours: QuietHours | None = Field(default=None, description="A SEV3 that begins in these hours pages nobody until they end.")


class AlertRoute(LabelMatch):
    """Which service or team alerts with certain labels belong to."""

    service: Id | None = Field(default=None, description="The service they are about.")
    team: Id | None = Field(default=None, description="The team they are for, where no service is known.")

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not self.match and not self.match_re:
            raise ValueError("a route without 'match' or 'match_re' takes every alert; set the source's 'service' or 'team' instead.")
        if self.service is None and self.team is None:
            raise ValueError("a route leads nowhere without a 'service' or a 'team'; give one.")
        return self


class AlertSource(Strict):
    """A monitoring system that posts to `/hooks/<kind>/<key>`."""

    id: Id = Field(description="Its name in records: `alertmanager:<id>`.")
    kind: Literal["alertmanager"] = Field(default="alertmanager", description="Form of what it posts.")
    key: SecretStr | None = Field(default=None, description="The secret last part of its address. Better `key_env`, to keep it out of git.")
    key_env: EnvName | None = Field(default=None, description="Environment variable that holds the key.")
    service_label: Line = Field(default="service", description="Label that names the service, by id or alias, when no route matches.")
    team_label: Line = Field(default="team", description="Label that names the team when no service is known.")
    routes: tuple[AlertRoute, ...] = Field(default=(), description="Routes, first match wins; they come before the labels.")
    service: Id | None = Field(default=None, description="Service when neither a route nor a label tells.")
    team: Id | None = Field(default=None, description="Team when neither a route nor a label tells.")

    @model_validator(mode="after")
    def has_a_key(self) -> Self:
        if self.key is None and self.key_env is None:
            raise ValueError("an alert source needs a 'key' or a 'key_env'; without one nobody can post to it.")
        if self.key is not None and not re.fullmatch(r"[A-Za-z0-9_~-]{6,200}", self.key.get_secret_value()):
            raise ValueError("the key is part of an address; use 6 to 200 letters, digits, '-', '_' or '~'.")
        return self


class Audiences(Strict):
    """Who hears of incidents outside their channel."""

    tracking: SlackChannel | None = Field(
        default=None, description="Channel in which incidents from SEV3 up are tracked. Empty: the ops channel."
    )
    customer_approvers: tuple[Id, ...] = Field(
        default=(), description="People who may approve a customer notice. Nothing leaves the company without one."
    )
    # Three minutes: an executive reads one sentence that says who is on it, but does not wait for an answer that is not coming.
    executive_alert_after: Duration = Field(
        default=timedelta(minutes=3), description="Executives hear of a SEV1 at the first answer or after this time, whichever is first."
    )


class MostPerHour(Strict):
    """Messages to one person in an hour by each method. Empty: as many as there are."""

    # Whoever has read ten texts in an hour about what is not urgent reads the eleventh no better; a ringing phone wears out sooner.
    sms: Annotated[int, Field(ge=1, le=1000)] | None = Field(default=10, description="Texts.")
    voice: Annotated[int, Field(ge=1, le=1000)] | None = Field(default=4, description="Calls.")
    # Neither wakes anybody: the cap only keeps a storm from burying what matters.
    slack: Annotated[int, Field(ge=1, le=1000)] | None = Field(default=60, description="Direct messages.")
    email: Annotated[int, Field(ge=1, le=1000)] | None = Field(default=60, description="Mails.")

    def of(self, method: str) -> int | None:
        """The cap of a method, if it has one."""
        found: int | None = getattr(self, method, None)
        return found


class PagingBounds(Strict):
    """How much one person is told. Nothing here keeps a SEV1 or SEV2 from anybody."""

    # Five texts in a minute have woken everybody who can be woken; after that each one more hides the others.
    together_after: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=5,
        description="After so many texts, calls or direct messages to one person within a minute, further ones that are no graver are told "
        "together in one. 0: never.",
    )
    # Long enough to gather a storm, short enough that nobody waits for it.
    together_every: Duration = Field(
        default=timedelta(seconds=15), description="How soon after the last message the next such one goes out."
    )
    most_per_hour: MostPerHour = Field(
        default=MostPerHour(), description="Caps for SEV3 and SEV4. What they hold back is counted, and told in the next message."
    )
    # That a carrier takes our texts does not show that they arrive; only a phone of one's own does.
    watchdog_phone: Phone | None = Field(
        default=None,
        description="A number of your own that receives texts and picks up calls. Once a day it gets a real text and a real call; one "
        "that does not arrive is an alarm, and is tried again every hour.",
    )
    # By day, when somebody is there to mend it.
    watchdog_hour: Annotated[int, Field(ge=0, le=23)] = Field(default=10, description="The hour of that, on the company's clock.")


class Commands(Strict):
    """Slash commands; other bots may own a name already. The manifest is generated from these."""

    incident: Annotated[str, Field(pattern=r"^/[a-z0-9_-]{1,31}$")] = Field(default="/inc", description="The root command.")
    incident_alias: Annotated[str, Field(pattern=r"^/[a-z0-9_-]{1,31}$")] | None = Field(
        default="/incident", description="Its longer name."
    )
    oncall: Annotated[str, Field(pattern=r"^/[a-z0-9_-]{1,31}$")] = Field(default="/oncall", description="Who is on call.")
    page: Annotated[str, Field(pattern=r"^/[a-z0-9_-]{1,31}$")] = Field(default="/page", description="Page somebody.")
    runbook: Annotated[str, Field(pattern=r"^/[a-z0-9_-]{1,31}$")] = Field(default="/runbook", description="Runbooks.")


class IncidentDefaults(Strict):
    """Times in the life of an incident."""

    channel_prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,19}$")] = Field(
        default="inc", description="Channels are `<prefix>-<number>-<words>`."
    )
    # Two people who see the same thing do so within minutes; after ten it is more likely another thing.
    same_within: Duration = Field(
        default=timedelta(minutes=10),
        description="A second declaration about a service this soon pages nobody and offers Join or Separate.",
    )
    reopen_within: Duration = Field(
        default=timedelta(minutes=30), description="The same alert this soon after resolving reopens; later it is a new, linked incident."
    )
    # Twice may be chance; the third time within an hour it is a pattern, and waking somebody a fourth time tells them nothing new.
    flapping_after: Annotated[int, Field(ge=0, le=100)] = Field(
        default=3,
        description="An alert that fires so often `flapping_within` flaps: it pages once more, saying so, and its incident then stays open "
        "until it is quiet. 0: never.",
    )
    flapping_within: Duration = Field(default=timedelta(hours=1), description="See `flapping_after`.")
    # As long as a person would watch a graph before believing it.
    quiet_for: Duration = Field(default=timedelta(minutes=15), description="What flapped is over when nothing of it fired for this long.")
    undo_for: Duration = Field(default=timedelta(minutes=5), description="`resolve` and `cancel` can be undone this long.")
    commander_after: Duration = Field(
        default=timedelta(minutes=5), description="The first to answer is acting commander after the seat was empty this long."
    )


class FilesKept(Strict):
    """Files and pictures that people post in an incident's channel: kept beside its postmortem, which shows them."""

    keep: bool = Field(default=True, description="Off: only their names and Slack's own links stand in the postmortem.")
    # A screenshot has one or two; a heap dump is for another place.
    largest_mb: Annotated[int, Field(ge=1, le=100)] = Field(default=10, description="Of a larger one only the name is kept.")
    # In the database, where a night of screenshots must not crowd out what pages people.
    together_mb: Annotated[int, Field(ge=1, le=2000)] = Field(default=100, description="All files of one incident together.")
    # As long as the links to postmortems last, and a month to spare.
    kept_for: Duration = Field(default=timedelta(days=400), description="So long after they were posted they are forgotten.")


class Config(Strict):
    """Everything an organisation has said about itself."""

    company: Line = Field(default="Tocsin", description="Name of the company or workspace, on pages and postmortems.")
    zone: Zone = Field(default="UTC", description="Time zone where nothing nearer says another.")
    ops_channel: SlackChannel = Field(
        default="incident-ops", description="Channel in which the bot speaks of its own troubles, and of incidents that have no channel."
    )
    people: Mapping[str, Person] = Field(default_factory=dict, description="People by id.")
    teams: Mapping[str, Team] = Field(default_factory=dict, description="Teams by id.")
    services: Mapping[str, Service] = Field(default_factory=dict, description="Services by id.")
    rotations: Mapping[str, Rotation] = Field(default_factory=dict, description="Rotations by id.")
    schedules: Mapping[str, Schedule] = Field(default_factory=dict, description="Schedules by id.")
    eligibility: Eligibility = Field(default=Eligibility(), description="The least standing for each on-call role.")
    policies: Mapping[str, EscalationPolicy] = Field(
        default_factory=dict,
        validate_default=True,
        description="Escalation policies by id. `sev1` to `sev4` exist already and can be replaced.",
    )
    webhooks: Mapping[str, NamedWebhook] = Field(default_factory=dict, description="Programs that a step of a policy can name, by id.")
    severity: SeverityPolicy = Field(default=SeverityPolicy(), description="What severities mean and how one is decided.")
    alerts: Mapping[str, AlertSource] = Field(default_factory=dict, description="Alert sources by id.")
    runbooks: Mapping[str, Runbook] = Field(
        default_factory=dict,
        description="Runbooks by id. Each file in the directory `runbooks/` is one, under the name of the file.",
    )
    shipped_runbooks: tuple[Id, ...] = Field(
        default=(), description="Which of the runbooks that come with Tocsin may be run here. One of the same name in `runbooks/` wins."
    )
    environments: Mapping[str, Environment] = Field(
        default_factory=dict, description="Where runbooks run, by id; the first is the default."
    )
    runs: RunDefaults = Field(default=RunDefaults(), description="What becomes of a run that waits for approval.")
    remediations: Mapping[str, Remediation] = Field(
        default_factory=dict, description="Rules that ask for runs with nobody asking, by id. `/inc rules` shows and pauses them."
    )
    programs: Mapping[str, Program] = Field(default_factory=dict, description="Programs that use the HTTP API, by id.")
    audiences: Audiences = Field(default=Audiences(), description="Who hears of incidents outside their channel.")
    incidents: IncidentDefaults = Field(default=IncidentDefaults(), description="Times in the life of an incident.")
    action_items: ActionItemDefaults = Field(default=ActionItemDefaults(), description="What becomes of action items.")
    # Not one of the types: what was hurt, nobody knows who writes the configuration.
    postmortem_template: Id = Field(
        default="default",
        description="The template of postmortems where nothing nearer names one: `default`, `availability`, `security`, `data-loss`, "
        "`vendor`, `near-miss`, or a file of your own. A private incident's is "
        "`security`. `/inc postmortem template vendor` chooses another.",
    )
    postmortem_templates: Mapping[str, str] = Field(
        default_factory=dict,
        description="Templates of your own, in Jinja2: each file `postmortems/<name>.md.j2` beside the YAML is one, and begins best with "
        '`{% extends "default" %}`. One that is broken is never used; `tocsin check` says where it breaks.',
    )
    files: FilesKept = Field(default=FilesKept(), description="Files that people post in incidents' channels.")
    paging: PagingBounds = Field(default=PagingBounds(), description="How much one person is told.")
    postmortems: PostmortemPolicy = Field(default=PostmortemPolicy(), description="What each severity asks of a postmortem.")
    publishing: Publishing = Field(default=Publishing(), description="Where published postmortems go besides their page.")
    learning: Learning = Field(default=Learning(), description="Tags of postmortems, and the report of each quarter.")
    commands: Commands = Field(default=Commands(), description="Names of the slash commands.")
    # Not `require`: on the first day, and after an upgrade, nothing is verified, and whoever is on call must be woken all the same.
    verify_contacts: Literal["off", "warn", "require"] = Field(
        default="warn",
        description="Whether new and changed addresses are sent a code. `warn`: they are, and count at once; `tocsin doctor` and the home "
        "tab tell what did not come back. `require`: only what came back is paged; who has none counts as nobody. `off`: on request.",
    )
    access: AccessPolicy = Field(default=AccessPolicy(), description="Who may do what in a browser.")
    executives: tuple[Id, ...] = Field(default=(), description="People paged as `executive` and told of every SEV1.")
    fallback: tuple[Target, ...] = Field(
        default=(),
        description="Who is paged when every step of a policy finds nobody: people, teams, rotations, schedules or user groups.",
    )

    _digest: str = PrivateAttr(default="")

    @property
    def digest(self) -> str:
        """What the files held that this was read from (`loader.digest`); "" when it was read from none."""
        return self._digest

    def known_as(self, digest: str) -> Self:
        """The same, read from files that held this."""
        self._digest = digest
        return self

    @model_validator(mode="before")
    @classmethod
    def name_and_zone(cls, value: object) -> object:
        """Give each entry the id it stands under, and the company's zone where it names none."""
        return with_ids_and_zones(value) if isinstance(value, dict) else value

    @field_validator("policies")
    @classmethod
    def add_defaults(cls, value: Mapping[str, EscalationPolicy]) -> Mapping[str, EscalationPolicy]:
        return {**DEFAULT_POLICIES, **value}

    @cached_property
    def service_names(self) -> Mapping[str, Service]:
        """Services by every id, name and alias, in lower case; ids win."""
        names: dict[str, Service] = {}
        for service in self.services.values():
            names.update({name.lower(): service for name in (service.name, *service.aliases)})
        return names | {service.id: service for service in self.services.values()}

    @cached_property
    def by_slack(self) -> Mapping[str, Person]:
        """People by Slack member id; asked for every message."""
        return {person.slack: person for person in self.people.values() if person.slack}

    def person(self, person_id: str) -> Person | None:
        """The person with this id, in any case."""
        return self.people.get(person_id.lower())

    def person_by_slack(self, slack_user: str) -> Person | None:
        """The person with this Slack member id."""
        return self.by_slack.get(slack_user)

    def person_by_github(self, login: str) -> Person | None:
        """The person with this name on GitHub, in any case."""
        return next((person for person in self.people.values() if person.github and person.github.lower() == login.lower()), None)

    def person_by_phone(self, phone: str) -> Person | None:
        """The person with this number, given as E.164 (`+15550100001`)."""
        return next((person for person in self.people.values() if person.phone == phone), None)

    def person_by_email(self, email: str) -> Person | None:
        """The person with this address, in any case."""
        wanted = email.strip().lower()
        return next((person for person in self.people.values() if person.email and person.email.lower() == wanted), None)

    def address(self, person: Person, method: Method) -> str | None:
        """Where a person is reached by a method, as far as configuration says: several push addresses one a line. None: not at all."""
        match method:
            case "slack":
                return person.slack
            case "sms" | "voice":
                return person.phone
            case "email":
                return person.email
            case "push":
                return "\n".join(address.get_secret_value() for address in person.push) or None
            case "webhook":
                webhook = self.webhook(person)
                return webhook.url if webhook else None

    def webhook(self, person: Person) -> Webhook | None:
        """The program that is told of a person's pages: their own, else that of the first of their teams that has one."""
        teams = (team.webhook for team in self.teams.values() if team.webhook and person.id in team.members)
        return person.webhook or next(teams, None)

    def team(self, team_id: str) -> Team | None:
        """The team with this id, in any case."""
        return self.teams.get(team_id.lower())

    def service(self, name: str) -> Service | None:
        """The service with this id, name or alias, in any case."""
        return self.service_names.get(name.strip().lower())

    def is_reachable(self, person: Person) -> bool:
        """Whether there is any way to tell this person of a page."""
        return bool(person.slack or person.phone or person.email or person.push or self.webhook(person))

    def owner(self, service: Service) -> Team | None:
        """The team that is paged for a service."""
        return self.teams.get(service.owner) if service.owner else None

    def policy(self, severity: int, team: Team | None = None) -> EscalationPolicy:
        """The escalation policy for severity 1 to 4: the team's own, else the severity's."""
        chosen = (team.policies.of(severity) if team else None) or self.severity.level(severity).policy
        return self.policies[chosen]

    def alert_source(self, kind: str, key: str) -> AlertSource | None:
        """The alert source of this kind with this key; every key is compared, in constant time."""
        given = key.encode("utf-8", "replace")
        found = None
        for source in self.alerts.values():
            right = source.key is not None and hmac.compare_digest(source.key.get_secret_value().encode(), given)
            if right and source.kind == kind:
                found = source
        return found

    def program(self, key: str) -> Program | None:
        """The program with this key; every key is compared, in constant time."""
        given = key.encode("utf-8", "replace")
        found = None
        for program in self.programs.values():
            if program.key is not None and hmac.compare_digest(program.key.get_secret_value().encode(), given):
                found = program
        return found


NAMED = (
    "people",
    "teams",
    "services",
    "rotations",
    "schedules",
    "policies",
    "webhooks",
    "alerts",
    "programs",
    "runbooks",
    "environments",
    "remediations",
)


def with_ids_and_zones(raw: Mapping[str, object]) -> dict[str, object]:
    """The raw configuration with ids and default zones filled in; what has the wrong shape is left for validation to refuse."""
    filled = dict(raw)
    for section in NAMED:
        entries = raw.get(section)
        if isinstance(entries, Mapping):
            filled[section] = {key: named(section, str(key), entry, raw.get("zone")) for key, entry in entries.items()}
    return filled


def named(section: str, key: str, entry: object, zone: object) -> object:
    """One entry with its id, and with the company's zone where that applies."""
    if not isinstance(entry, Mapping):
        return {"id": key} if entry is None else entry
    made = {**entry, "id": key}
    if zone is not None and section in ("people", "rotations", "schedules"):
        made.setdefault("zone", zone)
    quiet = made.get("quiet_hours")
    if zone is not None and section == "services" and isinstance(quiet, Mapping):
        made["quiet_hours"] = {"zone": zone, **quiet}
    return made
