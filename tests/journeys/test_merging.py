"""Two incidents that are the same go on as one."""

import json

import pytest

from bot.incidents.lifecycle import IncidentState
from tests.journeys.stories import incident, told
from tests.journeys.test_alert_to_incident import alert, post, webhook
from tests.world import World

TWO = "inc-2-payments-fail"
EVERYBODY = ("ana", "bo", "kim", "lee", "bea", "max")


@pytest.fixture
async def two(world: World) -> World:
    """Kim and lee saw the same thing, and called it by different names."""
    await world.user("kim").command("/inc sev2 checkout is down")
    await world.user("lee").command("/inc sev2 payments fail")
    await world.settled()
    return world


async def do(world: World, person: str, line: str, channel: str) -> str:
    said = await world.user(person).command(line, channel)
    await world.settled()
    return told(said)


async def test_what_was_the_same_ends_goes_on_in_the_other_and_pages_nobody_any_more(two: World) -> None:
    await do(two, "bo", "/inc #2 join", "ops")
    await do(two, "lee", "/inc merge #1", TWO)
    merged = await incident(two, 2)
    assert (merged.state, merged.merged_into) == (IncidentState.MERGED, 1)
    assert "*Merged* by <@U0LEE000000> into #1 SEV2 checkout is down. It goes on there:" in (await two.channel_texts(2))[-1]
    assert any("#2 SEV2 payments fail is the same" in text for text in await two.channel_texts(1))
    assert "<@U0BO" in await two.card(1), "who worked on it has a part in the other"
    before = {name: len(two.phone(name).received) for name in EVERYBODY}
    await two.advance(minutes=60)
    news = [str(one) for name in EVERYBODY for one in two.phone(name).received[before[name] :]]
    assert any("#1" in one for one in news), "the one that goes on is escalated"
    assert not any("#2" in one for one in news)
    assert "and nothing follows that state" in await do(two, "lee", "/inc #2 status", "ops")


async def test_what_cannot_be_merged_says_why_and_stays(two: World) -> None:
    assert "cannot be merged into itself" in await do(two, "kim", "/inc #1 merge #1", "ops")
    assert "There is no incident #9" in await do(two, "kim", "/inc #1 merge #9", "ops")
    await do(two, "kim", "/inc #1 resolve over", "ops")
    assert "#1 is resolved; reopen it first" in await do(two, "kim", "/inc #2 merge #1", "ops")
    await do(two, "kim", "/inc private customer data in a log", "ops")
    await two.user("kim").press("Declare it privately", "ops")
    await two.settled()
    assert "#3 is private and the other one is not" in await do(two, "kim", "/inc #3 merge #2", "ops")
    assert "There is no incident #3" in await do(two, "lee", "/inc #2 merge #3", "ops")
    assert (await incident(two, 2)).state is IncidentState.INVESTIGATING


async def test_without_a_number_a_form_asks_which(two: World) -> None:
    await do(two, "lee", "/inc merge", TWO)
    view = await two.user("lee").view()
    assert "#1 checkout is down" in json.dumps(view) and "#2 payments fail" not in json.dumps(view["blocks"])
    await two.user("lee").submit({"into": {"value": "1"}})
    await two.settled()
    assert (await incident(two, 2)).merged_into == 1


async def test_alerts_of_what_was_merged_count_for_the_one_that_goes_on(two: World) -> None:
    now = two.clock.now()
    fires = alert("RedisFull", now, service="search")
    await post(two, webhook(fires))
    await two.settled()
    await do(two, "kim", "/inc #3 merge #1", "ops")
    await post(two, webhook(alert("RedisFull", now, ends=now, service="search")))
    await two.settled()
    assert "*No alert fires any more.*" in (await two.channel_texts(1))[-1]
    assert (await incident(two, 3)).state is IncidentState.MERGED
