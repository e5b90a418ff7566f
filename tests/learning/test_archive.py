"""The archive, on both databases: who finds what, by which words, in which order."""

from datetime import UTC, timedelta

import pytest

from bot.clock import FakeClock
from bot.db import BOT, ActorId, Database, Tx
from bot.errors import InvalidInput
from bot.incidents import roles, timeline
from bot.incidents.lifecycle import IncidentState
from bot.incidents.models import Incident
from bot.learning import archive
from bot.learning.models import ArchiveEntry, PostmortemTag
from bot.learning.query import Query, typed
from bot.postmortems.models import Postmortem, PostmortemVersion
from bot.postmortems.states import PostmortemState, VersionKind

KIM, LEE = ActorId("kim"), ActorId("lee")
DOCUMENT = "# Postmortem\n\n- [09:00](https://x.example/archives/secret) the \\_standby\\_ was **promoted** &amp; drained\n"


async def add(tx: Tx, title: str, *, severity: int = 2, service: str | None = None, is_private: bool = False, is_open: bool = True) -> int:
    state = IncidentState.INVESTIGATING if is_open else IncidentState.RESOLVED
    incident = Incident(
        title=title, state=state, severity=severity, rule="typed", is_confirmed=True, origin="slack", service=service, team="platform",
        declared_by=tx.actor, declared_at=tx.now, is_private=is_private,
    )  # fmt: skip
    tx.session.add(incident)
    await tx.session.flush()
    return incident.number


async def write(tx: Tx, number: int, *, is_published: bool) -> None:
    tx.session.add(
        Postmortem(
            incident_id=number, state=PostmortemState.PUBLISHED, markdown="newer", generated="", html="", drafted_at=tx.now,
            changed_at=tx.now, moved_at=tx.now, version=2, published_version=1 if is_published else None,
        )
    )  # fmt: skip
    tx.session.add(PostmortemVersion(incident_id=number, number=1, markdown=DOCUMENT, kind=VersionKind.EDITED, author="kim", at=tx.now))


@pytest.fixture
async def past(database: Database, clock: FakeClock) -> Database:
    """Five incidents of kim's, the fourth private; the second's postmortem is published, the third's is not."""
    async with database.begin(actor=KIM) as tx:
        await add(tx, "Checkout is down", severity=1, service="checkout")
        await add(tx, "redis failover hangs", service="sessions", is_open=False)
        await add(tx, "uploads at 50% of _normal_ speed, décalé", is_open=False)
        await add(tx, "redis failover leaked customer data", is_private=True)
        await timeline.record(tx, 2, "resolved", "Moved to the STANDBY in eu-west_2")
        await timeline.record(tx, 2, "paged", "ana was paged by sms")
        await timeline.record(tx, 1, "update", "redis is fine")
        await write(tx, 2, is_published=True)
        await write(tx, 3, is_published=False)
        tx.session.add(PostmortemTag(incident_id=2, tag="database", by=KIM, at=tx.now))
    clock.advance(timedelta(days=40))
    async with database.begin(actor=KIM) as tx:
        await add(tx, "Search is slow", severity=3)
        for number in range(1, 6):
            await archive.index(tx, number)
    return database


async def numbers(database: Database, who: ActorId, line: str) -> list[int]:
    async with database.read() as tx:
        with tx.acting(who):
            return [hit.incident.number for hit in (await archive.search(tx, typed(line), UTC)).hits]


async def test_every_word_must_begin_one_of_the_incidents(past: Database) -> None:
    assert await numbers(past, LEE, "standby redis") == [2]
    assert await numbers(past, LEE, "CHECK") == [1]
    assert await numbers(past, LEE, "sessions eu") == [2], "the service counts, and so does each part of a hyphenated word"
    assert await numbers(past, LEE, "redis checkout") == [1], "what somebody wrote in an update"
    assert await numbers(past, LEE, "edis") == await numbers(past, LEE, "red") == [], "of a short word the beginning is not enough"
    assert await numbers(past, LEE, "sms") == [], "who was paged is nothing that somebody wrote"
    assert await numbers(past, LEE, "Decale") == await numbers(past, LEE, "décalé") == [3]
    assert await numbers(past, LEE, "50% _normal_") == [3]
    assert await numbers(past, LEE, "'; -- \\ \" ") == await numbers(past, LEE, "") == [5, 3, 2, 1]


async def test_a_published_postmortem_is_found_by_its_words_and_a_draft_is_not(past: Database) -> None:
    assert await numbers(past, LEE, "promoted drained") == [2], "not the third, whose document says the same"
    assert await numbers(past, LEE, "secret") == [], "nobody looks for the addresses of links"
    assert await numbers(past, LEE, "newer") == [], "the version that is published, not the one that is written"
    assert await numbers(past, LEE, "is:published") == [2]
    async with past.begin(actor=KIM) as tx:
        (await tx.session.get_one(Postmortem, 2)).published_version = None
        await archive.index(tx, 2)
    assert await numbers(past, LEE, "promoted") == []


async def test_filters_narrow_it_down(past: Database) -> None:
    assert await numbers(past, LEE, "sev1") == [1]
    assert await numbers(past, LEE, "service:sessions") == await numbers(past, LEE, "tag:Database") == [2]
    assert await numbers(past, LEE, "is:open team:platform") == [5, 1]
    assert await numbers(past, LEE, "is:over redis") == [2]
    assert await numbers(past, LEE, "since:2026-04") == await numbers(past, LEE, "since:2026-04-11 until:2026") == [5]
    assert await numbers(past, LEE, "until:2026-03-02") == [3, 2, 1]
    assert await numbers(past, LEE, "by:gravest") == [1, 3, 2, 5]
    assert await numbers(past, LEE, "redis by:newest") == [2, 1]
    async with past.begin(actor=KIM) as tx:
        await timeline.record(tx, 5, "note", "redis again")
        await archive.index(tx, 5)
    assert await numbers(past, LEE, "redis") == [5, 2, 1] and await numbers(past, LEE, "redis by:best") == [2, 5, 1]


async def test_a_private_incident_is_found_by_who_is_part_of_it_alone(past: Database) -> None:
    async with past.begin(actor=KIM) as tx:
        tx.session.add(PostmortemTag(incident_id=4, tag="takeover", by=KIM, at=tx.now))
    for line in ("redis leaked", "tag:takeover", "leaked"):
        assert await numbers(past, LEE, line) == await numbers(past, BOT, line) == []
    assert await numbers(past, KIM, "leaked") == await numbers(past, KIM, "tag:takeover") == [4]
    async with past.begin(actor=LEE) as tx:
        assert await archive.tags_in_use(tx) == ["database"]
        await roles.take_part(tx, 4, LEE)
        assert await archive.tags_in_use(tx) == ["database", "takeover"]
    assert await numbers(past, LEE, "leaked") == [4]


async def test_hits_come_a_page_at_a_time_with_what_they_were_found_by(past: Database) -> None:
    async with past.read() as tx:
        found = await archive.search(tx, Query(page=2), UTC, most=3)
        assert (found.total, [hit.incident.number for hit in found.hits]) == (4, [1])
        found = await archive.search(tx, typed("promoted"), UTC)
    [hit] = found.hits
    assert (hit.tags, hit.is_published) == (("database",), True)
    assert [piece.text for piece in hit.snippet if piece.is_marked] == ["promoted"]
    assert "the _standby_ was promoted & drained" in "".join(piece.text for piece in hit.snippet)


async def test_the_archive_knows_what_it_is_behind_with(past: Database, clock: FakeClock) -> None:
    async with past.begin(actor=KIM) as tx:
        assert await archive.behind(tx) == []
    clock.advance(timedelta(minutes=1))
    async with past.begin(actor=KIM) as tx:
        await timeline.record(tx, 1, "paged", "nobody looks for that")
        await timeline.record(tx, 3, "note", "a cable was loose")
        await add(tx, "new here")
        assert await archive.behind(tx) == [6, 3]
        assert await archive.behind(tx, most=1) == [6]
        for number in (6, 3):
            await archive.index(tx, number)
        assert await archive.behind(tx) == []


async def test_what_is_endless_is_cut(past: Database) -> None:
    async with past.begin(actor=KIM) as tx:
        await timeline.record(tx, 5, "note", "x" * 5000 + " " + "word " * 200_000)
        await archive.index(tx, 5)
        assert len((await tx.session.get_one(ArchiveEntry, 5)).text) == archive.LONGEST
    assert await numbers(past, LEE, "x" * 300) == [5]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("is:closed", "`is:` takes open, over, published"),
        ("since:tomorrow", "2026-11-23"),
        ("since:2026-02 until:2026-01", "ends before it begins"),
        ("until:9999", "2026-11-23"),
        ("a b c d e f g h i j k l m", "at most 12 words"),
    ],
)
def test_what_is_no_query_says_why(line: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        typed(line)
