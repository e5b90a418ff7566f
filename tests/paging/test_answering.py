"""Answering a page by each of its roads: the first wins, everybody sees who, and what comes again changes nothing."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.db import BOT, ActorId, Tx
from bot.errors import AlreadyDone
from bot.paging.actions import PageAction
from bot.paging.messages import PageAcknowledged, PageDeclined, PageEscalated
from bot.paging.models import Page
from bot.paging.slack import PageButtons
from bot.paging.states import PageState
from bot.slack.requests import Click
from tests.paging.conftest import Room

HTML = {"Accept": "text/html"}


async def page_of(room: Room, page_id: int) -> Page:
    async with room.database.read() as tx:
        return await room.paging.page(tx, page_id, hold=False)


async def by_sms(room: Room, person: str) -> None:
    await room.sandbox.phone(person).reply("1a")


async def by_link(room: Room, person: str) -> None:
    async with room.client.post(room.link(person), data={"action": "acknowledge"}) as answer:
        assert answer.status == 200


async def by_slack(room: Room, person: str) -> None:
    click = Click(person, "D1", "1.1", "page.acknowledge", "1", "", "", "", f"{person}-click")
    async with room.database.begin(actor=ActorId(person)) as tx:
        await PageButtons(room.paging).acknowledge(tx, click)


async def by_keypad(room: Room, person: str) -> None:
    await room.advance(2)
    await room.sandbox.phone(person).keys("4")


Road = Callable[[Room, str], Awaitable[None]]


@pytest.mark.parametrize("road", [by_sms, by_link, by_slack, by_keypad])
async def test_the_first_answer_stops_the_ladder_and_everybody_sees_who(room: Room, road: Road) -> None:
    page = await room.start(1)
    await road(room, "ana")
    assert [fact.by for fact in room.said(PageAcknowledged)] == ["ana"]
    assert (await page_of(room, page)).state is PageState.ACKNOWLEDGED
    await room.worker.drain()
    room.new()
    await room.advance(9.9)
    assert room.new() == []
    message = await room.dm("ana")
    assert "You took this page at" in message
    assert "Escalate" not in message


@pytest.mark.parametrize("road", [by_sms, by_link])
async def test_the_second_answer_hears_who_was_first(room: Room, road: Road) -> None:
    page = await room.start(1)
    await room.advance(3)
    async with room.database.begin(actor=ActorId("bo")) as tx:
        await room.paging.acknowledge(tx, page)
    await room.worker.drain()
    assert "handled by Bo Lindqvist" in room.sandbox.phone("ana").last_sms
    assert "Bo Lindqvist took this page at 09:03" in await room.dm("ana")  # Lisbon keeps UTC in winter
    await road(room, "ana")
    assert [fact.by for fact in room.said(PageAcknowledged)] == ["bo"]
    if road is by_sms:
        assert room.sandbox.phone("ana").last_sms == "Bo Lindqvist took this page at 09:03. Nothing to do."
    else:
        async with room.client.get(room.link("ana"), headers=HTML) as answer:
            assert "Bo Lindqvist took this page at 09:03." in await answer.text()


async def test_a_call_that_is_picked_up_too_late_says_who_was_first(room: Room) -> None:
    page = await room.start(1)
    await room.advance(2)
    async with room.database.begin(actor=ActorId("bo")) as tx:
        await room.paging.acknowledge(tx, page)
    await room.sandbox.phone("ana").answer()
    assert room.sandbox.phone("ana").calls[0].spoken == ["Bo Lindqvist took this page at 09:02. Goodbye."]


async def test_of_answers_at_the_same_moment_one_wins(room: Room) -> None:
    page = await room.start(1)

    async def take(person: str) -> str:
        try:
            async with room.database.begin(actor=ActorId(person)) as tx:
                await room.paging.acknowledge(tx, page)
        except AlreadyDone as refusal:
            return str(refusal)
        return "first"

    said = await asyncio.gather(*(take(person) for person in ("ana", "bo", "kim", "lee", "bea")))
    [winner] = [fact.by for fact in room.said(PageAcknowledged)]
    assert sorted(said)[-1] == "first"
    assert said.count("first") == 1
    assert (await page_of(room, page)).acknowledged_by == winner
    name = room.paging.directory.name(winner)
    assert all(sentence == "first" or sentence.startswith(f"{name} took this page at ") for sentence in said)


async def test_an_answer_and_a_step_at_the_same_moment_leave_one_truth(room: Room) -> None:
    page = await room.start(1)
    room.clock.advance(timedelta(minutes=3))

    async def take() -> None:
        async with room.database.begin(actor=ActorId("ana")) as tx:
            await room.paging.acknowledge(tx, page)

    await asyncio.gather(room.worker.drain(), take())
    await room.advance(9)
    found = await page_of(room, page)
    assert (found.state, found.acknowledged_by) == (PageState.ACKNOWLEDGED, "ana")
    assert found.taken <= 2
    assert "bea sms" not in room.all_sent()


async def test_everybody_else_is_told_once_that_they_are_not_needed(room: Room) -> None:
    await room.start(1)
    await room.advance(8)
    room.new()
    await room.sandbox.phone("bo").reply("ok")
    await room.advance(9)
    assert room.new() == ["ana sms", "bea sms", "bo sms", "kim sms"]  # bo's is the reply
    assert room.sandbox.phone("bo").last_sms == "#42 is yours."
    assert room.sandbox.phone("kim").last_sms == "#42: handled by Bo Lindqvist. You are no longer needed. Thank you."


async def test_a_text_that_is_delivered_twice_counts_once(room: Room) -> None:
    await room.start(1)
    await room.advance(0.1)
    await room.sandbox.phone("ana").reply("e", times=3)
    assert len(room.said(PageEscalated)) == 1
    assert room.sandbox.phone("ana").received[1:] == ["#42: the next step is being paged."]


async def test_i_cannot_by_text_pages_the_next_person_now(room: Room) -> None:
    await room.start(1)
    await room.sandbox.phone("ana").reply("1 n")
    await room.worker.drain()
    assert [fact.by for fact in room.said(PageDeclined)] == ["ana"]
    assert "bo sms" in room.new()
    assert room.sandbox.phone("ana").last_sms == "#42: the next person is being paged. Rest well."


async def test_who_else_was_paged(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    await room.advance(3)
    await room.sandbox.phone("bo").reply("?")
    assert room.sandbox.phone("bo").last_sms.startswith("#42: Ana Silva has the page on their phone. Nobody has answered yet; ")


async def test_strangers_get_silence_and_unknown_words_one_help_text_five_times_an_hour(sqlite_room: Room) -> None:
    room = sqlite_room
    webhooks = room.sandbox.outside.phones.webhooks
    stranger = await webhooks.post(f"{room.url}/hooks/twilio/sms", {"From": "+15559999999", "Body": "a", "MessageSid": "SM1"})
    assert "<Message>" not in stranger.text
    for _ in range(7):
        await room.sandbox.phone("ana").reply("blorp")
    assert len(room.sandbox.phone("ana").received) == 5
    assert room.sandbox.phone("ana").last_sms.startswith("Reply 4a to take page 4")


async def test_codes_are_the_smallest_free_number_and_rest_for_a_day(room: Room) -> None:
    first = await room.start(1)
    async with room.database.begin(actor=ActorId("lee")) as tx:
        await room.paging.page_person(tx, room.request(1), "person:ana")
    await room.worker.drain()
    assert "Reply 2a" in room.sandbox.phone("ana").last_sms
    await room.sandbox.phone("ana").reply("a")
    assert room.sandbox.phone("ana").last_sms == "#42 is yours. Still open: 1 (#42)."
    async with room.database.begin(actor=ActorId("lee")) as tx:
        await room.paging.stand_down(tx, 42)
    await room.start(1)
    assert "Reply 3a" in next(text for text in reversed(room.sandbox.phone("ana").received) if "Reply" in text)
    async with room.database.begin(actor=ActorId("lee")) as tx:
        await room.paging.stand_down(tx, 42)
    await room.sandbox.phone("ana").reply("1a")
    assert room.sandbox.phone("ana").last_sms == "#42 needs nobody any more. Nothing to do."
    room.clock.advance(timedelta(days=1, minutes=1))
    assert await room.start(1) > first
    assert "Reply 1a" in room.sandbox.phone("ana").last_sms


def resolving(room: Room) -> list[tuple[int, str]]:
    done: list[tuple[int, str]] = []

    async def resolve(tx: Tx, incident: int, text: str) -> str:
        done.append((incident, tx.actor))
        await room.paging.stand_down(tx, incident)
        return f"#{incident} is resolved."

    room.actions.offer(PageAction("resolve", "Resolve", resolve))
    return done


async def test_resolving_by_text_asks_once_more(room: Room) -> None:
    done = resolving(room)
    await room.start(1)
    phone = room.sandbox.phone("ana")
    await phone.reply("a")
    await phone.reply("r")
    assert done == []
    assert phone.last_sms == "Resolve SEV1 #42? Reply yes, or 1r once more, within 5 min."
    await room.advance(6)
    await phone.reply("yes")
    assert done == []
    await phone.reply("r")
    await phone.reply("Yes.")
    assert done == [(42, "ana")]
    assert phone.last_sms == "#42 is resolved."


async def test_declaring_by_text_from_a_known_phone(sqlite_room: Room) -> None:
    room = sqlite_room
    declared: list[tuple[int | None, str, str]] = []

    async def declare(tx: Tx, severity: int | None, text: str) -> str:
        declared.append((severity, text, tx.actor))
        return "#43 is declared."

    await room.sandbox.phone("lee").reply("SEV 1 checkout is down")
    assert room.sandbox.phone("lee").last_sms == "Incidents cannot be declared by SMS here. Use /inc in Slack."
    room.actions.offer_declare(declare)
    await room.sandbox.phone("lee").reply("sev1 checkout is down", times=2)
    assert declared == [(1, "checkout is down", "lee")]
    assert room.sandbox.phone("lee").last_sms == "#43 is declared."


async def test_the_keys_of_a_call(room: Room) -> None:
    done = resolving(room)
    await room.start(1)
    await room.advance(2)
    phone = room.sandbox.phone("ana")
    await phone.answer()
    said = phone.calls[0].spoken
    assert len(said) == 2 and said[0] == said[1]
    assert said[0].startswith("Tocsin. Sev 1, incident 42: Checkout is down. Checkout. Since 09:00. Press 4 to take it")
    await phone.keys("9")
    assert phone.calls[0].spoken[-1].startswith("That key does nothing here.")
    await phone.keys("0")
    assert phone.calls[0].spoken[-1].startswith("Press 4 to take the page.")
    await phone.keys("*")
    assert phone.calls[0].spoken[-1] == said[0]
    await phone.keys("5")
    assert phone.calls[0].spoken[-1] == "#42: the next step is being paged. Goodbye."
    assert [fact.by for fact in room.said(PageEscalated)] == ["ana"]
    await room.advance(2)
    bo = room.sandbox.phone("bo")
    await bo.keys("6")
    assert done == []
    await bo.keys("6")
    assert done == [(42, "bo")]
    assert bo.calls[0].spoken[-1] == "#42 is resolved. Goodbye."


async def test_nobody_picks_up_and_the_ladder_goes_on(room: Room) -> None:
    await room.sandbox.phone("ana").policy(calls="decline")
    await room.start(1)
    await room.advance(3)
    assert "bo sms" in room.new()


async def test_webhooks_without_twilios_signature_change_nothing(room: Room) -> None:
    page = await room.start(1)
    form = {"From": room.sandbox.phone("ana").number, "Body": "1a", "MessageSid": "SM2"}
    for headers in ({}, {"X-Twilio-Signature": "bm90IHNpZ25lZA=="}):
        async with room.client.post(f"{room.url}/hooks/twilio/sms", data=form, headers=headers) as answer:
            assert answer.status == 403
    webhooks = room.sandbox.outside.phones.webhooks
    altered = room.sandbox.phone("ana").sms[0].callback[:-3] + "abc"
    refused = await webhooks.post(altered, {"MessageSid": "SM3", "MessageStatus": "failed"})
    assert "403" in refused.error
    assert (await page_of(room, page)).state is PageState.OPEN


async def test_the_page_shows_all_in_one_glance_and_looking_changes_nothing(room: Room) -> None:
    resolving(room)
    page = await room.start(1)
    async with room.database.begin(actor=ActorId("tocsin")) as tx:
        await room.paging.channel_ready(tx, 42, "C0INC")
    before = await page_of(room, page)
    for look in (room.client.get, room.client.head, room.client.get):  # a link scanner comes first
        async with look(room.link("ana"), headers=HTML) as answer:
            assert answer.status == 200
            html = await answer.text()
            assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert await page_of(room, page) == before
    assert room.said(PageAcknowledged) == []
    assert len(html.encode()) < 50_000
    assert "<script" not in html
    for words in (
        "SEV1",
        "Checkout is down",
        "since 09:00",
        "primary on call for Payments",
        "channel=C0INC",
        "meet.example.com",
        "Resolve",
        "https://runbooks.example.com/checkout",
    ):
        assert words in html
    assert re.findall(r"<button[^>]*>([^<]+)<", html) == ["Acknowledge", "Escalate", "I can't", "Resolve", "15 min", "30 min", "60 min"]


async def test_the_page_after_another_took_it(room: Room) -> None:
    page = await room.start(1)
    await room.advance(3)
    async with room.database.begin(actor=ActorId("bo")) as tx:
        await room.paging.acknowledge(tx, page)
    async with room.client.get(room.link("ana"), headers=HTML) as answer:
        html = await answer.text()
    assert "Bo Lindqvist took this page at 09:03." in html
    assert "Acknowledge" not in html


async def test_escalating_and_declining_from_the_page(room: Room) -> None:
    await room.start(1)
    room.new()
    link = room.link("ana")
    async with room.client.get(link) as answer:
        version = re.search(r'name="version" value="(\d+)"', await answer.text())
    assert version is not None
    for _ in range(2):  # a double tap
        async with room.client.post(link, data={"action": "escalate", "version": version[1]}) as answer:
            assert answer.status == 200
    await room.worker.drain()
    assert room.new() == ["bo email", "bo slack", "bo sms"]
    async with room.client.post(link, data={"action": "decline"}) as answer:
        assert "said that they cannot" in await answer.text()
    await room.worker.drain()
    assert "kim sms" in room.new()


async def test_snoozing_from_the_page_and_whatever_else_is_asked_of_it(room: Room) -> None:
    page = await room.start(1)
    room.new()
    link = room.link("ana")
    for wrong in (
        {"action": "snooze", "minutes": "7"},
        {"action": "snooze"},
        {"action": "snooze", "minutes": "\u0661\u0665"},
        {"action": "x"},
    ):
        async with room.client.post(link, data=wrong) as answer:
            assert answer.status == 400
    async with room.client.post(link, data={"action": "snooze", "minutes": "15"}, headers=HTML) as answer:
        assert "You snoozed this page until 09:15." in await answer.text()
    assert (await page_of(room, page)).state is PageState.SNOOZED
    await room.advance(14.9)
    assert room.new() == []
    await room.advance(0.1)
    assert "ana sms" in room.new()


async def test_a_link_that_names_nobody_shows_the_page_without_buttons(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    link = room.links.link("p", "1", person=None, lasts=timedelta(days=1))
    async with room.client.get(link, headers=HTML) as answer:
        html = await answer.text()
    assert "Checkout is down" in html
    assert "<form" not in html
    async with room.client.post(link, data={"action": "acknowledge"}) as answer:
        assert answer.status == 403


async def test_resolving_from_the_page_asks_once_more(room: Room) -> None:
    done = resolving(room)
    await room.start(1)
    async with room.client.post(room.link("ana"), data={"action": "resolve"}) as answer:
        asked = await answer.text()
        again = str(answer.url)
    assert done == []
    assert "Yes, resolve" in asked
    async with room.client.post(again, data={"action": "resolve", "sure": "yes"}) as answer:
        assert "needs nobody any more" in await answer.text()
    assert done == [(42, "ana")]


async def test_expired_and_altered_links_are_refused_with_a_way_out(room: Room) -> None:
    page = await room.start(1)
    link = room.link("ana")
    other_page = link.replace("/p/1?", "/p/2?")
    for wrong in (link[:-2], link + "x", other_page, link.split("?")[0]):
        async with room.client.post(wrong, data={"action": "acknowledge"}, headers=HTML) as answer:
            assert answer.status == 403
            assert "Open Slack, or answer the SMS" in await answer.text()
    room.clock.advance(timedelta(days=3))
    async with room.client.post(link, data={"action": "acknowledge"}, headers=HTML) as answer:
        assert answer.status == 410
        assert "Open Slack, or answer the SMS" in await answer.text()
    assert (await page_of(room, page)).acknowledged_by is None


async def test_with_the_database_away_the_writer_is_told(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    async with room.database.begin(actor=BOT) as tx:
        await tx.session.execute(text("ALTER TABLE page_code RENAME TO page_code_away"))
    await room.sandbox.phone("ana").reply("1a")
    assert room.sandbox.phone("ana").last_sms.startswith("Nothing was done: Tocsin cannot reach its database.")
