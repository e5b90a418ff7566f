"""Answering a page by every road there is: the first wins, everybody sees who, and the second hears who was first."""

import asyncio
from datetime import timedelta

import pytest

from tests.journeys import roads
from tests.journeys.roads import Road
from tests.world import World

NAMES = {"ana": "Ana Silva", "bo": "Bo Lindqvist"}
SLACK = {"ana": "<@U0ANA000000>", "bo": "<@U0BO0000000>"}
ROADS = [
    pytest.param(roads.by_sms, "bo", roads.by_link, "ana", id="text, then link"),
    pytest.param(roads.by_link, "bo", roads.by_sms, "ana", id="link, then text"),
    pytest.param(roads.by_direct_message, "ana", roads.by_card, "bo", id="direct message, then card"),
    pytest.param(roads.by_keypad, "bo", roads.by_direct_message, "ana", id="keypad, then direct message"),
    pytest.param(roads.by_card, "ana", roads.by_keypad, "bo", id="card, then keypad"),
]


async def both_paged(world: World) -> None:
    """A SEV1 of checkout that nobody has answered for five minutes: Ana and Bo were told, and Bo's phone is ringing."""
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.advance(minutes=5)
    assert [call.status for call in world.phone("bo").calls] == ["ringing"]


@pytest.mark.parametrize(("first", "winner", "second", "other"), ROADS)
async def test_the_first_answer_wins_and_everybody_sees_who(
    sqlite_world: World, first: Road, winner: str, second: Road, other: str
) -> None:
    world = sqlite_world
    await both_paged(world)

    await first(world, winner)
    await world.settled()
    heard = await second(world, other)
    await world.settled()

    assert f"{NAMES[winner]} took this page at" in heard
    assert f"{SLACK[winner]} acknowledged" in await world.card(1)
    assert "You took this page at" in (await roads.direct_page(world, winner)).shown
    shown = await roads.direct_page(world, other)
    assert f"{NAMES[winner]} took this page at" in shown.shown
    assert "Acknowledge" not in shown.shown
    assert f"#1: handled by {NAMES[winner]}. You are no longer needed. Thank you." in world.phone(other).received
    assert not any("no longer needed" in text for text in world.phone(winner).received)
    _, page = await roads.opened(roads.page_link(world, other))
    assert f"{NAMES[winner]} took this page at" in page
    assert "Acknowledge" not in page

    told = len(world.phone("bea").received) + len(world.phone("max").received)
    await world.advance(minutes=9)
    assert told == len(world.phone("bea").received) + len(world.phone("max").received) == 0


async def test_of_two_who_answer_at_the_same_moment_one_is_first(world: World) -> None:
    await both_paged(world)
    await asyncio.gather(roads.by_sms(world, "ana"), roads.by_link(world, "bo"))
    await world.settled()
    _, page = await roads.opened(roads.page_link(world, "bo"))
    card = await world.card(1)
    if "#1 is yours." in world.phone("ana").received:
        assert "Ana Silva took this page" in page
        assert "<@U0ANA000000> acknowledged" in card
        assert "#1: handled by Ana Silva. You are no longer needed. Thank you." in world.phone("bo").received
    else:
        assert "You took this page" in page
        assert "<@U0BO0000000> acknowledged" in card
        assert any("Bo Lindqvist took this page" in text for text in world.phone("ana").received)


async def test_a_link_shows_and_only_a_tap_acts(world: World) -> None:
    await both_paged(world)
    link = roads.page_link(world, "ana")

    for method in ("GET", "HEAD", "GET"):  # the mail gateway's scanner, the preview, and Ana herself
        await roads.opened(link, method)
    await world.settled()
    assert "acknowledged" not in await world.card(1)

    status, page = await roads.opened(link, "POST", action="acknowledge")
    await world.settled()
    assert status == 200
    assert "You took this page at" in page
    assert "<@U0ANA000000> acknowledged" in await world.card(1)


async def test_the_page_escalates_and_declines_by_a_tap(sqlite_world: World) -> None:
    world = sqlite_world
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    await roads.opened(roads.page_link(world, "ana"), "POST", action="decline")
    await world.settled()
    assert "checkout is down" in world.phone("bo").last_sms
    assert "kim" not in str(world.phone("kim").received)

    _, page = await roads.opened(roads.page_link(world, "bo"))
    version = page.partition('name="version" value="')[2].partition('"')[0]
    await roads.opened(roads.page_link(world, "bo"), "POST", action="escalate", version=version)
    await world.settled()
    assert "checkout is down" in world.phone("bea").last_sms
    await roads.opened(roads.page_link(world, "bo"), "POST", action="escalate", version=version)  # the same tap, from a stale page
    await world.settled()
    assert not world.phone("max").received


async def test_an_expired_or_altered_link_is_refused_with_a_way_out(sqlite_world: World) -> None:
    world = sqlite_world
    await both_paged(world)
    link = roads.page_link(world, "ana")

    altered = (
        link[:-1] + ("A" if link[-1] != "A" else "B"), link[:-5], link.replace("/p/1?", "/p/2?"), link.partition("?")[0], link + "AA",
        link.replace("?k=", "?k=%00"), link.replace("?k=", "?k=\N{GREEK SMALL LETTER ALPHA}"),
    )  # fmt: skip
    for wrong in altered:
        for method in ("GET", "POST"):
            status, page = await roads.opened(wrong, method, action="acknowledge")
            assert status == 403, wrong
            assert "Open Slack, or answer the SMS by replying with its code, like 4a." in page

    world.clock.advance(timedelta(days=3, minutes=1))
    await world.settled()
    status, page = await roads.opened(link, "POST", action="acknowledge")
    assert status == 410
    assert "This link expired on 5 March at 09:00 UTC" in page
    assert "replying with its code" in page
    assert "acknowledged" not in await world.card(1)


async def test_a_changed_secret_takes_the_previous_ones_links_for_a_day(world: World) -> None:
    await world.user("kim").command("/inc sev3 the newsletter is late")
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    old = roads.page_link(world, "ana")

    await world.stop()
    await world.start(TOCSIN_SECRET="the secret that came after", TOCSIN_PREVIOUS_SECRET="a secret of these tests")
    world.clock.advance(timedelta(hours=23, minutes=59))
    await world.settled()
    assert (await roads.opened(old))[0] == 200
    assert "acknowledged" not in await world.card(2)
    status, _ = await roads.opened(old, "POST", action="acknowledge")
    await world.settled()
    assert status == 200
    assert "<@U0ANA000000> acknowledged" in await world.card(2)

    world.clock.advance(timedelta(minutes=2))
    assert (await roads.opened(old))[0] == 403


async def test_without_the_previous_secret_its_links_are_refused(sqlite_world: World) -> None:
    world = sqlite_world
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    await world.stop()
    await world.start(TOCSIN_SECRET="the secret that came after")
    assert (await roads.opened(roads.page_link(world, "ana")))[0] == 403
