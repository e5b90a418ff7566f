"""What phones, mailbox and GitHub hold when the sandbox is not running: texts, calls, mails, issues, and how each phone was set."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.sandbox.github import GitHub, Repository
from bot.sandbox.mailbox import Mail, Mailbox
from bot.sandbox.phones import Phone, Phones, Push, Receipt, Ringing, Sms
from bot.sandbox.snapshot import Snapshot
from bot.sandbox.voice import OVER, Call, Status

CUT_OFF = "The sandbox ended during this call."


@dataclass
class KeptCall:
    """A call as it is kept: what was heard and pressed. Nothing of it goes on after a restart."""

    sid: str
    sender: str
    to: str
    at: datetime
    status: Status
    answered_by: str
    answered_at: datetime | None
    ended_at: datetime | None
    spoken: list[str]
    digits: str
    trouble: str
    detect_machine: bool

    @classmethod
    def of(cls, call: Call) -> KeptCall:
        return cls(**{name: getattr(call, name) for name in cls.__dataclass_fields__})

    def call(self) -> Call:
        """The call again; one that was under way has failed."""
        call = Call(**{name: getattr(self, name) for name in self.__dataclass_fields__})
        if call.status not in OVER:
            call.status, call.trouble, call.ended_at = "failed", CUT_OFF, call.answered_at or call.at
        return call


@dataclass
class KeptPhone:
    """One phone: which texts and calls lie on it (by sid), and how it is set."""

    user: str
    texts: list[str]
    calls: list[str]
    stopped: set[str]
    receipts: Receipt
    ringing: Ringing
    pushes: list[Push] = field(default_factory=list)


@dataclass
class Drawer:
    """All of it, as one value."""

    texts: list[Sms] = field(default_factory=list)
    calls: list[KeptCall] = field(default_factory=list)
    phones: list[KeptPhone] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    repositories: list[Repository] = field(default_factory=list)


class Keeper:
    """Keeps phones, mailbox and issues in a directory, None for nowhere. What lay there before is laid back at once."""

    def __init__(self, directory: Path | None, phones: Phones, mailbox: Mailbox, github: GitHub) -> None:
        self.phones, self.mailbox, self.github = phones, mailbox, github
        self._snapshot = Snapshot(directory / "drawer.json" if directory else None, Drawer)
        if (drawer := self._snapshot.load()) is not None:
            take_out(drawer, phones, mailbox)
            github.repositories |= {one.name.lower(): one for one in drawer.repositories}

    def changed(self) -> None:
        """Something is different: write it a moment later."""
        self._snapshot.save_soon(self._drawer)

    def close(self) -> None:
        """Write now."""
        self._snapshot.save(self._drawer())

    def _drawer(self) -> Drawer:
        drawer = put_away(self.phones, self.mailbox)
        drawer.repositories = list(self.github.repositories.values())
        return drawer


def put_away(phones: Phones, mailbox: Mailbox) -> Drawer:
    """What there is now. The carrier's own answers to STOP lie on phones alone."""
    texts = dict(phones.messages)
    for phone in phones.phones.values():
        texts |= {sms.sid: sms for sms in phone.sms}
    return Drawer(
        texts=list(texts.values()),
        calls=[KeptCall.of(call) for call in phones.voice.calls.values()],
        phones=[kept(phone) for phone in phones.phones.values()],
        mails=list(mailbox.mails),
    )


def take_out(drawer: Drawer, phones: Phones, mailbox: Mailbox) -> None:
    """Lay everything back where it was. A phone that nobody has any more is left out."""
    phones.messages |= {sms.sid: sms for sms in drawer.texts}
    phones.voice.calls |= {one.sid: one.call() for one in drawer.calls}
    for one in drawer.phones:
        phone = phones.phones.get(one.user)
        if phone is not None:
            phone.sms = [phones.messages[sid] for sid in one.texts]
            phone.calls = [phones.voice.calls[sid] for sid in one.calls]
            phone.pushes = one.pushes
            phone.stopped, phone.receipts, phone.ringing = one.stopped, one.receipts, one.ringing
    mailbox.mails = [*drawer.mails, *mailbox.mails]


def kept(phone: Phone) -> KeptPhone:
    return KeptPhone(
        phone.user,
        [sms.sid for sms in phone.sms],
        [call.sid for call in phone.calls],
        phone.stopped,
        phone.receipts,
        phone.ringing,
        phone.pushes,
    )
