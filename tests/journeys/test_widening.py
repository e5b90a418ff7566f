"""More hands: people are invited, and paged only when somebody asks for them or a service has opted in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import FakeClock
from bot.incidents import timeline
from bot.incidents.api import declare_at
from tests.journeys import roads
from tests.journeys.crowd import crowd
from tests.journeys.stories import calls, incident, told, whispered
from tests.world import World, running_world

CHANNEL = "inc-1-checkout-is-down"


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """Teams large enough that half of one is more than one."""
    (folder := tmp_path / "company").mkdir()
    async with running_world(database_url, tmp_path, clock, config=crowd(folder)) as world:
        yield world


@pytest.fixture
async def opted_world(database_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """The same, and Checkout pages for width with nobody asking."""
    (folder := tmp_path / "company").mkdir()
    async with running_world(database_url, tmp_path, clock, config=crowd(folder, opted_in=True)) as world:
        yield world


async def test_whoever_is_nearest_is_invited_with_the_first_call_and_nobody_is_woken(world: World) -> None:
    before = len(calls(world))
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()

    made = [call for call in calls(world)[before:] if str(call["args"].get("channel", "C"))[0] == "C"]
    assert len(made) <= 6, "pages by direct message aside"
    invited = [str(call["args"]["users"]) for call in made if call["method"] == "conversations.invite"]
    assert len(invited) == 1, "one call, as before"
    for person in ("ANA", "BO", "KIM", "LEE"):
        assert f"U0{person}" in invited[0]
    assert "U0MAX" not in invited[0], "an executive is no responder"
    for person in ("bo", "kim", "lee", "bea"):
        assert world.phone(person).received == [] and world.sandbox.mailbox(person) == []
    assert "0 of 10 · 2 invited" in await world.card(1), "and Kim, who declared it"
    helped = "invited to help: Bo Lindqvist (secondary on call for Payments), Kim Ji-woo (expert for Checkout), Lee O'Hara"
    assert any(text.startswith(helped) for text in await written(world))


async def test_a_sev3_invites_no_more_than_it_wants_and_a_raise_invites_the_others(world: World) -> None:
    await world.user("max").command("/inc sev3 checkout is down")
    await world.settled()
    assert "0 of 2 · 1 invited" in await world.card(1)
    await world.user("max").command("/inc sev 1 nobody can pay", CHANNEL)
    await world.settled()
    assert "0 of 10 · 3 invited" in await world.card(1)


async def test_page_next_shows_who_and_why_and_pages_them_once_it_is_confirmed(world: World) -> None:
    await world.user("bea").command("/inc sev1 checkout is down")
    await world.settled()
    await roads.by_sms(world, "ana")
    await world.user("bea").press("I'm commander", CHANNEL)
    await world.settled()
    assert "2 of 10" in await world.card(1)

    await world.user("bea").press("Page next 3", CHANNEL)
    await world.settled()
    shown = (await whispered(world, "bea", CHANNEL))[-1].shown
    assert "Page these 3 for #1?* 2 of 10 respond. Nobody is paged until you say so." in shown
    assert "*Bo Lindqvist*: secondary on call for Payments" in shown
    assert "*Kim Ji-woo*: expert for Checkout" in shown
    assert "Ana Silva (responds already)" in shown
    assert not any(world.phone(person).received for person in ("bo", "kim", "lee")), "a rehearsal wakes nobody"

    await world.user("lee").press("Join", CHANNEL)
    await world.settled()
    await world.user("bea").press("Page Bo and Kim and Lee", CHANNEL)
    await world.settled()
    answered = (await whispered(world, "bea", CHANNEL))[-1].shown
    assert answered == "Bo Lindqvist, Kim Ji-woo: being paged for #1. Left out: Lee O'Hara (responds already)."
    for person in ("bo", "kim"):
        assert "SEV1 #1" in world.phone(person).last_sms
    assert "help wanted: secondary on call for Payments" in (await roads.direct_page(world, "bo")).shown
    assert world.phone("lee").received == []
    assert (
        "pages more people: Bo Lindqvist (secondary on call for Payments), Kim Ji-woo (expert for Checkout)"
        in (await world.heard(1, "pages more people")).shown
    )

    await world.phone("bo").reply(f"{roads.page_code(world, 'bo')}a")
    await world.phone("kim").reply("n")
    await world.settled()
    assert "4 of 10" in await world.card(1)
    said = told(await world.user("bea").command("/inc page next", CHANNEL))
    assert "Nobody is left to page next for #1.* 4 of 10 respond" in said
    assert "Kim Ji-woo (said that they cannot)" in said and "Bo Lindqvist (responds already)" in said


async def test_nobody_is_asked_twice_and_half_of_a_team_is_left_alone(sqlite_world: World) -> None:
    world = sqlite_world  # teams of three
    await world.user("bea").command("/inc sev1 checkout is down")
    await world.settled()
    said = await world.user("bea").command("/inc page next 3", CHANNEL)
    assert "Page this one for #1?" in told(said) and "*Lee O'Hara*: expert for API gateway, a dependency" in told(said)
    assert "Ana Silva (was paged already), Bo Lindqvist (half of Payments is busy with it already)" in told(said)
    await world.user("bea").press("Page Lee", CHANNEL)
    await world.settled()
    texts = len(world.phone("lee").received)
    said = await world.user("bea").command("/inc page next", CHANNEL)
    assert "Nobody is left" in told(said) and "Lee O'Hara (was paged already)" in told(said)
    assert len(world.phone("lee").received) == texts


async def test_who_is_covered_on_call_is_neither_invited_nor_paged(world: World) -> None:
    await world.user("bea").command("/oncall override @max infra-secondary now +2h", "ops")
    await world.settled()
    await world.user("bea").press("Confirm", "ops")
    await world.settled()
    await world.user("bea").command("/inc sev1 checkout is down")
    await world.settled()
    said = await world.user("bea").command("/inc page next", CHANNEL)
    assert "• *Bo Lindqvist*: secondary on call for Payments\n• *Kim Ji-woo*" in told(said)
    assert "Lee O'Hara (others stand in for them on call)" in told(said)
    invited = " ".join(str(call["args"]["users"]) for call in calls(world, "conversations.invite"))
    assert "U0KIM" in invited and "U0LEE" not in invited


async def test_who_is_out_of_office_by_their_calendar_is_left_out_until_they_are_back(
    sqlite_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    (folder := tmp_path / "company").mkdir()
    people = crowd(folder) / "people.yaml"
    people.write_text(people.read_text().replace("    zone: America/New_York", "    zone: America/New_York\n    out_of_office: lee.ics"))
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260301T000000Z\r\nDTEND:20260302T120000Z\r\nSUMMARY:Surgery\r\nEND:VEVENT\r\n"
    (folder / "lee.ics").write_text(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{event}END:VCALENDAR\r\n")
    async with running_world(sqlite_url, tmp_path, clock, config=folder) as world:
        await world.user("bea").command("/inc sev1 checkout is down")
        await world.settled()
        assert "U0LEE" not in " ".join(str(call["args"]["users"]) for call in calls(world, "conversations.invite"))
        said = told(await world.user("bea").command("/inc page next", CHANNEL))
        assert "Lee O'Hara (is away until 13:00)" in said and "Surgery" not in said
        (folder / "lee.ics").write_text("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n")
        await world.user("ana").command("/inc ack", CHANNEL)
        await world.advance(minutes=8)
        assert "*Lee O'Hara*: expert for API gateway" in told(await world.user("bea").command("/inc page next", CHANNEL))


async def test_what_is_private_in_triage_or_over_is_not_widened(world: World) -> None:
    kim = world.user("kim")
    await kim.command("/inc")
    await world.settled()
    await kim.submit({"title": {"value": "checkout leaks"}, "severity": {"value": "1"}, "private": {"value": ["private"]}})
    await world.settled()
    invited = " ".join(str(call["args"]["users"]) for call in calls(world, "conversations.invite"))
    assert "U0LEE" not in invited and "U0BO" not in invited
    assert "Page next 3" not in await world.card(1) and "Join" in await world.card(1)
    said = told(await kim.command("/inc #1 page next"))
    assert "Nobody is paged to help with #1: it is private" in said and "/inc page @person" in said

    await kim.command("/inc sev2 storage is slow")
    await world.settled()
    await kim.command("/inc #2 resolve it was a test")
    await world.settled()
    assert "it is resolved" in told(await kim.command("/inc #2 page next"))
    assert (await incident(world, 2)).confirmed_by == "kim"


async def written(world: World) -> list[str]:
    """What the timeline says."""
    async with world.bot.database.read() as tx:
        return [entry.text for entry in await timeline.entries(tx, 1)]


async def test_a_service_that_has_opted_in_pages_three_in_five_minutes_until_its_sev1_is_none(opted_world: World) -> None:
    world = opted_world
    await world.user("bea").command("/inc sev1 checkout is down")
    await world.settled()
    await roads.by_sms(world, "ana")
    await world.advance(minutes=4, seconds=59)
    assert paged(world) == [], "invitations come first"
    await world.advance(seconds=2)
    assert paged(world) == ["bo", "kim", "lee"]
    said = (await world.heard(1, "Paging more people")).shown
    assert "since 1 of 10 respond: Bo Lindqvist (secondary on call for Payments), Kim Ji-woo (expert for Checkout), Lee O'Hara" in said
    assert "Tocsin asks for you" in world.phone("bo").last_sms
    await roads.by_sms(world, "bo")
    await world.user("kim").command("/inc sev 2 half of them can pay", CHANNEL)
    await world.settled()
    assert "needs nobody any more" in (await roads.direct_page(world, "lee")).shown, "who has not answered can sleep on"
    assert any(text == "paging for more hands ended: it is a SEV2" for text in await written(world))
    await world.advance(minutes=30)
    assert len([text for text in await written(world) if text.startswith("paged for more hands")]) == 1


async def test_nobody_is_paged_for_width_before_a_person_has_confirmed(opted_world: World) -> None:
    world = opted_world
    await declare_at(world.environ, "sev1 checkout is down", by="cli")
    await world.settled()
    await roads.by_sms(world, "ana")
    await world.advance(minutes=9)
    await world.user("ana").message("looking", CHANNEL)
    assert paged(world) == [] and "Confirm SEV1" in await world.card(1)
    await world.user("ana").press("Confirm SEV1", CHANNEL)
    await world.advance(minutes=5, seconds=1)
    assert paged(world) == ["bo", "kim", "lee"]
    assert "Confirm SEV1" not in await world.card(1)


async def test_with_enough_responders_whoever_was_paged_for_it_can_sleep_on(sqlite_world: World) -> None:
    world = sqlite_world
    await world.user("bea").command("/inc sev3 checkout is down")
    await world.settled()
    said = told(await world.user("bea").command("/inc #1 page next"))
    assert "*Lee O'Hara*" in said
    await world.user("bea").press("Page Lee", "general")
    await world.settled()
    assert "Acknowledge" in (await roads.direct_page(world, "lee")).shown
    for person in ("ana", "kim"):
        await world.user(person).command("/inc #1 join")
    await world.settled()
    assert "needs nobody any more" in (await roads.direct_page(world, "lee")).shown
    assert any(text == "paging for more hands ended: 2 of 2 respond" for text in await written(world))
    assert "Page next 3" not in await world.card(1) and "2 of 2" in await world.card(1)


def paged(world: World) -> list[str]:
    """Whose phone, besides that of who is on call, has a page."""
    return [person for person in ("bo", "kim", "lee", "max") if any("SEV1 #1" in text for text in world.phone(person).received)]
