"""The verbs of publishing: ordered when a version is published or withdrawn, and written down when it is out."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bot.db import Tx
from bot.incidents.messages import IncidentRestricted
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.postmortems.messages import PostmortemPublished, PostmortemWithdrawn
from bot.publishing.messages import Publish
from bot.publishing.models import Publication, PublicationState
from bot.publishing.publisher import HandEdit, Published, Publisher
from bot.slack.text import clamp, escape, link
from bot.work import queue

PLACES: Mapping[str, str] = MappingProxyType({"canvas": "this channel's canvas", "folder": "the directory", "git": "the git repository"})
SHOWN, LONGEST = 3, 200
"""How many passages a message shows of those that people keep, and how much of each."""


class Publishing:
    """Orders copies, keeps what is known of them, and tells people of them."""

    def __init__(self, incidents: Incidents, publishers: Iterable[Publisher]) -> None:
        self._incidents = incidents
        self.publishers: Mapping[str, Publisher] = {one.name: one for one in publishers}

    async def on_published(self, tx: Tx, fact: PostmortemPublished) -> None:
        """Each place that is configured is to have it; of what stays inside only what its own people read."""
        incident = await self._incidents.get(tx, fact.incident_id)
        for publisher in self.publishers.values():
            if publisher.is_on() and may_have(publisher, incident):
                await self._order(tx, fact.incident_id, publisher.name)

    async def on_withdrawn(self, tx: Tx, fact: PostmortemWithdrawn) -> None:
        """Each copy that there is says so."""
        for name in self.publishers:
            found = await self.find(tx, fact.incident_id, name)
            if found is not None and found.version:
                await self._order(tx, fact.incident_id, name)

    async def on_restricted(self, tx: Tx, fact: IncidentRestricted) -> None:
        """Each copy that others read is emptied, whatever became of it before."""
        await self.on_withdrawn(tx, PostmortemWithdrawn(fact.incident_id))

    async def find(self, tx: Tx, incident_id: int, publisher: str) -> Publication | None:
        """What is known of a copy."""
        return await tx.session.get(Publication, (incident_id, publisher), populate_existing=True)

    async def note(self, tx: Tx, incident_id: int, publisher: str, outside_id: str, is_hand_edited: bool = False) -> Publication:
        """Write down which copy it is, before anything else is done with it."""
        await self._incidents.held(tx, incident_id)
        row = await self.find(tx, incident_id, publisher)
        if row is None:
            row = Publication(incident_id=incident_id, publisher=publisher, state=PublicationState.FAILED, at=tx.now)
            tx.session.add(row)
        row.outside_id = outside_id
        row.is_hand_edited = row.is_hand_edited or is_hand_edited
        await tx.session.flush()
        return row

    async def forget(self, tx: Tx, incident_id: int, publisher: str, done: Published) -> None:
        """The copy says only that it is private. It is not ours to fill any more: where a new one may be, a new one is made."""
        row = await self.note(tx, incident_id, publisher, "")
        row.state, row.version, row.text, row.url, row.trouble, row.at = PublicationState.WITHDRAWN, 0, "", "", "", tx.now
        row.is_hand_edited = False
        text = f"*Postmortem taken away* from {former(publisher)}: {escape(done.where)} says only that it is private."
        history = " The history of the repository still has what it said: take it out there." if publisher == "git" else ""
        await self._tell(tx, incident_id, publisher, f"{text}{history}")

    async def keep(self, tx: Tx, incident_id: int, publisher: str, version: int, is_withdrawn: bool, done: Published, remark: str) -> None:
        """The copy holds a version, or says that it was withdrawn. People are told where it is, and of what they changed there."""
        row = await self.note(tx, incident_id, publisher, done.outside_id, done.is_hand_edited)
        is_news = is_withdrawn or (row.version, row.state) != (version, PublicationState.PUBLISHED)
        row.state = PublicationState.WITHDRAWN if is_withdrawn else PublicationState.PUBLISHED
        row.version, row.text, row.url, row.trouble, row.at = version, done.text, done.url, "", tx.now
        if is_news:
            await self._tell(tx, incident_id, publisher, f"{headline(publisher, is_withdrawn, done)}{remark}")

    async def give_up(self, tx: Tx, incident_id: int, publisher: str, why: str, is_emptied: bool = False) -> None:
        """There is no copy of this version, or still one of what is private now: people are told why, once for each reason."""
        known = await self.find(tx, incident_id, publisher)
        row = await self.note(tx, incident_id, publisher, known.outside_id if known else "")
        if row.trouble == why:
            return
        row.state, row.trouble = PublicationState.FAILED, why
        text = f"The postmortem is not in {PLACES[publisher]}: {escape(why)} Publish it again then."
        if is_emptied:
            text = f"The postmortem is still in {former(publisher)}, where others read it: {escape(why)} Take it away there."
        await self._tell(tx, incident_id, publisher, text)

    async def tell_of_delay(self, tx: Tx, incident_id: int, publisher: str, why: str) -> None:
        """It takes longer than anybody would think: people are told that it is tried again."""
        text = f"The postmortem is not in {PLACES[publisher]} yet: {escape(why.rstrip('.'))}. It is tried again."
        await self._tell(tx, incident_id, publisher, text)

    async def _order(self, tx: Tx, incident_id: int, publisher: str) -> None:
        order, key = Publish(incident_id=incident_id, publisher=publisher), f"publish:{incident_id}:{publisher}"
        place = "slack-files" if publisher == "canvas" else None
        await queue.refresh(tx, order, key=key, about=f"incident:{incident_id}", destination=place)

    async def _tell(self, tx: Tx, incident_id: int, publisher: str, text: str) -> None:
        """In the incident's channel; where there is none, whoever hears of its troubles."""
        incident = await self._incidents.held(tx, incident_id)
        if incident.channel_id:
            await self._incidents.say(tx, incident, text)
        else:
            key = f"published:{incident_id}:{publisher}:{tx.now.timestamp():.0f}"
            await self._incidents.tell_of(tx, incident, f"#{incident_id}: {text}", key)


def former(publisher: str) -> str:
    """A place, where this channel is not the one that it was in."""
    return "the canvas of the former channel" if publisher == "canvas" else PLACES[publisher]


def may_have(publisher: Publisher, incident: Incident) -> bool:
    """Whether this place may have the words of this incident."""
    return not (publisher.is_shared and incident.stays_inside)


def is_to_be_emptied(publisher: Publisher, incident: Incident, row: Publication | None) -> bool:
    """Whether this place has words that it may not have any more: others read it, or did when they were brought there."""
    if row is None or not row.version or not incident.is_private or incident.private_since is None:
        return False
    return publisher.is_shared or row.at <= incident.private_since


def headline(publisher: str, is_withdrawn: bool, done: Published) -> str:
    """What became of the copy, where it is, and which passages people keep."""
    where = link(done.url, done.where) if done.url else escape(done.where)
    place = PLACES[publisher]
    if is_withdrawn:
        said = f"*Postmortem withdrawn:* {place} says so ({where})."
    else:
        said = f"*Postmortem {'published in' if done.is_new else 'brought up to date in'}* {place}: {where}."
    return " ".join([said, *kept(done.conflicts)])


def kept(conflicts: Iterable[HandEdit]) -> list[str]:
    """What people changed there and was changed here, too: theirs stands, and ours is shown."""
    found = list(conflicts)
    if not found:
        return []
    some = "One passage" if len(found) == 1 else f"{len(found)} passages"
    lines = [f"{some} that people changed there {'was' if len(found) == 1 else 'were'} changed here, too; the copy keeps theirs:"]
    for one in found[:SHOWN]:
        ours = quoted(one.ours) if one.ours else "nothing"
        lines.append(f"\n• there {quoted(one.kept) if one.kept else 'nothing'}, here {ours}")
    return [*lines, f"\n… and {len(found) - SHOWN} more."] if len(found) > SHOWN else lines


def quoted(text: str) -> str:
    return f"“{escape(clamp(' '.join(text.split()), LONGEST))}”"
