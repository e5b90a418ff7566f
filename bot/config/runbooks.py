"""Runbooks: what may be run during an incident, with which parameters, after whose approval, and what shows that it helped."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config.values import Duration, EnvName, Id, Line, SeverityNumber, Strict, WebAddress, parse_duration

ParameterType = Literal["choice", "integer", "duration", "version", "host", "service", "text"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
PlaybookFile = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}\.ya?ml$")]
USED_IN_REVERSE = re.compile(r"\{([\w.]*)\}")
OUTCOME = "outcome."
"""Before the name of what a playbook reports, where it is used beside parameters."""
RESERVED = frozenset({"environment", "dry"})
"""Words of `/inc run` itself."""
USED_IN_QUERY = re.compile(r"\$([a-z][a-z0-9_]*)")
"""A parameter of the run, in PromQL, where braces mean something else."""


class Parameter(Strict):
    """Something a person fills in. It reaches Ansible as data that is never a template, and only after it was found to be of its type."""

    type: ParameterType = Field(
        description="`choice` of `values`; `integer` or `duration` between `min` and `max`; `version` (letters, digits, `._-`; one of "
        "those that `lookup` knows, if given); `host` of the inventory (of `group`, if given); `service` of this configuration; `text` "
        "that matches `pattern`."
    )
    help: Line = Field(default="", description="What it means, for who fills it in.")
    required: bool = Field(default=True, description="Whether it must be given when it has no default.")
    default: str | int | None = Field(default=None, description="What holds when it is not given.")
    values: tuple[Line, ...] = Field(default=(), description="What may be chosen.")
    min: str | int | None = Field(default=None, description="The least that is allowed.")
    max: str | int | None = Field(default=None, description="The most that is allowed.")
    pattern: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Regular expression that the whole text must match."
    )
    group: Line | None = Field(default=None, description="Inventory group whose hosts may be chosen.")
    lookup: Annotated[str, Field(pattern=r"^(/|https?://)\S+$")] | None = Field(
        default=None,
        description="Where versions are listed: a directory with an entry for each, or an address that answers a JSON list.",
    )

    @model_validator(mode="after")
    def fits_its_type(self) -> Self:
        """Each type has what it needs and nothing that means nothing to it."""
        own = {"choice": {"values"}, "integer": {"min", "max"}, "duration": {"min", "max"}, "version": {"lookup"}, "host": {"group"}}
        allowed = own.get(self.type, {"pattern"} if self.type == "text" else set())
        given = {name for name in ("values", "min", "max", "pattern", "group", "lookup") if getattr(self, name) not in (None, ())}
        if odd := sorted(given - allowed):
            raise ValueError(f"'{odd[0]}' means nothing to a parameter of type {self.type}; remove it.")
        if needed := sorted({"values", "min", "max", "pattern"} & allowed - given):
            raise ValueError(f"a parameter of type {self.type} needs '{needed[0]}'; without bounds anything could be typed.")
        self.check_bounds()
        return self

    def check_bounds(self) -> None:
        """The pattern compiles; the least is not more than the most; both are of the type."""
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except (re.error, RecursionError, OverflowError) as error:
                raise ValueError(f"the expression does not compile ({error}); mend it.") from None
        if self.type in ("integer", "duration") and self.bound("min") > self.bound("max"):
            raise ValueError(f"'min' {self.min} is more than 'max' {self.max}; turn them round.")

    def bound(self, name: Literal["min", "max"]) -> int:
        """The least or the most, as a number; of a duration in seconds."""
        value = self.min if name == "min" else self.max
        if self.type == "duration":
            return int(parse_duration(value).total_seconds())
        if not isinstance(value, int):
            raise ValueError(f"'{name}' is '{value}', but must be a whole number.")
        return value


class ApprovalRule(Strict):
    """How many people must approve, where this applies."""

    severities: tuple[SeverityNumber, ...] = Field(default=(), description="Severities of the incident, such as `[1, 2]`. Empty: any.")
    environments: tuple[Id, ...] = Field(default=(), description="Environments. Empty: any.")
    needs: Annotated[int, Field(ge=0, le=2)] = Field(description="How many people besides who asked must approve: 0, 1 or 2.")

    def applies(self, severity: int, environment: str) -> bool:
        """Whether this rule is about such a run."""
        return (not self.severities or severity in self.severities) and (not self.environments or environment in self.environments)


class Verification(Strict):
    """What shows that a run helped: exactly one of `url`, `query` and `playbook`, asked before the run and again and again after it."""

    url: WebAddress | None = Field(default=None, description="Address that is asked.")
    status: Annotated[int, Field(ge=100, le=599)] = Field(default=200, description="Status that the address answers when all is well.")
    contains: Line | None = Field(default=None, description="Text that its answer must hold, such as the version.")
    query: Annotated[str, Field(min_length=1, max_length=2000)] | None = Field(
        default=None,
        description="PromQL that the environment's Prometheus is asked; of several series the worst counts. `$name` becomes a parameter of "
        "the run. No series is no answer: where there may be none, end it with `or vector(0)`.",
    )
    below: float | None = Field(default=None, description="All is well while the query's value is less than this.")
    above: float | None = Field(default=None, description="All is well while the query's value is more than this.")
    playbook: PlaybookFile | None = Field(
        default=None,
        description="Playbook that only looks, and succeeds when all is well. It runs on the hosts of the run, with the run's parameters.",
    )
    shows: Line = Field(default="", description="What it looks at, for the card: `error rate`. Empty: the address, query or playbook.")
    # Three in a row: one good answer of three instances may come from the one that was well all along.
    times: Annotated[int, Field(ge=1, le=100)] = Field(
        default=3, description="How many good answers in a row count as recovered. As many that are worse than before the run: worse."
    )
    every: Duration = Field(default=timedelta(seconds=5), description="Time between two questions.")
    within: Duration = Field(default=timedelta(minutes=2), description="After this time without recovery, it did not help.")
    mitigates: bool = Field(default=False, description="Whether recovery marks the incident as mitigated.")

    @model_validator(mode="after")
    def is_one_check(self) -> Self:
        """One of the three, with what that one needs and nothing of the others."""
        if sum(one is not None for one in (self.url, self.query, self.playbook)) != 1:
            raise ValueError("a verification is exactly one of 'url', 'query' and 'playbook'; keep one.")
        if self.query is not None and (self.below is None) == (self.above is None):
            raise ValueError("a verification by 'query' needs either 'below' or 'above': what is a good value?")
        if self.query is None and not (self.below is None and self.above is None):
            raise ValueError("'below' and 'above' are about the value of a 'query'; remove them.")
        if self.url is None and ({"status", "contains"} & self.model_fields_set):
            raise ValueError("'status' and 'contains' are about the answer of a 'url'; remove them.")
        return self

    @property
    def name(self) -> str:
        """What it looks at, for people."""
        return self.shows or self.url or self.query or self.playbook or ""

    def goal(self) -> str:
        """The value that would be good, in words; "" where there is no value."""
        if self.below is not None:
            return f"below {self.below:g}"
        return f"above {self.above:g}" if self.above is not None else ""


class Reverse(Strict):
    """What takes a run back."""

    runbook: Id = Field(description="The runbook that does.")
    parameters: Mapping[Name, Line] = Field(
        default_factory=dict,
        description="Its parameters: plain values, `{name}` for a parameter of this run, or `{outcome.name}` for what its playbook "
        "reported. What was not reported is asked for.",
    )


class Runbook(Strict):
    """One action that may be run, and the document that says when."""

    id: Id = Field(description="Its name: that of its file.")
    title: Line = Field(description="What it does, in a few words.")
    playbook: PlaybookFile = Field(
        description="The Ansible playbook: a file in `playbooks/` beside this configuration, or one that comes with Tocsin."
    )
    group: Line = Field(description="Inventory group that it works on.")
    limit: Name | None = Field(default=None, description="Parameter of type `host` that narrows it to one host.")
    services: tuple[Id, ...] = Field(default=(), description="Services in whose incidents it is suggested.")
    alerts: tuple[Line, ...] = Field(default=(), description="Names of alerts (`alertname`) for which it is suggested.")
    parameters: Mapping[Name, Parameter] = Field(default_factory=dict, description="What must be filled in.")
    environments: tuple[Id, ...] = Field(default=(), description="Where it may be run, the default first. Empty: everywhere.")
    check_mode: bool = Field(default=True, description="Whether the playbook can say what it would change (`--check --diff`).")
    timeout: Duration = Field(default=timedelta(minutes=10), description="After this time it is stopped.")
    requesters: Literal["anyone", "responders", "team"] = Field(
        default="anyone",
        description="Who may ask for it: `anyone` in the directory, who has a part in the incident, or the service's team.",
    )
    # One by default: two people look at what is about to happen, and at night two are hard to find.
    approvals: tuple[ApprovalRule, ...] = Field(
        default=(ApprovalRule(needs=1),), description="Who must approve; the first rule that applies holds. None applies: one person."
    )
    approvers: Literal["anyone", "involved", "team"] = Field(
        default="anyone",
        description="Who may approve it, never who asked: `anyone` in the directory; `team`: who belongs to the service's team, is on call "
        "for it or was paged to approve; `involved`: the same, and who has a part in the incident.",
    )
    approval_expires: Duration = Field(default=timedelta(minutes=30), description="A request that is not approved by then is void.")
    lock: Id | None = Field(
        default=None,
        description="Runbooks with the same lock never run at once in an environment. The hosts of a run are locked in any case, unless "
        "it changes nothing.",
    )
    changes: bool = Field(
        default=True,
        description="Whether it changes anything. One that only looks locks no host: it runs beside others, and they beside it.",
    )
    outcome: Mapping[Name, Line] = Field(
        default_factory=dict,
        description="What its playbook reports (with `ansible.builtin.set_stats`), by name, and what that means: for `reverse`, such as "
        "the release that was left.",
    )
    verify: Verification | None = Field(default=None, description="What shows that it helped.")
    reverse: Reverse | None = Field(default=None, description="What takes it back; offered when things are worse afterwards.")
    body: str = Field(default="", description="The document, in Markdown: Meaning, Impact, Diagnosis, Mitigation.")

    @field_validator("parameters")
    @classmethod
    def names_are_free(cls, value: Mapping[str, Parameter]) -> Mapping[str, Parameter]:
        """Parameters are typed beside words that mean something else."""
        if taken := sorted(RESERVED & set(value)):
            raise ValueError(f"a parameter cannot be called '{taken[0]}', which /inc run itself understands; choose another name.")
        return value

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        """What it says of its parameters is about parameters that it has."""
        if self.limit is not None and (self.limit not in self.parameters or self.parameters[self.limit].type != "host"):
            raise ValueError(f"'limit' is '{self.limit}', which is no parameter of type host; add one or name another.")
        return self

    def approvals_needed(self, severity: int, environment: str) -> int:
        """How many people besides who asks must approve."""
        return next((rule.needs for rule in self.approvals if rule.applies(severity, environment)), 1)


class PrometheusServer(Strict):
    """A Prometheus that verifications by `query` ask, or anything else that answers `/api/v1/query`."""

    url: WebAddress | None = Field(default=None, description="Its address, without `/api/v1`.")
    url_env: EnvName | None = Field(default=None, description="Environment variable that holds the address.")
    authorization: SecretStr | None = Field(
        default=None, description="The `Authorization` header that it wants, such as `Bearer …`. Better `authorization_env`."
    )
    authorization_env: EnvName | None = Field(default=None, description="Environment variable that holds that header.")

    @model_validator(mode="after")
    def has_an_address(self) -> Self:
        """Somewhere to ask."""
        if self.url is None and self.url_env is None:
            raise ValueError("a Prometheus needs a 'url' or a 'url_env'.")
        return self


class RunDefaults(Strict):
    """What becomes of a request for a run that nobody approves. Whoever could is told in Slack at once."""

    # By then whoever reads Slack has read it, and there are two minutes left before who asked may go alone.
    page_after: Duration = Field(
        default=timedelta(minutes=1), description="In a severity whose pages are urgent (SEV1, SEV2), approvers are paged after this time."
    )
    page_after_normal: Duration = Field(
        default=timedelta(minutes=10),
        description="In other severities; one that pages nobody (SEV4), and quiet hours, call nobody for an approval, either.",
    )


class Environment(Strict):
    """Machines that runbooks work on."""

    id: Id = Field(description="Its name, such as `production`.")
    inventory: Line = Field(description="Ansible inventory (YAML or INI): a path, absolute or from this configuration's directory.")
    queue: Id | None = Field(
        default=None,
        description="Where runs here happen: on the machines of `tocsin worker --queue <this>`. Empty: on the bot's own.",
    )
    vault_password_file: Line | None = Field(
        default=None,
        description="File with the password of your Ansible vaults (or a program that prints it): a path, absolute or from this "
        "configuration's directory.",
    )
    env: tuple[EnvName, ...] = Field(
        default=(),
        description="Variables of the bot's environment that runs get; all others they do not. Their values are hidden wherever they "
        "would be shown.",
    )
    prometheus: PrometheusServer | None = Field(default=None, description="The Prometheus that watches these machines.")
