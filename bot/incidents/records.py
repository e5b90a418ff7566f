"""Finding incidents, and who may see them."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from bot.config.models import Config, Level
from bot.db import BOT, ActorId, Tx, hold_incident
from bot.directory.service import SLACK_ACTOR
from bot.errors import NotFound
from bot.incidents import roles
from bot.incidents.lifecycle import OPEN, IncidentState, is_open
from bot.incidents.models import Incident
from bot.paging.policy import is_place
from bot.paging.service import Paging

LISTED = 20
LARGEST = 2**31 - 1
"""The largest number that the table could hold; people may type any."""
A_SECOND = timedelta(seconds=1)
"""Links carry whole seconds."""
ENDED = frozenset({"all", "closed", "resolved", "cancelled"})


class Records:
    """The incidents there are."""

    def __init__(self, paging: Paging) -> None:
        self._paging = paging

    @property
    def _config(self) -> Config:
        return self._paging.directory.config

    async def get(self, tx: Tx, incident_id: int) -> Incident:
        """The incident with this number; raises `NotFound`."""
        found = await tx.session.get(Incident, incident_id, populate_existing=True) if incident_id <= LARGEST else None
        if found is None:
            raise NotFound(f"There is no incident #{incident_id}.")
        return found

    async def held(self, tx: Tx, incident_id: int) -> Incident:
        """The incident, as it stands, with everything about it held until the transaction ends; raises `NotFound`."""
        await hold_incident(tx, incident_id)
        if incident_id in tx.read_held:
            return await tx.session.get_one(Incident, incident_id)
        tx.read_held.add(incident_id)
        return await self.get(tx, incident_id)

    async def of_channel(self, tx: Tx, channel_id: str) -> Incident | None:
        """The incident whose channel this is; an ordinary channel is its incident's until that is over."""
        rows = select(Incident).where(col(Incident.channel_id) == channel_id).order_by(col(Incident.id).desc()).limit(1)
        found = (await tx.session.execute(rows)).scalar()
        return None if found is not None and found.is_adopted and not is_open(found.state) else found

    async def open_now(self, tx: Tx) -> list[Incident]:
        """Every incident that still needs people, newest first."""
        rows = select(Incident).where(col(Incident.state).in_(OPEN)).order_by(col(Incident.id).desc()).limit(200)
        return list((await tx.session.execute(rows)).scalars())

    async def seen_open(self, tx: Tx) -> list[Incident]:
        """Those of `open_now` that who acts may see."""
        mine = await roles.of_person(tx, tx.actor)
        return [one for one in await self.open_now(tx) if not one.is_private or self._is_mine(tx, one, mine)]

    async def listed(self, tx: Tx, words: str) -> list[Incident]:
        """Incidents for a list: open ones, or all, resolved, of a severity, or mine, as `words` say. Never private ones of others."""
        asked = set(words.lower().split())
        mine = await roles.of_person(tx, tx.actor)
        own = (col(Incident.declared_by) == tx.actor) | col(Incident.id).in_(mine)
        rows = select(Incident).where(own if "mine" in asked else own | col(Incident.is_private).is_(False))
        if not asked & ENDED:
            rows = rows.where(col(Incident.state).in_(OPEN))
        if states := [state for state in IncidentState if state.value in asked]:
            rows = rows.where(col(Incident.state).in_(states))
        if severities := [n for n in (1, 2, 3, 4) if f"sev{n}" in asked]:
            rows = rows.where(col(Incident.severity).in_(severities))
        return list((await tx.session.execute(rows.order_by(col(Incident.id).desc()).limit(LISTED))).scalars())

    async def is_insider(self, tx: Tx, incident: Incident) -> bool:
        """Whether who acts has a part in the incident, was paged for it, or declared it."""
        return tx.actor in await self.paged(tx, incident) or self._is_mine(tx, incident, await roles.of_person(tx, tx.actor))

    async def check_reader(self, tx: Tx, incident: Incident, person: ActorId | None, given_at: datetime) -> None:
        """A link to a private incident opens for those with a part in it, and where it was given since it is private.

        Raises `NotFound` for everybody else.
        """
        if not incident.is_private or incident.private_since is None or given_at + A_SECOND > incident.private_since:
            return
        with tx.acting(person or BOT):
            if person is None or not await self.is_insider(tx, incident):
                raise NotFound(f"There is no incident #{incident.number}.")

    async def paged(self, tx: Tx, incident: Incident, page_id: int | None = None) -> list[str]:
        """The people chosen to be paged so far, in order; for one page, those of it alone."""
        story = await self._paging.story(tx, incident.number)
        people = (line.person for line in story if page_id in (None, line.page_id) and not is_place(line.person))
        return list(dict.fromkeys(people))

    async def paging_starts(self, tx: Tx, incident: Incident) -> datetime | None:
        """When the ladder's first step is due; in quiet hours that lies ahead. None when nobody is to be paged."""
        page = await self._paging.newest_page(tx, incident.number)
        return page.started_at if page else None

    def is_person(self, actor: ActorId) -> bool:
        """Whether who acts is somebody of the company, not the bot, an alert or a script."""
        return self._config.person(actor) is not None or actor.startswith(SLACK_ACTOR)

    def level(self, incident: Incident) -> Level:
        """What the incident's severity means."""
        return self._config.severity.level(incident.severity)

    @staticmethod
    def _is_mine(tx: Tx, incident: Incident, mine: Collection[int]) -> bool:
        return incident.number in mine or incident.declared_by == tx.actor
