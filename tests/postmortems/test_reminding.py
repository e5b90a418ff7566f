"""Whoever owes a postmortem is reminded by day, until it is done."""

from datetime import UTC, datetime, timedelta

from bot.db import BOT, ActorId
from bot.postmortems.messages import RemindOfPostmortem
from bot.work import queue
from tests.postmortems.house import ANA, House
from tests.postmortems.test_review import BO, owned, review


async def until(house: House, at: str) -> list[tuple[str, str]]:
    """Let time pass, hour by hour as a worker sees it; who was told meanwhile."""
    house.told.clear()
    wanted = datetime.fromisoformat(at).replace(tzinfo=UTC)
    while house.clock.now() < wanted:
        house.clock.advance(min(timedelta(hours=1), wanted - house.clock.now()))
        assert await house.worker.drain()
    return list(house.told)


async def test_the_owner_is_reminded_by_their_own_clock_then_the_team_until_it_is_published(house: House) -> None:
    await owned(house, severity=3, service="checkout")  # Kim, in Seoul, has two weeks
    assert await until(house, "2026-03-12T12:00") == []
    (first,) = await until(house, "2026-03-13T01:00")  # Friday 10:00 in Seoul
    assert first[0] == "kim"
    assert "is to be in review by Mon 16 Mar." in first[1] and "checkout is down" in first[1]
    async with house.database.begin(actor=BOT) as tx:  # as when the bot dies before it has noted that it told her
        await queue.refresh(tx, RemindOfPostmortem(incident_id=house.number), key=f"remind_of_postmortem:{house.number}")
    assert await until(house, "2026-03-16T00:30") == [], "once a day, and not on the weekend"
    assert [text.split(". ")[0].endswith("in review today") for _, text in await until(house, "2026-03-16T01:00")] == [True]
    assert [who for who, _ in await until(house, "2026-03-17T02:00")] == ["kim", "team payments"]
    assert "was to be in review by Mon 16 Mar and is late. Owned by <@U0KIM000000>." in house.told[-1][1]
    assert [who for who, _ in await until(house, "2026-03-18T02:00")] == ["kim"]

    await review(house, "ask", [BO])
    assert await until(house, "2026-03-26T12:00") == [], "its next step is due in another two weeks"
    assert ["is to be published by Mon 30 Mar." in text for _, text in await until(house, "2026-03-27T01:00")] == [True]
    await review(house, "approve", by=BO)
    await review(house, "publish")
    assert await until(house, "2026-05-01T00:00") == []


async def test_a_private_one_is_spoken_of_in_its_own_channel_alone(sqlite_house: House) -> None:
    house = sqlite_house
    await owned(house, severity=1, service="checkout", is_private=True)
    house.said.clear()
    told = await until(house, "2026-03-10T12:00")
    assert {who for who, _ in told} == {"kim"} and all("checkout" not in text for _, text in told)
    assert len(house.said) == 1 and "and is late" in house.said[0]


async def test_where_nobody_owns_it_the_teams_lead_is_asked_and_a_reminder_that_comes_at_night_waits(sqlite_house: House) -> None:
    house = sqlite_house
    await house.declare(service="checkout")
    await house.do("resolve", "done", by=ANA)
    await house.drafted()
    assert "Nobody owns it yet" in house.said[-1]
    house.clock.advance(timedelta(days=5, hours=14))  # nothing ran for days; now it is Saturday night
    assert await house.worker.drain()
    assert house.told == []
    told = await until(house, "2026-03-09T12:00")
    team = house.config.team("payments")
    assert team is not None and told and {who for who, _ in told} <= {ActorId(str(team.lead)), "team payments"}
    assert "Nobody owns it yet" in told[0][1]
