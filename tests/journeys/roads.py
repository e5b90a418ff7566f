"""The roads by which somebody who was paged answers: each does it as a person would and returns what that person reads or hears."""

import re
from collections.abc import Awaitable, Callable

import aiohttp

from bot.sandbox.testing import Message
from tests.world import World

Road = Callable[[World, str], Awaitable[str]]


def page_link(world: World, person: str) -> str:
    """The signed link of the newest page on somebody's phone."""
    return next(found[0] for text in reversed(world.phone(person).received) if (found := re.search(r"http\S+/p/\S+", text)))


def page_code(world: World, person: str) -> str:
    """The short code of the newest page on somebody's phone."""
    return next(found[1] for text in reversed(world.phone(person).received) if (found := re.search(r"Reply (\d+)a", text)))


async def direct(world: World, person: str) -> str:
    """The channel of the bot's direct messages to somebody."""
    users = {one["name"]: one["id"] for one in await world.sandbox.get("/users")}
    wanted = {users[person], users["tocsin"]}
    return next(str(one["id"]) for one in await world.sandbox.channels() if one["is_im"] and set(one["members"]) == wanted)


async def direct_page(world: World, person: str) -> Message:
    """The newest page among somebody's direct messages."""
    messages = await world.sandbox.channel(await direct(world, person)).messages()
    return [message for message in messages if message.text.startswith("SEV")][-1]


async def opened(address: str, method: str = "GET", **form: str) -> tuple[int, str]:
    """What a browser shows at an address, after redirects."""
    async with aiohttp.ClientSession() as browser, browser.request(method, address, data=form or None) as answer:
        return answer.status, await answer.text()


async def by_sms(world: World, person: str) -> str:
    await world.phone(person).reply(f"{page_code(world, person)}a")
    return world.phone(person).last_sms


async def by_link(world: World, person: str) -> str:
    status, shown = await opened(page_link(world, person), "POST", action="acknowledge")
    assert status == 200
    return shown


async def by_direct_message(world: World, person: str) -> str:
    """Presses Acknowledge where the message still has it."""
    channel = await direct(world, person)
    if "Acknowledge" in (await direct_page(world, person)).shown:
        await world.user(person).press("Acknowledge", channel)
        await world.settled()
    return "\n".join(message.shown for message in await world.user(person).sees(channel))


async def by_keypad(world: World, person: str) -> str:
    """Picks up, and presses 4 if that is asked for."""
    call = await world.phone(person).answer()
    if "Press 4" in " ".join(call["spoken"]):
        call = await world.phone(person).keys("4")
    return "\n".join(call["spoken"])


async def by_card(world: World, person: str) -> str:
    channel = (await world.bot_channels())[-1]
    await world.user(person).press("Ack", channel)
    await world.settled()
    return "\n".join(message.shown for message in await world.user(person).sees(channel))
