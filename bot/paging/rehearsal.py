"""`tocsin simulate`: a question in words → a rehearsal of the ladder → lines to read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args
from zoneinfo import ZoneInfo

from bot.config.escalation import Method
from bot.config.models import Config, Service
from bot.config.values import nearest, parse_duration, severity_number, zones
from bot.directory.service import Directory
from bot.errors import InvalidInput, NotFound
from bot.oncall.roster import Roster
from bot.oncall.walltime import SECOND, exists, instant, last_instant, local
from bot.paging.ladders import configured, quiet_until
from bot.paging.policy import URGENT, place_method
from bot.paging.policy import ways as ways_of
from bot.paging.simulate import Answered, Answers, Called, GoesOn, Happening, HeldBack, Skipped, Told, rehearse
from bot.paging.targets import Around, Groups, Targets

METHODS = get_args(Method)
Ways = Mapping[str, Mapping[str, timedelta]]


@dataclass(frozen=True)
class Moment:
    """The instant asked about, the zone it is told in, and a remark on what was understood."""

    at: datetime
    zone: ZoneInfo | timezone
    remark: str = ""


def moment(text: str, zone: str) -> Moment:
    """Read `2027-03-14T02:30` in a zone, or `2027-03-14T02:30-05:00`. Refused: neither, both in contradiction, a time that never is."""
    try:
        asked = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(
            f"{text!r} is not a date and time; write it like 2027-03-14T02:30, with --zone Europe/Berlin or an offset."
        ) from None
    if zone and zone not in zones():
        raise InvalidInput(f"{zone!r} is not a time zone{nearest(zone, zones())}")
    if asked.tzinfo is not None:
        own = asked.tzinfo if isinstance(asked.tzinfo, timezone) else UTC
        return Moment(asked.astimezone(UTC), ZoneInfo(zone) if zone else own)
    if not zone:
        raise InvalidInput(f"{text!r} means another instant in every zone; add --zone Europe/Berlin, or an offset: {text.strip()}+01:00.")
    if not exists(asked, zone):
        after = instant(asked, zone)
        before, then = local(after - SECOND, zone) + SECOND, local(after, zone)
        raise InvalidInput(
            f"{asked:%Y-%m-%d %H:%M} does not exist in {zone}: the clocks go from {before:%H:%M} to {then:%H:%M}. "
            f"Ask for {then:%Y-%m-%dT%H:%M}, or a time before {before:%H:%M}."
        )
    first, last = instant(asked, zone), last_instant(asked, zone)
    twice = f"{asked:%H:%M} comes twice that night; this is the first. The other is {last.astimezone(ZoneInfo(zone)).isoformat()}."
    return Moment(first, ZoneInfo(zone), twice if first != last else "")


@dataclass(frozen=True)
class Question:
    """What is asked: an incident of a service, from a severity and an instant on, and who would not answer it."""

    service: str
    severity: str
    when: Moment
    silent: tuple[str, ...] = ()
    answer_after: str = ""


@dataclass(frozen=True)
class Rehearsal:
    """Answers questions for one configuration and roster. `ways` tells how each person can be reached at a severity."""

    config: Config
    roster: Roster
    methods: tuple[str, ...] = METHODS
    stopped: frozenset[str] = frozenset()
    """Whose phone has sent STOP."""
    groups: Groups = field(default_factory=dict)
    unverified: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Each person's methods from which nothing has come back."""

    def happenings(self, question: Question) -> list[Happening]:
        """What would happen, in the order of time."""
        service, severity = self.service(question.service), self.severity(question.severity)
        targets, directory = Targets(Directory(self.config)), Directory(self.config)
        around = Around(service.owner, service.id)
        owner = self.config.owner(service)

        def meant(wanted: tuple[str, ...], at: datetime) -> tuple[list[Called], list[str]]:
            people, missing = targets.people(self.roster, self.groups, wanted, around, at)
            return [Called(one.person, one.why) for one in people], missing

        def ways(person: str, unverified: Mapping[str, Collection[str]]) -> dict[str, timedelta]:
            if (place := place_method(person)) is not None:
                return {place: timedelta(0)} if place in self.methods else {}
            written = [(rule.method, rule.after) for rule in directory.rules(person, severity)]
            reachable = [method for method, _ in written if method in self.methods and self.has_way(person, method)]
            reachable = [method for method in reachable if method not in unverified.get(person, ())]
            found = ways_of(written, reachable, ("sms",) if person in self.stopped else ())
            return {str(method): after for method, after in found.items()}

        policy = configured(self.config.policy(severity, owner))
        start = quiet_until(service, severity, question.when.at)
        if not policy.steps:
            return []
        most = self.config.paging.most_per_hour
        caps = {method: cap for method in self.methods if severity > URGENT and (cap := most.of(method)) is not None}
        unverified = self.unverified if self.config.verify_contacts == "require" else {}
        return rehearse(
            policy, meant, lambda one: ways(one, unverified), start, self.answers(question), caps, last_ways=lambda one: ways(one, {})
        )

    def text(self, question: Question) -> str:
        """What would happen, as lines to read; times in the zone of the question."""
        service, severity = self.service(question.service), self.severity(question.severity)
        owner = self.config.owner(service)
        start = question.when.at.astimezone(question.when.zone)
        policy = self.config.policy(severity, owner).id
        lines = [f"{service.name}, SEV{severity}, from {start:%a %Y-%m-%d %H:%M:%S %Z} on, by policy {policy}."]
        lines += [question.when.remark] if question.when.remark else []
        happened = self.happenings(question)
        if not happened:
            lines.append(f"A SEV{severity} pages nobody.")
        return "\n".join([*lines, *(self.line(one, question.when) for one in together(happened))])

    def line(self, happened: "Happening | Group", when: Moment) -> str:
        """One happening: its time to the second, how long after the start, and what."""
        at = happened.at.astimezone(when.zone)
        day = f"{at:%a} " if at.date() != when.at.astimezone(when.zone).date() else ""
        clock = f"{day}{at:%H:%M:%S %Z}  {'+' + elapsed(happened.at - when.at):>9}  "
        match happened:
            case Group(person=person, methods=methods, why=why):
                return f"{clock}{self.name(person)} by {', '.join(methods)}: {why}"
            case HeldBack(person=person, method=method):
                return f"{clock}{self.name(person)} by {method}: held back, the cap of messages in an hour is reached"
            case Skipped(targets=targets, why=why):
                return f"{clock}{' and '.join(targets)}: skipped, {why}"
            case Answered(person=person):
                return f"{clock}{self.name(person)} answers; nothing more is sent"
            case GoesOn():
                return f"{clock}and so on, for ever, until somebody answers"
            case _:
                return f"{clock}the ladder is exhausted: nobody has answered"

    def name(self, person: str) -> str:
        return Directory(self.config).name(person)

    def has_way(self, person_id: str, method: Method) -> bool:
        person = self.config.person(person_id)
        if person is None:
            return False
        can_be_found = method == "slack" and person.email is not None  # Slack knows people by their e-mail address
        return can_be_found or self.config.address(person, method) is not None

    def service(self, name: str) -> Service:
        """The service of the question."""
        found = self.config.service(name)
        if found is None:
            raise NotFound(f"There is no service {name!r}{nearest(name, self.config.services)}")
        return found

    def severity(self, text: str) -> int:
        """The severity of the question, 1 to 4."""
        try:
            return int(str(severity_number(text)))
        except ValueError as wrong:
            raise InvalidInput(str(wrong)) from None

    def answers(self, question: Question) -> Answers:
        """Who would answer: nobody, unless it is said who would not, or after how long people do."""
        for name in question.silent:
            if self.config.person(name) is None:
                raise NotFound(f"There is no person {name!r}{nearest(name, self.config.people)}")
        if not question.silent and not question.answer_after:
            return Answers()
        try:
            delay = parse_duration(question.answer_after or "1m")
        except ValueError as wrong:
            raise InvalidInput(str(wrong)) from None
        return Answers(delay, tuple(name.lower() for name in question.silent))


@dataclass(frozen=True)
class Group:
    """One person told by several methods at once."""

    at: datetime
    person: str
    methods: tuple[str, ...]
    why: str


def together(happened: list[Happening]) -> list[Happening | Group]:
    """What one person is told at the same moment stands in one line."""
    found: list[Happening | Group] = []
    for one in happened:
        if not isinstance(one, Told):
            found.append(one)
            continue
        last = found[-1] if found else None
        if isinstance(last, Group) and (last.at, last.person, last.why) == (one.at, one.person, one.why):
            found[-1] = Group(one.at, one.person, (*last.methods, one.method), one.why)
        else:
            found.append(Group(one.at, one.person, (one.method,), one.why))
    return found


def elapsed(time: timedelta) -> str:
    """How long after the start: `3:00`, `1:02:00`."""
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
