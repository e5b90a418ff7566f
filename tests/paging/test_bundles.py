"""Several pages for one phone: told in one message where they would come at once or as a storm, answered together or each alone."""

import re

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from bot.db import BOT, ActorId
from bot.paging.models import Page, PageAttempt
from bot.paging.states import AttemptState, PageState
from bot.work import queue
from bot.work.models import WorkItem
from bot.work.orders import WorkState
from bot.work.queue import Lane
from tests.paging.conftest import Room
from tests.paging.rules import played, with_only_texts, with_rules

SMS = Lane("sms", 0)


async def states(room: Room, person: str = "ana", method: str = "sms") -> list[AttemptState]:
    async with room.database.read() as tx:
        mine = select(col(PageAttempt.state)).where(col(PageAttempt.person) == person, col(PageAttempt.method) == method)
        return list((await tx.session.execute(mine.order_by(col(PageAttempt.id)))).scalars())


async def open_incidents(room: Room) -> list[int]:
    async with room.database.read() as tx:
        waiting = select(col(Page.incident_id)).where(col(Page.state) == PageState.OPEN).order_by(col(Page.incident_id))
        return list((await tx.session.execute(waiting)).scalars())


async def three_at_once(room: Room) -> None:
    """Three incidents of checkout begin in the same moment; ana is told of them by text alone."""
    with_only_texts(room, "ana", "bo")
    for incident, severity, title in ((51, 2, "Baskets are empty"), (52, 1, "Nobody can pay"), (53, 2, "Prices are wrong")):
        await room.start(severity, incident=incident, title=title, drain=False)
    await room.worker.drain()
    await room.at_rest()


async def test_three_pages_at_once_are_one_text_and_aa_takes_all(room: Room) -> None:
    await three_at_once(room)
    assert room.new() == ["ana sms"]
    text = room.sandbox.phone("ana").last_sms
    assert text.startswith("3 pages of Checkout: 2 SEV1 #52 Nobody can pay; 1 SEV2 #51 Baskets are empty; 3 SEV2 #53 Prices are wrong")
    assert text.endswith("Reply aa for all, or 2a") and len(text) <= 320
    assert set(await states(room)) == {AttemptState.DELIVERED}, "the receipt of the one text counts for all three"

    await room.sandbox.phone("ana").reply("aa")
    assert room.sandbox.phone("ana").last_sms == "#51 is yours. #52 is yours. #53 is yours."
    assert await open_incidents(room) == []
    assert set(await states(room)) == {AttemptState.ANSWERED}
    assert await played(room, 9) == {0: ["ana sms"]}  # the answer to aa, and nobody else is woken


async def test_of_three_told_together_one_is_taken_by_its_code(room: Room) -> None:
    await three_at_once(room)
    await room.sandbox.phone("ana").reply("1a")
    assert room.sandbox.phone("ana").last_sms == "#51 is yours. Still open: 2 (#52), 3 (#53)."
    assert await open_incidents(room) == [52, 53]


async def test_a_bare_r_with_several_open_does_nothing_and_lists_them(room: Room) -> None:
    await three_at_once(room)
    await room.sandbox.phone("ana").reply("r")
    assert room.sandbox.phone("ana").last_sms == "Which one? You have 1, 2 and 3 open. Answer like: 3r"
    assert await open_incidents(room) == [51, 52, 53]


async def test_aa_takes_what_was_told_together_and_not_what_came_alone(room: Room) -> None:
    await room.start(1, incident=50, title="Search is slow")
    await three_at_once(room)
    await room.sandbox.phone("ana").reply("aa")
    assert await open_incidents(room) == [50]
    assert room.sandbox.phone("ana").last_sms.endswith("Still open: 1 (#50).")


async def test_two_services_to_one_phone_a_moment_apart_are_two_texts(sqlite_room: Room) -> None:
    room = sqlite_room
    with_only_texts(room, "bea", "lee", "kim")
    await room.start(1, "storage", incident=61, title="Disks are full")
    await room.advance(0.02)
    await room.start(1, "cdn", incident=62, title="The CDN is down")
    assert room.new() == ["bea sms", "bea sms"]
    await room.sandbox.phone("bea").reply("aa")  # nothing was told together, so it means all that is open
    assert await open_incidents(room) == []


async def test_a_storm_is_five_texts_and_then_one_every_quarter_of_a_minute(sqlite_room: Room) -> None:
    room = sqlite_room
    with_only_texts(room, "ana", "bo")
    for number in range(60):
        await room.start(2, incident=100 + number, title=f"Shard {number} is down")
        await room.advance(1 / 60)
    await room.advance(0.5)
    texts = room.sandbox.phone("ana").received
    assert len(texts) <= 10, "sixty incidents in a minute"
    assert sum(int(text.split()[0]) for text in texts if " pages" in text) + 5 == 60, "each is told once"
    assert set(await states(room)) == {AttemptState.DELIVERED}
    await room.sandbox.phone("ana").reply("all")
    assert await open_incidents(room) != []
    last = {int(code) for code in re.findall(r"(\d+) SEV", texts[-1])}
    assert last and len(room.sandbox.phone("ana").last_sms) <= 320


async def test_a_graver_incident_does_not_wait_behind_a_storm(sqlite_room: Room) -> None:
    room = sqlite_room
    with_only_texts(room, "ana")
    for number in range(6):
        await room.start(2, incident=100 + number, title=f"Shard {number} is down")
    assert len(room.new()) == 5
    await room.start(1, incident=200, title="Everything is down")
    assert room.new() == ["ana sms"]
    assert "#200" in room.sandbox.phone("ana").last_sms and "#105" in room.sandbox.phone("ana").last_sms


async def test_a_call_tells_several_pages_and_one_key_takes_them(sqlite_room: Room) -> None:
    room = sqlite_room
    with_rules(room, "ana", ("voice", 0))
    for incident, title in ((51, "Baskets are empty"), (52, "Nobody can pay")):
        await room.start(1, incident=incident, title=title, drain=False)
    await room.at_rest()
    phone = room.sandbox.phone("ana")
    assert room.new() == ["ana voice"]
    await phone.answer()
    said = " ".join(phone.calls[0].spoken)
    assert "2 pages of Checkout. Sev 1, incident 51: Baskets are empty. Sev 1, incident 52: Nobody can pay." in said
    await phone.keys("4")
    assert "#51 is yours. #52 is yours." in " ".join(phone.calls[0].spoken)
    assert await open_incidents(room) == []


async def test_a_direct_message_tells_several_pages_and_shows_what_became_of_each(sqlite_room: Room) -> None:
    room = sqlite_room
    for incident, title in ((51, "Baskets are empty"), (52, "Nobody can pay")):
        await room.start(1, incident=incident, title=title, drain=False)
    await room.at_rest()
    assert room.new() == ["ana email", "ana email", "ana slack", "ana sms"]
    shown = await room.dm("ana")
    assert "2 pages of Checkout" in shown and "Acknowledge all" in shown
    await room.sandbox.phone("bo").reply("a")
    async with room.database.begin(actor=ActorId("bo")) as tx:
        await room.paging.acknowledge_incident(tx, 51)
    await room.at_rest()
    assert "Bo Lindqvist took this page" in await room.dm("ana")


async def died_while_telling(room: Room, *, was_sent: bool) -> None:
    """The three are marked as being told, the text went out or did not, and the process died before it wrote that down."""
    with_only_texts(room, "ana", "bo")
    for incident in (51, 52, 53):
        await room.start(1, incident=incident, title=f"Shard {incident} is down", drain=False)
    if was_sent:
        await room.worker.drain()
    async with room.database.begin(actor=BOT) as tx:
        ids = list((await tx.session.execute(select(col(PageAttempt.id)).order_by(col(PageAttempt.id)))).scalars())
        lost = {"state": AttemptState.CALLING, "bundle": ids[0], "calling_at": tx.now}
        lost |= {"provider_id": None, "accepted_at": None, "delivered_at": None}
        await tx.changed(update(PageAttempt).values(**lost))
        items = update(WorkItem).where(col(WorkItem.key).in_([f"attempt:{one}" for one in ids]))
        await tx.changed(items.values(state=WorkState.WAITING, due_at=tx.now, finished_at=None))
        leased = {"state": WorkState.LEASED, "lease": "dead", "leased_at": tx.now, "lease_until": tx.now + queue.LEASE}
        await tx.changed(update(WorkItem).where(col(WorkItem.key) == f"attempt:{ids[0]}").values(**leased))
    await room.worker.drain()


@pytest.mark.parametrize("was_sent", [True, False])
async def test_after_a_crash_what_was_told_together_is_asked_for_and_told_once_more_only_if_it_is_not_there(
    room: Room, was_sent: bool
) -> None:
    await died_while_telling(room, was_sent=was_sent)
    assert room.new() == (["ana sms"] if was_sent else [])
    await room.advance(0.5)
    assert room.new() == ([] if was_sent else ["ana sms"])
    assert set(await states(room)) <= {AttemptState.ACCEPTED, AttemptState.DELIVERED}
    assert ("possible duplicate" in room.sandbox.phone("ana").last_sms) is not was_sent


async def test_when_the_one_that_tells_is_taken_in_the_middle_of_a_crash_the_others_are_told(room: Room) -> None:
    await died_while_telling(room, was_sent=False)
    async with room.database.begin(actor=ActorId("bo")) as tx:
        await room.paging.acknowledge_incident(tx, 51)
    await room.advance(0.6)
    texts = room.sandbox.phone("ana").received
    assert any("#52" in text and "#53" in text for text in texts)
    assert (await states(room))[1:] == [AttemptState.DELIVERED, AttemptState.DELIVERED]


async def test_with_the_provider_away_a_bundle_is_tried_again_until_it_is_told(room: Room) -> None:
    room.sandbox.fault(service="sms", status=503, count=3)
    await three_at_once(room)
    assert room.new() == []
    await room.advance(0.5)
    assert room.new() == ["ana sms"]
    assert set(await states(room)) == {AttemptState.DELIVERED}
    await room.advance(0.5)
    assert room.new() == []
