"""The verbs of accounts: sessions begin, last for a while, and end."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlmodel import col

from bot.accounts.access import Access, access_of
from bot.accounts.models import BrowserSession
from bot.accounts.openid import Claims
from bot.accounts.reader import NOBODY, Reader
from bot.config.models import AccessPolicy
from bot.config.oncall import GRADES
from bot.db import ActorId, Tx
from bot.directory.service import SLACK_ACTOR, Directory

MOST_SESSIONS = 20
"""Of one person at a time; the oldest goes first."""


PROGRAMS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "a Mac"),
    ("Linux", "Linux"),
)
"""The first mark that a browser's name for itself has: most names have several."""


@dataclass(frozen=True)
class SignedIn:
    """A session, for the browser that holds its key."""

    key: str
    row: BrowserSession


class Accounts:
    """Who may do what in a browser, and who has signed in."""

    def __init__(self, directory: Directory, *, can_sign_in: bool) -> None:
        self._directory = directory
        self.can_sign_in = can_sign_in

    @property
    def _policy(self) -> AccessPolicy:
        return self._directory.config.access

    def access(self, actor: ActorId) -> Access:
        """What the configuration lets somebody do now."""
        person = self._directory.person(actor)
        may_command = person is not None and GRADES.index(person.level) >= GRADES.index(self._policy.commanders)
        return access_of(
            is_known=person is not None, may_command=may_command, is_admin=person is not None and person.id in self._policy.admins
        )

    def is_let_in(self, actor: ActorId) -> bool:
        """Whether somebody of the workspace may sign in at all."""
        return self._policy.viewers == "workspace" or self._directory.person(actor) is not None

    async def person(self, tx: Tx, claims: Claims) -> ActorId:
        """Who somebody that Slack vouches for is here; whom the directory knows by e-mail alone is known by their Slack id from now on."""
        actor = await self._directory.actor_of(tx, claims.slack_user)
        known = self._directory.config.person_by_email(claims.email) if actor.startswith(SLACK_ACTOR) and claims.email else None
        if known is None or known.slack is not None:
            return actor
        await self._directory.remember(tx, known.id, claims.slack_user)
        return await self._directory.actor_of(tx, claims.slack_user)

    async def begin(self, tx: Tx, person: ActorId, name: str, browser: str) -> str:
        """Begin a session in a browser that calls itself so; returns the key that it keeps."""
        key = secrets.token_urlsafe(32)
        row = BrowserSession(
            key_hash=_hash(key), person=person, name=name, browser=browser_of(browser), signed_in_at=tx.now, seen_at=tx.now
        )
        tx.session.add(row)
        await tx.session.flush()
        older = [one.key_hash for one in (await self.sessions(tx, person))[MOST_SESSIONS:]]
        await tx.changed(delete(BrowserSession).where(col(BrowserSession.key_hash).in_(older)))
        return key

    async def find(self, tx: Tx, key: str) -> SignedIn | None:
        """The session of this key, unless it is over."""
        row = await tx.session.get(BrowserSession, _hash(key), populate_existing=True)
        if row is None or row.seen_at + self._policy.idle <= tx.now or row.signed_in_at + self._policy.longest <= tx.now:
            return None
        return SignedIn(key, row) if self.is_let_in(ActorId(row.person)) else None

    def is_to_be_noted(self, tx: Tx, found: SignedIn) -> bool:
        """Whether it is worth a write that the session is used: not for every page."""
        return tx.now - found.row.seen_at > self._policy.idle / 20

    async def note(self, tx: Tx, found: SignedIn) -> None:
        """The session is used, so it lasts longer."""
        await tx.changed(update(BrowserSession).where(col(BrowserSession.key_hash) == found.row.key_hash).values(seen_at=tx.now))

    async def sessions(self, tx: Tx, person: ActorId) -> list[BrowserSession]:
        """Where somebody is signed in, the newest first."""
        rows = select(BrowserSession).where(col(BrowserSession.person) == person).order_by(col(BrowserSession.signed_in_at).desc())
        return list((await tx.session.execute(rows)).scalars())

    async def signed_in_now(self, tx: Tx) -> list[ActorId]:
        """Everybody who is signed in somewhere."""
        rows = select(col(BrowserSession.person)).where(col(BrowserSession.seen_at) > tx.now - self._policy.idle).distinct()
        return [ActorId(person) for person in (await tx.session.execute(rows.order_by(col(BrowserSession.person)))).scalars()]

    async def end(self, tx: Tx, key: str) -> None:
        """Sign out here."""
        await tx.changed(delete(BrowserSession).where(col(BrowserSession.key_hash) == _hash(key)))

    async def end_all(self, tx: Tx, person: ActorId) -> int:
        """Sign out everywhere; returns how many sessions there were."""
        return await tx.changed(delete(BrowserSession).where(col(BrowserSession.person) == person))

    async def forget_old(self, tx: Tx) -> None:
        """Rows of sessions that are over."""
        is_over = (col(BrowserSession.seen_at) <= tx.now - self._policy.idle) | (
            col(BrowserSession.signed_in_at) <= tx.now - self._policy.longest
        )
        await tx.changed(delete(BrowserSession).where(is_over))

    def signed_in(self, found: SignedIn, *, holds_link: bool) -> Reader:
        """The reader whose session this is."""
        actor = ActorId(found.row.person)
        name = self._directory.name(actor) if self._directory.person(actor) else found.row.name or self._directory.name(actor)
        return Reader(actor, name, self.access(actor), csrf_of(found.key), holds_link, self.can_sign_in)

    def linked(self, person: ActorId | None, *, holds_link: bool = True) -> Reader:
        """The reader whom a link names, or nobody in particular."""
        access = self.access(person) if person else Access.VIEWER
        return Reader(person, self._directory.name(person or NOBODY), access, holds_link=holds_link, can_sign_in=self.can_sign_in)


def csrf_of(key: str) -> str:
    """What a page of this session carries in its forms: another site can neither read it nor make it."""
    return hmac.new(key.encode(), b"tocsin csrf", hashlib.sha256).hexdigest()


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def browser_of(agent: str) -> str:
    """What a browser calls itself, as people call it: `Firefox on Windows`."""
    program = next((name for mark, name in PROGRAMS if mark in agent), "a browser")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return f"{program} on {system}" if system else program
