"""Nobody answers: the next step of the ladder is paged at its minute, and after the last one everybody hears that nobody did."""

import asyncio
from datetime import timedelta

import pytest

from tests.journeys import roads
from tests.world import World

PEOPLE = ("ana", "bo", "kim", "lee", "bea", "max")


def texted(world: World, since: timedelta = timedelta(0)) -> dict[str, list[float]]:
    """Who got a page by SMS, and how many minutes after nine o'clock; who was told by other texts is left out."""
    start = world.clock_start + since
    paged = {
        person: [(sms.at - start).total_seconds() / 60 for sms in world.phone(person).sms if sms.direction == "in" and "Reply" in sms.body]
        for person in PEOPLE
    }
    return {person: times for person, times in paged.items() if times}


@pytest.mark.parametrize(("severity", "ladder"), [(1, (0, 3, 8, 15)), (2, (0, 5, 15, 30))])
async def test_unanswered_the_next_step_is_paged_at_its_minute(sqlite_world: World, severity: int, ladder: tuple[int, ...]) -> None:
    world = sqlite_world
    await world.user("lee").command(f"/inc sev{severity} checkout is down")
    await world.advance(minutes=ladder[-1], seconds=1)
    primary, secondary, manager, executive = ladder
    assert texted(world) == {"ana": [primary], "bo": [secondary], "bea": [manager], "kim": [manager], "max": [executive]}

    assert not any("Nobody has answered" in text for text in await world.channel_texts(1))
    await world.advance(minutes=5)
    assert any("Nobody has answered" in text and "Escalate" in text for text in await world.channel_texts(1))
    assert any(f"Nobody has answered* #1 SEV{severity}" in text for text in await world.sandbox.channel("ops").texts())

    await world.advance(minutes=40)
    assert sum(map(len, texted(world).values())) == 5
    assert sum("Nobody has answered" in text for text in await world.channel_texts(1)) == 1

    await roads.by_sms(world, "kim")  # late is better than never
    await world.settled()
    assert "<@U0KIM000000> acknowledged" in await world.card(1)


async def test_whoever_cannot_come_makes_way_for_the_next_person_now(world: World) -> None:
    await world.user("lee").command("/inc sev1 checkout is down")
    await world.advance(minutes=1)
    await world.phone("ana").reply(f"{roads.page_code(world, 'ana')}n")
    assert "#1: the next person is being paged. Rest well." in world.phone("ana").last_sms
    await world.settled()
    assert texted(world) == {"ana": [0], "bo": [1]}

    await world.user("bo").press("I can't", await roads.direct(world, "bo"))
    await world.settled()
    assert texted(world) == {"ana": [0], "bo": [1], "bea": [1], "kim": [1]}
    await world.advance(minutes=3)
    assert not world.phone("ana").calls, "who has said no is not called"


async def test_an_escalation_by_hand_is_one_step_however_often_it_is_pressed(sqlite_world: World) -> None:
    world = sqlite_world
    await world.user("lee").command("/inc sev2 checkout is slow")
    await world.advance(minutes=1)
    await roads.by_sms(world, "ana")
    await world.user("lee").command("/inc escalate", await world.channel_name(1))
    await world.settled()
    assert texted(world) == {"ana": [0], "bo": [1]}

    channel, message = await roads.direct(world, "bo"), await roads.direct_page(world, "bo")
    button = message.button("Escalate")
    await asyncio.gather(*(world.user("bo").click(button, channel, message.ts) for _ in range(3)))
    await world.settled()
    assert texted(world) == {"ana": [0], "bo": [1], "bea": [1], "kim": [1]}


async def test_the_seat_of_the_commander_goes_to_who_answered_first_after_five_minutes(sqlite_world: World) -> None:
    world = sqlite_world
    await world.user("lee").command("/inc sev1 checkout is down")
    await world.advance(minutes=3, seconds=30)
    await roads.by_sms(world, "bo")
    await world.settled()
    assert "*Commander:* nobody yet" in await world.card(1)
    await world.advance(minutes=1, seconds=31)
    assert "*Commander:* <@U0BO0000000> (acting)" in await world.card(1)
    await world.user("kim").press("I'm commander", await world.channel_name(1))
    await world.settled()
    assert "*Commander:* <@U0KIM000000>\n" in await world.card(1)
