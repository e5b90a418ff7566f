"""What single entries cannot know: that names they mention exist, and that no two entries claim the same person, phone or name."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from bot.config.escalation import EscalationPolicy, Method
from bot.config.models import AlertSource, Config, ErrorRate, Person, Rotation, Schedule, Service, Team
from bot.config.remediations import Remediation
from bot.config.runbooks import OUTCOME, USED_IN_QUERY, USED_IN_REVERSE, Reverse, Runbook
from bot.config.severity import Group
from bot.config.tree import Loc
from bot.config.values import Target, clip, duration_text, nearest

Finding = tuple[Loc, str]
Known = Mapping[str, Collection[str]]
NEEDED: Mapping[Method, str] = {
    "slack": "'slack' id nor 'email'",
    "sms": "'phone'",
    "voice": "'phone'",
    "email": "'email'",
    "push": "'push' address",
    "webhook": "'webhook', nor has a team of theirs",
}
GROUPS: tuple[Group, ...] = ("urgent", "normal")
SECTION_OF = {
    "person": "people",
    "team": "teams",
    "rotation": "rotations",
    "schedule": "schedules",
    "service": "services",
    "policy": "policies",
    "environment": "environments",
    "runbook": "runbooks",
    "webhook": "webhooks",
}

KIND_OF_TARGET = {
    "person": "person",
    "team": "team",
    "members": "team",
    "rotation": "rotation",
    "schedule": "schedule",
    "webhook": "webhook",
}


@dataclass(frozen=True)
class Checker:
    """Looks over a configuration whose entries are each valid. `known` has the ids of refused entries, too."""

    config: Config
    known: Known

    def findings(self) -> Iterator[Finding]:
        """Everything wrong between entries, with its location."""
        yield from self.general()
        for team in self.config.teams.values():
            yield from self.team(team)
        for service in self.config.services.values():
            yield from self.service(service)
        for rotation in self.config.rotations.values():
            yield from self.rotation(rotation)
        for schedule in self.config.schedules.values():
            yield from self.schedule(schedule)
        for policy in self.config.policies.values():
            yield from self.policy(policy)
        for source in self.config.alerts.values():
            yield from self.alert_source(source)
        for person in self.config.people.values():
            yield from self.silent_rules(person)
        for runbook in self.config.runbooks.values():
            yield from self.runbook(runbook)
        for program in self.config.programs.values():
            yield from self.each("runbook", program.runbooks, ("programs", program.id, "runbooks"), f"program '{program.id}'")
        for rule in self.config.remediations.values():
            yield from self.remediation(rule)
        yield from self.twins()
        yield from self.slow_rules()

    def one(self, kind: str, name: str | None, loc: Loc, who: str) -> Iterator[Finding]:
        """A single reference."""
        section = SECTION_OF[kind]
        if name is not None and name not in self.known[section]:
            yield loc, f"{who} names {kind} '{clip(name)}', which is not under '{section}'{nearest(name, self.known[section])}"

    def each(self, kind: str, names: tuple[str, ...], loc: Loc, who: str) -> Iterator[Finding]:
        """A list of references; a name given twice is one too many."""
        for index, name in enumerate(names):
            yield from self.one(kind, name, (*loc, index), who)

    def target(self, target: Target, loc: Loc, who: str) -> Iterator[Finding]:
        if target.kind == "everybody":
            yield from self.schedule_or_rotation(target.name, loc, who)
        elif target.kind in KIND_OF_TARGET:
            yield from self.one(KIND_OF_TARGET[target.kind], target.name, loc, who)

    def general(self) -> Iterator[Finding]:
        yield from self.each("person", self.config.executives, ("executives",), "'executives'")
        yield from self.each("person", self.config.access.admins, ("access", "admins"), "'access.admins'")
        approvers = self.config.audiences.customer_approvers
        yield from self.each("person", approvers, ("audiences", "customer_approvers"), "'audiences.customer_approvers'")
        for index, target in enumerate(self.config.fallback):
            loc: Loc = ("fallback", index)
            if target.kind == "role" and target.name != "executive":
                yield (
                    loc,
                    f"'fallback' names the role '{target.name}', which found nobody; "
                    "write person:<id>, team:<id>, rotation:<id> or schedule:<id>.",
                )
            if target.kind in ("channel", "webhook"):
                yield loc, f"'fallback' names {target}, where nobody in particular is called; name people, a team or a schedule."
            yield from self.target(target, loc, "'fallback'")
        for number in (1, 2, 3, 4):
            policy = self.config.severity.level(number).policy
            yield from self.one("policy", policy, ("severity", f"sev{number}", "policy"), f"'severity.sev{number}'")

    def team(self, team: Team) -> Iterator[Finding]:
        loc: Loc = ("teams", team.id)
        who = f"team '{team.id}'"
        yield from self.each("person", team.members, (*loc, "members"), who)
        yield from self.one("person", team.lead, (*loc, "lead"), who)
        yield from self.one("person", team.manager, (*loc, "manager"), who)
        if team.oncall:
            for role, name in team.oncall.schedules().items():
                yield from self.schedule_or_rotation(name, (*loc, "oncall", role), who)
            yield from self.one("team", team.oncall.backup, (*loc, "oncall", "backup"), who)
            if team.oncall.backup == team.id:
                yield (*loc, "oncall", "backup"), f"{who} is its own backup; name another team."
            if team.oncall.primary == team.oncall.secondary:
                yield (
                    (*loc, "oncall", "secondary"),
                    f"{who} has the same {self.kind_of(team.oncall.primary)} as primary and secondary; "
                    "the second page would wake the same person.",
                )
        for number in (1, 2, 3, 4):
            yield from self.one("policy", team.policies.of(number), (*loc, "policies", f"sev{number}"), who)

    def rotation(self, rotation: Rotation) -> Iterator[Finding]:
        loc: Loc = ("rotations", rotation.id)
        who = f"rotation '{rotation.id}'"
        for index, group in enumerate(rotation.participants):
            for person in group:
                yield from self.one("person", person, (*loc, "participants", index), who)
        for number, epoch in enumerate(rotation.epochs):
            for index, group in enumerate(epoch.participants or ()):
                for person in group:
                    yield from self.one("person", person, (*loc, "epochs", number, "participants", index), who)

    def schedule(self, schedule: Schedule) -> Iterator[Finding]:
        loc: Loc = ("schedules", schedule.id)
        if schedule.id in self.known["rotations"]:
            yield loc, f"'{schedule.id}' is a rotation and a schedule; call one of them something else."
        for index, layer in enumerate(schedule.layers):
            yield from self.one("rotation", layer.rotation, (*loc, "layers", index, "rotation"), f"schedule '{schedule.id}'")

    def kind_of(self, name: str) -> str:
        return "schedule" if name in self.known["schedules"] else "rotation"

    def schedule_or_rotation(self, name: str, loc: Loc, who: str) -> Iterator[Finding]:
        """A role is held by a schedule, or by a rotation alone."""
        yield from self.one(self.kind_of(name), name, loc, who)

    def service(self, service: Service) -> Iterator[Finding]:
        loc: Loc = ("services", service.id)
        who = f"service '{service.id}'"
        yield from self.one("team", service.owner, (*loc, "owner"), who)
        yield from self.each("service", service.dependencies, (*loc, "dependencies"), who)
        yield from self.each("person", service.experts, (*loc, "experts"), who)
        if service.id in service.dependencies:
            yield (*loc, "dependencies", service.dependencies.index(service.id)), f"{who} depends on itself; remove it from 'dependencies'."
        if service.error_rate is not None:
            yield from self.error_rate(service.error_rate, (*loc, "error_rate", "environment"), who)

    def error_rate(self, rate: ErrorRate, loc: Loc, who: str) -> Iterator[Finding]:
        """Somebody can be asked for it."""
        yield from self.one("environment", rate.environment, loc, who)
        environment = self.config.environments.get(rate.environment)
        if environment is not None and environment.prometheus is None:
            yield loc, f"the error rate of {who} is asked for in environment '{rate.environment}', which has no 'prometheus'; add it."

    def policy(self, policy: EscalationPolicy) -> Iterator[Finding]:
        for number, step in enumerate(policy.steps):
            for index, target in enumerate(step.targets):
                yield from self.target(target, ("policies", policy.id, "steps", number, "targets", index), f"policy '{policy.id}'")

    def alert_source(self, source: AlertSource) -> Iterator[Finding]:
        loc: Loc = ("alerts", source.id)
        who = f"alert source '{source.id}'"
        yield from self.one("service", source.service, (*loc, "service"), who)
        yield from self.one("team", source.team, (*loc, "team"), who)
        for index, route in enumerate(source.routes):
            yield from self.one("service", route.service, (*loc, "routes", index, "service"), who)
            yield from self.one("team", route.team, (*loc, "routes", index, "team"), who)

    def silent_rules(self, person: Person) -> Iterator[Finding]:
        """A rule that somebody wrote for a way in which the person cannot be reached: it would be passed over without a word."""
        for group in sorted(person.rules.model_fields_set):
            for index, rule in enumerate(person.rules.group("urgent" if group == "urgent" else "normal")):
                if (rule.method == "slack" and person.email) or (rule.method == "push" and person.push_env):
                    continue
                if self.config.address(person, rule.method) is None:
                    yield (
                        ("people", person.id, "rules", group, index),
                        f"person '{person.id}' is told by {rule.method}, but has no {NEEDED[rule.method]}; add it, or remove the rule.",
                    )

    def runbook(self, runbook: Runbook) -> Iterator[Finding]:
        loc: Loc = ("runbooks", runbook.id)
        who = f"runbook '{runbook.id}'"
        yield from self.each("service", runbook.services, (*loc, "services"), who)
        yield from self.each("environment", runbook.environments, (*loc, "environments"), who)
        for index, rule in enumerate(runbook.approvals):
            yield from self.each("environment", rule.environments, (*loc, "approvals", index, "environments"), who)
        if not self.config.environments and not self.known["environments"]:
            yield loc, f"{who} has nowhere to run; add an environment with its inventory under 'environments'."
        if runbook.reverse is not None:
            yield from self.reverse(runbook, runbook.reverse)
        if runbook.verify is not None and runbook.verify.query is not None:
            yield from self.query(runbook, runbook.verify.query)

    def query(self, runbook: Runbook, query: str) -> Iterator[Finding]:
        """Somebody can be asked it, and what it names is there."""
        loc: Loc = ("runbooks", runbook.id, "verify", "query")
        who = f"runbook '{runbook.id}'"
        for used in USED_IN_QUERY.findall(query):
            if used not in runbook.parameters:
                yield loc, f"{who} has no parameter '{clip(used)}'{nearest(used, runbook.parameters)}"
        for name in runbook.environments or tuple(self.config.environments):
            environment = self.config.environments.get(name)
            if environment is not None and environment.prometheus is None:
                yield loc, f"{who} is verified by a query, but environment '{name}' has no 'prometheus' that could be asked; add it."

    def reverse(self, runbook: Runbook, reverse: Reverse) -> Iterator[Finding]:
        """What takes a run back exists, and is given what it needs."""
        loc: Loc = ("runbooks", runbook.id, "reverse")
        who = f"runbook '{runbook.id}'"
        yield from self.one("runbook", reverse.runbook, (*loc, "runbook"), who)
        for name, value in reverse.parameters.items():
            for used in USED_IN_REVERSE.findall(value):
                known, noun = (runbook.outcome, "outcome") if used.startswith(OUTCOME) else (runbook.parameters, "parameter")
                if used.removeprefix(OUTCOME) not in known:
                    words = f"{who} has no {noun} '{clip(used.removeprefix(OUTCOME))}'{nearest(used.removeprefix(OUTCOME), known)}"
                    yield (*loc, "parameters", name), words
        if (other := self.config.runbooks.get(reverse.runbook)) is not None:
            yield from self.given(who, reverse.parameters, other, (*loc, "parameters"))

    def remediation(self, rule: Remediation) -> Iterator[Finding]:
        """A rule names what there is, and gives its runbook what that needs."""
        loc: Loc = ("remediations", rule.id)
        who = f"rule '{rule.id}'"
        yield from self.one("runbook", rule.runbook, (*loc, "runbook"), who)
        yield from self.one("environment", rule.environment, (*loc, "environment"), who)
        yield from self.each("service", rule.when.services, (*loc, "when", "services"), who)
        runbook = self.config.runbooks.get(rule.runbook)
        if runbook is None:
            return
        if rule.environment and runbook.environments and rule.environment not in runbook.environments:
            yield (*loc, "environment"), f"{who} runs '{runbook.id}' in '{rule.environment}', where that does not run."
        yield from self.given(who, rule.parameters, runbook, (*loc, "parameters"))

    def given(self, who: str, parameters: Collection[str], runbook: Runbook, loc: Loc) -> Iterator[Finding]:
        """What is given to a runbook is what it takes, and all that it needs."""
        for name in parameters:
            if name not in runbook.parameters:
                words = f"{who} gives '{name}' to '{runbook.id}', which has no such parameter{nearest(name, runbook.parameters)}"
                yield (*loc, name), words
        for name, parameter in runbook.parameters.items():
            if parameter.required and parameter.default is None and name not in parameters:
                yield loc, f"{who} does not say what '{name}' of '{runbook.id}' becomes; add it."

    def twins(self) -> Iterator[Finding]:
        """What must point at one person, service or source, and points at two."""
        people = self.config.people.values()
        marks: tuple[tuple[str, str, Callable[[Person], str | None]], ...] = (
            ("slack", "Slack id", lambda person: person.slack),
            ("phone", "phone number", lambda person: person.phone),
            ("email", "e-mail address", lambda person: person.email and person.email.lower()),
            ("github", "name on GitHub", lambda person: person.github and person.github.lower()),
        )
        for field, words, mark in marks:
            owners: dict[str, str] = {}
            for person in people:
                value = mark(person)
                first = owners.setdefault(value, person.id) if value else person.id
                if first != person.id:
                    yield (
                        ("people", person.id, field),
                        f"person '{person.id}' has the {words} of '{first}'; an answer must tell who gave it.",
                    )
        yield from self.service_names()
        keys: dict[str, str] = {}
        for source in self.config.alerts.values():
            value = source.key.get_secret_value() if source.key else None
            first = keys.setdefault(value, source.id) if value else source.id
            if first != source.id:
                yield ("alerts", source.id), f"alert source '{source.id}' has the key of '{first}'; give each its own."
        for program in self.config.programs.values():
            value = program.key.get_secret_value() if program.key else None
            first = keys.setdefault(value, program.id) if value else program.id
            if first != program.id:
                yield ("programs", program.id), f"program '{program.id}' has the key of '{first}'; give each its own."

    def service_names(self) -> Iterator[Finding]:
        names = {service.id: service.id for service in self.config.services.values()}
        for service in self.config.services.values():
            for index, alias in enumerate(service.aliases):
                first = names.setdefault(alias.lower(), service.id)
                if first != service.id:
                    yield (
                        ("services", service.id, "aliases", index),
                        f"service '{service.id}' has the alias '{clip(alias)}', which means '{first}' already.",
                    )

    def slow_rules(self) -> Iterator[Finding]:
        """A rule whose first delay is as long as a step: the next person would be paged before this one was told."""
        for group in GROUPS:
            policy = self.tightest(group)
            wait = policy.shortest_wait() if policy else None
            if policy is None or wait is None:
                continue
            for person in self.config.people.values():
                first = min(rule.after for rule in person.rules.group(group))
                if first >= wait:
                    late, soon = duration_text(first), duration_text(wait)
                    yield (
                        ("people", person.id, "rules", group),
                        f"person '{person.id}' is told of {group} pages after {late} at the earliest, but policy '{policy.id}' goes on "
                        f"after {soon}; make the first delay shorter.",
                    )

    def tightest(self, group: Group) -> EscalationPolicy | None:
        """The policy in use for this group of severities that goes on soonest."""
        chosen: list[EscalationPolicy] = []
        for number in (1, 2, 3, 4):
            if self.config.severity.level(number).rules == group:
                names = {self.config.severity.level(number).policy, *(team.policies.of(number) for team in self.config.teams.values())}
                chosen += [policy for name, policy in self.config.policies.items() if name in names]
        ladders = [(wait, policy) for policy in chosen if (wait := policy.shortest_wait()) is not None]
        return min(ladders, key=lambda pair: pair[0])[1] if ladders else None
