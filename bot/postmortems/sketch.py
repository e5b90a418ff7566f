"""What the picture of an incident is drawn from: read in one look, and measured at Prometheus outside of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import select
from sqlmodel import col

from bot.config.models import ErrorRate
from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents import timeline
from bot.incidents.models import Incident, Role, TimelineEntry
from bot.paging.notice import METHOD_NAMES
from bot.paging.service import Paging
from bot.paging.states import AttemptState
from bot.paging.story import StoryLine
from bot.postmortems.durations import WORDS
from bot.postmortems.lines import Entry
from bot.postmortems.picture import Curve, Lane, Mark, Picture, Shape, picture
from bot.prometheus import query

Spans = Callable[[Tx, Incident], Awaitable[Sequence[tuple[datetime, str, datetime | None, bool]]]]
"""What another room has to show: when, what, until when if it lasted, and whether it came to grief."""
NOT_SENT = frozenset({AttemptState.SUPPRESSED, AttemptState.PLANNED})
AT_ONCE = timedelta(seconds=15)
"""Ways of one page that leave within this time are one mark."""
POINTS = 180
"""Values of a curve: more than that a line of this width does not show."""


@dataclass(frozen=True)
class Sketch:
    """What is known of an incident before anything is measured."""

    number: int
    title: str
    entries: tuple[Entry, ...]
    milestones: tuple[tuple[datetime, str], ...]
    lanes: tuple[Lane, ...]
    zone: tzinfo
    rate: ErrorRate | None


class Sketcher:
    """Reads what a picture shows."""

    def __init__(self, directory: Directory, paging: Paging) -> None:
        self._directory = directory
        self._paging = paging
        self._lanes: list[tuple[str, Shape, Spans]] = []

    def add(self, title: str, shape: Shape, spans: Spans) -> None:
        """Let pictures have this lane, where there is something in it."""
        self._lanes.append((title, shape, spans))

    async def sketch(self, tx: Tx, incident: Incident) -> Sketch:
        """Everything about an incident that can be drawn."""
        rows = await timeline.entries(tx, incident.number)
        stones = await timeline.milestones(tx, incident.number)
        service = self._directory.service(incident.service) if incident.service else None
        zone = self._directory.zone_of(None)
        return Sketch(
            incident.number,
            incident.title,
            tuple(Entry(row.kind, row.text, self._directory.name(row.actor), row.happened_at, row.recorded_at) for row in rows),
            tuple(dict.fromkeys((row.happened_at, WORDS[row.kind]) for row in stones)),
            (
                Lane("Pages", Shape.PAGE, tuple(await self._pages(tx, incident))),
                Lane("Answers", Shape.ANSWER, tuple(self._mark(row, "") for row in rows if row.kind == "acknowledged")),
                Lane("Responders", Shape.PERSON, tuple(await self._responders(tx, incident))),
                *[await self._lane(tx, incident, *lane) for lane in self._lanes],
                Lane("Updates", Shape.UPDATE, tuple(self._mark(row, row.text) for row in rows if row.kind == "update")),
            ),
            UTC if zone.key in {"UTC", "Etc/UTC"} else zone,
            service.error_rate if service else None,
        )

    async def picture(self, sketch: Sketch) -> Picture | None:
        """The picture, with what Prometheus says. Asks it, so this is called outside of any transaction."""
        about = sketch.number, sketch.title, sketch.entries, sketch.milestones, sketch.lanes, sketch.zone
        plain = picture(*about)
        if plain is None or sketch.rate is None:
            return plain
        return picture(*about, await self._measured(sketch.rate, plain))

    async def _measured(self, rate: ErrorRate, plain: Picture) -> Curve:
        environment = self._directory.config.environments.get(rate.environment)
        server = environment.prometheus if environment else None
        if server is None or server.url is None:
            return Curve("Error rate", trouble=f"{rate.environment} has no Prometheus that could be asked.")
        secret = server.authorization.get_secret_value() if server.authorization else None
        start, end = plain.start.replace(microsecond=0), plain.end.replace(microsecond=0)
        step = timedelta(seconds=max(1, -((start - end) // timedelta(seconds=POINTS))))
        try:
            return Curve("Error rate", await query.curve(server.url, rate.query, start, end, step, secret))
        except query.QueryFailed as failed:
            return Curve("Error rate", trouble=str(failed))

    async def _lane(self, tx: Tx, incident: Incident, title: str, shape: Shape, spans: Spans) -> Lane:
        return Lane(title, shape, tuple(Mark(at, words, until, is_bad) for at, words, until, is_bad in await spans(tx, incident)))

    async def _pages(self, tx: Tx, incident: Incident) -> list[Mark]:
        """Each time that somebody was paged, with all the ways at once; a way that failed is a mark of its own."""
        story = [line for line in await self._paging.story(tx, incident.number) if line.state not in NOT_SENT]
        together: dict[tuple[str, bool, datetime], list[StoryLine]] = {}
        for line in sorted(story, key=lambda one: one.at):
            is_bad = line.state is AttemptState.FAILED
            begun = next((key for key in together if key[:2] == (line.person, is_bad) and line.at - key[2] <= AT_ONCE), None)
            together.setdefault(begun or (line.person, is_bad, line.at), []).append(line)
        return [
            Mark(at, f"{self._directory.name(person)}: {', '.join(METHOD_NAMES[line.method] for line in lines)}", is_bad=is_bad)
            for (person, is_bad, at), lines in together.items()
        ]

    async def _responders(self, tx: Tx, incident: Incident) -> list[Mark]:
        rows = select(Role).where(col(Role.incident_id) == incident.number).order_by(col(Role.since), col(Role.id))
        found: dict[str, Mark] = {}
        for role in (await tx.session.execute(rows)).scalars():
            name = self._directory.name(role.person)
            words = name if role.role == "responder" else f"{name}, {role.role}"
            found.setdefault(f"{role.person}:{role.role}", Mark(role.since, words))
        return list(found.values())

    def _mark(self, row: TimelineEntry, words: str) -> Mark:
        return Mark(row.happened_at, words or self._directory.name(row.actor))
