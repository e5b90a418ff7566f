"""The control doors of phones and mailbox: reading them, writing a text, taking a call, pressing its keys."""

from typing import cast

from aiohttp import web

from bot.errors import InvalidInput
from bot.sandbox.doors import Handler, answering, fields_of
from bot.sandbox.mailbox import Mailbox
from bot.sandbox.phones import RECEIPTS, RINGING, Phones, Receipt, Ringing
from bot.sandbox.voice import Call

# Mails bring their styles inline, as they must; a frame without scripts and without a network may have them.
HARMLESS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Handsets:
    """Where people hold their phones and read their mail."""

    def __init__(self, phones: Phones, mailbox: Mailbox) -> None:
        self.phones, self.mailbox = phones, mailbox

    def routes(self) -> list[web.RouteDef]:
        doors: list[tuple[str, str, Handler]] = [
            ("GET", "/control/phones", self.list_phones),
            ("GET", "/control/phones/{user}", self.read_phone),
            ("POST", "/control/phones/{user}/reply", self.reply),
            ("POST", "/control/phones/{user}/answer", self.answer),
            ("POST", "/control/phones/{user}/voicemail", self.voicemail),
            ("POST", "/control/phones/{user}/decline", self.decline),
            ("POST", "/control/phones/{user}/hangup", self.hang_up),
            ("POST", "/control/phones/{user}/keys", self.press),
            ("POST", "/control/phones/{user}/policy", self.choose),
            ("GET", "/control/mailbox/{user}", self.read_mailbox),
            ("POST", "/control/mailbox/{user}/reply", self.reply_to_mail),
        ]
        return [web.get("/sandbox/mail/{user}/{position:[0-9]+}", answering(self.show_mail))] + [
            web.route(method, path, answering(handler)) for method, path, handler in doors
        ]

    async def list_phones(self, request: web.Request) -> web.Response:
        """Every phone in a line: how many texts and calls it had, and the call that rings there."""
        return web.json_response([phone.summary() for phone in self.phones.phones.values()])

    async def read_phone(self, request: web.Request) -> web.Response:
        return web.json_response(self.phones.phone(request.match_info["user"]).to_json())

    async def read_mailbox(self, request: web.Request) -> web.Response:
        return web.json_response([mail.to_json() for mail in self.mailbox.of(request.match_info["user"])])

    async def reply_to_mail(self, request: web.Request) -> web.Response:
        """Body {text, position?, headers?}: position 0 is the first mail received; the newest is answered unless told."""
        fields = await fields_of(request)
        named = fields.values.get("headers", {})
        if not isinstance(named, dict) or not all(isinstance(value, str) for value in named.values()):
            raise InvalidInput("headers is an object of texts.")
        position = int(fields.number("position")) if "position" in fields.values else -1
        trouble = await self.mailbox.reply(request.match_info["user"], fields.text("text"), position, named)
        return web.json_response({"ok": not trouble, "error": trouble or None})

    async def show_mail(self, request: web.Request) -> web.Response:
        """The HTML of somebody's mail, the first one received being 0, as a document that can do nothing: no script, nothing loaded."""
        mails = self.mailbox.of(request.match_info["user"])
        position = int(request.match_info["position"])
        html = mails[position].html if position < len(mails) else "<p>There is no such mail.</p>"
        return web.Response(text=f'<base target="_blank">{html}', content_type="text/html", headers=HARMLESS)

    async def reply(self, request: web.Request) -> web.Response:
        """Body {text, to?, times?}: `times` delivers the same message again, as a carrier sometimes does."""
        fields = await fields_of(request)
        times = max(1, int(fields.number("times", 1)))
        sms = await self.phones.reply(request.match_info["user"], fields.text("text"), fields.text("to", ""), times)
        return web.json_response({"ok": not sms.trouble, "error": sms.trouble or None, "sms": sms.to_json()})

    async def answer(self, request: web.Request) -> web.Response:
        call, _ = await self.call_named(request)
        await self.phones.voice.answer(call)
        return heard(call)

    async def voicemail(self, request: web.Request) -> web.Response:
        call, _ = await self.call_named(request)
        await self.phones.voice.answer(call, by_machine=True)
        return heard(call)

    async def decline(self, request: web.Request) -> web.Response:
        call, _ = await self.call_named(request)
        await self.phones.voice.decline(call)
        return heard(call)

    async def hang_up(self, request: web.Request) -> web.Response:
        call, _ = await self.call_named(request)
        await self.phones.voice.hang_up(call)
        return heard(call)

    async def press(self, request: web.Request) -> web.Response:
        """Body {call?, digits}: the newest call when none is named; a ringing one is answered first."""
        call, digits = await self.call_named(request)
        await self.phones.voice.press(call, digits)
        return heard(call)

    async def choose(self, request: web.Request) -> web.Response:
        """Body {calls?, receipts?}: what the phone does when it rings, and what becomes of texts to it."""
        fields, phone = await fields_of(request), self.phones.phone(request.match_info["user"])
        phone.ringing = cast(Ringing, fields.choice("calls", RINGING, phone.ringing))
        phone.receipts = cast(Receipt, fields.choice("receipts", RECEIPTS, phone.receipts))
        self.phones.on_change()
        return web.json_response({"ok": True, "policy": {"calls": phone.ringing, "receipts": phone.receipts}})

    async def call_named(self, request: web.Request) -> tuple[Call, str]:
        fields = await fields_of(request)
        return self.phones.call_of(request.match_info["user"], fields.text("call", "")), fields.text("digits", "")


def heard(call: Call) -> web.Response:
    return web.json_response({"ok": True, "call": call.to_json()})
