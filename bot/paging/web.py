"""Twilio's webhooks: texts that come in, receipts, and what a call says and hears. All are signed; none is taken twice."""

from collections.abc import Mapping, Sequence

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot import faultpoints, log
from bot.db import BOT, Database, Tx
from bot.paging.actions import PageActions
from bot.paging.answering import RESOLVE, Answering
from bot.paging.answers import Key, parse_keys
from bot.paging.contacts import Contacts
from bot.paging.deliveries import Deliveries
from bot.paging.models import Page, number
from bot.paging.notice import MOST_SPOKEN, Notice, gsm, one_line, spoken
from bot.paging.notices import HOOK, Notices
from bot.paging.service import Paging
from bot.paging.states import needs_answer
from bot.paging.texting import Texting, writer
from bot.web.pages import render
from bot.web.signing import Links
from bot.web.webhooks import TwilioWebhooks
from bot.work import inbox

ON_ITS_WAY = frozenset({"queued", "accepted", "scheduled", "sending", "sent", "initiated", "ringing"})
ARRIVED = frozenset({"delivered", "read", "in-progress", "completed"})
FAILURES = {
    "undelivered": "the carrier could not deliver it",
    "failed": "the carrier refused it",
    "no-answer": "nobody picked up",
    "busy": "the line was busy",
    "canceled": "the call was cut off",
}
SPOKEN_TWICE = 2
OUT_OF_ORDER = "Nothing was done: Tocsin cannot reach its database. Text again in a minute, or call somebody."
logger = log.get(__name__)
HELP = "Press 4 to take the page. 5 pages the next person. 6 resolves the incident. Star repeats the page."
HELP_FOR_SEVERAL = "Press 4 to take all of them. 5 pages the next person for each. Star repeats. To answer one alone, use the text message."
WRONG = "That key does nothing here."


class TwilioRoutes:
    """The doors under `/hooks/twilio/`."""

    def __init__(
        self,
        database: Database,
        paging: Paging,
        deliveries: Deliveries,
        notices: Notices,
        texting: Texting,
        answering: Answering,
        actions: PageActions,
        webhooks: TwilioWebhooks,
        links: Links,
    ) -> None:
        self._db = database
        self._paging = paging
        self._deliveries = deliveries
        self._notices = notices
        self._texting = texting
        self._answering = answering
        self._actions = actions
        self._webhooks = webhooks
        self._links = links
        self._contacts = Contacts(paging.directory)

    def register(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_post("/hooks/twilio/sms", self.sms)
        app.router.add_post("/hooks/twilio/status/{attempt}/{key}", self.status)
        app.router.add_post("/hooks/twilio/voice/{attempt}/{key}", self.voice)
        app.router.add_post("/hooks/twilio/voice/{attempt}/{key}/keys", self.keys)

    async def sms(self, request: web.Request) -> web.Response:
        """A text. Strangers, and what came before, get silence."""
        fields = await self._webhooks.fields(request)
        person = writer(self._paging.directory, fields.get("From", ""))
        reply = ""
        if person is not None:
            try:
                async with self._db.begin(actor=person) as tx:
                    if await inbox.first_time(tx, f"sms:{fields.get('MessageSid', '')}"):
                        reply = await self._texting.answer(tx, fields.get("Body", ""))
            except (SQLAlchemyError, OSError, TimeoutError) as broken:  # who writes at 03:00 must not believe that it was heard
                logger.exception("text not taken", error=type(broken).__name__)
                reply = OUT_OF_ORDER
            faultpoints.reached("text: committed, not answered")
        return twiml("paging/reply.xml", text=reply)

    async def status(self, request: web.Request) -> web.Response:
        """A receipt. They come twice and out of order; an attempt never goes back."""
        fields, attempt_id = await self._webhooks.fields(request), self._attempt(request)
        status = fields.get("MessageStatus") or fields.get("CallStatus") or ""
        sid = fields.get("MessageSid") or fields.get("CallSid") or ""
        async with self._db.begin(actor=BOT) as tx:
            await self._take_receipt(tx, attempt_id, status, sid, fields.get("ErrorCode", ""))
        return web.Response(status=204)

    async def voice(self, request: web.Request) -> web.Response:
        """The call was picked up: the page, spoken twice."""
        fields, attempt_id = await self._webhooks.fields(request), self._attempt(request)
        async with self._db.begin(actor=BOT) as tx:
            told = await self._deliveries.together(tx, attempt_id)
            for page, attempt in told:
                await self._deliveries.delivered(tx, page, attempt, fields.get("CallSid", ""))
            if not any(needs_answer(page.state) for page, _ in told):
                page, attempt = told[0]
                return goodbye(self._paging.standing(page, attempt.person, tx.now))
            return await self._ask(tx, request, attempt_id, "")

    async def keys(self, request: web.Request) -> web.Response:
        """A key was pressed. The person is who was called."""
        fields, attempt_id = await self._webhooks.fields(request), self._attempt(request)
        async with self._db.read() as tx:
            person, _ = await self._deliveries.whose(tx, attempt_id)
        async with self._db.begin(actor=person) as tx:
            told = await self._deliveries.together(tx, attempt_id)
            pages = list({number(page): page for page, _ in told}.values())
            return await self._press(tx, request, pages, attempt_id, fields)

    async def _press(self, tx: Tx, request: web.Request, pages: Sequence[Page], attempt_id: int, fields: Mapping[str, str]) -> web.Response:
        key, page = parse_keys(fields.get("Digits", "")), pages[0]
        match key:
            case Key.ACK:
                await self._contacts.proved(tx, tx.actor, "voice")
                return goodbye(" ".join([await self._answering.take(tx, one) for one in pages]))
            case Key.ESCALATE:
                return goodbye(" ".join([await self._answering.escalate(tx, one) for one in pages]))
            case Key.RESOLVE if len(pages) == 1 and self._actions.find(RESOLVE) is not None:
                if self._answering.must_confirm(page) and request.query.get("sure") != "6":
                    again = f"{request.path}?sure=6"
                    return twiml("paging/voice.xml", action=again, times=1, speech=f"Press 6 again to resolve this sev {page.severity}.")
                return goodbye(one_line(await self._answering.resolve(tx, page)))
            case Key.HELP:
                return await self._ask(tx, request, attempt_id, HELP if len(pages) == 1 else HELP_FOR_SEVERAL)
            case Key.REPEAT:
                return await self._ask(tx, request, attempt_id, "")
            case _:
                return await self._ask(tx, request, attempt_id, f"{WRONG} {HELP if len(pages) == 1 else HELP_FOR_SEVERAL}")

    async def _take_receipt(self, tx: Tx, attempt_id: int, status: str, sid: str, error: str) -> None:
        for page, attempt in await self._deliveries.together(tx, attempt_id):
            if attempt.provider_id not in (None, sid):  # of an earlier send, whose double this attempt is
                continue
            if status in ON_ITS_WAY:
                await self._deliveries.accepted(tx, page, attempt, sid)
            elif status in ARRIVED:
                await self._deliveries.delivered(tx, page, attempt, sid)
                if status == "completed":
                    await self._deliveries.unanswered(tx, page, attempt)
            elif status in FAILURES:
                attempt.provider_id = attempt.provider_id or sid
                await self._deliveries.failed(tx, page, attempt, FAILURES[status] + (f" ({error})" if error else ""))

    async def _ask(self, tx: Tx, request: web.Request, attempt_id: int, first: str) -> web.Response:
        """Speak the page and wait for a key."""
        (page, attempt), *company = await self._deliveries.together(tx, attempt_id)
        company = [(other, told) for other, told in company if needs_answer(other.state)]
        notice = await self._notices.write_all(tx, page, attempt, company)
        if notice is None:
            return goodbye("This page is not for this number any more.")
        action = request.path.removesuffix("/keys") + "/keys"
        times = 1 if first else SPOKEN_TWICE
        return twiml("paging/voice.xml", action=action, times=times, speech=" ".join(f"{first} {self._speech(notice)}".split()))

    def _speech(self, notice: Notice) -> str:
        if notice.bundle:
            pages = [spoken(one) for one in notice.bundle[:MOST_SPOKEN]]
            return render("paging/speech_bundle.txt", notice=notice, pages=pages, left_out=len(notice.bundle) - len(pages))
        can_resolve = self._actions.find(RESOLVE) is not None
        service = gsm(notice.service) if notice.service and not notice.private else ""
        words = f"{gsm(notice.asked_by)} asks for you: {gsm(one_line(notice.words))}" if notice.asked_by and not notice.private else ""
        title = gsm(one_line(notice.title))
        return render("paging/speech.txt", notice=notice, title=title, words=words, service=service, can_resolve=can_resolve)

    def _attempt(self, request: web.Request) -> int:
        """The attempt that the signed address names."""
        grant = self._links.open(request.match_info["key"], HOOK, request.match_info["attempt"])
        return int(grant.ids[0])


def twiml(template: str, **values: object) -> web.Response:
    """A document for Twilio."""
    return web.Response(text=render(template, **values), content_type="text/xml")


def goodbye(sentence: str) -> web.Response:
    """Say it and hang up."""
    return twiml("paging/voice_end.xml", speech=f"{sentence} Goodbye.")
