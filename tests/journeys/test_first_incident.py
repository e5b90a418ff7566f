"""One incident from its declaration to its postmortem, as the people in it see it."""

import aiohttp

from tests.world import World


async def test_a_declared_incident_pages_opens_a_channel_and_is_resolved(world: World) -> None:
    kim = world.user("kim")

    said = await kim.command("/inc sev1 checkout is down")
    assert "#1 SEV1 checkout is down" in said["response"]["text"]
    await world.settled()

    assert "SEV1 #1 checkout is down" in world.phone("ana").last_sms
    card = await world.card(1)
    assert "#1 SEV1 checkout is down" in card
    assert "Checkout (tier 0)" in card

    await world.phone("ana").reply("1a")
    await world.settled()
    assert "<@U0ANA000000> acknowledged" in await world.card(1)

    channel = await world.channel_name(1)
    await world.user("ana").command("/inc lead me", channel)
    await world.settled()
    await world.user("ana").command("/inc update rollback started, watching", channel)
    await world.settled()
    assert any("rollback started, watching" in text for text in await world.channel_texts(1))

    await world.user("ana").command("/inc mitigated rollback done", channel)
    await world.settled()
    assert "Monitoring" in await world.card(1)
    await world.user("ana").command("/inc resolve config rolled back", channel)
    await world.settled()
    assert "Resolved" in await world.card(1)

    said = next(text for text in await world.channel_texts(1) if "/postmortems/" in text)
    address = next(part for part in said.replace("|", " ").replace("<", " ").split() if "/postmortems/" in part)
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        page = await answer.text()
    assert answer.status == 200
    assert "checkout is down" in page
    assert "rollback started, watching" in page
    assert "config rolled back" in page
    assert "Ana Silva" in page
