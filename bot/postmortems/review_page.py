"""The review in a browser: where a document stands, what its reader may do about it now, and doing it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.accounts.access import Access
from bot.accounts.pages import ReaderPages, Visit
from bot.db import ActorId, Database, Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput
from bot.incidents.models import Incident
from bot.postmortems.meetings import Meetings
from bot.postmortems.models import Postmortem
from bot.postmortems.reading import WAY_OUT, Reading, number_of, page_of
from bot.postmortems.review import Reviews
from bot.postmortems.service import PURPOSE, Postmortems
from bot.postmortems.states import PostmortemState

REVIEWER = re.compile(r"reviewer:(.+)")
LOCAL = "%Y-%m-%dT%H:%M"
"""As a browser writes a time of day without a zone."""


@dataclass(frozen=True)
class Agreement:
    """Somebody who was asked, or who approved without; `at` is when they did."""

    name: str
    at: str = ""


@dataclass(frozen=True)
class Standing:
    """What the head of a document's page says about its review."""

    lacking: int
    agreements: Sequence[Agreement]
    may: frozenset[str]
    """What the reader can do now: ask, approve, changes, publish, withdraw, give, take."""
    why_not: str
    """Why the reader does not approve, where one could expect it."""
    people: Sequence[tuple[str, str, bool]]
    """Whom they could ask or give it to: id, name, and whether they were asked."""
    meeting: str
    """When people meet about it, on the reader's clock; "" when they do not."""
    meeting_file: str
    """Where that is for a calendar."""
    suggested: str
    """A time for one, as a browser's own field has it."""


class ReviewDoor:
    """The buttons."""

    def __init__(
        self, database: Database, directory: Directory, reading: Reading, postmortems: Postmortems, reviews: Reviews, meetings: Meetings
    ) -> None:
        self._meetings = meetings
        self._db = database
        self._directory = directory
        self._reading = reading
        self._postmortems = postmortems
        self._reviews = reviews

    def register(self, readers: ReaderPages) -> None:
        """Take `/postmortems/<number>/review`."""
        readers.add_verb(PURPOSE, "number", tail="review", act=self.act, way_out=WAY_OUT)

    async def standing(self, tx: Tx, visit: Visit, incident: Incident, known: Postmortem) -> Standing:
        """How far its review is."""
        reader = visit.reader
        asked = await self._reviews.reviewers(tx, incident.number)
        given = {one.person: one for one in await self._postmortems.approvals(tx, incident.number)}
        agreements = [
            Agreement(
                self._directory.name(person), self._directory.wall_time(reader.actor, given[person].at, tx.now) if person in given else ""
            )
            for person in dict.fromkeys((*asked, *map(ActorId, given)))
        ]
        may, why_not = set[str](), ""
        if reader.person is not None and reader.may(Access.RESPONDER):
            may = {"give", *({"take"} if known.offered is not None else ())}
            may |= await self._of_state(tx, incident, known, reader.person, reader.person in given)
            if known.state is PostmortemState.IN_REVIEW and "approve" not in may:
                why_not = "You own it, so others approve it." if known.owner == reader.person else "You have approved it."
        people = [(one.id, one.name, one.id in asked) for one in self._directory.config.people.values() if one.id != reader.person]
        lacking = await self._reviews.lacking(tx, incident, known)
        shown = sorted(people, key=lambda one: one[1]) if may else ()
        return Standing(lacking, agreements, frozenset(may), why_not, shown, *await self._meeting(tx, incident, reader.actor, bool(may)))

    async def act(self, visit: Visit) -> str:
        """One verb, as the reader."""
        person, fields = visit.reader.must(Access.RESPONDER), visit.fields
        async with self._db.begin(actor=person) as tx:
            incident, _ = await self._reading.find(tx, visit)
            number = incident.number
            match fields.get("do"):
                case "ask":
                    chosen = [ActorId(found[1]) for name in fields if (found := REVIEWER.fullmatch(name))]
                    await self._reviews.ask(tx, number, [one for one in chosen if self._directory.person(one)])
                case "approve":
                    await self._reviews.approve(tx, number, number_of(visit, "version"))
                case "changes":
                    await self._reviews.request_changes(tx, number, fields.get("why", ""))
                case "publish":
                    await self._reviews.publish(tx, number)
                case "withdraw":
                    await self._reviews.withdraw(tx, number, fields.get("why", ""))
                case "give":
                    await self._reviews.give(tx, number, ActorId(fields.get("person", "")))
                case "meet":
                    await self._meetings.call(tx, number, self._meant(visit))
                case "call off":
                    await self._meetings.call_off(tx, number)
                case "take":
                    await self._postmortems.take_offered(tx, number)
                case _:
                    raise InvalidInput("This page is not complete. Open it again.")
        return page_of(visit)

    async def _meeting(self, tx: Tx, incident: Incident, reader: ActorId, may_call: bool) -> tuple[str, str, str]:
        """When people meet, where that is for a calendar, and a time for a meeting if there is none and the reader may call one."""
        zone = self._directory.zone_of(reader)
        row = await self._meetings.find(tx, incident.number)
        if row is not None and row.cancelled_at is None:
            local = row.starts_at.astimezone(zone)
            return f"{local:%A}, {local.day} {local:%B %H:%M}, {row.minutes} minutes", self._meetings.url(incident.number), ""
        with tx.acting(reader):
            at = (await self._meetings.suggest(tx, incident.number)).astimezone(zone) if may_call else None
        return "", "", f"{at:{LOCAL}}" if at else ""

    def _meant(self, visit: Visit) -> datetime:
        """The time in a browser's own field, on the clock of who filled it in."""
        try:
            typed = datetime.fromisoformat(visit.fields.get("at", ""))
        except ValueError:
            raise InvalidInput("Say when to meet, as 2026-03-10 14:00.") from None
        return typed.replace(tzinfo=self._directory.zone_of(visit.reader.person)).astimezone(UTC)

    async def _of_state(self, tx: Tx, incident: Incident, known: Postmortem, person: ActorId, has_approved: bool) -> set[str]:
        match known.state:
            case PostmortemState.DRAFT:
                return {"ask"}
            case PostmortemState.IN_REVIEW:
                can_approve = known.owner != person and not has_approved and self._directory.person(person) is not None
                return {"ask", "changes", *({"approve"} if can_approve else ())}
            case PostmortemState.APPROVED:
                return {"changes", *({"publish"} if await self._reviews.may_publish(tx, incident, known, person) else ())}
            case _:
                return {"withdraw"} if await self._reviews.may_publish(tx, incident, known, person) else set()
