"""Pages as push notifications by Apprise: ntfy, Pushover, Telegram, Teams and whatever else it knows."""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from bot.config.escalation import Method
from bot.paging.notice import Accepted, Notice, Receipt, TryLater, check_text, one_line
from bot.web.pages import render
from bot.work.orders import Refused

if TYPE_CHECKING:
    from apprise import NotifyResult

URGENT = 2
TIMEOUT_S = 10.0
THREADS = 16
FORM = "application/x-www-form-urlencoded"
REFUSED = re.compile(r"error=(4\d\d)(?:\d\d)?\b")
"""How Apprise words an HTTP status; ntfy's own codes have two digits more."""
NOT_REFUSALS = ("408", "425", "429")
NOT_REACHED = re.compile(r"NewConnectionError|NameResolutionError|ConnectTimeout|Failed to establish")


@dataclass(frozen=True)
class Sent:
    """How one address fared. Its service is named, never the address: that may hold a secret."""

    service: str
    receipt: Receipt


class PushChannel:
    """One notification to each of a person's addresses. It has arrived when one of them took it."""

    method: Method = "push"

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="push")

    async def send(self, notice: Notice) -> Receipt:
        """Send it to every address. Apprise blocks, so each has a thread, and as long as its own time-outs allow."""
        loop = asyncio.get_running_loop()
        tries = [loop.run_in_executor(self._threads, notify, address, notice) for address in notice.address.split("\n")]
        return together(await asyncio.gather(*tries))

    async def earlier(self, notice: Notice, known: frozenset[str]) -> Accepted | TryLater | None:
        """Nobody can be asked; a repeat says that it may be one."""
        return None


def together(sent: list[Sent]) -> Receipt:
    """One receipt for all addresses: taken by one is taken; else as long as one may still take it, it is tried again."""
    taken = [one for one in sent if isinstance(one.receipt, Accepted)]
    if taken:
        missed = [one.receipt.why for one in sent if not isinstance(one.receipt, Accepted)]
        return Accepted(f"push:{'+'.join(one.service for one in taken)}", remark="; ".join(missed))
    why = "; ".join(dict.fromkeys(one.receipt.why for one in sent if not isinstance(one.receipt, Accepted)))
    later = [one.receipt for one in sent if isinstance(one.receipt, TryLater)]
    return TryLater(why, maybe_sent=any(receipt.maybe_sent for receipt in later)) if later else Refused(why)


def notify(address: str, notice: Notice) -> Sent:
    """Send one notification, in the thread of the caller."""
    import apprise  # 40 MB and a third of a second: only for who uses it

    notes = logging.getLogger("apprise")
    notes.propagate = False
    notes.setLevel(logging.DEBUG)  # why it failed stands only there; what it says may be private, and goes nowhere
    asset = apprise.AppriseAsset(app_id="Tocsin", app_desc="Tocsin", app_url="", image_url_mask="", image_url_logo="", async_mode=False)
    service = apprise.Apprise.instantiate(dressed(address, notice), asset=asset)
    if service is None:
        return Sent("unknown", Refused(unknown(address)))
    remarks = f" ({', '.join(notice.remarks)})" if notice.remarks else ""
    body = check_text(notice, can_reply=False) if notice.check else page_text(address, notice)
    room = apprise.Apprise(asset=asset)
    room.add(service)
    answer = room.notify(title=one_line(notice.headline + remarks), body=body, timeout=TIMEOUT_S, log_level=logging.DEBUG)
    name = str(service.service_name)
    return next((Sent(name, receipt(name, bool(one), lines(one))) for one in answer), Sent(name, Refused(f"{name} was not asked.")))


def page_text(address: str, notice: Notice) -> str:
    """A page's words; its link where the medium has no other place for it."""
    return render("paging/push.txt", notice=notice, has_link=scheme(address) not in WITH_LINK).strip()


def lines(result: "NotifyResult") -> str:
    """What Apprise noted about one address."""
    return "\n".join(str(entry.message) for entry in result.logs())


def receipt(name: str, is_taken: bool, noted: str) -> Receipt:
    """What Apprise's yes or no, and its notes, mean."""
    if is_taken:
        return Accepted(name)
    refused = REFUSED.search(noted)
    if refused and refused[1] not in NOT_REFUSALS:
        return Refused(f"{name} refused it (HTTP {refused[1]}): look at the person's push address.")
    if refused:
        return TryLater(f"{name} asks for fewer messages just now.")
    if NOT_REACHED.search(noted):
        return TryLater(f"{name} cannot be reached.")
    return TryLater(f"{name} did not take it.", maybe_sent=True)


def dressed(address: str, notice: Notice) -> str:
    """The address with what its medium offers beyond a text: a link to tap, an Acknowledge action, a sound that wakes.

    What whoever wrote the address chose for themselves stays.
    """
    more = WITH_LINK.get(scheme(address))
    if more is None:
        return address
    chosen = {name for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True)}
    added = urlencode({name: value for name, value in more(notice).items() if name not in chosen}, quote_via=quote)
    return f"{address}{'&' if '?' in address else '?'}{added}"


def ntfy(notice: Notice) -> Mapping[str, str]:
    """A tap opens the page; Acknowledge posts what the page's own button posts."""
    view = {"action": "view", "label": "Open page", "url": notice.link}
    take = {
        "action": "http",
        "label": "It has arrived" if notice.check else "Acknowledge",
        "url": notice.link,
        "method": "POST",
        "headers": {"Content-Type": FORM},
        "body": f"action={'confirm' if notice.check else 'acknowledge'}",
        "clear": True,
    }
    actions = json.dumps([take, view] if notice.wants_answer else [view])
    return {"click": notice.link, "actions": actions, "priority": "max" if notice.severity <= URGENT else "default"}


def pushover(notice: Notice) -> Mapping[str, str]:
    """High priority passes the phone's quiet hours."""
    return {"url": notice.link, "url_title": "Open page", "priority": "high" if notice.severity <= URGENT else "normal"}


WITH_LINK: Mapping[str, Callable[[Notice], Mapping[str, str]]] = {"ntfy": ntfy, "ntfys": ntfy, "pover": pushover}
"""Media that take a link beside the text."""


def scheme(address: str) -> str:
    """`ntfys` of `ntfys://…`."""
    return address.partition("://")[0].lower()


def unknown(address: str) -> str:
    """The sentence for an address that Apprise cannot read."""
    return f"Apprise does not understand the {scheme(address)}:// address of this person; mend `push`."
