"""Whatever order a channel's events reach us in, and however often: the timeline that people read is the same."""

import asyncio

from hypothesis import given, settings

from bot.clock import FakeClock
from bot.config.models import Config
from bot.db import BOT, Database
from bot.events import Listeners
from bot.incidents.models import Incident
from tests.incidents.test_recorder import Raw, Told, channels, hear, one_database, open_incident, told
from tests.postmortems.house import House

__all__ = ["one_database"]


async def document_after(house: House, events: list[Raw]) -> str:
    """The document of an incident whose channel's events came in this order."""
    channel = next(channels)
    async with house.database.begin(actor=BOT) as tx:
        number = await open_incident(tx, channel)
        for raw in events:
            await hear(house.recorder, tx, moved(raw, channel))
    async with house.database.read() as tx:
        incident = await tx.session.get(Incident, number)
        assert incident is not None
        markdown, _ = await house.writer.write(await house.writer.gather(tx, incident))
    return markdown.replace(f"#{number}", "#1")


def moved(raw: Raw, channel: str) -> Raw:
    """The event as if it had happened in another channel."""
    return {name: moved(value, channel) if isinstance(value, dict) else channel if value == "C1" else value for name, value in raw.items()}


@settings(max_examples=25, deadline=None)
@given(story=told())
def test_any_order_and_any_repetition_of_events_gives_the_same_document(
    one_database: tuple[asyncio.Runner, Database], config: Config, story: Told
) -> None:
    runner, database = one_database
    house = House(config, database, FakeClock(), Listeners())
    assert runner.run(document_after(house, story.reached_us)) == runner.run(document_after(house, story.truly))
