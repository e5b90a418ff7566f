"""The archive: every incident's words, found by their beginnings, narrowed down, sorted, a page at a time.

An index of our own in plain tables rather than FTS5 here and tsvector there: the same words find the same incidents on both databases,
nothing but SQL's own order of bytes is asked of them, and ten thousand long documents answer within milliseconds (`make bench`, L1).
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, case, delete, exists, func, insert, or_, select
from sqlmodel import col

from bot.db import Tx
from bot.incidents import archive as incidents_archive
from bot.incidents.lifecycle import OPEN
from bot.incidents.models import Incident, TimelineEntry, is_real
from bot.learning.models import ArchiveEntry, ArchiveWord, PostmortemTag
from bot.learning.query import PAGE, Query, Sort, Standing
from bot.learning.words import BEGINNING, Piece, plain, snippet, words
from bot.postmortems.models import Postmortem, PostmortemVersion

LONGEST = 400_000
"""Characters of one incident that are searched: a novel; what is longer is a log that somebody pasted."""
SAID = ("note", "update", "mitigated", "resolved", "reopened", "cancelled")
"""What people wrote, of all that a timeline holds; the title stands by itself."""
BATCH = 2_000


@dataclass(frozen=True)
class Hit:
    """An incident that was found, with the words that it was found by; `published` when there is a postmortem to read."""

    incident: Incident
    tags: tuple[str, ...]
    is_published: bool
    snippet: tuple[Piece, ...]


@dataclass(frozen=True)
class Found:
    """One page of hits, and how many there are in all."""

    total: int
    hits: tuple[Hit, ...]


async def search(tx: Tx, query: Query, zone: tzinfo, most: int = PAGE) -> Found:
    """What who acts may see of what is asked for. Days are those of `zone`."""
    wanted = [await incidents_archive.seen(tx), is_real(), *(_says(word) for word in query.words), *_narrowed(query, zone)]
    total = (await tx.session.execute(select(func.count()).select_from(Incident).where(*wanted))).scalar_one()
    rows = select(Incident).where(*wanted).order_by(*_order(query)).limit(most).offset((query.page - 1) * most)
    incidents = list((await tx.session.execute(rows)).scalars())
    return Found(total, tuple(await _hits(tx, incidents, query)))


async def tags_of(tx: Tx, numbers: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    """The tags of incidents, in the order of the alphabet."""
    rows = select(PostmortemTag).where(col(PostmortemTag.incident_id).in_(numbers)).order_by(col(PostmortemTag.tag))
    found: dict[int, tuple[str, ...]] = {}
    for row in (await tx.session.execute(rows)).scalars():
        found[row.incident_id] = (*found.get(row.incident_id, ()), row.tag)
    return found


async def tags_in_use(tx: Tx) -> list[str]:
    """Every tag of the incidents that who acts may see."""
    rows = select(col(PostmortemTag.tag)).distinct().join(Incident, col(Incident.id) == col(PostmortemTag.incident_id))
    return sorted((await tx.session.execute(rows.where(await incidents_archive.seen(tx), is_real()))).scalars())


async def index(tx: Tx, incident_id: int) -> None:
    """Keep the words of an incident as they are now."""
    incident = await tx.session.get_one(Incident, incident_id)
    await tx.lock(f"archive:{incident_id}")
    text = "\n".join([part async for part in _parts(tx, incident)])[:LONGEST].replace("\0", " ")
    in_title = {word.encode() for word in words(f"{incident.title} {incident.service or ''}")}
    every = in_title | {word.encode() for word in words(text)}
    for table in (ArchiveWord, ArchiveEntry):
        await tx.changed(delete(table).where(col(table.incident_id) == incident_id))
    rows = [{"word": word, "incident_id": incident_id, "in_title": word in in_title} for word in sorted(every)]
    await tx.session.execute(insert(ArchiveWord), rows)
    await tx.session.execute(insert(ArchiveEntry), [{"incident_id": incident_id, "text": text, "indexed_at": tx.now}])


async def behind(tx: Tx, most: int = BATCH) -> list[int]:
    """Incidents of which more was written down than the archive knows, or that it does not know at all."""
    newest = (
        select(func.max(col(TimelineEntry.recorded_at)))
        .where(col(TimelineEntry.incident_id) == col(Incident.id), col(TimelineEntry.kind).in_(SAID))
        .scalar_subquery()
    )
    changed = select(col(Postmortem.moved_at)).where(col(Postmortem.incident_id) == col(Incident.id)).scalar_subquery()
    at = col(ArchiveEntry.indexed_at)
    rows = (
        select(col(Incident.id))
        .outerjoin(ArchiveEntry, col(ArchiveEntry.incident_id) == col(Incident.id))
        .where(is_real(), or_(at.is_(None), at < newest, at < changed))
        .order_by(col(Incident.id).desc())
        .limit(most)
    )
    return [number for number in (await tx.session.execute(rows)).scalars() if number is not None]


async def _parts(tx: Tx, incident: Incident) -> AsyncIterator[str]:
    """What an incident's entry consists of besides its title, the postmortem first: of what is cut, notes are lost before the document."""
    published = (col(PostmortemVersion.incident_id) == col(Postmortem.incident_id)) & (
        col(PostmortemVersion.number) == col(Postmortem.published_version)
    )
    document = select(col(PostmortemVersion.markdown)).join(Postmortem, published).where(col(Postmortem.incident_id) == incident.number)
    for markdown in (await tx.session.execute(document)).scalars():
        yield plain(markdown)
    said = (col(TimelineEntry.incident_id) == incident.number) & col(TimelineEntry.kind).in_(SAID)
    rows = select(col(TimelineEntry.text)).where(said).order_by(col(TimelineEntry.happened_at), col(TimelineEntry.id))
    for text in (await tx.session.execute(rows)).scalars():
        yield text


async def _hits(tx: Tx, incidents: Sequence[Incident], query: Query) -> list[Hit]:
    numbers = [one.number for one in incidents]
    tags = await tags_of(tx, numbers)
    published = select(col(Postmortem.incident_id)).where(
        col(Postmortem.incident_id).in_(numbers), col(Postmortem.published_version).is_not(None)
    )
    documents = set((await tx.session.execute(published)).scalars())
    texts: dict[int, str] = {}
    if query.words:
        rows = select(col(ArchiveEntry.incident_id), col(ArchiveEntry.text)).where(col(ArchiveEntry.incident_id).in_(numbers))
        texts = {row.incident_id: row.text for row in await tx.session.execute(rows)}
    return [
        Hit(one, tags.get(one.number, ()), one.number in documents, snippet(texts.get(one.number, ""), query.words)) for one in incidents
    ]


def _says(word: str, **more: bool) -> ColumnElement[bool]:
    """Whether an incident's entry has this word, or one that begins so (`words.fits`)."""
    first, its = word.encode(), col(ArchiveWord.word)
    found = its == first if len(word) < BEGINNING else (its >= first) & (its < first + b"\xff")  # no letter has this byte
    narrowed = [col(getattr(ArchiveWord, name)).is_(value) for name, value in more.items()]
    return col(Incident.id).in_(select(col(ArchiveWord.incident_id)).where(found, *narrowed))


def _narrowed(query: Query, zone: tzinfo) -> Iterator[ColumnElement[bool]]:
    if query.severity:
        yield col(Incident.severity) == query.severity
    if query.service:
        yield col(Incident.service) == query.service
    if query.team:
        yield col(Incident.team) == query.team
    if query.tag:
        yield exists().where(col(PostmortemTag.incident_id) == col(Incident.id), col(PostmortemTag.tag) == query.tag)
    if query.since:
        yield col(Incident.declared_at) >= _begins(query.since, zone)
    if query.until:
        yield col(Incident.declared_at) < _begins(query.until + timedelta(days=1), zone)
    if query.standing is Standing.PUBLISHED:
        yield exists().where(col(Postmortem.incident_id) == col(Incident.id), col(Postmortem.published_version).is_not(None))
    elif query.standing:
        is_open = col(Incident.state).in_(OPEN)
        yield is_open if query.standing is Standing.OPEN else ~is_open


def _order(query: Query) -> list[ColumnElement[Any]]:
    newest = col(Incident.id).desc()
    if query.sort is Sort.GRAVEST:
        return [col(Incident.severity).asc(), newest]
    if query.sort is Sort.BEST and query.words:
        in_title = [case((_says(word, in_title=True), 1), else_=0) for word in query.words]
        return [sum(in_title[1:], start=in_title[0]).desc(), newest]
    return [newest]


def _begins(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)
