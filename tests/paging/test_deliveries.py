"""Neither lost nor doubled: what becomes of a page when providers fail, connections break and processes die."""

import re
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update
from sqlmodel import col

from bot.db import BOT, ActorId
from bot.paging.messages import AttemptFailed, PageEscalated, PersonPaged
from bot.paging.models import PageAttempt
from bot.paging.states import AttemptState
from bot.work.models import WorkItem
from bot.work.orders import WorkState
from tests.paging.conftest import Room


async def attempt(room: Room, person: str, method: str) -> PageAttempt:
    async with room.database.read() as tx:
        wanted = select(PageAttempt).where(col(PageAttempt.person) == person, col(PageAttempt.method) == method)
        return (await tx.session.execute(wanted)).scalars().one()


async def test_a_page_says_what_it_is_about_and_how_to_answer(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    text = room.sandbox.phone("ana").last_sms
    assert re.sub(r"\?k=\S+", "?k=…", text).replace(room.url, "https://tocsin") == (
        "SEV1 #42 Checkout is down\n"
        "Checkout, since 09:00\n"
        "https://tocsin/p/1?k=…\n"
        "Reply 1a to take it, 1e next person, 1n I can't\n"
        "Bridge: https://meet.example.com/payments or +1 555 010 0199, code 4711"
    )
    mail = room.sandbox.mailbox("ana")[0]
    assert mail.subject == "SEV1 #42 Checkout is down"
    assert "primary on call for Payments" in mail.text
    assert room.url in mail.html
    message = await room.dm("ana")
    assert "*SEV1 #42* Checkout is down" in message
    assert "Acknowledge" in message


async def test_a_private_incident_shows_neither_title_nor_service_outside_slack(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1, title="Customer data of Acme exposed", private=True)
    await room.advance(10)
    await room.sandbox.phone("kim").answer()  # kim is paged as the service's expert
    outside = [
        room.sandbox.phone("kim").last_sms,
        room.sandbox.mailbox("kim")[0].subject,
        room.sandbox.mailbox("kim")[0].text,
        room.sandbox.mailbox("kim")[0].html,
        " ".join(room.sandbox.phone("kim").calls[0].spoken),
    ]
    for words in outside:
        assert "private" in words
        assert "Acme" not in words
        assert "Checkout" not in words
    assert "Customer data of Acme exposed" in await room.dm("kim")


async def test_a_provider_that_is_away_is_tried_again_and_meanwhile_the_next_method_goes_out(room: Room) -> None:
    room.sandbox.fault(service="sms", status=503, count=3)
    await room.start(1)
    assert room.new() == ["ana email", "ana slack", "ana voice"]  # two minutes early
    await room.advance(0.5)
    assert room.new() == ["ana sms"]
    assert (await attempt(room, "ana", "sms")).possible_duplicate is False
    assert "duplicate" not in room.sandbox.phone("ana").last_sms


async def test_on_sev3_the_next_method_keeps_its_time(room: Room) -> None:
    room.sandbox.fault(service="slack", method="chat.postMessage", error="service_unavailable", count=2)
    await room.start(3)
    await room.advance(9)
    assert room.new() == ["ana email", "ana slack"]
    await room.advance(1)
    assert room.new() == ["ana sms"]


async def test_an_sms_that_was_accepted_before_the_connection_broke_is_not_sent_again(room: Room) -> None:
    room.sandbox.fault(service="sms", method="POST Messages", reset="after")
    await room.start(1)
    await room.advance(0.5)
    assert len(room.sandbox.phone("ana").received) == 1
    sent = await attempt(room, "ana", "sms")
    assert sent.provider_id == room.sandbox.phone("ana").sms[0].sid
    assert sent.state in (AttemptState.ACCEPTED, AttemptState.DELIVERED)
    assert [fact.method for fact in room.said(PersonPaged)].count("sms") == 1


async def test_an_sms_that_may_have_been_sent_but_was_not_goes_out_labelled(room: Room) -> None:
    room.sandbox.fault(service="sms", method="POST Messages", reset="before")
    await room.start(1)
    await room.advance(0.5)
    assert len(room.sandbox.phone("ana").received) == 1
    assert "(possible duplicate)" in room.sandbox.phone("ana").last_sms
    assert (await attempt(room, "ana", "sms")).possible_duplicate


async def test_a_direct_message_that_was_accepted_before_the_connection_broke_is_found_again(room: Room) -> None:
    room.sandbox.fault(service="slack", method="chat.postMessage", reset="after")
    await room.start(1)
    await room.advance(0.5)
    assert len(room.sandbox.calls("chat.postMessage")) == 1
    assert (await attempt(room, "ana", "slack")).state is AttemptState.ACCEPTED


async def test_a_call_that_was_accepted_before_the_connection_broke_rings_once(room: Room) -> None:
    room.sandbox.fault(service="voice", method="POST Calls", reset="after")
    await room.start(1)
    await room.advance(2.5)
    assert len(room.sandbox.phone("ana").calls) == 1
    assert (await attempt(room, "ana", "voice")).provider_id == room.sandbox.phone("ana").calls[0].sid


async def died_while_calling(room: Room, method: str) -> None:
    """Leave the attempt as a process leaves it that dies between marking it and writing down how the call ended."""
    async with room.database.begin(actor=BOT) as tx:
        mine = col(PageAttempt.person) == "ana", col(PageAttempt.method) == method
        await tx.changed(
            update(PageAttempt)
            .where(*mine)
            .values(state=AttemptState.CALLING, calling_at=tx.now, provider_id=None, accepted_at=None, delivered_at=None)
        )
        number = (await tx.session.execute(select(col(PageAttempt.id)).where(*mine))).scalar_one()
        item = update(WorkItem).where(col(WorkItem.key) == f"attempt:{number}")
        await tx.changed(
            item.values(
                state=WorkState.LEASED, lease="dead:1", leased_at=tx.now, lease_until=tx.now + timedelta(seconds=10), finished_at=None
            )
        )


async def test_after_a_crash_in_the_middle_of_a_call_the_provider_is_asked_first(room: Room) -> None:
    await room.start(1)
    await room.sandbox.until(lambda: _is(room, "sms", AttemptState.DELIVERED))  # no receipt is left to come and tell us
    await died_while_calling(room, "sms")
    await room.advance(0.5)
    assert len(room.sandbox.phone("ana").received) == 1
    assert (await attempt(room, "ana", "sms")).provider_id == room.sandbox.phone("ana").sms[0].sid


async def test_after_a_crash_another_pages_text_is_not_taken_for_the_lost_one(room: Room) -> None:
    await room.start(1)
    await room.sandbox.until(lambda: _is(room, "sms", AttemptState.DELIVERED))
    phone = room.sandbox.phone("ana")
    async with room.database.begin(actor=BOT) as tx:
        mine = col(PageAttempt.person) == "ana", col(PageAttempt.method) == "sms"
        number = (await tx.session.execute(select(col(PageAttempt.id)).where(*mine))).scalar_one()
        await room.paging.reconsider(tx, 42, 3, "Checkout is slow")
        await room.paging.reconsider(tx, 42, 1, "Checkout is down")  # the same page, code and person once more
        again = col(PageAttempt.id) > number
        await tx.changed(update(PageAttempt).where(*mine, again).values(state=AttemptState.CALLING, calling_at=tx.now))
    await room.worker.drain()
    assert len([text for text in phone.received if "Reply 1a" in text]) == 2
    assert "(possible duplicate)" in phone.last_sms


async def test_after_a_crash_before_the_call_the_page_goes_out_within_30_s(room: Room) -> None:
    await room.start(1, drain=False)
    await died_while_calling(room, "sms")
    await room.worker.drain()
    assert room.sandbox.phone("ana").received == []  # the dead one's lease still runs
    await room.advance(0.5)
    assert len(room.sandbox.phone("ana").received) == 1
    assert "(possible duplicate)" in room.sandbox.phone("ana").last_sms


async def test_after_a_crash_a_mail_is_sent_again_under_the_same_message_id(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    await died_while_calling(room, "email")
    await room.advance(0.5)
    first, second = room.sandbox.mailbox("ana")
    assert dict(first.headers)["Message-ID"] == dict(second.headers)["Message-ID"]
    assert "possible duplicate" not in first.subject
    assert "possible duplicate" in second.subject


async def test_a_page_that_was_answered_while_its_send_hung_is_not_tried_again(room: Room) -> None:
    room.sandbox.fault(service="sms", status=500, count=0)
    page = await room.start(1)
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.acknowledge(tx, page)
    room.sandbox.clear_faults()
    await room.advance(9)
    assert room.sandbox.phone("ana").received == []


async def another(room: Room) -> None:
    """A page of a second incident."""
    async with room.database.begin(actor=ActorId("lee")) as tx:
        await room.paging.start(tx, replace(room.request(1), incident_id=43))
    await room.worker.drain()


async def test_a_phone_that_sent_stop_is_called_instead_and_no_text_is_tried(room: Room) -> None:
    phone = room.sandbox.phone("ana")
    await phone.reply("STOP")
    await room.start(1)
    assert room.new() == sorted(["ana email", "ana slack", "ana sms", "ana voice"])  # that SMS is the carrier's own answer to STOP
    assert room.said(AttemptFailed) == []
    await phone.reply("START")
    room.new()
    await another(room)
    assert "ana sms" in room.new()


async def test_a_phone_that_the_carrier_says_sent_stop_is_called_instead_and_never_tried_again(room: Room) -> None:
    phone = room.sandbox.phone("ana")
    phone.phone.stopped.add("+15550100000")  # before there was a Tocsin to hear it
    await room.start(1)
    assert room.new() == sorted(["ana email", "ana slack", "ana voice"])
    await another(room)
    assert room.new() == sorted(["ana email", "ana slack", "ana voice"])
    failed = room.said(AttemptFailed)
    assert [(fact.person, fact.method) for fact in failed] == [("ana", "sms")]
    assert "STOP" in failed[0].why


async def test_a_text_that_the_carrier_could_not_deliver_brings_the_call_forward(room: Room) -> None:
    await room.sandbox.phone("ana").policy(receipts="undelivered")
    await room.start(1)
    await room.sandbox.until(lambda: _is(room, "sms", AttemptState.FAILED))
    await room.worker.drain()
    assert "ana voice" in room.new()
    assert (await attempt(room, "ana", "sms")).reason == "the carrier could not deliver it (30003)"


async def test_when_nobody_of_a_step_can_be_reached_the_next_step_is_taken_now(room: Room) -> None:
    room.sandbox.fault(service="sms", error="21211", count=1)
    room.sandbox.fault(service="voice", error="21211", count=1)
    room.sandbox.fault(service="smtp", status=550, count=1)
    room.sandbox.fault(service="slack", method="chat.postMessage", error="user_not_found", count=1)
    await room.start(1)
    assert room.new() == ["bo email", "bo slack", "bo sms"]
    assert [fact.by for fact in room.said(PageEscalated)] == [None]


async def test_a_mail_server_that_says_later_is_tried_again(sqlite_room: Room) -> None:
    room = sqlite_room
    room.sandbox.fault(service="smtp", status=451, count=2)
    await room.start(1)
    await room.advance(0.5)
    assert len(room.sandbox.mailbox("ana")) == 1
    assert (await attempt(room, "ana", "email")).state is AttemptState.ACCEPTED


async def test_with_every_slack_call_failing_the_page_goes_out_by_sms(room: Room) -> None:
    room.sandbox.fault(service="slack", status=500, count=0)
    await room.start(1)
    assert room.new() == ["ana email", "ana sms"]
    assert "Bridge: https://meet.example.com/payments" in room.sandbox.phone("ana").last_sms
    await room.advance(1)
    room.sandbox.clear_faults()
    await room.advance(0.5)
    assert room.new() == ["ana slack"]


async def test_without_a_phone_provider_its_methods_count_as_absent(room_without_twilio: Room) -> None:
    room = room_without_twilio
    await room.start(1)
    await room.advance(3)
    assert room.new() == ["ana email", "ana slack", "bo email", "bo slack"]


async def test_receipts_that_come_late_or_twice_never_move_an_attempt_back(room: Room) -> None:
    await room.start(1)
    await room.sandbox.until(lambda: _is(room, "sms", AttemptState.DELIVERED))
    sms = room.sandbox.phone("ana").sms[0]
    webhooks = room.sandbox.outside.phones.webhooks
    for status in ("sent", "queued", "delivered", "sent"):
        answered = await webhooks.post(sms.callback, {"MessageSid": sms.sid, "MessageStatus": status})
        assert answered.error == ""
        assert (await attempt(room, "ana", "sms")).state is AttemptState.DELIVERED
    other = replace(sms, sid="SMother")
    await webhooks.post(sms.callback, {"MessageSid": other.sid, "MessageStatus": "failed"})
    assert (await attempt(room, "ana", "sms")).state is AttemptState.DELIVERED


async def _is(room: Room, method: str, state: AttemptState) -> bool:
    return (await attempt(room, "ana", method)).state is state
