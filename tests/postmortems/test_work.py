"""Resolving drafts the postmortem, from what happened and in the order it happened."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from bot.db import BOT
from bot.errors import InvalidInput
from bot.incidents import timeline
from bot.incidents.messages import HistoryRepaired
from bot.incidents.sheet import Sheet
from bot.paging.messages import PersonPaged
from bot.paging.models import PageAttempt
from bot.paging.states import AttemptState
from bot.postmortems.messages import DraftPostmortem
from bot.postmortems.states import PostmortemState
from bot.slack.replies import Say
from bot.slack.requests import MessageChange
from bot.work.models import WorkItem
from bot.work.orders import WorkState
from tests.postmortems.house import ANA, CHANNEL, KIM, House

GOLDEN = Path(__file__).parent.parent / "data" / "postmortems"


async def a_long_night(house: House) -> None:
    """An incident of more than a day, with everything that a postmortem tells."""
    await house.declare("checkout | is *down*", started_at=house.clock.now() - timedelta(minutes=20))
    async with house.database.begin(actor=BOT) as tx:
        sms = update(PageAttempt).where(col(PageAttempt.method) == "sms")
        await tx.changed(sms.values(state=AttemptState.DELIVERED, accepted_at=tx.now))
        await tx.announce(PersonPaged(1, house.number, "ana", "sms", "primary on call for Payments"))
    house.later(seconds=40)
    root = await house.write("U0KIM000000", "errors since 08:40, p99 is 12 s")
    house.later(minutes=1, seconds=20)
    await house.act("ack", by=ANA)
    await house.act("lead", by=ANA)
    await house.write("U0ANA000000", "is it the deploy of <@U0BO0000000>?", thread=root)
    house.later(minutes=3)
    slip = await house.write("U0BO0000000", "the password is hunter2")
    house.later(seconds=5)
    await house.write("U0BO0000000", "the password is hunter2", change=MessageChange.DELETED, ts=slip)
    await house.write("", "deployed checkout v42", bot_id="B0DEPLOY")
    house.later(minutes=10)
    await house.do("update", "rollback is running, next in 30 min", by=ANA)
    worthy = await house.write("U0ANA000000", "rollback dnoe")
    house.later(seconds=9)
    await house.write("U0ANA000000", "rollback done", change=MessageChange.EDITED, ts=worthy)
    await house.react("U0KIM000000", "memo", worthy)
    async with house.database.begin(actor=BOT) as tx:
        sheet = await Sheet.open(tx, house.number, CHANNEL, [worthy])
        sheet.pinned(worthy, event_ts=worthy, added=True)
        await sheet.done()
    await house.do("mitigate", "traffic rerouted", by=ANA)
    house.later(hours=26)
    async with house.database.begin(actor=KIM) as tx:  # found out late
        at = tx.now - timedelta(hours=26, minutes=30)
        await timeline.record(tx, house.number, "note", "cache was flushed by hand", happened_at=at)
    await house.do("resolve", "config rolled back")


async def test_the_document_is_the_golden_one_to_the_byte(house: House) -> None:
    await a_long_night(house)
    draft = await house.drafted()
    assert draft is not None
    for name, text in (("long-night.md", draft.markdown), ("long-night.html", draft.html)):
        if os.environ.get("GOLDEN") == "write":
            (GOLDEN / name).write_text(text)
        assert text == (GOLDEN / name).read_text(), f"see tests/data/postmortems/{name}; GOLDEN=write makes it anew"


async def test_a_fact_of_nine_typed_at_noon_stands_at_nine_by_the_writers_clock(sqlite_house: House) -> None:
    house = sqlite_house
    await house.declare()  # 09:00 UTC, 18:00 in Seoul, where Kim is
    house.later(hours=3)
    reply = await house.act("note", by=KIM, words="18:20 cache flushed by hand")
    assert isinstance(reply, Say) and "at 18:20 your time" in reply.text
    reply = await house.act("note", by=KIM, words="a few hours later it broke again")
    assert isinstance(reply, Say) and "your time" not in reply.text
    await house.do("resolve", "done")
    draft = await house.drafted()
    assert draft is not None
    assert "- [09:20:00](#t-0302-092000) **Kim Ji-woo** note: 18:20 cache flushed by hand *(recorded 2 h 40 min later)*" in draft.markdown
    assert "- [12:00:00](#t-0302-120000) **Kim Ji-woo** note: a few hours later it broke again" in draft.markdown


async def test_what_was_deleted_is_said_without_its_words(sqlite_house: House) -> None:
    await a_long_night(sqlite_house)
    draft = await sqlite_house.drafted()
    assert draft is not None
    assert "hunter2" not in draft.markdown + draft.html
    assert "1 message was deleted" in draft.markdown


async def test_a_message_added_to_the_timeline_loses_its_words_when_it_is_deleted(sqlite_house: House) -> None:
    house = sqlite_house
    await house.declare()
    ts = await house.write("U0BO0000000", "the password is hunter2")
    async with house.database.begin(actor=KIM) as tx:
        await timeline.record(tx, house.number, "note", "the password is hunter2", channel_id=CHANNEL, message_ts=ts)
    house.later(seconds=5)
    await house.write("U0BO0000000", "the password is hunter2", change=MessageChange.DELETED, ts=ts)
    await house.do("resolve", "")
    draft = await house.drafted()
    assert draft is not None and "hunter2" not in draft.markdown


async def test_it_is_announced_once_however_often_it_is_drafted(house: House) -> None:
    await house.declare()
    await house.do("resolve", "done")
    first = await house.drafted()
    house.later(minutes=1)
    await house.do("reopen", "errors are back")
    house.later(minutes=30)
    await house.do("resolve", "done again")
    second = await house.drafted()
    assert first is not None and second is not None
    assert (first.version, second.version) == (1, 2)
    assert "done again" in second.markdown and "reopened" in second.markdown
    announced = [headline for headline in house.said if "Postmortem draft ready" in headline]
    assert len(announced) == 1 and "https://tocsin.example/postmortems/1?k=" in announced[0]


async def test_undoing_the_resolve_cancels_the_draft_that_waits(house: House) -> None:
    await house.declare()
    await house.do("resolve", "slip of the thumb")
    await house.do("undo")
    assert await house.drafted() is None
    async with house.database.read() as tx:
        item = (await tx.session.execute(select(WorkItem).where(col(WorkItem.kind) == DraftPostmortem.kind()))).scalar_one()
    assert item.state is WorkState.CANCELLED


async def test_a_draft_that_runs_while_the_incident_is_reopened_is_thrown_away(sqlite_house: House) -> None:
    house = sqlite_house
    await house.declare()
    await house.do("resolve", "done")
    incident = await house.incident()
    await house.do("undo")
    async with house.database.begin(actor=BOT) as tx:
        assert await house.postmortems.keep(tx, incident, "# written meanwhile", "") is None
    assert await house.drafted() is None


async def test_a_repaired_history_amends_the_draft_and_the_same_again_changes_nothing(house: House) -> None:
    await house.declare()
    await house.do("resolve", "done")
    await house.drafted()
    await house.write("U0KIM000000", "found by the repair")
    versions = []
    for _ in range(2):
        async with house.database.begin(actor=BOT) as tx:
            await tx.announce(HistoryRepaired(house.number))
        draft = await house.drafted()
        assert draft is not None and "found by the repair" in draft.markdown
        versions.append(draft.version)
    assert versions == [2, 2]


async def test_a_repair_during_the_incident_drafts_nothing(sqlite_house: House) -> None:
    await sqlite_house.declare()
    async with sqlite_house.database.begin(actor=BOT) as tx:
        await tx.announce(HistoryRepaired(1))
    assert await sqlite_house.drafted() is None


async def test_what_people_review_is_not_written_over(sqlite_house: House) -> None:
    house = sqlite_house
    await house.declare()
    await house.do("resolve", "done")
    await house.drafted()
    async with house.database.begin(actor=KIM) as tx:
        mine = await house.postmortems.find(tx, 1)
        assert mine is not None
        mine.state, mine.markdown = PostmortemState.IN_REVIEW, "# mine"
    await house.write("U0KIM000000", "one more thing")
    async with house.database.begin(actor=BOT) as tx:
        await house.postmortems.order(tx, 1)
    draft = await house.drafted()
    assert draft is not None and draft.markdown == "# mine"


async def test_what_people_say_of_the_harm_stands_in_the_document_with_who_said_it_and_the_rest_is_not_known(sqlite_house: House) -> None:
    house = sqlite_house
    await house.declare()  # 09:00 UTC, 18:00 in Seoul, where Kim is
    house.later(minutes=30)
    await house.act("impact", by=ANA, words="users 4,000 in EU")
    await house.do("resolve", "done")
    await house.drafted()
    assert "impact began at 17:40 your time" in (await house.act("impact", by=KIM, words="since 17:40")).text  # type: ignore[union-attr]
    await house.act("impact", by=KIM, words="users 5,200 in EU & <b>US</b>")
    with pytest.raises(InvalidInput, match="/inc impact since 08:40"):
        await house.act("impact", by=KIM, words="since Tuesday or so")
    draft = await house.drafted()
    assert draft is not None, "and the draft is brought up to date by itself"
    assert "| Users affected | 5,200 in EU &amp; &lt;b&gt;US&lt;/b&gt;, says Kim Ji-woo *([09:30:00](#t-0302-093000" in draft.markdown
    assert "4,000 in EU" in draft.markdown.partition("## Timeline")[2], "what was said before stands on the timeline"
    assert "| Duration | 50 min, from its start to the last resolve *([milestones](#milestones))* |" in draft.markdown
    assert "| Support | *not known*; whoever knows: `/inc #1 impact support 60 tickets` |" in draft.markdown
