"""Does what we send reach the person? A check is one message by one method that must come back: by its code, its link, a key, a button.

What came back once is verified: that address of theirs. A test page is a check by every method at once, with a message in Slack that
shows how each fares.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from sqlalchemy import func, select
from sqlmodel import col

from bot.config.escalation import Method
from bot.config.models import Person
from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, NotFound
from bot.oncall.walltime import when_awake
from bot.paging import sink
from bot.paging.contacts import BY_NUMBER, Contacts, fingerprint
from bot.paging.messages import LANES, ContactVerified, SendCheck, ShowTest
from bot.paging.models import ContactCheck, PageTest
from bot.paging.notice import METHOD_NAMES, Accepted, Receipt, Stopped, TryLater
from bot.paging.states import AttemptState, after_receipt
from bot.work import queue
from bot.work.orders import Refused

LASTS = timedelta(days=1)
"""How long a code counts, and how long an answer to a check is waited for."""
TEST_LASTS = timedelta(minutes=10)
"""After that the message in Slack says what was not answered; an answer still counts."""
MOST_TRIES = 5
MOST_A_DAY = 5
CODES_GO_BY: tuple[Method, ...] = ("sms", "email", "push", "webhook")
"""A number is sent a text: its code counts for calls as well. Who is who in Slack, Slack knows."""
RINGS = ("sms", "push")
BETWEEN_TEXTS = timedelta(seconds=5)
"""A page must not stand behind a whole company's codes at the carrier, which sends one a second."""
UNSENT = frozenset({AttemptState.PLANNED, AttemptState.CLAIMED, AttemptState.CALLING})
VERIFIED = "Thank you: {how} reaches you."
WRONG_CODE = "That is not the code we sent you. Look at the newest message, or ask for another code in Slack, on Tocsin's home tab."
NONE = "There is no such check. Ask for another in Slack, on Tocsin's home tab."
TOO_MANY = "too many wrong codes"


@dataclass(frozen=True)
class Standing:
    """How one of a person's methods stands. `answered_at` is when it last came back, None as long as it never has."""

    method: Method
    address: str
    answered_at: datetime | None
    asked_at: datetime | None
    trouble: str = ""
    """Why the newest message there failed."""
    takes_nothing: bool = False
    """The number has sent STOP."""


class Checks:
    """Orders checks and takes their answers. `methods` are those that this installation can send by."""

    def __init__(self, directory: Directory, methods: Collection[str]) -> None:
        self._directory = directory
        self._contacts = Contacts(directory)
        self._methods = frozenset(methods)

    async def verify_all(self, tx: Tx) -> None:
        """Order a code for every address that was never sent one, in its owner's waking hours; unless nobody wants to know."""
        if self._directory.config.verify_contacts == "off":
            return
        await tx.lock("contact checks")
        sent = {(row.person, row.address) for row in await tx.session.execute(select(col(ContactCheck.person), col(ContactCheck.address)))}
        texts = 0
        for person in self._directory.config.people.values():
            for method in CODES_GO_BY:
                address = self._directory.config.address(person, method) if method in self._methods else None
                if address is None or (person.id, fingerprint(address)) in sent:
                    continue
                sent.add((person.id, fingerprint(address)))
                due = when_awake(tx.now, person.zone) if method in RINGS else tx.now
                if method == "sms":
                    due, texts = due + texts * BETWEEN_TEXTS, texts + 1
                await self._order(tx, person.id, method, address, due)

    async def verify(self, tx: Tx, method: Method) -> None:
        """Send the actor a code by this method now. `NotFound`: it leads nowhere; `AlreadyDone`: verified, or asked too often today."""
        person = self._known(tx)
        address = self._directory.config.address(person, method) if method in self._methods else None
        if address is None:
            raise NotFound(f"You have no {METHOD_NAMES[method]} in Tocsin's configuration. Ask whoever looks after it.")
        if fingerprint(address) in await self._contacts.verified(tx, person.id):
            raise AlreadyDone(f"Nothing to do: your {METHOD_NAMES[method]} is verified.")
        today = select(func.count()).where(
            col(ContactCheck.person) == person.id, col(ContactCheck.method) == method, col(ContactCheck.due_at) > tx.now - LASTS
        )
        if (await tx.session.execute(today)).scalar_one() >= MOST_A_DAY:
            raise AlreadyDone(f"Five codes went out by {METHOD_NAMES[method]} today. Try again tomorrow, or have the address looked at.")
        await self._order(tx, person.id, method, address, tx.now)

    async def test(self, tx: Tx) -> None:
        """Send the actor a harmless page by every method that they have. `AlreadyDone` while one is under way."""
        person = self._known(tx)
        newest = select(func.max(col(PageTest.asked_at))).where(col(PageTest.person) == person.id)
        before = (await tx.session.execute(newest)).scalar()
        if before is not None and tx.now - before < timedelta(minutes=1):
            raise AlreadyDone("A test page is on its way to you already: look at your messages from Tocsin.")
        test = PageTest(person=person.id, asked_at=tx.now)
        tx.session.add(test)
        await tx.session.flush()
        for method in get_args(Method):
            address = await self._directory.address(tx, person.id, method) if method in self._methods else None
            if address is not None:
                await self._order(tx, person.id, method, address, tx.now, test.id)
        await self.show(tx, test.id)
        await queue.schedule(tx, ShowTest(test.id or 0), key=f"test:{test.id}:end", due=tx.now + TEST_LASTS)

    async def watch(self, tx: Tx, method: Method, phone: str) -> None:
        """Send a message by this method to the watchdog's own phone now."""
        await self._order(tx, sink.PERSON, method, phone, tx.now)

    async def address(self, tx: Tx, check: ContactCheck) -> str | None:
        """Where it goes, as configuration says now."""
        if check.person == sink.PERSON:
            return self._directory.config.paging.watchdog_phone
        return await self._directory.address(tx, check.person, next(one for one in get_args(Method) if one == check.method))

    async def code_came(self, tx: Tx, code: str) -> str | None:
        """The actor texted six figures. The reply; None when nothing was sent to them that such a text could answer."""
        waiting = await self._waiting(tx, BY_NUMBER)
        found = next((check for check in waiting if check.code == code), None)
        if found is not None:
            return await self.answered(tx, found)
        if not waiting:
            return None
        newest = waiting[0]
        newest.tries += 1
        if newest.tries >= MOST_TRIES:
            newest.state, newest.reason = AttemptState.FAILED, TOO_MANY
            await self.show(tx, newest.test_id)
        return WRONG_CODE

    async def text_came(self, tx: Tx) -> str | None:
        """The actor texted an answer, and no page waits for one: it is to their test page, if one came by SMS just now."""
        waiting = [check for check in await self._waiting(tx, ("sms",)) if check.test_id and tx.now - check.due_at < TEST_LASTS]
        return await self.answered(tx, waiting[0]) if waiting else None

    async def answered(self, tx: Tx, check: ContactCheck) -> str:
        """It came back. The sentence for whoever answered; twice is no error."""
        if check.answered_at is None:
            check.state, check.answered_at = AttemptState.ANSWERED, tx.now
            await tx.session.flush()
            await tx.announce(ContactVerified(check.person, check.method))
            await self.show(tx, check.test_id)
        return VERIFIED.format(how=METHOD_NAMES[check.method])

    async def record(self, tx: Tx, check: ContactCheck, receipt: Receipt, is_last: bool) -> None:
        """How a try to send it ended."""
        match receipt:
            case Accepted(provider_id):
                await self.moved(tx, check, AttemptState.ACCEPTED, provider_id)
            case TryLater(why) if not is_last:
                check.reason = why
            case TryLater(why) | Refused(why):
                if isinstance(receipt, Stopped):
                    await self._contacts.stop(tx, check.person)
                await self.moved(tx, check, AttemptState.FAILED, "", why)
        await self.show(tx, check.test_id)

    async def moved(self, tx: Tx, check: ContactCheck, state: AttemptState, provider_id: str, why: str | None = None) -> None:
        """A receipt came, in whatever order: it never goes back."""
        check.provider_id = check.provider_id or provider_id or None
        after = after_receipt(check.state, state)
        if after != check.state:
            check.state, check.reason = after, why
            await tx.session.flush()
            await self.show(tx, check.test_id)

    def name(self, person: str) -> str:
        """The person's name, for a call."""
        return "its own phone" if person == sink.PERSON else self._directory.name(person)

    async def look(self, tx: Tx, check_id: int) -> ContactCheck:
        """The check, only to be looked at. `NotFound` when there is none."""
        found = await tx.session.get(ContactCheck, check_id)
        if found is None:
            raise NotFound(NONE)
        return found

    async def held(self, tx: Tx, check_id: int) -> ContactCheck:
        """The check, held for this transaction. `NotFound` when there is none."""
        wanted = select(ContactCheck).where(col(ContactCheck.id) == check_id).with_for_update()
        found = (await tx.session.execute(wanted, execution_options={"populate_existing": True})).scalars().first()
        if found is None:
            raise NotFound(NONE)
        return found

    async def of_test(self, tx: Tx, test_id: int) -> list[ContactCheck]:
        """The checks of a test page, in the order of methods."""
        rows = select(ContactCheck).where(col(ContactCheck.test_id) == test_id).order_by(col(ContactCheck.id))
        return list((await tx.session.execute(rows)).scalars())

    async def show(self, tx: Tx, test_id: int | None) -> None:
        """Order that the message of a test page shows what is true now."""
        if test_id is not None:
            await queue.refresh(tx, ShowTest(test_id), key=f"test:{test_id}:message")

    async def standing(self, tx: Tx, person_id: str) -> list[Standing]:
        """How each of a person's methods stands. Slack vouches for itself and is left out."""
        person = self._directory.person(person_id)
        if person is None:
            return []
        rows = select(ContactCheck).where(col(ContactCheck.person) == person_id).order_by(col(ContactCheck.id))
        checks = list((await tx.session.execute(rows)).scalars())
        takes_sms = await self._contacts.takes_sms(tx, person_id)
        found = []
        for method in get_args(Method):
            address = self._directory.config.address(person, method) if method in self._methods and method != "slack" else None
            if address is None:
                continue
            about = [check for check in checks if check.address == fingerprint(address)]
            answered = max((check.answered_at for check in about if check.answered_at), default=None)
            asked = max((check.due_at for check in about), default=None)
            newest = next((check for check in reversed(about) if check.method == method), None)
            trouble = newest.reason if newest is not None and newest.state == AttemptState.FAILED else None
            found.append(Standing(method, address, answered, asked, trouble or "", method == "sms" and not takes_sms))
        return found

    async def _waiting(self, tx: Tx, methods: Collection[str]) -> list[ContactCheck]:
        """The actor's checks by these methods that an answer would still count for, newest first."""
        rows = select(ContactCheck).where(
            col(ContactCheck.person) == tx.actor,
            col(ContactCheck.method).in_(methods),
            col(ContactCheck.answered_at).is_(None),
            col(ContactCheck.due_at) > tx.now - LASTS,
            (col(ContactCheck.reason).is_(None)) | (col(ContactCheck.reason) != TOO_MANY),
        )
        return list((await tx.session.execute(rows.order_by(col(ContactCheck.id).desc()).with_for_update())).scalars())

    async def _order(self, tx: Tx, person: str, method: str, address: str, due: datetime, test_id: int | None = None) -> None:
        check = ContactCheck(
            person=person,
            method=method,
            address=fingerprint(address),
            code=f"{secrets.randbelow(900_000) + 100_000}",
            due_at=due,
            test_id=test_id,
        )
        tx.session.add(check)
        await tx.session.flush()
        if method != "slack":  # its message is the one that shows the others
            await queue.schedule(tx, SendCheck(check.id or 0), key=f"check:{check.id}", due=due, destination=LANES[method])

    def _known(self, tx: Tx) -> Person:
        person = self._directory.person(tx.actor)
        if person is None:
            raise NotFound("You are not in Tocsin's configuration, so it does not page you. Ask whoever looks after it to add you.")
        return person
