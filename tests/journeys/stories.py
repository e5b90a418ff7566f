"""What several stories look at: an incident as it is stored, what a person alone is told, and the calls that the bot made."""

import asyncio

from slack_sdk.web.async_client import AsyncWebClient

from bot.incidents import roles
from bot.incidents.models import Incident
from bot.sandbox.testing import Message, message_of, words
from tests.world import Json, World

BOT = "Tocsin"


async def incident(world: World, number: int = 1) -> Incident:
    """The incident as it is stored."""
    async with world.bot.database.read() as tx:
        return await world.bot.rooms.incidents.get(tx, number)


async def commander(world: World, number: int = 1) -> str | None:
    """Who leads."""
    async with world.bot.database.read() as tx:
        seat = await roles.commander(tx, number)
        return seat.person if seat else None


def told(outcome: Json) -> str:
    """What the person who acted reads at once: the answer, the error Slack shows, or what a form says."""
    response = outcome.get("response")
    return message_of(response).shown if response else str(outcome.get("shown") or "")


async def whispered(world: World, user: str, channel: str) -> list[Message]:
    """What only this person sees in a channel, oldest first."""
    return [message for message in await world.user(user).sees(channel) if message.raw.get("is_ephemeral")]


def calls(world: World, method: str | None = None) -> list[Json]:
    """The bot's calls of Slack."""
    return [call for call in world.sandbox.calls(method) if call["caller"] == BOT]


def lines(view: Json) -> str:
    """Everything that a form says."""
    return "\n".join(words(view))


def markup(part: object) -> list[str]:
    """Every text of a message in which Slack reads markup: its own, and those of its blocks that are not plain."""
    if isinstance(part, list):
        return [text for one in part for text in markup(one)]
    if not isinstance(part, dict):
        return []
    own = [part["text"]] if isinstance(part.get("text"), str) and part.get("type") != "plain_text" else []
    return own + [text for one in part.values() for text in markup(one)]


async def run_card(world: World, run: int, words: str, incident: int = 1) -> str:
    """The card of a run of #1, or of another incident, once it says these words."""
    texts: list[str] = []
    for _ in range(400):
        texts = [text for text in await world.channel_texts(incident) if f"Run {run}:" in text]
        if texts and words in texts[-1]:
            return texts[-1]
        await world.advance(seconds=0.5)
        await asyncio.sleep(0.05)
    raise AssertionError(f"the card of run {run} never says {words!r}: {texts[-1:]}")


def slack_as(world: World, person: str) -> AsyncWebClient:
    """Slack, as this person's own client uses it."""
    return AsyncWebClient(token=f"xoxp-{person}", base_url=world.sandbox.environ()["SLACK_API_URL"])
