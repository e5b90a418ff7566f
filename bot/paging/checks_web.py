"""Checks answered outside Slack: the page behind their link, the keys of a call, receipts; and the card with our numbers."""

from collections.abc import Mapping

from aiohttp import web

from bot.db import BOT, ActorId, Database
from bot.errors import InvalidInput
from bot.paging.checks import Checks
from bot.paging.checks_work import HOOK, PURPOSE
from bot.paging.notice import METHOD_NAMES
from bot.paging.numbers import OurNumbers
from bot.paging.states import AttemptState
from bot.paging.web import ARRIVED, FAILURES, ON_ITS_WAY, goodbye, twiml
from bot.web import pages
from bot.web.forms import SignedPages
from bot.web.signing import Grant, Links
from bot.web.webhooks import TwilioWebhooks

SPEECH = "This is a test page of Tocsin for {name}. Nothing is wrong. Press 4 to say that it has reached you."
NOT_FOUR = "That key does nothing here. "
CONFIRM = "confirm"


class CheckDoors:
    """`/c/<check>?k=…`, `/hooks/twilio/check/…`, and the card."""

    def __init__(self, database: Database, checks: Checks, webhooks: TwilioWebhooks, links: Links, numbers: OurNumbers) -> None:
        self._db = database
        self._checks = checks
        self._webhooks = webhooks
        self._links = links
        self._numbers = numbers

    def register(self, app: web.Application, signed: SignedPages) -> None:
        """Add the routes."""
        app.router.add_post("/hooks/twilio/check/status/{check}/{key}", self.status)
        app.router.add_post("/hooks/twilio/check/voice/{check}/{key}", self.voice)
        app.router.add_post("/hooks/twilio/check/voice/{check}/{key}/keys", self.keys)
        signed.add(PURPOSE, "check", show=self.show, act=self.act)
        self._numbers.register(signed)

    async def show(self, grant: Grant) -> web.Response:
        """What the check is, and a button. Showing changes nothing."""
        async with self._db.read() as tx:
            check = await self._checks.look(tx, check_id(grant.ids[0]))
        return pages.page(
            "paging/check.html",
            is_test=check.test_id is not None,
            is_answered=check.answered_at is not None,
            how=METHOD_NAMES[check.method],
            card=self._numbers.link(check.person),
        )

    async def act(self, grant: Grant, fields: Mapping[str, str]) -> str | None:
        """It has arrived."""
        if fields.get("action") != CONFIRM:
            raise InvalidInput("The page has no such button. Open the link again.")
        async with self._db.begin(actor=grant.person or ActorId("")) as tx:
            await self._checks.answered(tx, await self._checks.held(tx, check_id(grant.ids[0])))
        return None

    async def status(self, request: web.Request) -> web.Response:
        """A receipt."""
        fields, number = await self._webhooks.fields(request), self._opened(request)
        status = fields.get("MessageStatus") or fields.get("CallStatus") or ""
        sid = fields.get("MessageSid") or fields.get("CallSid") or ""
        async with self._db.begin(actor=BOT) as tx:
            check = await self._checks.held(tx, number)
            if status in ON_ITS_WAY:
                await self._checks.moved(tx, check, AttemptState.ACCEPTED, sid)
            elif status in ARRIVED:
                await self._checks.moved(tx, check, AttemptState.DELIVERED, sid)
            elif status in FAILURES:
                code = fields.get("ErrorCode", "")
                await self._checks.moved(tx, check, AttemptState.FAILED, sid, FAILURES[status] + (f" ({code})" if code else ""))
        return web.Response(status=204)

    async def voice(self, request: web.Request) -> web.Response:
        """The call was picked up."""
        fields, number = await self._webhooks.fields(request), self._opened(request)
        async with self._db.begin(actor=BOT) as tx:
            check = await self._checks.held(tx, number)
            await self._checks.moved(tx, check, AttemptState.DELIVERED, fields.get("CallSid", ""))
        return self._ask(request, check.person, "")

    async def keys(self, request: web.Request) -> web.Response:
        """A key was pressed."""
        fields, number = await self._webhooks.fields(request), self._opened(request)
        async with self._db.begin(actor=BOT) as tx:
            check = await self._checks.held(tx, number)
            if set(fields.get("Digits", "")) != {"4"}:
                return self._ask(request, check.person, NOT_FOUR)
            return goodbye(await self._checks.answered(tx, check))

    def _ask(self, request: web.Request, person: str, first: str) -> web.Response:
        action = request.path.removesuffix("/keys") + "/keys"
        speech = first + SPEECH.format(name=self._checks.name(person))
        return twiml("paging/voice.xml", action=action, times=1 if first else 2, speech=speech)

    def _opened(self, request: web.Request) -> int:
        return check_id(self._links.open(request.match_info["key"], HOOK, request.match_info["check"]).ids[0])


def check_id(text: str) -> int:
    """The check that an address names."""
    if not text.isdecimal() or len(text) > 15:
        raise InvalidInput("This link names no check. Ask for another in Slack, on Tocsin's home tab.")
    return int(text)
