"""Answers by e-mail: a reply's first line acts once, a machine's mail never does, and nothing that comes in breaks anything."""

import asyncio
from datetime import timedelta
from email.message import EmailMessage

import aiosmtplib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.db import ActorId
from bot.paging.inbound import READ, Inbound, read
from bot.paging.messages import PageAcknowledged, PageDeclined, PageEscalated
from bot.paging.models import Page
from bot.paging.states import PageState
from bot.sandbox.keys import MAIL_DOMAIN, MAIL_KEY
from tests.paging.conftest import Room

HTML = {"Accept": "text/html"}


async def page_of(room: Room, page_id: int) -> Page:
    async with room.database.read() as tx:
        return await room.paging.page(tx, page_id, hold=False)


def replies(room: Room, user: str) -> list[str]:
    """What Tocsin wrote back, without its last lines."""
    return [mail.text.splitlines()[0] for mail in room.sandbox.mailbox(user) if mail.subject.startswith("Re: ")]


async def test_ack_on_the_first_line_of_a_reply_takes_the_page(room: Room) -> None:
    page = await room.start(1)
    assert await room.sandbox.mail("ana", "Ack.\n\nwill look into it") == ""
    assert [fact.by for fact in room.said(PageAcknowledged)] == ["ana"]
    assert (await page_of(room, page)).state is PageState.ACKNOWLEDGED
    await room.at_rest()
    [said] = [mail for mail in room.sandbox.mailbox("ana") if mail.subject.startswith("Re: ")]
    headers = dict(said.headers)
    assert said.text.startswith("#42 is yours.\r\n")
    assert "/p/1?k=" in said.text
    assert headers["Auto-Submitted"] == "auto-replied"
    assert headers["In-Reply-To"].endswith("@phone.sandbox>")


async def test_the_mail_says_how_to_answer_and_its_link_changes_nothing_by_being_opened(room: Room) -> None:
    page = await room.start(1)
    [mail] = room.sandbox.mailbox("ana")
    assert "reply with one word on the first line: ack" in mail.text
    assert dict(mail.headers)["Reply-To"].endswith(f"@{MAIL_DOMAIN}")
    link = next(word for word in mail.text.split() if "/p/" in word)
    for look in (room.client.head, room.client.get, room.client.get):  # a link scanner
        async with look(link, headers=HTML) as answer:
            assert answer.status == 200
    assert (await page_of(room, page)).state is PageState.OPEN
    async with room.client.post(link, data={"action": "acknowledge"}) as answer:
        assert answer.status == 200
    assert [fact.by for fact in room.said(PageAcknowledged)] == ["ana"]


async def test_the_words_of_a_text_work_in_a_mail(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    await room.sandbox.mail("ana", "e")
    assert [fact.by for fact in room.said(PageEscalated)] == ["ana"]
    await room.sandbox.mail("ana", "?", position=0)
    await room.sandbox.mail("ana", "I can't", position=0)
    assert [fact.by for fact in room.said(PageDeclined)] == ["ana"]
    await room.at_rest()
    said = replies(room, "ana")
    assert said[0] == "#42: the next step is being paged."
    assert said[1].startswith("#42: Bo Lindqvist ")
    assert said[2] == "#42: the next person is being paged. Rest well."


async def test_a_second_answer_hears_by_mail_who_was_first(room: Room) -> None:
    page = await room.start(1)
    async with room.database.begin(actor=ActorId("bo")) as tx:
        await room.paging.acknowledge(tx, page)
    await room.sandbox.mail("ana", "ack")
    await room.at_rest()
    assert replies(room, "ana") == ["Bo Lindqvist took this page at 09:00. Nothing to do."]
    assert [fact.by for fact in room.said(PageAcknowledged)] == ["bo"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner-email=x"},
        {"Precedence": "bulk"},
        {"Precedence": "List"},
        {"Precedence": "junk"},
        {"X_Auto_Response_Suppress": "All"},
        {"Subject": "Automatic reply: SEV1 #42"},
        {"Subject": "Out of Office"},
        {"List_Id": "<oncall.example.com>"},
        {"Return_Path": "<>"},
    ],
    ids=str,
)
async def test_what_a_machine_writes_takes_no_page_and_gets_no_answer(sqlite_room: Room, headers: dict[str, str]) -> None:
    room = sqlite_room
    page = await room.start(1)
    assert await room.sandbox.mail("ana", "ack", **headers) == ""
    await room.at_rest()
    assert (await page_of(room, page)).state is PageState.OPEN
    assert replies(room, "ana") == []


async def test_a_mail_marked_as_written_by_a_person_counts(sqlite_room: Room) -> None:
    await sqlite_room.start(1)
    await sqlite_room.sandbox.mail("ana", "ack", Auto_Submitted="no")
    assert len(sqlite_room.said(PageAcknowledged)) == 1


@pytest.mark.parametrize("text", ["> ack", "On Monday somebody wrote:\n> ack", "Hi,\nack", "", "stop", "sev1 checkout is down", "ackkk"])
async def test_a_first_line_that_is_no_answer_does_nothing_and_says_what_would(sqlite_room: Room, text: str) -> None:
    room = sqlite_room
    page = await room.start(1)
    await room.sandbox.mail("ana", text)
    await room.at_rest()
    assert (await page_of(room, page)).state is PageState.OPEN
    assert ["Write one word there: ack" in said for said in replies(room, "ana")] == [True]


async def test_a_mail_that_is_delivered_again_counts_once(room: Room) -> None:
    await room.start(1)
    for _ in range(3):
        await room.sandbox.mail("ana", "e", position=0, Message_ID="<once@phone.sandbox>")
    assert len(room.said(PageEscalated)) == 1
    await room.at_rest()
    assert len(replies(room, "ana")) == 1


async def test_an_answer_from_another_address_does_not_count_and_only_the_person_hears_of_it(sqlite_room: Room) -> None:
    room = sqlite_room
    page = await room.start(1)
    for sender in ("Kim <kim@example.com>", "mallory@elsewhere.example", "bo@example.com, ana@example.com"):
        await room.sandbox.mail("ana", "ack", position=0, From=sender)
    await room.at_rest()
    assert (await page_of(room, page)).state is PageState.OPEN
    assert ["came from kim@example.com, not from your own address" in said for said in replies(room, "ana")] == [True]
    assert room.sandbox.mailbox("kim") == []
    await room.sandbox.mail("ana", "ack", position=0, From="Ana at home <ANA@example.com>")
    assert [fact.by for fact in room.said(PageAcknowledged)] == ["ana"]


async def test_an_address_that_we_did_not_make_is_refused_at_the_door(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    [mail] = room.sandbox.mailbox("ana")
    address = dict(mail.headers)["Reply-To"]
    wrong = [
        address.replace("ack+", "ack+1"),
        address.replace("@", "a@"),
        "tocsin@" + MAIL_DOMAIN,
        address + ".org",
        "ack+1@" + MAIL_DOMAIN,
    ]
    for to in wrong:
        assert "Nobody answers a page at this address" in await room.sandbox.mail("ana", "ack", To=to)
    assert await room.sandbox.mail("ana", "ack", To=address.upper()) == ""  # some mail servers lose case


async def test_an_answer_after_the_address_has_expired_is_told_so(sqlite_room: Room) -> None:
    room = sqlite_room
    page = await room.start(1)
    await room.advance(1)
    room.clock.advance(timedelta(days=3, minutes=1))
    await room.sandbox.mail("ana", "ack", position=0)
    assert (await page_of(room, page)).acknowledged_by is None
    await room.worker.drain()
    assert replies(room, "ana")[-1].startswith("Nothing was done: this page is older than 3 days.")


async def test_resolving_by_mail_asks_once_more(sqlite_room: Room) -> None:
    from tests.paging.test_answering import resolving

    room = sqlite_room
    done = resolving(room)
    await room.start(1)
    await room.sandbox.mail("ana", "resolve")
    assert done == []
    await room.at_rest()
    await room.sandbox.mail("ana", "yes")  # the question is answered, not the page
    assert done == [(42, "ana")]


async def test_an_autoresponder_that_nothing_gives_away_is_answered_five_times_an_hour_at_most(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    for _ in range(8):
        await room.sandbox.mail("ana", "I am on a boat", position=0)
        await room.worker.drain()
    assert len(replies(room, "ana")) == 5


async def test_the_hook_takes_a_raw_mail_with_the_key_and_refuses_others(room: Room) -> None:
    await room.start(1)
    [mail] = room.sandbox.mailbox("ana")
    raw = EmailMessage()
    raw["From"], raw["To"], raw["Message-ID"] = "ana@example.com", dict(mail.headers)["Reply-To"], "<1@x>"
    raw.set_content("ack")
    async with room.client.post(f"{room.url}/hooks/mail/wrong", data=bytes(raw)) as answer:
        assert answer.status == 403
    assert room.said(PageAcknowledged) == []
    for _ in range(2):
        async with room.client.post(f"{room.url}/hooks/mail/{MAIL_KEY}", data=bytes(raw)) as answer:
            assert answer.status == 202
    assert [fact.by for fact in room.said(PageAcknowledged)] == ["ana"]
    async with room.client.post(f"{room.url}/hooks/mail/{MAIL_KEY}", data=b"\0\xff no mail at all") as answer:
        assert answer.status == 404


async def test_pictures_in_an_answer_do_no_harm_and_what_is_too_large_goes_back(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    [mail] = room.sandbox.mailbox("ana")
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Message-ID"] = "ana@example.com", dict(mail.headers)["Reply-To"], "<big@x>"
    answer.set_content("ack")
    answer.add_attachment(b"\x89PNG" + bytes(3_000_000), maintype="image", subtype="png")
    too_large = EmailMessage()
    too_large["From"], too_large["To"] = "ana@example.com", dict(mail.headers)["Reply-To"]
    too_large.set_content("ack")
    too_large.add_attachment(bytes(17_000_000), maintype="image", subtype="png")
    assert "552" in await room.sandbox.outside.mailbox.post(too_large) or "size" in await room.sandbox.outside.mailbox.post(too_large)
    assert room.said(PageAcknowledged) == []
    assert await room.sandbox.outside.mailbox.post(answer) == ""
    assert len(room.said(PageAcknowledged)) == 1


async def test_fifty_connections_that_hang_do_not_keep_an_answer_out_for_long(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    port = room.sandbox.outside.mailbox.bot_port
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
    assert await room.sandbox.mail("ana", "ack") != ""  # turned away: its sender keeps it
    for _, writer in held:
        writer.close()
    await room.sandbox.until(lambda: not room.mail.open)
    assert await room.sandbox.mail("ana", "ack") == ""
    assert len(room.said(PageAcknowledged)) == 1


def raw(body: bytes, *headers: str) -> bytes:
    return "\r\n".join(["From: Ana <ana@example.com>", "Message-ID: <1@x>", *headers, "", ""]).encode() + body


@pytest.mark.parametrize(
    ("mail", "line"),
    [
        (raw(b"\r\n \r\n  ACK  \r\nthanks"), "ACK"),
        (raw(b"YWNr", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"), "ack"),
        (raw("ack".encode("utf-16"), "Content-Type: text/plain; charset=utf-16"), "ack"),
        (raw(b"a=\r\nck", "Content-Type: text/plain", "Content-Transfer-Encoding: quoted-printable"), "ack"),
        (raw(b"ack\xff", "Content-Type: text/plain; charset=no-such-thing"), "ack\ufffd"),
        (raw(b"<html><head><title>No</title><style>p{}</style></head><body><p></p><div>ack<br>x</div>", "Content-Type: text/html"), "ack"),
        (raw(b"<blockquote>ack</blockquote>", "Content-Type: text/html"), ""),
        (raw(b"\xef\xbb\xbfack"), "ack"),
        (raw("\u200b\u00a0ack".encode()), "ack"),
        (raw(b""), ""),
        (b"", ""),
    ],
    ids=range(11),
)
def test_the_first_line_is_found_in_whatever_a_mail_program_makes_of_it(mail: bytes, line: str) -> None:
    assert read(mail, "ana@example.com", []).line == line


def test_an_attached_text_is_no_answer() -> None:
    mail = EmailMessage()
    mail.set_content("<p>look</p>", subtype="html")
    mail.add_attachment("ack", filename="ack.txt")
    assert read(bytes(mail), None, []).line == "look"


def test_parts_in_parts_in_parts_are_survived() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth) for depth in range(5000))
    assert read(b"From: ana@example.com\r\n" + nested, "ana@example.com", []).sender == "ana@example.com"


pieces = st.sampled_from(
    [
        *(b"From: ", b"To: ", b"\r\n", b"\r\n\r\n", b"=?utf-8?b?", b"?=", b"Content-Type: ", b"multipart/mixed; boundary=b", b"--b--"),
        *(b"text/html; charset=", b"Message-ID: <", b"Content-Transfer-Encoding: base64\r\n", b"<!--", b"<![", b"&#", b"\0", b"ack"),
        *(b"--b\r\n", b"\xff\xfe", b"(" * 50, b'"'),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(pieces | st.binary(max_size=40), max_size=40).map(b"".join), st.none() | st.text(max_size=20))
@example(b"From: =?x?q?\xff?=\r\nTo: (((\r\nMessage-ID: \xff\xff\r\n\r\nack", "")
@example(b"From: =?utf-8?b?=?utf-8?b?=?utf-8?b?", None)
@example(b"\n" * 2000 + b"a" * READ, None)
def test_whatever_comes_in_is_read_without_harm(content: bytes, sender: str | None) -> None:
    mail = read(content, sender, ["ack+1-x@mail.sandbox"])
    assert isinstance(mail, Inbound)
    assert mail.recipients[0] == "ack+1-x@mail.sandbox"
    assert len(mail.key) == 64
    assert "\n" not in mail.line and "\r" not in mail.message_id
    assert read(content, sender, ["ack+1-x@mail.sandbox"]) == mail


async def test_commands_that_make_no_sense_are_answered_and_the_door_stays_open(sqlite_room: Room) -> None:
    room = sqlite_room
    await room.start(1)
    reader, writer = await asyncio.open_connection("127.0.0.1", room.sandbox.outside.mailbox.bot_port)
    writer.write(b"HELO \xff\xfe\r\nMAIL FROM:<\xc3\x28>\r\nRCPT TO:<" + b"a" * 3000 + b"@x>\r\nDATA\r\nQUIT\r\n")
    await asyncio.wait_for(reader.read(), 5)
    writer.close()
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=room.sandbox.outside.mailbox.bot_port, use_tls=False, start_tls=False) as door:
        with pytest.raises(aiosmtplib.SMTPRecipientRefused):
            await door.mail("ana@example.com")
            await door.rcpt("anybody@example.com")
    assert await room.sandbox.mail("ana", "ack") == ""
