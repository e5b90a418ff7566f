"""Twilio's REST API over the phones: Messages and Calls of one account, with its JSON, its status codes and its errors."""

import base64
import binascii
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import TypeVar
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiDict

from bot.sandbox.calls import Passage, Passing
from bot.sandbox.faults import Fault, FaultBoard, Service, cut
from bot.sandbox.phones import API_VERSION, E164, Phones, Sms, sid
from bot.sandbox.voice import OVER, Call, seconds_of

ROOT = f"/twilio/{API_VERSION}/Accounts/{{account}}"
LONGEST_BODY = 1600
CALL_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
Handler = Callable[[web.Request], Awaitable[web.Response]]
Thing = TypeVar("Thing", Sms, Call)


@dataclass
class TwilioError(Exception):
    """An answer that is not 2xx: Twilio's own code, the HTTP status and the sentence."""

    code: int
    status: int
    message: str

    def response(self, headers: Mapping[str, str] | None = None) -> web.Response:
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        body = {"code": self.code, "message": self.message, "more_info": more, "status": self.status}
        return web.json_response(body, status=self.status, headers=headers)


SENTENCES = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service Unavailable"),
    21205: (400, "Url is not a valid URL"),
    21211: (400, "Invalid 'To' Phone Number"),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21614: (400, "'To' number is not a valid mobile number"),
    30001: (429, "Queue overflow"),
}


class TwilioApi:
    """The doors of the REST API."""

    def __init__(self, phones: Phones, faults: FaultBoard) -> None:
        self.phones, self.faults = phones, faults

    def routes(self) -> list[web.RouteDef]:
        doors: list[tuple[str, str, Handler]] = [
            ("POST", "/Messages.json", self.create_message),
            ("GET", "/Messages.json", self.list_messages),
            ("GET", "/Messages/{sid}.json", self.read_message),
            ("POST", "/Calls.json", self.create_call),
            ("GET", "/Calls.json", self.list_calls),
            ("GET", "/Calls/{sid}.json", self.read_call),
            ("POST", "/Calls/{sid}.json", self.update_call),
        ]
        return [web.route(method, ROOT + path, self.answering(handler)) for method, path, handler in doors]

    def answering(self, handler: Handler) -> Handler:
        """Check who asks, meet the fault that was ordered, and put errors into Twilio's form."""

        async def answer(request: web.Request) -> web.Response:
            passage = await self.begin(request)
            try:
                response = await self.met(request, handler)
                passage.finish(failure_of(response), answer=json.loads(response.text or "null"))
                return response
            finally:
                if passage.end is None:
                    passage.finish("the caller went away")

        return answer

    async def begin(self, request: web.Request) -> Passage:
        """Note a request to the carrier, with its form."""
        form = await form_of(request) if request.method == "POST" else MultiDict(request.query)
        path = request.path.rpartition("/Accounts/")[2].partition("/")[2].removesuffix(".json")
        phone = self.phones.by_number(form.get("To", ""))
        kind: Passing = "call" if "/Calls" in request.path else "sms"
        return self.phones.webhooks.traffic.begin(kind, f"{request.method} {path}", phone.user if phone else form.get("To", ""), **form)

    async def met(self, request: web.Request, handler: Handler) -> web.Response:
        service: Service = "voice" if "/Calls" in request.path else "sms"
        fault = await self.faults.meet(request, service, f"{request.method} {'Calls' if service == 'voice' else 'Messages'}")
        try:
            if fault is not None and fault.reset == "before":
                return cut(request)
            if fault is not None and (failure := ordered(fault)) is not None:
                return failure.response(fault.headers)
            self.check(request)
            response = await handler(request)
        except TwilioError as refused:
            return refused.response()
        return cut(request) if fault is not None and fault.reset == "after" else response

    def check(self, request: web.Request) -> None:
        account = self.phones.account
        expected = f"{account.sid}:{account.token}".encode()
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
        except binascii.Error:
            given = b""
        if not hmac.compare_digest(given, expected):
            raise known(20003)
        if request.match_info["account"] != account.sid:
            raise known(20404)

    async def create_message(self, request: web.Request) -> web.Response:
        form = await form_of(request)
        to, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
        if not to:
            raise TwilioError(21604, 400, "A 'To' phone number is required.")
        self.check_numbers(to, sender, missing=21603)
        if not body:
            raise TwilioError(21602, 400, "Message body is required.")
        if len(body) > LONGEST_BODY:
            raise TwilioError(21617, 400, "The concatenated message body exceeds the 1600 character limit.")
        phone = self.phones.by_number(to)
        if phone is not None and sender in phone.stopped:
            raise known(21610)
        sms = self.phones.send(sender, to, body, callback=form.get("StatusCallback", ""))
        return web.json_response(self.message(sms), status=201)

    async def create_call(self, request: web.Request) -> web.Response:
        form = await form_of(request)
        to, sender, url, document = form.get("To", ""), form.get("From", ""), form.get("Url", ""), form.get("Twiml", "")
        if not to:
            raise TwilioError(21201, 400, "No 'To' number is specified")
        self.check_numbers(to, sender, missing=21213)
        if not document and not url.startswith(("http://", "https://")):
            raise known(21205)
        events = set(form.getall("StatusCallbackEvent", []))
        call = Call(
            sid=sid("CA"),
            sender=sender,
            to=to,
            at=self.phones.clock.now(),
            url=url,
            method=form.get("Method", "") or "POST",
            document=document,
            callback=form.get("StatusCallback", ""),
            events=frozenset(events & CALL_EVENTS) or frozenset({"completed"}),
            ring_for=timedelta(seconds=whole(form.get("Timeout", ""), 60)),
            detect_machine=bool(form.get("MachineDetection", "")),
        )
        if events - CALL_EVENTS:  # Twilio takes such a call and only warns: several events are several parameters, not words in one
            call.trouble = f"21626: {' and '.join(map(repr, sorted(events - CALL_EVENTS)))} is no StatusCallbackEvent; it was left out."
        return web.json_response(self.call(self.phones.call(to, call)), status=201)

    def check_numbers(self, to: str, sender: str, missing: int) -> None:
        if not E164.fullmatch(to):
            raise TwilioError(21211, 400, f"Invalid 'To' Phone Number: {to}")
        if not sender:
            raise TwilioError(missing, 400, "A 'From' phone number is required.")
        if sender not in self.phones.account.numbers:
            raise TwilioError(21659 if missing == 21603 else 21210, 400, f"'From' {sender} is not a phone number of this account.")

    async def list_messages(self, request: web.Request) -> web.Response:
        found = [sms for sms in self.phones.messages.values() if fits(request, sms.to, sms.sender, sms.at, "DateSent")]
        return self.page(request, "messages", [self.message(sms) for sms in reversed(found)])

    async def list_calls(self, request: web.Request) -> web.Response:
        status = request.query.get("Status")
        found = [
            call
            for call in self.phones.voice.calls.values()
            if fits(request, call.to, call.sender, call.at, "StartTime") and status in (None, call.status)
        ]
        return self.page(request, "calls", [self.call(call) for call in reversed(found)])

    async def read_message(self, request: web.Request) -> web.Response:
        return web.json_response(self.message(pick(self.phones.messages, request)))

    async def read_call(self, request: web.Request) -> web.Response:
        return web.json_response(self.call(pick(self.phones.voice.calls, request)))

    async def update_call(self, request: web.Request) -> web.Response:
        """Only what ends a call: Status completed, or canceled while it rings."""
        call, wanted = pick(self.phones.voice.calls, request), (await form_of(request)).get("Status", "")
        if wanted not in ("completed", "canceled"):
            raise TwilioError(21218, 400, "Only Status=completed and Status=canceled are known here.")
        if call.status in OVER:
            raise TwilioError(21220, 400, "Call is not in-progress. Cannot redirect.")
        if wanted == "completed" or call.status in ("queued", "ringing"):
            await self.phones.voice.hang_up(call, "completed" if call.status == "in-progress" else "canceled")
        return web.json_response(self.call(call))

    def page(self, request: web.Request, name: str, rows: list[dict[str, object]]) -> web.Response:
        size = max(1, min(whole(request.query.get("PageSize", ""), 50), 1000))
        number = max(0, whole(request.query.get("Page", ""), 0))
        path = request.path.removeprefix("/twilio")
        kept = {key: value for key, value in request.query.items() if key not in ("Page", "PageSize")}

        def address(page: int) -> str:
            return f"{path}?{urlencode(kept | {'PageSize': str(size), 'Page': str(page)})}"

        shown = rows[number * size : (number + 1) * size]
        body: dict[str, object] = {
            name: shown,
            "start": number * size,
            "end": max(0, number * size + len(shown) - 1),
            "page": number,
            "page_size": size,
            "uri": address(number),
            "first_page_uri": address(0),
            "next_page_uri": address(number + 1) if len(rows) > (number + 1) * size else None,
            "previous_page_uri": address(number - 1) if number else None,
        }
        return web.json_response(body)

    def message(self, sms: Sms) -> dict[str, object]:
        path = f"/{API_VERSION}/Accounts/{self.phones.account.sid}/Messages/{sms.sid}"
        return {
            "account_sid": self.phones.account.sid,
            "api_version": API_VERSION,
            "body": sms.body,
            "date_created": rfc2822(sms.at),
            "date_sent": None if sms.status == "queued" else rfc2822(sms.at),
            "date_updated": rfc2822(sms.updated_at or sms.at),
            "direction": sms.kind,
            "error_code": sms.error_code,
            "error_message": "Unreachable destination handset" if sms.error_code else None,
            "from": sms.sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": str(-(-len(sms.body) // 153) if len(sms.body) > 160 else 1),
            "price": None,
            "price_unit": "USD",
            "sid": sms.sid,
            "status": sms.status,
            "subresource_uris": {"media": f"{path}/Media.json"},
            "tags": None,
            "to": sms.to,
            "uri": f"{path}.json",
        }

    def call(self, call: Call) -> dict[str, object]:
        path = f"/{API_VERSION}/Accounts/{self.phones.account.sid}/Calls/{call.sid}"
        return {
            "account_sid": self.phones.account.sid,
            "annotation": None,
            "answered_by": call.answered_by if call.detect_machine and call.answered_by else None,
            "api_version": API_VERSION,
            "caller_name": "",
            "date_created": rfc2822(call.at),
            "date_updated": rfc2822(call.ended_at or call.answered_at or call.at),
            "direction": "outbound-api",
            "duration": str(seconds_of(call)) if call.ended_at else None,
            "end_time": rfc2822(call.ended_at),
            "forwarded_from": None,
            "from": call.sender,
            "from_formatted": call.sender,
            "group_sid": None,
            "parent_call_sid": None,
            "phone_number_sid": "",
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": call.sid,
            "start_time": rfc2822(call.answered_at),
            "status": call.status,
            "subresource_uris": {},
            "to": call.to,
            "to_formatted": call.to,
            "trunk_sid": None,
            "uri": f"{path}.json",
        }


def known(code: int) -> TwilioError:
    """An error of the table above; one that is not in it is a 400 without further words."""
    status, message = SENTENCES.get(code, (400, f"Error {code}"))
    return TwilioError(code, status, message)


def ordered(fault: Fault) -> TwilioError | None:
    """The error that a fault asks for: by Twilio's code, by HTTP status, or both."""
    by_status = {401: 20003, 404: 20404, 429: 20429, 500: 20500, 503: 20503}
    if fault.error is not None and fault.error.isdecimal():
        error = known(int(fault.error))
        return TwilioError(error.code, fault.http_status or error.status, error.message)
    if fault.http_status is not None:
        code = by_status.get(fault.http_status, 20500)
        return TwilioError(code, fault.http_status, fault.error or SENTENCES[code][1])
    if fault.error is not None:
        return TwilioError(20500, 500, fault.error)
    return None


def failure_of(response: web.Response) -> str | None:
    """The code and sentence of an answer that is not 2xx, for the console."""
    if response.status < 400:
        return None
    if not response.text:
        return "the connection was cut"
    body = json.loads(response.text)
    return f"HTTP {response.status}, {body['code']}: {body['message']}"


def pick(things: Mapping[str, Thing], request: web.Request) -> Thing:
    found = things.get(request.match_info["sid"])
    if found is None:
        raise TwilioError(20404, 404, f"The requested resource {request.path.removeprefix('/twilio')} was not found")
    return found


async def form_of(request: web.Request) -> MultiDict[str]:
    """The form's fields, stripped. Files are not fields."""
    posted = await request.post()
    return MultiDict((name, value.strip()) for name, value in posted.items() if isinstance(value, str))


def fits(request: web.Request, to: str, sender: str, at: datetime, by_date: str) -> bool:
    """The filters of a list: To, From, and a moment given as `Name`, `Name<` or `Name>` (both inclusive), a day or an ISO 8601 time."""
    query = request.query
    if query.get("To") not in (None, "", to) or query.get("From") not in (None, "", sender):
        return False
    day, until, since = query.get(by_date), query.get(f"{by_date}<"), query.get(f"{by_date}>")
    if day and not (moment(day, time.min) <= at <= moment(day, time.max)):
        return False
    return not (until and at > moment(until, time.max)) and not (since and at < moment(since, time.min))


def moment(value: str, of_day: time) -> datetime:
    """A whole day's first or last instant, or the instant that was given. All in UTC."""
    try:
        if len(value) == len("2026-01-01"):
            return datetime.combine(date.fromisoformat(value), of_day, UTC)
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise TwilioError(20001, 400, f"Invalid date: {value}") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def rfc2822(at: datetime | None) -> str | None:
    return format_datetime(at) if at else None


def whole(value: str, default: int) -> int:
    return int(value) if value.isdecimal() else default
