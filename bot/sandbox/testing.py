"""The sandbox for tests: everything outside Tocsin in this process on ephemeral ports, driven in the words of people.

    async with Sandbox(clock=clock, advance=bot.advance) as sandbox:
        sandbox.serve(bot_url)                                   # where the bot listens, once it does
        await sandbox.user("kim").command("/inc sev1 checkout is down")
        assert "checkout is down" in sandbox.phone("ana").last_sms
        await sandbox.phone("ana").reply("a")

Acting goes over the control API, as the page does it; seeing reads phones, mailbox and call log as they are.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientSession

from bot.clock import Clock, WallClock
from bot.errors import NotFound
from bot.sandbox.faults import Fault
from bot.sandbox.keys import ACCOUNT, APP_TOKEN, BOT_TOKEN
from bot.sandbox.mailbox import Mail
from bot.sandbox.outside import Outside
from bot.sandbox.phones import Sms
from bot.sandbox.voice import Call
from bot.slack.desk import STILL_WORKING

WITHIN_S = 20.0
# What the sandbox answers is open JSON: outcomes, messages, views and calls as Slack shapes them.
Json = dict[str, Any]


class Refused(Exception):
    """A control call that was not carried out; the sentence says why."""


@dataclass(frozen=True)
class Message:
    """A message as a person sees it. `raw` is Slack's whole JSON."""

    ts: str
    user: str
    text: str
    blocks: list[Json]
    thread_ts: str | None
    raw: Json

    @property
    def shown(self) -> str:
        """Every word of it: the blocks' texts where there are blocks, else the text."""
        return "\n".join(words(self.blocks)) or self.text

    def button(self, label: str) -> str:
        """The action_id of the button (or menu entry's element) with this label. Raises `NotFound`."""
        for element in elements(self.blocks):
            if label in words(element):
                return str(element["action_id"])
        raise NotFound(f"No button says {label!r}. There is: {self.shown!r}")


class Person:
    """Somebody in the workspace. Each verb waits for the app's answer and hands back the outcome: ok, error, shown and more."""

    def __init__(self, sandbox: "Sandbox", name: str) -> None:
        self.sandbox, self.name = sandbox, name

    async def command(self, text: str, channel: str = "general") -> Json:
        """Type a slash command. Where the bot can say at once only that it is still at it, the outcome holds what it says then."""
        outcome = await self._do("command", channel=channel, text=text)
        response = outcome.get("response")
        return outcome | {"response": await self._later(channel, response)} if response and response["text"] == STILL_WORKING else outcome

    async def _later(self, channel: str, response: Json) -> Json:
        """The next thing that the same app says to this person in the channel; the same again when it opens a form instead."""
        said: list[Message] = []

        async def is_said() -> bool:
            said[:] = [one for one in await self.sees(channel) if one.ts > response["ts"] and one.user == response["user"]]
            return bool(said)

        with suppress(TimeoutError):
            await self.sandbox.until(is_said)
        return said[0].raw if said else response

    async def message(self, text: str, channel: str = "general", thread_ts: str | None = None) -> Json:
        thread = {} if thread_ts is None else {"thread_ts": thread_ts}
        return await self._do("message", channel=channel, text=text, **thread)

    async def edit(self, text: str, channel: str, ts: str) -> Json:
        return await self._do("edit", channel=channel, ts=ts, text=text)

    async def delete(self, channel: str, ts: str) -> Json:
        return await self._do("delete", channel=channel, ts=ts)

    async def react(self, name: str, channel: str, ts: str) -> Json:
        return await self._do("react", channel=channel, ts=ts, name=name)

    async def unreact(self, name: str, channel: str, ts: str) -> Json:
        return await self._do("unreact", channel=channel, ts=ts, name=name)

    async def click(
        self, action_id: str, channel: str | None = None, ts: str | None = None, view_id: str | None = None, **more: object
    ) -> Json:
        """Press a button of a message (channel and ts) or of a view; `value` and `block_id` as further words."""
        where = {"channel": channel, "ts": ts} if view_id is None else {"view_id": view_id}
        return await self._do("click", action_id=action_id, **where, **more)

    async def press(self, label: str, channel: str) -> Json:
        """Press the button with this label on the newest message of a channel that has it. Raises `NotFound`."""
        for message in reversed(await self.sandbox.channel(channel).messages(self.name)):
            try:
                action_id = message.button(label)
            except NotFound:
                continue
            return await self.click(action_id, channel, message.ts)
        raise NotFound(f"No message in {channel} has a button {label!r}.")

    async def submit(self, values: Mapping[str, Mapping[str, object]], view_id: str | None = None) -> Json:
        """Fill in and submit a modal, the front one unless told. `values` are {block_id: {action_id: plain value}}."""
        return await self._do("submit", view_id=view_id or (await self.view())["id"], values=values)

    async def close(self, view_id: str | None = None) -> Json:
        return await self._do("close", view_id=view_id or (await self.view())["id"])

    async def views(self) -> list[Json]:
        """The views in front of this person, the front one first."""
        found: list[Json] = await self.sandbox.get(f"/views/{self.name}")
        return found

    async def view(self) -> Json:
        """The front modal. Raises `NotFound` when there is none."""
        found = next((view for view in await self.views() if view["type"] == "modal"), None)
        if found is None:
            raise NotFound(f"Nothing is open in front of {self.name}.")
        return found

    async def sees(self, channel: str) -> list[Message]:
        """A channel's messages with what only this person sees."""
        return await self.sandbox.channel(channel).messages(self.name)

    async def post(self, what: str, **body: object) -> Json:
        """Any other call of the control API that a person makes: join, leave, pin, upload, home, shortcut …"""
        return await self._do(what, **body)

    async def _do(self, what: str, **body: object) -> Json:
        return await self.sandbox.post(f"/{what}", user=self.name, **body)


class HeldPhone:
    """A phone in somebody's hand."""

    def __init__(self, sandbox: "Sandbox", user: str) -> None:
        self.sandbox, self.user = sandbox, user
        self.phone = sandbox.outside.phones.phone(user)

    @property
    def number(self) -> str:
        return self.phone.number

    @property
    def sms(self) -> list[Sms]:
        """Texts, oldest first; direction "in" for those received."""
        return list(self.phone.sms)

    @property
    def received(self) -> list[str]:
        return [sms.body for sms in self.phone.sms if sms.direction == "in"]

    @property
    def last_sms(self) -> str:
        return self.phone.last_sms

    @property
    def calls(self) -> list[Call]:
        return list(self.phone.calls)

    async def reply(self, text: str, times: int = 1) -> Json:
        """Write a text; returns when the bot has answered it."""
        return await self.sandbox.post(f"/phones/{self.user}/reply", text=text, times=times)

    async def answer(self, call: str = "") -> Json:
        return await self._with_call("answer", call)

    async def decline(self, call: str = "") -> Json:
        return await self._with_call("decline", call)

    async def voicemail(self, call: str = "") -> Json:
        return await self._with_call("voicemail", call)

    async def hang_up(self, call: str = "") -> Json:
        return await self._with_call("hangup", call)

    async def keys(self, digits: str, call: str = "") -> Json:
        """Press keys in the newest call, answering it first if it rings; returns when the bot has answered."""
        return await self._with_call("keys", call, digits=digits)

    async def policy(self, **choice: str) -> Json:
        """calls= ring, answer, decline or voicemail; receipts= deliver, silent or undelivered."""
        return await self.sandbox.post(f"/phones/{self.user}/policy", **choice)

    async def _with_call(self, what: str, call: str, **more: object) -> Json:
        answered = await self.sandbox.post(f"/phones/{self.user}/{what}", call=call, **more)
        heard: Json = answered["call"]
        return heard


class SeenChannel:
    """A channel by name or id."""

    def __init__(self, sandbox: "Sandbox", name: str) -> None:
        self.sandbox, self.name = sandbox, name

    async def messages(self, user: str | None = None) -> list[Message]:
        """All messages, oldest first, replies too; with those only `user` sees."""
        query = f"?user={user}" if user else ""
        found = await self.sandbox.get(f"/messages/{self.name.removeprefix('#')}{query}")
        return [message_of(raw) for raw in found]

    async def texts(self, user: str | None = None) -> list[str]:
        """What each message says, block texts included."""
        return [message.shown for message in await self.messages(user)]


class Sandbox:
    """Starts and ends with `async with`. `advance` moves the bot's clock by seconds; `data` keeps the workspace in a directory.

    `manifest` stands in for Tocsin's own where another app is tried; `fleet` is where the fleet is laid out when it is first wanted.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        advance: Callable[[float], Awaitable[None]] | None = None,
        data: Path | None = None,
        manifest: Json | None = None,
        fleet: Path | None = None,
    ) -> None:
        self.outside = Outside(clock or WallClock(), data, advance or stands_still, manifest=manifest, fleet=fleet)
        self._client: ClientSession | None = None

    async def __aenter__(self) -> Self:
        await self.outside.start()
        self._client = ClientSession(self.outside.url)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._client is not None:
            await self._client.close()
        await self.outside.close()

    @property
    def url(self) -> str:
        """The one address: TOCSIN_URL, with /api/ and /twilio/ under it."""
        return self.outside.url

    def environ(self) -> dict[str, str]:
        """The variables that point a bot at this sandbox."""
        return self.outside.environ()

    def serve(self, bot_url: str | None) -> None:
        """Hand what is not the sandbox's own on to a bot at this address; None while it is dead."""
        self.outside.server.proxy.target = bot_url

    def user(self, name: str) -> Person:
        return Person(self, name)

    def phone(self, user: str) -> HeldPhone:
        return HeldPhone(self, user)

    def mailbox(self, user: str) -> list[Mail]:
        return self.outside.mailbox.of(user)

    async def mail(self, user: str, text: str, position: int = -1, **headers: str) -> str:
        """Answer somebody's mail, the newest unless told; returns the bot's trouble with it. Headers by name, `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.outside.mailbox.reply(user, text, position, named)

    def channel(self, name: str) -> SeenChannel:
        return SeenChannel(self, name)

    async def channels(self) -> list[Json]:
        """Every channel as Slack shows it, direct messages too."""
        found: list[Json] = await self.get("/channels")
        return found

    def calls(self, method: str | None = None, caller: str | None = None) -> list[Json]:
        """The Web API calls so far, oldest first: method, args, caller, start, end, result."""
        found = self.outside.calls.to_json()
        return [call for call in found if method in (None, call["method"]) and caller in (None, call["caller"])]

    def fault(self, **what: object) -> None:
        """Make a service fail: service=, method=, error= | status= | delay_s= | reset=, retry_after_s=, count=."""
        self.outside.faults.add(Fault.parse(what))

    def clear_faults(self) -> None:
        self.outside.faults.clear()

    async def advance(self, seconds: float) -> None:
        """Move the bot's clock and the phones'."""
        await self.outside.server.advance(seconds)

    async def settled(self) -> datetime | None:
        """Wait until receipts and call states on their way to the bot have arrived; returns when a phone next has something to tell."""
        await self.outside.phones.settled()
        await self.outside.github.settled()
        return self.outside.phones.voice.next_end()

    async def get(self, path: str) -> Any:
        """GET a path of the control API. Raises `Refused`."""
        return await self._call("GET", path, None)

    async def post(self, path: str, **body: object) -> Json:
        """POST to a path of the control API. Raises `Refused`."""
        answered: Json = await self._call("POST", path, body)
        return answered

    async def until(self, holds: Callable[[], object | Awaitable[object]], within_s: float = WITHIN_S) -> None:
        """Wait until something holds, looking every 10 ms. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                found = holds()
                if isinstance(found, Awaitable):
                    found = await found
                if found:
                    return
                await asyncio.sleep(0.01)

    async def _call(self, method: str, path: str, body: object | None) -> Any:
        assert self._client is not None, "use `async with`"
        async with self._client.request(method, f"/control{path}", json=body) as answer:
            answered = await answer.json()
            if answer.status >= 400:
                raise Refused(str(answered.get("error", answered)))
            return answered


async def stands_still(seconds: float) -> None:
    """The clock of a bot that is not there."""


def message_of(raw: Json) -> Message:
    return Message(str(raw["ts"]), str(raw.get("user", "")), str(raw.get("text", "")), raw.get("blocks", []), raw.get("thread_ts"), raw)


def words(part: object) -> list[str]:
    """Every text in blocks, in their order."""
    if isinstance(part, list):
        return [word for one in part for word in words(one)]
    if isinstance(part, dict):
        own = [part["text"]] if isinstance(part.get("text"), str) else []
        return own + [word for key, one in part.items() if key not in ("value", "confirm", "placeholder") for word in words(one)]
    return []


def elements(part: object) -> list[Json]:
    """Every interactive element in blocks."""
    if isinstance(part, list):
        return [found for one in part for found in elements(one)]
    if isinstance(part, dict):
        own = [part] if "action_id" in part else []
        return own + [found for one in part.values() for found in elements(one)]
    return []


__all__ = ["ACCOUNT", "APP_TOKEN", "BOT_TOKEN", "HeldPhone", "Message", "Person", "Refused", "Sandbox", "SeenChannel"]
