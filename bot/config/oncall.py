"""Who takes turns, and when: rotations with their dated epochs, schedules made of them, the on-call roles of a team."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from bot.config.values import Duration, Group, Id, LocalMoment, Strict, TurnLength, WallTime, Weekday, Zone

Grade = Literal["junior", "engineer", "senior", "lead", "manager", "executive"]
GRADES: tuple[Grade, ...] = ("junior", "engineer", "senior", "lead", "manager", "executive")
Role = Literal["primary", "secondary", "manager", "expert"]
ROLES: tuple[Role, ...] = ("primary", "secondary", "manager", "expert")

Participants = Annotated[tuple[Group, ...], Field(min_length=1)]


class RotationEpoch(Strict):
    """What a rotation becomes at a date. What it does not say stays as it was."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    since: LocalMoment = Field(
        alias="from", description="Local wall time from which this holds. A shift in progress when it is loaded is never cut."
    )
    participants: Participants | None = Field(default=None, description="People in the order of their turns.")
    starting_with: Id | None = Field(default=None, description="Whose turn comes first. Default: whoever would be next, if still there.")
    length: TurnLength | None = Field(default=None, description="Length of a turn.")
    start: LocalMoment | None = Field(default=None, description="A hand-off of the new rhythm; its time of day is the hand-off time.")
    zone: Zone | None = Field(default=None, description="Zone in which turns change.")


class Rotation(Strict):
    """People taking turns. An edit without a date of its own takes effect at the next hand-off."""

    id: Id = Field(description="Short name.")
    zone: Zone = Field(default="UTC", description="Zone in which turns change. Default: the company's.")
    start: LocalMoment = Field(
        description="Local wall time of the first turn's begin; its time of day is the hand-off time. Before it nobody is on call. "
        "Monthly turns from the 29th to the 31st change on the last day of shorter months."
    )
    length: TurnLength = Field(default=TurnLength(count=1, unit="week"), description="Length of a turn: `12h`, `1d`, `1w`, `1mo`.")
    participants: Participants = Field(
        description="People in the order of their turns. A turn may be shared, `[ana, bo]`, or nobody's, `none`."
    )
    starting_with: Id | None = Field(default=None, description="Whose turn comes first. Default: the first participant's.")
    epochs: tuple[RotationEpoch, ...] = Field(default=(), description="Dated changes, in the order of their dates.")

    @model_validator(mode="after")
    def known_first(self) -> Self:
        """Who starts takes part, and epochs follow each other."""
        people = self.participants
        check_first(self.starting_with, people)
        for number, epoch in enumerate(self.epochs):
            people = epoch.participants or people
            check_first(epoch.starting_with, people)
            before = self.epochs[number - 1].since if number else self.start
            if epoch.since <= before:
                raise ValueError(f"the epoch from {epoch.since:%Y-%m-%d %H:%M} does not come after the one before; put them in order.")
        return self

    def everybody(self) -> tuple[str, ...]:
        """Everybody who takes part in any epoch."""
        groups = [*self.participants, *(group for epoch in self.epochs for group in epoch.participants or ())]
        return tuple(dict.fromkeys(person for group in groups for person in group))


def check_first(person: str | None, participants: tuple[tuple[str, ...], ...]) -> None:
    if person is not None and not any(person in group for group in participants):
        raise ValueError(f"'{person}' is to start and does not take part; add them to 'participants' or name another.")


class Restriction(Strict):
    """When a layer holds. Outside of it nobody of this layer is on call."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    days: tuple[Weekday, ...] = Field(default=(), description="Days of the week: `[sat, sun]`. Default: every day.")
    month_days: tuple[Annotated[int, Field(ge=1, le=31)], ...] = Field(default=(), description="Days of the month. Default: every day.")
    start: WallTime = Field(default=time(0), alias="from", description="First minute, in the layer's zone. Default: midnight.")
    end: WallTime = Field(
        default=time(0),
        alias="to",
        description="First minute after it. Earlier than `from`: the next morning, belonging to the first day. Equal: the whole day.",
    )


class Layer(Strict):
    """One rotation of a schedule."""

    rotation: Id = Field(description="The rotation.")
    priority: Annotated[int, Field(ge=-1000, le=1000)] = Field(
        default=0, description="The highest layer that has somebody wins; equals are on call together."
    )
    restrictions: tuple[Restriction, ...] = Field(default=(), description="When it holds. Default: always.")


class Schedule(Strict):
    """Layers of rotations that answer together."""

    id: Id = Field(description="Short name. A rotation's own id is a schedule of that rotation alone.")
    zone: Zone = Field(default="UTC", description="Zone of its restrictions, and in which it is shown. Default: the company's.")
    combine: Literal["priority", "together"] = Field(
        default="priority", description="`priority`: the highest layer that has somebody wins. `together`: everybody of every layer."
    )
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)] = Field(description="Its layers.")

    @field_validator("layers")
    @classmethod
    def each_once(cls, value: tuple[Layer, ...]) -> tuple[Layer, ...]:
        names = [layer.rotation for layer in value]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"rotation '{twice}' is two layers; give one of them several restrictions instead.")
        return value


class OnCall(Strict):
    """Which schedules (or rotations) answer for a team, by role."""

    primary: Id = Field(description="Whoever is paged first.")
    secondary: Id | None = Field(
        default=None, description="Whoever is paged next. Without one, and without `backup`, that step is skipped, and says so."
    )
    manager: Id | None = Field(
        default=None, description="Who is paged as `manager` while it has somebody (weekends, say); else the team's."
    )
    expert: Id | None = Field(default=None, description="Who is paged as `expert` for services that name no experts.")
    backup: Id | None = Field(
        default=None, description="Another team, whose primary (or, if that is the same person, secondary) stands in as secondary."
    )

    # An hour: who comes can still ask who leaves, and what stands in the note is still so.
    notice: Duration = Field(default=timedelta(hours=1), description="How long before a hand-off both people get its note, at the latest.")
    notice_at: WallTime | None = Field(
        default=None,
        description="Time of day, on the schedule's clock, at which they get it: the last one that leaves `notice`. Default: just then.",
    )

    def of(self, role: str) -> str | None:
        """The schedule of a role, if the team has one."""
        return {"primary": self.primary, "secondary": self.secondary, "manager": self.manager, "expert": self.expert}.get(role)

    def schedules(self) -> Mapping[str, str]:
        """The schedule of each role that has one."""
        return {role: schedule for role in ROLES if (schedule := self.of(role)) is not None}


class Eligibility(Strict):
    """The least standing for each on-call role. From the practice of large sites: L4 and up, then senior engineers, then managers."""

    primary: Grade = Field(default="engineer", description="To be paged first.")
    secondary: Grade = Field(default="senior", description="To be paged next.")
    manager: Grade = Field(default="manager", description="To cover for the manager.")
    expert: Grade = Field(default="engineer", description="To be asked as an expert.")

    def allows(self, role: str, level: str) -> bool:
        """Whether somebody of this level may hold the role."""
        return GRADES.index(level) >= GRADES.index(self.of(role))

    def of(self, role: str) -> Grade:
        """The least level for a role."""
        grades: dict[str, Grade] = {"primary": self.primary, "secondary": self.secondary, "manager": self.manager, "expert": self.expert}
        return grades[role]
