"""Whatever people and machines write: it pings nobody, runs nowhere, and breaks neither card nor page nor postmortem."""

import json
import re
from collections.abc import Iterator

import aiohttp
import pytest

from bot.sandbox.outside import ADDRESSES
from bot.sandbox.testing import words
from tests.journeys import roads
from tests.journeys.test_alert_to_incident import alert, post, webhook
from tests.journeys.test_links import links_of
from tests.world import Json, World

OVERRIDE = "\N{RIGHT-TO-LEFT OVERRIDE}"
PARTS = (
    "<!channel> <!everyone> <!here|h> <!subteam^S0PAYMENTS0> <@U0MAX000000> & &lt;!channel&gt;",
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "{{7*7}} {% raw %} {{config.items()}} ${7*7} %s {actor} {words} {promise}",
    f"{OVERRIDE}gnp.exe \N{PILE OF POO}\N{ZERO WIDTH JOINER} ünïcødé 日本語",
    "`code` *bold* _it_ ~no~ [link](javascript:alert(3)) ![i](http://evil.example.com/x.png) | # h1",
    "\r\nBcc: everybody@example.com\r\n\r\n.\r\nSubject: other",
    "</Say><Dial>+15550100006</Dial> ]]> \x07\x1b[31m \x00",
)
HOSTILE = " ".join(PARTS)
PINGS = re.compile(r"<!(?!date\^)|<https?://evil")
"""Markup of Slack's that calls many people, or hides where it leads; our own dates are written like it."""
HEADERS = {"from", "to", "subject", "message-id", "auto-submitted", "x-priority", "reply-to", "mime-version", "content-type", "date"}
LONG = "fails and " * 4000
"""40,000 characters."""


def texts(value: object) -> Iterator[str]:
    """Every text in the arguments of a call, but for what Slack shows as it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, dict) and value.get("type") != "plain_text":
        for key, one in value.items():
            if key not in ("value", "private_metadata"):
                yield from texts(one)


def parsed(value: object) -> object:
    """Arguments as they were meant: JSON within a form opened up."""
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def check_calls(world: World) -> None:
    """Nothing that the bot has ever sent to Slack calls anybody, and Slack took all of it."""
    made = [call for call in world.sandbox.calls() if call["method"] != "apps.connections.open"]
    assert {"chat.postMessage", "chat.update", "conversations.create", "conversations.setTopic"} <= {call["method"] for call in made}
    for call in made:
        for name, argument in call["args"].items():
            if name != "alt_txt":  # plain text, which is read aloud
                check_shown(argument)
        if call["method"] != "response_url" and call["args"].get("channel") != "ops":  # which is joined when it is first written to
            assert call["result"].get("ok"), (call["method"], call["result"])


def check_shown(shown: object) -> None:
    """Nothing that Slack would read as markup calls anybody."""
    for text in texts(parsed(shown)):
        assert not PINGS.search(text), text


def check_phones_and_mail(world: World) -> None:
    """Texts are short and printable; a mail's subject is one line that adds no header, and its page runs no script."""
    for phone in world.sandbox.outside.phones.phones.values():
        for sms in phone.sms:
            if sms.direction == "in":
                assert len(sms.body) <= 320
                assert not re.search(rf"[\x00-\x09\x0b-\x1f{OVERRIDE}]", sms.body)
        for call in phone.calls:
            assert call.trouble == ""
            assert not world.phone("max").calls, "no document of ours dials a number"
    for person in world.sandbox.outside.phones.phones:
        for mail in world.sandbox.mailbox(person):
            assert "\n" not in mail.subject
            assert mail.subject.startswith("SEV")
            assert OVERRIDE not in mail.subject
            assert not re.search(r"<script|<img", mail.html or "", re.IGNORECASE)
            assert {name.lower() for name, _ in mail.headers} <= HEADERS
    assert {mail.recipient for mail in world.sandbox.outside.mailbox.mails} <= set(ADDRESSES.values())


def check_page(page: str) -> None:
    """Nothing of it runs or loads; a template in it stayed text."""
    assert "<script" not in page.lower()
    drawn = re.findall(r'<img src="[^"]*/postmortems/\d+\.svg[^"]*"', page)
    assert page.lower().count("<img") == len(drawn), "the incident's own picture, and no other"
    assert 'href="javascript' not in page.lower()
    assert "49" not in re.sub(r"\d\d:\d\d(:\d\d)?|k=\S+|p\d{16}|ts=[\d.]+|:\d{4,5}/", "", page)
    assert OVERRIDE not in page or "<bdi>" in page


async def declared(world: World, how: str) -> None:
    """A SEV2 whose every word is hostile, declared by one of the roads there are."""
    title = HOSTILE.replace("\n", " ").replace("\r", " ")
    match how:
        case "command":
            await world.user("kim").command(f"/inc sev2 checkout {title}")
        case "form":
            await world.user("kim").command("/inc")
            view = await world.user("kim").view()
            values = {"title": {"value": f"checkout {HOSTILE}"[:250]}, "severity": {"value": "2"}}
            await world.user("kim").submit(values, view["id"])
        case "text":
            await world.phone("kim").reply(f"sev2 checkout {HOSTILE}")
        case "alert":
            evil: Json = alert(f"Payments{HOSTILE}", world.clock.now(), instance=HOSTILE, team=HOSTILE)
            evil["annotations"] = {"summary": f"checkout {HOSTILE}", "description": LONG, HOSTILE: HOSTILE}
            assert await post(world, webhook(evil)) == [202]


ROADS = [("sqlite", "command"), ("postgresql", "form"), ("postgresql", "text"), ("sqlite", "alert")]


@pytest.mark.parametrize(("database_url", "how"), ROADS, indirect=["database_url"])
async def test_a_hostile_incident_is_one_like_any_other(world: World, how: str) -> None:
    await declared(world, how)
    await world.advance(minutes=2)
    spoken = await world.phone("ana").answer()
    assert "Press 4 to take it" in " ".join(spoken["spoken"])
    await world.phone("ana").keys("4")
    await world.settled()

    channel = await world.channel_name(1)
    assert re.fullmatch(r"inc-1[a-z0-9-]{0,70}", channel)
    ana = world.user("ana")
    for line in ("update", "note", "sev 1", "page @bo", "lead", "new", "runbook", ""):
        check_shown((await ana.command(f"/inc {line} {HOSTILE}", channel)).get("response"))
    for line in ("#1", "reslove", "update", "find", ""):
        check_shown((await world.user("kim").command(f"/inc {line} {HOSTILE}")).get("response"))
    for part in (*PARTS, LONG):
        await ana.message(part, channel)
    await world.settled()
    card = next(message for message in await world.sandbox.channel(channel).messages() if "Commander" in message.shown)
    assert [button for button in ("Ack", "I'm commander", "Update", "Escalate", "Resolve") if button in words(card.blocks)]
    await ana.command(f"/inc mitigated {HOSTILE}", channel)
    await ana.command(f"/inc resolve {HOSTILE}", channel)
    await world.heard(1, "Postmortem draft ready")
    await world.advance(minutes=1)

    check_calls(world)
    check_phones_and_mail(world)
    for address in (await links_of(world)).values():
        status, page = await roads.opened(address)
        assert status == 200
        check_page(page)
        markdown = re.search(r'href="(http[^"]+\.md\?k=[^"]+)"', page)
        if markdown:
            status, document = await roads.opened(markdown[1])
            assert status == 200
            assert "more characters left out" in document
            assert "<script" not in document
            assert "](javascript" not in document
            assert "<!channel>" not in document


async def test_half_a_letter_and_no_letter_at_all_get_through_json_and_forms(world: World) -> None:
    """Lone surrogates and NUL, which JSON and forms can carry and databases cannot."""
    evil = rb"checkout \ud83d \udc00 \u0000 \uffff is down"
    async with aiohttp.ClientSession() as machine:
        alerts = json.dumps(webhook(alert("PaymentsFail", world.clock.now()))).encode().replace(b"one in five payments fails", evil)
        headers = {"Content-Type": "application/json"}
        async with machine.post(f"{world.sandbox.url}/hooks/alertmanager/sandbox", data=alerts, headers=headers) as answer:
            assert answer.status == 202
    await world.settled()
    assert "is down" in world.phone("ana").last_sms
    await roads.by_sms(world, "ana")
    await world.settled()
    channel = await world.channel_name(1)

    attempt = (await world.sandbox.get("/deliveries"))[0]
    command = attempt["payload"] | {
        "command": "/inc", "text": "update \ud83d half \x00 a letter", "user_id": "U0ANA000000", "trigger_id": "1.2.3",
        "channel_id": next(one["id"] for one in await world.sandbox.channels() if one.get("name") == channel), "response_url": "",
    }  # fmt: skip
    command.pop("type", None)
    command.pop("event", None)
    await world.bot.rooms.door.take(command, {})
    await world.settled()
    await world.heard(1, "a letter")
    assert "a letter" in await world.card(1)

    for text in ("1\x00a", "sev3 news \x00 letter is late", "\x00", "\ufffe sev3"):
        answered = await world.sandbox.outside.phones.reply("kim", text)
        assert answered.trouble == "", text
    await world.settled()
    page = roads.page_link(world, "ana")
    status, _ = await roads.opened(page, "POST", action="\x00", version="\x00")
    assert status == 400
    check_calls(world)
