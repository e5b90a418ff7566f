"""Calls: ringing, answering, what is spoken and which keys are pressed. The application steers by TwiML and hears of every state."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Literal
from urllib.parse import urljoin

from bot.clock import Clock
from bot.errors import InvalidInput, Refusal
from bot.sandbox import twiml
from bot.sandbox.keys import Account
from bot.sandbox.webhooks import Webhooks

Status = Literal["queued", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"]
OVER: frozenset[Status] = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
EVENT_OF: dict[Status, str] = {"ringing": "ringing", "in-progress": "answered"}  # every other state is "completed"
APOLOGY = "We are sorry, an application error has occurred. Goodbye."
SPEAKING_RATE = 14.0  # characters a second: how long a prompt lasts before the time-out for keys begins
LOOK_EVERY_S = 0.25
MOST_DOCUMENTS = 50  # a document that redirects to itself for ever ends the call


@dataclass
class Call:
    """One call to a phone. `spoken` is what was said, in order; `digits` every key pressed so far."""

    sid: str
    sender: str
    to: str
    at: datetime
    url: str = ""
    method: str = "POST"
    document: str = ""
    callback: str = ""
    events: frozenset[str] = frozenset({"completed"})
    ring_for: timedelta = timedelta(seconds=60)
    detect_machine: bool = False
    status: Status = "queued"
    answered_by: str = ""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    spoken: list[str] = field(default_factory=list)
    digits: str = ""
    unread: str = ""
    asking: twiml.Gather | None = None
    asked_until: datetime | None = None
    trouble: str = ""
    documents: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    reports: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    rest: list[twiml.Verb] = field(default_factory=list, repr=False)

    def to_json(self) -> dict[str, object]:
        return {
            "sid": self.sid,
            "from": self.sender,
            "to": self.to,
            "at": self.at.isoformat(),
            "status": self.status,
            "spoken": list(self.spoken),
            "digits": self.digits,
            "asking": self.asking is not None,
            "answered_by": self.answered_by or None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "error": self.trouble or None,
        }


class Voice:
    """Runs calls. Ringing and waiting for keys end by `clock`, which the sandbox may move."""

    def __init__(
        self,
        account: Account,
        clock: Clock,
        webhooks: Webhooks,
        in_background: Callable[[Coroutine[object, object, None]], None],
        on_change: Callable[[], None],
    ) -> None:
        self.account, self.clock, self.webhooks = account, clock, webhooks
        self.in_background, self.on_change = in_background, on_change
        self.calls: dict[str, Call] = {}

    def begin(self, call: Call, ringing: str | None) -> None:
        """Start ringing; None for a number that no phone has."""
        self.calls[call.sid] = call
        self.in_background(self._ring(call, ringing))

    async def _ring(self, call: Call, ringing: str | None) -> None:
        async with call.lock:
            self._report(call, "initiated")
            if ringing is None:
                self._end(call, "failed")
                return
            if call.status == "queued":
                self._change(call, "ringing")
        match ringing:
            case "answer":
                await self.answer(call)
            case "decline":
                await self.decline(call)
            case "voicemail":
                await self.answer(call, by_machine=True)

    async def answer(self, call: Call, *, by_machine: bool = False) -> None:
        """Pick up, and listen until the application asks for keys or hangs up. Raises `InvalidInput` when nothing rings."""
        async with call.lock:
            if call.status not in ("queued", "ringing"):
                raise InvalidInput(f"This call is not ringing, it is {call.status}.")
            call.answered_at, call.answered_by = self.clock.now(), "machine_start" if by_machine else "human"
            self._change(call, "in-progress")
            if call.document:
                await self._follow(call, call.document)
            else:
                await self._fetch(call, call.url, call.method, {})
            if by_machine and call.status not in OVER:  # an answering machine presses nothing, and its tape ends
                self._end(call, "completed")

    async def decline(self, call: Call) -> None:
        """Push the call away: busy."""
        async with call.lock:
            if call.status not in ("queued", "ringing"):
                raise InvalidInput(f"This call is not ringing, it is {call.status}.")
            self._end(call, "busy")

    async def hang_up(self, call: Call, status: Status = "completed") -> None:
        """End the call from either side; one that is over stays as it is."""
        async with call.lock:
            if call.status not in OVER:
                self._end(call, status)

    async def press(self, call: Call, digits: str) -> None:
        """Press keys, picking up first if it rings. Returns when the application has answered them."""
        if not digits or set(digits) - set("0123456789*#"):
            raise InvalidInput("Keys are 0 to 9, * and #.")
        if call.status in ("queued", "ringing"):
            await self.answer(call)
        async with call.lock:
            if call.status != "in-progress":
                raise InvalidInput(f"This call is over: {call.status}.")
            call.digits += digits
            call.unread += digits
            self.on_change()
            while call.asking is not None and call.unread:
                await self._gathered(call, call.asking)

    async def tick(self) -> None:
        """End what has rung for too long, and move on where nobody pressed a key in time."""
        for call in list(self.calls.values()):
            if call.status in OVER or call.lock.locked():
                continue
            async with call.lock:
                now = self.clock.now()
                if call.status == "ringing" and now >= call.at + call.ring_for:
                    self._end(call, "no-answer")
                elif call.asking is not None and call.asked_until is not None and now >= call.asked_until:
                    await self._nobody_pressed(call, call.asking)

    def next_end(self) -> datetime | None:
        """When the next call has rung for long enough, or waited long enough for a key."""
        now = self.clock.now()
        rung = [call.at + call.ring_for for call in self.calls.values() if call.status == "ringing"]
        asked = [call.asked_until for call in self.calls.values() if call.asking is not None and call.asked_until is not None]
        return min((moment for moment in rung + asked if moment > now), default=None)

    async def watch(self) -> None:
        """`tick`, for as long as the sandbox runs."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.tick()

    async def _nobody_pressed(self, call: Call, gather: twiml.Gather) -> None:
        call.asking = None
        if gather.action_on_empty:
            await self._fetch(call, urljoin(call.url, gather.action), gather.method, {"Digits": "", "FinishedOnKey": ""})
        else:
            await self._carry_on(call)

    async def _gathered(self, call: Call, gather: twiml.Gather) -> None:
        """Take from the keys pressed what this question takes; several questions may eat one line of keys."""
        taken, finished_on = "", ""
        while call.unread:
            key, call.unread = call.unread[0], call.unread[1:]
            if key in gather.finish_on_key:
                finished_on = key
                break
            taken += key
            if gather.num_digits and len(taken) == gather.num_digits:
                break
        call.asking = None
        if not taken and not gather.action_on_empty:
            await self._carry_on(call)
            return
        await self._fetch(call, urljoin(call.url, gather.action), gather.method, {"Digits": taken, "FinishedOnKey": finished_on})

    async def _fetch(self, call: Call, url: str, method: str, more: dict[str, str]) -> None:
        call.url = url
        params = self._params(call, call.status) | more
        if call.detect_machine and not more:
            params["AnsweredBy"] = call.answered_by
        answer = await self.webhooks.post(url, params, method)
        if answer.error:
            self._fail(call, answer.error)
        else:
            await self._follow(call, answer.text)

    async def _follow(self, call: Call, document: str) -> None:
        try:
            call.rest = twiml.parse(document)
        except Refusal as wrong:
            self._fail(call, str(wrong))
            return
        call.documents += 1
        if call.documents > MOST_DOCUMENTS:
            self._fail(call, "The documents of this call redirect in a circle.")
            return
        await self._carry_on(call)

    async def _carry_on(self, call: Call) -> None:
        while call.rest:
            match call.rest.pop(0):
                case twiml.Say() as said:
                    call.spoken += [said.text] * max(1, said.loop)
                case twiml.Gather() as gather:
                    self._ask(call, gather)
                    if not call.unread:
                        return
                    await self._gathered(call, gather)
                    return
                case twiml.Redirect(url, method):
                    await self._fetch(call, urljoin(call.url, url), method, {})
                    return
                case twiml.Hangup():
                    break
                case twiml.Pause() | twiml.Message():
                    continue
        self._end(call, "completed")

    def _ask(self, call: Call, gather: twiml.Gather) -> None:
        words = [line for prompt in gather.prompts if isinstance(prompt, twiml.Say) for line in [prompt.text] * max(1, prompt.loop)]
        call.spoken += words
        silence = sum(prompt.length for prompt in gather.prompts if isinstance(prompt, twiml.Pause))
        lasts = sum(map(len, words)) / SPEAKING_RATE + silence + gather.timeout
        call.asking, call.asked_until = gather, self.clock.now() + timedelta(seconds=lasts)
        self.on_change()

    def _fail(self, call: Call, trouble: str) -> None:
        call.trouble = trouble
        call.spoken.append(APOLOGY)
        self._end(call, "completed")

    def _end(self, call: Call, status: Status) -> None:
        call.asking, call.rest, call.ended_at = None, [], self.clock.now()
        self._change(call, status)

    def _change(self, call: Call, status: Status) -> None:
        call.status = status
        self.on_change()
        self._report(call, EVENT_OF.get(status, "completed"))

    def _report(self, call: Call, event: str) -> None:
        if not call.callback or event not in call.events:
            return
        status = "initiated" if event == "initiated" else call.status
        extra = {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(["initiated", "ringing", "answered", "completed"].index(event)),
            "Timestamp": format_datetime(datetime.now(UTC)),
        }
        if event == "completed":
            seconds = str(seconds_of(call))
            extra |= {"CallDuration": seconds, "Duration": str(-(-seconds_of(call) // 60))}
            if call.detect_machine and call.answered_by:
                extra["AnsweredBy"] = call.answered_by
        self.in_background(self._post_report(call, self._params(call, status) | extra))

    async def _post_report(self, call: Call, params: dict[str, str]) -> None:
        async with call.reports:  # in order, but beside the call: a slow listener does not keep it waiting
            await self.webhooks.post(call.callback, params)

    def _params(self, call: Call, status: str) -> dict[str, str]:
        return {
            "AccountSid": self.account.sid,
            "ApiVersion": "2010-04-01",
            "CallSid": call.sid,
            "CallStatus": status,
            "Called": call.to,
            "Caller": call.sender,
            "Direction": "outbound-api",
            "From": call.sender,
            "To": call.to,
        }


def seconds_of(call: Call) -> int:
    """How long the two sides were connected, in whole seconds."""
    if call.answered_at is None or call.ended_at is None:
        return 0
    return int((call.ended_at - call.answered_at).total_seconds())
