"""Phones: one per person, on a carrier that delivers SMS both ways. Calls are in `voice`; the REST API over both is in `twilio`."""

import asyncio
import re
import uuid
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from bot.clock import Clock
from bot.errors import InvalidInput, NotFound
from bot.sandbox import twiml
from bot.sandbox.calls import Traffic
from bot.sandbox.keys import Account
from bot.sandbox.voice import Call, Voice
from bot.sandbox.webhooks import Webhooks

Receipt = Literal["deliver", "silent", "undelivered"]
Ringing = Literal["ring", "answer", "decline", "voicemail"]
RECEIPTS: tuple[str, ...] = get_args(Receipt)
RINGING: tuple[str, ...] = get_args(Ringing)

API_VERSION = "2010-04-01"
E164 = re.compile(r"\+[1-9]\d{7,14}")
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START_WORDS = frozenset({"start", "yes", "unstop"})
STOPPED = "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe."
STARTED = "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe."
UNREACHABLE = 30003
UNKNOWN_HANDSET = 30005


@dataclass
class Sms:
    """One text message. `direction` as the phone sees it: "in" was received there, "out" was written there."""

    sid: str
    direction: Literal["in", "out"]
    sender: str
    to: str
    body: str
    at: datetime
    status: str
    kind: str = "outbound-api"
    callback: str = ""
    error_code: int | None = None
    trouble: str = ""
    updated_at: datetime | None = None

    def to_json(self) -> dict[str, object]:
        return {
            "sid": self.sid,
            "direction": self.direction,
            "from": self.sender,
            "to": self.to,
            "body": self.body,
            "at": self.at.isoformat(),
            "status": self.status,
            "error": self.trouble or None,
        }


@dataclass
class Push:
    """A push notification. `actions` are its buttons, as ntfy describes them; cleared, it is off the lock screen."""

    id: str
    title: str
    text: str
    at: datetime
    priority: str = "default"
    click: str = ""
    actions: list[dict[str, object]] = field(default_factory=list)
    is_cleared: bool = False
    trouble: str = ""

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "title": self.title,
            "text": self.text,
            "at": self.at.isoformat(),
            "priority": self.priority,
            "click": self.click,
            "actions": [{"label": action.get("label"), "opens": action.get("action") != "http"} for action in self.actions],
            "cleared": self.is_cleared,
            "error": self.trouble or None,
        }


@dataclass
class Phone:
    """A person's phone. `receipts` says what becomes of texts to it, `ringing` what it does when called."""

    user: str
    number: str
    sms: list[Sms] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    receipts: Receipt = "deliver"
    ringing: Ringing = "ring"

    @property
    def last_sms(self) -> str:
        """The text of the newest message received, or nothing."""
        return next((sms.body for sms in reversed(self.sms) if sms.direction == "in"), "")

    def summary(self) -> dict[str, object]:
        ringing = next((call.sid for call in self.calls if call.status == "ringing"), None)
        count = len(self.sms) + len(self.calls) + len(self.pushes)
        return {"user": self.user, "number": self.number, "count": count, "ringing": ringing}

    def to_json(self) -> dict[str, object]:
        return {
            "user": self.user,
            "number": self.number,
            "sms": [sms.to_json() for sms in self.sms],
            "calls": [call.to_json() for call in self.calls],
            "pushes": [push.to_json() for push in self.pushes],
            "policy": {"calls": self.ringing, "receipts": self.receipts},
            "stopped": sorted(self.stopped),
        }


def sid(prefix: str) -> str:
    """An id such as SM… or CA…, never given out twice, not even after a restart."""
    return prefix + uuid.uuid4().hex


def nobody_watches() -> None:
    """What a change does while no page is open."""


class Phones:
    """The carrier. `numbers` maps each person to a number; incoming texts go to `sms_webhook`; what passes is noted in `traffic`."""

    def __init__(self, numbers: Mapping[str, str], account: Account, clock: Clock, traffic: Traffic | None = None) -> None:
        self.account, self.clock, self.sms_webhook = account, clock, ""
        self.webhooks = Webhooks(account, traffic or Traffic())
        self.phones = {user: Phone(user, number) for user, number in numbers.items()}
        self.messages: dict[str, Sms] = {}
        self.voice = Voice(account, clock, self.webhooks, self.in_background, lambda: self.on_change())
        self.on_change: Callable[[], None] = nobody_watches
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.webhooks.start()
        self._watch = asyncio.get_running_loop().create_task(self.voice.watch())

    async def close(self) -> None:
        tasks = self._tasks | ({self._watch} if self._watch else set())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.webhooks.close()

    async def settled(self, within_s: float = 5.0) -> None:
        """Wait until every receipt and call state on its way was told to the application, or so many seconds have gone."""
        await self.voice.tick()
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        while self._tasks and loop.time() < end:
            await asyncio.wait(self._tasks, timeout=end - loop.time())

    def in_background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def phone(self, user: str) -> Phone:
        """A person's phone, by name or number. Raises `NotFound`."""
        found = self.phones.get(user) or self.by_number(user)
        if found is None:
            raise NotFound(f"Nobody called {user} has a phone here. Known are {', '.join(self.phones)}.")
        return found

    def by_number(self, number: str) -> Phone | None:
        return next((phone for phone in self.phones.values() if phone.number == number), None)

    def send(self, sender: str, to: str, body: str, callback: str = "", kind: str = "outbound-api") -> Sms:
        """Take a text from the application and put it on the phone at once; receipts follow in the background."""
        phone, now = self.by_number(to), self.clock.now()
        sms = Sms(sid("SM"), "in", sender, to, body, now, "queued", kind, callback, updated_at=now)
        self.messages[sms.sid] = sms
        if phone is not None and phone.receipts != "undelivered":
            phone.sms.append(sms)
            self.on_change()
        self.in_background(self._report_way(sms, phone))
        return sms

    async def _report_way(self, sms: Sms, phone: Phone | None) -> None:
        await self._report(sms, "queued")
        await self._report(sms, "sent")
        if phone is None or phone.receipts == "undelivered":
            sms.error_code = UNKNOWN_HANDSET if phone is None else UNREACHABLE
            await self._report(sms, "undelivered")
        elif phone.receipts == "deliver":
            await self._report(sms, "delivered")

    async def _report(self, sms: Sms, status: str) -> None:
        sms.status, sms.updated_at = status, self.clock.now()
        self.on_change()
        if not sms.callback:
            return
        params = {
            "AccountSid": self.account.sid,
            "ApiVersion": API_VERSION,
            "From": sms.sender,
            "MessageSid": sms.sid,
            "MessageStatus": status,
            "SmsSid": sms.sid,
            "SmsStatus": status,
            "To": sms.to,
        }
        if sms.error_code is not None:
            params["ErrorCode"] = str(sms.error_code)
        await self.webhooks.post(sms.callback, params)

    async def reply(self, user: str, text: str, to: str = "", times: int = 1) -> Sms:
        """Write a text on a phone and hand it to the application, `times` times under one id. Returns when it has answered."""
        phone = self.phone(user)
        if not text.strip():
            raise InvalidInput("An empty text is not sent.")
        to = to or self._last_sender(phone)
        sms = Sms(sid("SM"), "out", phone.number, to, text, self.clock.now(), "received", "inbound")
        self.messages[sms.sid] = sms
        phone.sms.append(sms)
        self.on_change()
        self._keep_out(phone, to, text)
        for _ in range(times):
            await self._hand_over(sms, phone)
        return sms

    def _last_sender(self, phone: Phone) -> str:
        return next((sms.sender for sms in reversed(phone.sms) if sms.direction == "in"), self.account.numbers[0])

    def _keep_out(self, phone: Phone, ours: str, text: str) -> None:
        """The carrier's own answer to STOP and START, which no application can prevent."""
        word = text.strip().lower()
        if word in STOP_WORDS:
            self._answer_of_carrier(phone, ours, STOPPED)
            phone.stopped.add(ours)
        elif word in START_WORDS and ours in phone.stopped:
            phone.stopped.discard(ours)
            self._answer_of_carrier(phone, ours, STARTED)

    def _answer_of_carrier(self, phone: Phone, ours: str, text: str) -> None:
        if ours not in phone.stopped:
            phone.sms.append(Sms(sid("SM"), "in", ours, phone.number, text, self.clock.now(), "delivered", "outbound-reply"))

    async def _hand_over(self, sms: Sms, phone: Phone) -> None:
        if not self.sms_webhook:
            sms.trouble = "No SMS webhook is configured, so nobody read this."
            return
        answer = await self.webhooks.post(self.sms_webhook, self._incoming(sms))
        sms.trouble = answer.error
        try:
            replies = [verb.body for verb in twiml.parse(answer.text) if isinstance(verb, twiml.Message)]
        except InvalidInput as wrong:
            sms.trouble = str(wrong)
            return
        finally:
            self.on_change()
        for body in replies:
            if sms.to in phone.stopped:
                sms.trouble = "21610: the reply was not delivered, this phone has sent STOP."
            else:
                self.send(sms.to, phone.number, body, kind="outbound-reply")

    def _incoming(self, sms: Sms) -> dict[str, str]:
        return {
            "AccountSid": self.account.sid,
            "ApiVersion": API_VERSION,
            "Body": sms.body,
            "From": sms.sender,
            "FromCountry": "US",
            "MessageSid": sms.sid,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsMessageSid": sms.sid,
            "SmsSid": sms.sid,
            "SmsStatus": "received",
            "To": sms.to,
            "ToCountry": "US",
        }

    def call(self, to: str, order: Call) -> Call:
        """Ring a phone, or do at once what its owner chose to do with calls."""
        phone = self.by_number(to)
        if phone is not None:
            phone.calls.append(order)
        self.voice.begin(order, phone.ringing if phone is not None else None)
        return order

    def call_of(self, user: str, call_sid: str | None) -> Call:
        """A call on a person's phone; without an id, the newest. Raises `NotFound`."""
        calls = self.phone(user).calls
        found = [call for call in calls if call_sid in (None, "", call.sid)]
        if not found:
            raise NotFound(f"{user}'s phone has no such call." if calls else f"{user}'s phone has not been called.")
        return found[-1]
