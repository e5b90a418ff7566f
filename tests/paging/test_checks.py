"""Contact methods are verified by what comes back, and a test page shows how each fares: on the whole bot, with real roads."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.clock import FakeClock
from bot.config.settings import Settings, read
from bot.oncall.roster import as_configured
from bot.paging.checks import MOST_A_DAY, MOST_TRIES, WRONG_CODE
from bot.paging.rehearsal import Question, Rehearsal, moment
from bot.sandbox.testing import elements, words
from tests.paging.conftest import Room
from tests.paging.test_doctor import typed
from tests.world import CONFIG, World, running_world

NAMES = ("ana", "bo", "kim", "lee", "bea", "max")


async def world_with(url: str, folder: Path, clock: FakeClock, setting: str, edit: dict[str, str] | None = None) -> AsyncIterator[World]:
    config = copytree(CONFIG, folder / "config")
    company = config / "company.yaml"
    company.write_text(re.sub(r"verify_contacts: .*", f"verify_contacts: {setting}", company.read_text()))
    people = config / "people.yaml"
    for old, new in (edit or {}).items():
        assert old in people.read_text()
        people.write_text(people.read_text().replace(old, new))
    async with running_world(url, folder, clock, config=config) as world:
        yield world


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """Nobody is asked for codes, as in the sandbox."""
    async for made in world_with(sqlite_url, tmp_path, clock, "off"):
        yield made


@pytest.fixture
async def strict(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """Only what is verified counts; Ana has her phone and a mail address, and Slack does not know her."""
    edit = {"    slack: U0ANA000000\n    email: ana@example.com\n": "    email: silva@example.com\n"}
    async for made in world_with(sqlite_url, tmp_path, clock, "require", edit):
        yield made


def code_in(text: str) -> str:
    found = re.search(r"Reply (\d{6})", text)
    assert found, text
    return found[1]


def link_in(text: str) -> str:
    return re.search(r"http\S+/c/\S+", text)[0]  # type: ignore[index]


async def home(world: World, name: str) -> Any:
    await world.user(name).post("home")
    await world.settled()
    return next(view for view in await world.user(name).views() if view["type"] == "home")


async def press(world: World, name: str, label: str) -> Any:
    view = await home(world, name)
    button = next(one for one in elements(view["blocks"]) if label in words(one))
    outcome = await world.user(name).click(button["action_id"], view_id=view["id"], value=button["value"])
    await world.settled()
    return outcome


async def dm(world: World, name: str) -> str:
    """The id of Tocsin's conversation with somebody."""
    user = f"U0{name.upper()}".ljust(11, "0")
    return next((str(one["id"]) for one in await world.sandbox.channels() if one.get("is_im") and user in one["members"]), "")


async def shown(world: World, name: str, *wanted: str) -> str:
    """Wait for the message of a test page to say all of this. Slack takes one edit a second: some wait."""
    text = ""
    for _ in range(30):
        place = await dm(world, name)
        texts = await world.sandbox.channel(place).texts() if place else []
        text = next((text for text in reversed(texts) if "TEST page" in text), "")
        if text and all(words in text for words in wanted):
            return text
        await world.advance(seconds=1)
    raise AssertionError(f"{wanted} not in {text!r}")


async def declared(world: World) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()


# Verification


async def test_by_default_everything_counts_and_codes_are_sent_by_day(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> None:
    async for world in world_with(sqlite_url, tmp_path, clock, "warn"):
        assert "Tocsin wants to page you here. Not Ana Silva?" in world.phone("ana").last_sms  # 09:00 in Lisbon
        assert "Say that it reaches you" in world.sandbox.mailbox("lee")[0].text
        assert world.sandbox.mailbox("lee")[0].subject == "Tocsin wants to page you here"
        assert world.phone("lee").received == []  # 04:00 in New York
        await world.advance(hours=4, minutes=1)
        assert "Tocsin wants to page you here. Not Lee O'Hara?" in world.phone("lee").last_sms
        await declared(world)
        assert any("checkout is down" in text for text in world.phone("ana").received)
        _, screen = await typed(world, "doctor")
        assert "not verified, paged there all the same" in screen and "Kim Ji-woo (SMS, phone, e-mail)" in screen
        _, checked = await typed(world, "check", world.environ["TOCSIN_CONFIG"])
        assert "Kim Ji-woo (SMS, phone, e-mail)" in checked
        await world.phone("ana").reply("a")
        _, screen = await typed(world, "doctor")
        assert "Ana Silva (e-mail)" in screen  # who answers a page by a number need not prove it


async def test_a_page_never_stands_behind_a_whole_companys_codes(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> None:
    async for world in world_with(sqlite_url, tmp_path, clock, "warn"):
        await world.advance(days=1)
        texts = sorted(sms.at for name in NAMES for sms in world.phone(name).sms if "wants to page you here" in sms.body)
        assert len(texts) == len(NAMES)
        assert all(later - earlier >= timedelta(seconds=5) for earlier, later in pairwise(texts))


async def test_codes_are_sent_once_and_again_only_to_what_has_changed(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> None:
    async for world in world_with(sqlite_url, tmp_path, clock, "warn"):
        people = Path(world.environ["TOCSIN_CONFIG"]) / "people.yaml"
        people.write_text(people.read_text().replace("    email: max@example.com\n", "").replace("bo@example.com", "max@example.com"))
        before = len(world.phone("bo").received), len(world.sandbox.mailbox("max"))
        await world.stop()
        await world.start()
        assert (len(world.phone("bo").received), len(world.sandbox.mailbox("max"))) == (before[0], before[1] + 1)


async def test_whom_nothing_verified_reaches_counts_as_nobody_until_the_code_comes_back(strict: World) -> None:
    await declared(strict)
    assert not any("checkout is down" in text for text in strict.phone("ana").received)
    assert "Bo Lindqvist was paged" in await strict.card(1)  # at once: Slack knows who he is
    await strict.phone("ana").reply(code_in(strict.phone("ana").received[0]))
    assert "Thank you: SMS reaches you." in strict.phone("ana").last_sms
    assert "/v/tocsin.vcf" in strict.phone("ana").last_sms


async def test_a_verified_number_is_paged_by_text_and_call_and_the_unverified_mail_is_passed_over(strict: World) -> None:
    await strict.phone("ana").reply(code_in(strict.phone("ana").last_sms))
    mails = len(strict.sandbox.outside.mailbox.mails)
    await declared(strict)
    assert "checkout is down" in strict.phone("ana").last_sms
    await strict.advance(minutes=2)
    assert len(strict.phone("ana").calls) == 1
    assert not any(mail.recipient == "silva@example.com" for mail in strict.sandbox.outside.mailbox.mails[mails:])
    _, said = await typed(strict, "simulate", "--service", "checkout", "--severity", "1", "--at", "2026-03-02T10:00", "--zone", "UTC")
    assert "Ana Silva by slack, sms: " in said and "Ana Silva by voice: " in said and "email" not in said


async def test_a_mail_is_verified_by_its_link_and_only_by_a_tap(strict: World) -> None:
    mail = next(one for one in strict.sandbox.outside.mailbox.mails if one.recipient == "silva@example.com")
    async with ClientSession() as client:
        seen = await (await client.get(link_in(mail.text))).text()
        assert "Yes, this is me" in seen
        assert "Thank you" not in await (await client.get(link_in(mail.text))).text()
        tapped = await (await client.post(link_in(mail.text), data={"action": "confirm"})).text()
        assert "Tocsin reaches you by e-mail." in tapped
        assert "Yes, this is me" not in tapped


async def test_wrong_codes_are_refused_and_five_of_them_end_it(strict: World) -> None:
    right = code_in(strict.phone("ana").last_sms)
    wrong = "111111" if right != "111111" else "222222"
    for _ in range(MOST_TRIES):
        await strict.phone("ana").reply(wrong)
        assert strict.phone("ana").last_sms == WRONG_CODE
    await strict.phone("ana").reply(right)
    assert "Thank you" not in strict.phone("ana").last_sms


async def test_a_code_expires_after_a_day_and_a_strangers_code_is_met_with_silence(strict: World) -> None:
    right = code_in(strict.phone("ana").last_sms)
    texts = len(strict.phone("gus").received)
    await strict.phone("gus").reply(right)
    assert len(strict.phone("gus").received) == texts
    await strict.advance(hours=25)
    await strict.phone("ana").reply(right)
    assert "Thank you" not in strict.phone("ana").last_sms


async def test_the_home_tab_says_how_each_method_stands_and_sends_codes(world: World) -> None:
    text = "\n".join(words((await home(world, "bo"))["blocks"]))
    assert "*SMS* +15550100002: not verified" in text and "*e-mail* bo@example.com: not verified" in text
    await press(world, "bo", "Send me a code")
    await world.phone("bo").reply(code_in(world.phone("bo").last_sms))
    text = "\n".join(words((await home(world, "bo"))["blocks"]))
    assert "*SMS* +15550100002: verified, last answered 10:00" in text
    assert "*phone* +15550100002: verified" in text
    await world.phone("bo").reply("STOP")
    text = "\n".join(words((await home(world, "bo"))["blocks"]))
    assert "off: you sent STOP" in text


async def test_the_card_has_every_number_of_ours(world: World) -> None:
    view = await home(world, "bo")
    link = re.search(r"<(http\S+/v/tocsin\.vcf\S+)\|", json.dumps(view["blocks"]))
    assert link
    async with ClientSession() as client:
        answer = await client.get(link[1])
        card = await answer.text()
    assert answer.content_type == "text/vcard"
    assert "TEL;TYPE=WORK,VOICE:+15550100000\r\n" in card and card.startswith("BEGIN:VCARD\r\nVERSION:3.0\r\n")


# Test pages


async def test_a_test_page_goes_by_every_method_and_its_message_shows_how_each_fares(world: World) -> None:
    await world.user("bo").command("/page test")
    await world.settled()
    assert world.phone("bo").last_sms.startswith("TEST page from Tocsin: nothing is wrong.")
    assert world.sandbox.mailbox("bo")[-1].subject == "TEST page from Tocsin: nothing is wrong"
    open_yet = "accepted, not answered yet"
    await shown(world, "bo", f"*Slack*: {open_yet}", "*SMS*: delivered, not answered yet", f"*phone*: {open_yet}", f"*e-mail*: {open_yet}")
    await world.phone("bo").keys("4")
    assert "reaches you" in world.phone("bo").calls[-1].spoken[-1]
    await world.phone("bo").reply("ok")
    assert world.phone("bo").last_sms.startswith("Thank you: SMS reaches you.")
    async with ClientSession() as client:
        await client.post(link_in(world.sandbox.mailbox("bo")[-1].text), data={"action": "confirm"})
    await world.user("bo").press("It has arrived", await dm(world, "bo"))
    text = await shown(world, "bo", *(f":white_check_mark: *{method}*: answered" for method in ("Slack", "SMS", "phone", "e-mail")))
    assert "It has arrived" not in text
    assert world.phone("ana").received == []  # nobody else


async def test_what_failed_says_why_and_what_nobody_answered_says_so_in_the_end(world: World) -> None:
    world.sandbox.fault(service="smtp", status=550, error="no such user", count=0)
    await world.phone("bo").policy(receipts="undelivered", calls="decline")
    await press(world, "bo", "Test page me")
    await shown(
        world,
        "bo",
        ":x: *e-mail*: failed: The mail server refused it: 550",
        ":x: *SMS*: failed: the carrier could not deliver it (30003)",
        ":x: *phone*: failed: the line was busy",
    )
    assert "*SMS* +15550100002: the last message failed: the carrier could not" in "\n".join(words((await home(world, "bo"))["blocks"]))
    await world.advance(minutes=11)
    await shown(world, "bo", ":warning: *Slack*: accepted, no answer came")


async def test_while_a_page_is_open_an_answer_is_to_the_page(world: World) -> None:
    await declared(world)
    await world.user("ana").command("/page test")
    await world.settled()
    await world.phone("ana").reply("ok")
    assert "#1 is yours" in world.phone("ana").last_sms
    await shown(world, "ana", "*SMS*: delivered, not answered yet")
    code = next(code_in(text) for text in world.phone("ana").received if text.startswith("TEST"))
    await world.phone("ana").reply(code)
    await world.settled()
    await shown(world, "ana", "*SMS*: answered")


async def test_a_test_page_is_no_incident_and_one_at_a_time(world: World) -> None:
    await world.user("bo").command("/page test")
    outcome = await world.user("bo").command("/page test")
    assert "on its way to you already" in str(outcome)
    await world.settled()
    assert await world.bot_channels() == []
    outcome = await world.user("bo").command("/page kim")
    assert "/inc page @person" in str(outcome)


async def test_codes_by_one_method_are_limited_to_a_few_a_day(world: World) -> None:
    for _ in range(MOST_A_DAY):
        await press(world, "bo", "Send me a code")
    await press(world, "bo", "Send me a code")
    assert "Try again tomorrow" in str(await world.user("bo").view())


async def test_where_nothing_at_all_is_verified_the_fallback_is_paged_all_the_same(sqlite_room: Room) -> None:
    config = sqlite_room.config
    people = {name: person.model_copy(update={"slack": None}) for name, person in config.people.items()}
    config = config.model_copy(update={"people": people, "verify_contacts": "require"})
    sqlite_room.paging.directory.config = config
    await sqlite_room.start(1)
    assert sqlite_room.new() == ["ana email", "ana sms", "max email", "max sms"]
    unverified = dict.fromkeys(people, ("sms", "voice", "email"))
    rehearsal = Rehearsal(config, as_configured(config), methods=("sms", "voice", "email"), unverified=unverified)
    said = rehearsal.text(Question("checkout", "1", moment("2026-03-02T09:00", "UTC")))
    assert "+0:00  Ana Silva by sms, email: fallback" in said and "+0:00  Max Adeyemi by sms, email: fallback" in said


def test_the_card_has_the_second_providers_number_where_it_is_one() -> None:
    both = {
        "BACKUP_SMS_URL": "https://sms.example.com",
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "t",
        "TWILIO_FROM": "+15550100000",
    }
    assert settings_with(**both, BACKUP_FROM="+442079460000").phone_senders == ("+15550100000", "+442079460000")
    assert settings_with(**both, BACKUP_FROM="Tocsin").phone_senders == ("+15550100000",)
    assert settings_with(BACKUP_FROM="+442079460000").phone_senders == ()


def settings_with(**more: str) -> Settings:
    """The least that a process needs, and more."""
    least = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "TOCSIN_CONFIG": str(CONFIG), "TOCSIN_URL": "https://t.example.com"}
    return read({**least, "TOCSIN_SECRET": "a secret of these tests", **more})
