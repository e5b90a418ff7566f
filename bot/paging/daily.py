"""The watchdog's own phone: once a day a real text and a real call, by the way that checks of people's numbers take.

What does not arrive is the auditor's alarm, and is tried again every hour.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlmodel import col

from bot.config.escalation import Method
from bot.db import Tx
from bot.directory.service import Directory
from bot.paging import sink
from bot.paging.checks import Checks
from bot.paging.contacts import fingerprint
from bot.paging.models import ContactCheck
from bot.paging.states import AttemptState
from bot.work.audit import Finding

EVERY_HOUR = "0 * * * *"
BY: Mapping[Method, str] = MappingProxyType({"sms": "text", "voice": "call"})
"""The methods, and what people call one message by them."""
ARRIVED = frozenset({AttemptState.DELIVERED, AttemptState.SEEN, AttemptState.ANSWERED})
ARRIVES_WITHIN = timedelta(minutes=10)
"""A carrier delivers within seconds, and what it could not take at once has been tried four times by then."""
MISSED_AFTER = timedelta(hours=26)
"""A day, and the hour that it is longer when summer time ends, and one to be late."""
KEPT = timedelta(days=30)


class Daily:
    """Orders them, and says when one has not arrived."""

    def __init__(self, directory: Directory, checks: Checks) -> None:
        self._directory = directory
        self._checks = checks

    async def each_hour(self, tx: Tx, at: datetime) -> None:
        """At the hour that configuration names, or an hour after one that did not arrive, send both."""
        config = self._directory.config
        phone = config.paging.watchdog_phone
        if phone is None:
            return
        newest = await _newest(tx, phone)
        is_broken = any(check.state not in ARRIVED for check in newest.values())
        if is_broken or at.astimezone(ZoneInfo(config.zone)).hour == config.paging.watchdog_hour:
            old = delete(ContactCheck).where(col(ContactCheck.person) == sink.PERSON, col(ContactCheck.due_at) < tx.now - KEPT)
            await tx.changed(old)
            for method in BY:
                await self._checks.watch(tx, method, phone)

    async def daily_messages(self, tx: Tx) -> list[Finding]:
        """What the auditor asks: did the newest of each arrive?"""
        phone = self._directory.config.paging.watchdog_phone
        newest = await _newest(tx, phone) if phone else {}
        wrong = {method: why for method, check in newest.items() if (why := _wrong(check, tx.now))}
        return [
            Finding(f"The watchdog's daily {BY[method]} to {phone} {why}: real pages may fare no better.", f"watchdog:{method}")
            for method, why in wrong.items()
        ]


async def standing(tx: Tx, phone: str) -> tuple[bool, str]:
    """For people: whether the newest text and call to this number arrived, and when each was sent."""
    newest = await _newest(tx, phone)
    if not newest:
        return True, f"nothing has been sent to {phone} yet"
    said = [f"{BY[method]} of {check.due_at:%a %H:%M} UTC {_fate(check, tx.now)}" for method, check in newest.items()]
    return not any(_wrong(check, tx.now) for check in newest.values()), f"to {phone}: {'; '.join(said)}"


async def _newest(tx: Tx, phone: str) -> dict[Method, ContactCheck]:
    """The newest check of that number by each method, in the order of `BY`."""
    about = col(ContactCheck.person) == sink.PERSON, col(ContactCheck.address) == fingerprint(phone)
    found: dict[Method, ContactCheck] = {}
    for method in BY:
        newest = select(ContactCheck).where(*about, col(ContactCheck.method) == method).order_by(col(ContactCheck.id).desc())
        if (check := (await tx.session.execute(newest.limit(1))).scalars().first()) is not None:
            found[method] = check
    return found


def _wrong(check: ContactCheck, now: datetime) -> str:
    """What is wrong with a check, as the end of a sentence; "" when nothing is, or it is on its way."""
    age = now - check.due_at
    if check.state == AttemptState.FAILED:
        return f"failed: {check.reason}"
    if check.state not in ARRIVED and age > ARRIVES_WITHIN:
        return f"has not arrived after {age.total_seconds() // 60:.0f} min" + (f": {check.reason}" if check.reason else "")
    return f"was last sent {age.days} days ago" if age > MISSED_AFTER else ""


def _fate(check: ContactCheck, now: datetime) -> str:
    return _wrong(check, now) or ("arrived" if check.state in ARRIVED else "is on its way")
