"""By which of their addresses people can be paged: not where a number has sent STOP, nor, where that is asked for, what is unverified."""

from collections.abc import Collection
from hashlib import sha256
from typing import get_args

from sqlalchemy import delete, select
from sqlmodel import col

from bot.config.escalation import Method
from bot.db import Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.paging.messages import ContactVerified, MailPerson
from bot.paging.models import ContactCheck, StoppedNumber
from bot.paging.states import AttemptState
from bot.work import queue

STOPPED = "You sent STOP: no SMS reaches you any more, and pages ring your phone instead. Text START to our number to have SMS again."
STARTED = "You get pages by SMS again."
STOPPED_BY = "{name} has sent STOP: no page reaches them by SMS any more, their phone rings instead. If they did not mean it: START."
SUBJECT = "Your pages by SMS"
BY_NUMBER = ("sms", "voice")


def fingerprint(address: str) -> str:
    """What is kept of an address: enough to know it again, whatever the case of its letters."""
    return sha256(address.strip().lower().encode()).hexdigest()[:32]


class Contacts:
    """What counts, and which numbers take no SMS. Both belong to addresses, not people: a new one begins afresh."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def reachable(
        self, tx: Tx, person_id: str, methods: Collection[Method], *, as_last_resort: bool = False
    ) -> tuple[list[Method], list[Method]]:
        """By which of these methods the person can be reached, and which of those they have stopped.

        `as_last_resort` what is unverified counts, too: a page to a number that may be wrong is better than none.
        """
        found = {method: address for method in methods if (address := await self._directory.address(tx, person_id, method)) is not None}
        if self._directory.config.verify_contacts == "require" and not as_last_resort:
            verified = await self.verified(tx, person_id)
            found = {method: address for method, address in found.items() if method == "slack" or fingerprint(address) in verified}
        return list(found), [] if "sms" not in found or await self.takes_sms(tx, person_id) else ["sms"]

    async def verified(self, tx: Tx, person_id: str) -> frozenset[str]:
        """The fingerprints of this person's addresses from which something came back."""
        answered = select(col(ContactCheck.address)).where(
            col(ContactCheck.person) == person_id, col(ContactCheck.answered_at).is_not(None)
        )
        return frozenset((await tx.session.execute(answered)).scalars())

    async def proved(self, tx: Tx, person_id: str, method: Method) -> None:
        """The person has answered a page by this method: its address is theirs, as if a code had come back."""
        address = await self._directory.address(tx, person_id, method)
        if address is None or fingerprint(address) in await self.verified(tx, person_id):
            return
        answered = ContactCheck(
            person=person_id,
            method=method,
            address=fingerprint(address),
            code="",
            state=AttemptState.ANSWERED,
            due_at=tx.now,
            answered_at=tx.now,
        )
        tx.session.add(answered)
        await tx.announce(ContactVerified(person_id, method))

    async def unverified(self, tx: Tx) -> dict[str, list[Method]]:
        """Each person's methods, by id, from which nothing has come back yet. Slack vouches for itself."""
        answered = select(col(ContactCheck.person), col(ContactCheck.address)).where(col(ContactCheck.answered_at).is_not(None))
        verified = {(row.person, row.address) for row in await tx.session.execute(answered)}
        config, found = self._directory.config, dict[str, list[Method]]()
        for person in config.people.values():
            for method in get_args(Method):
                address = config.address(person, method) if method != "slack" else None
                if address is not None and (person.id, fingerprint(address)) not in verified:
                    found.setdefault(person.id, []).append(method)
        return found

    async def takes_sms(self, tx: Tx, person_id: str) -> bool:
        """Whether this person's number has not sent STOP."""
        person = self._directory.person(person_id)
        return person is None or person.phone is None or await tx.session.get(StoppedNumber, person.phone) is None

    async def stop(self, tx: Tx, person_id: str) -> None:
        """Their number has sent STOP, or the carrier says so: pages pass it over. They and whoever leads their teams are told."""
        person = self._directory.person(person_id)
        if person is None or person.phone is None:
            return
        if not await tx.insert_new(StoppedNumber, number=person.phone, stopped_at=tx.now):
            return
        await self._tell(tx, person_id, STOPPED)
        for lead in self._leads(person_id):
            await self._tell(tx, lead, STOPPED_BY.format(name=person.name), person_id)

    async def start(self, tx: Tx, person_id: str) -> None:
        """Their number takes SMS again. Who never stopped it hears nothing."""
        person = self._directory.person(person_id)
        if person is not None and await tx.changed(delete(StoppedNumber).where(col(StoppedNumber.number) == person.phone)):
            await self._tell(tx, person_id, STARTED)

    async def stopped(self, tx: Tx) -> frozenset[str]:
        """Everybody, by id, whose number takes no SMS."""
        numbers = set((await tx.session.execute(select(col(StoppedNumber.number)))).scalars())
        return frozenset(person.id for person in self._directory.config.people.values() if person.phone in numbers)

    def _leads(self, person_id: str) -> list[str]:
        """Who leads their teams; for a lead, the team's manager."""
        teams = [team for team in self._directory.config.teams.values() if person_id in team.members]
        found = [team.lead if team.lead != person_id else team.manager for team in teams]
        return sorted({one for one in found if one is not None and one != person_id})

    async def _tell(self, tx: Tx, person_id: str, text: str, about: str = "") -> None:
        """Say it in Slack, and to whom Slack does not know by e-mail: after STOP the carrier blocks our answer."""
        key = f"sms-switch:{about or person_id}:{person_id}:{'start' if text == STARTED else 'stop'}:{tx.now.timestamp():.0f}"
        if await self._directory.slack_user_of(tx, person_id) is not None:
            await queue.schedule(tx, TellPerson(actor=person_id, text=text), key=key)
        elif await self._directory.address(tx, person_id, "email") is not None:
            await queue.schedule(tx, MailPerson(person_id, SUBJECT, text), key=key)
