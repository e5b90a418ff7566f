"""One request, dealt with: taken once, in one transaction, acknowledged after the commit, answered after the acknowledgement."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import Counter

from bot import faultpoints, log
from bot.db import BOT, ActorId, Database, Tx, may_pass
from bot.errors import Refusal
from bot.slack.answer import NOTED, Ack, Answerer, acknowledgement
from bot.slack.listeners import Listener, name_of
from bot.slack.replies import FieldErrors, Nothing, Options, Reply, Say
from bot.slack.requests import Click, Command, Event, Request, Submission, Suggestion
from bot.work import inbox

Who = Callable[[Tx, str], Awaitable[ActorId]]
"""Tells the acting person of a Slack user id."""

PATIENCE_S = 2.0
"""How long a transaction may take before Slack, which waits 3 s, is told that we are still at it."""
AGAIN_AFTER_S = (0.05, 0.3)
"""Pauses before a transaction that met another, or a database that restarts, is begun again."""
STILL_WORKING = "Still working on it, I will answer here."

ended = Counter("tocsin_slack_requests_total", "What came in from Slack, by how it ended", ["kind", "outcome"])
logger = log.get(__name__)


@dataclass(frozen=True)
class Decision:
    """How a request ended, and what Slack is told."""

    outcome: str
    reply: Reply
    ack: Ack = NOTED
    status: int = 200


@dataclass(frozen=True)
class Dealt:
    """What to acknowledge with, and what to do as soon as Slack has that."""

    status: int
    ack: Ack
    then: Callable[[], Awaitable[None]] | None = None


class _Undo(Exception):
    """No error: it carries an answer out of a transaction that must not be kept."""

    def __init__(self, reply: FieldErrors, ack: Ack) -> None:
        super().__init__()
        self.reply = reply
        self.ack = ack


class Desk:
    """Runs listeners. `spawn` starts a task that outlives the request and is waited for at shutdown."""

    def __init__(
        self,
        database: Database,
        answerer: Answerer,
        who: Who,
        spawn: Callable[[Awaitable[Decision]], asyncio.Task[Decision]],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._db = database
        self._answerer = answerer
        self._who = who
        self._spawn = spawn
        self._patience_s = patience_s

    async def deal(self, request: Request, listeners: list[Listener[Request]]) -> Dealt:
        """Run the listeners of `request`. Never raises for anything they do."""
        if not listeners:
            return self._dealt(request, unknown(request))
        deciding = self._spawn(self._decide(request, listeners))
        # An event is not acknowledged before it is committed, however long that takes: Slack then sends it again, and loses nothing.
        patience = None if isinstance(request, Event) else self._patience_s
        await asyncio.wait([deciding], timeout=patience)
        if deciding.done():
            return self._dealt(request, deciding.result())
        return Dealt(200, _meanwhile(request), lambda: self._answer_late(request, deciding))

    def _dealt(self, request: Request, decision: Decision) -> Dealt:
        ended.labels(type(request).__name__, decision.outcome).inc()
        rest = decision.ack.then
        return Dealt(decision.status, decision.ack, None if rest is None else lambda: self._answer(request, rest))

    async def _decide(self, request: Request, listeners: list[Listener[Request]]) -> Decision:
        try:
            if isinstance(request, Suggestion):
                async with self._db.read() as tx:
                    reply = await listeners[0](tx, request)
                return Decision("done", reply, acknowledgement(request, reply))
            return await self._transact_in_the_end(request, listeners)
        except _Undo as undone:
            return Decision("refused", undone.reply, undone.ack)
        except Refusal as refusal:
            return refused(request, str(refusal))
        except Exception:
            return broken(request)

    async def _transact_in_the_end(self, request: Request, listeners: list[Listener[Request]]) -> Decision:
        """What a person asked for does not fail because two transactions met or the database restarted: it is begun again."""
        for pause in AGAIN_AFTER_S:
            try:
                return await self._transact(request, listeners)
            except Exception as error:
                if not may_pass(error):
                    raise
                logger.warning("begun again", request=type(request).__name__, name=name_of(request), error=type(error).__name__)
                await asyncio.sleep(pause)
        return await self._transact(request, listeners)

    async def _transact(self, request: Request, listeners: list[Listener[Request]]) -> Decision:
        async with self._db.begin(actor=BOT) as tx:
            if not await inbox.first_time(tx, request.key):
                return Decision("duplicate", Nothing())
            if request.user:
                tx.actor = await self._who(tx, request.user)
            replies = [await listener(tx, request) for listener in listeners]
            reply = next((reply for reply in replies if not isinstance(reply, Nothing)), replies[0])
            ack = acknowledgement(request, reply)  # within the transaction: an answer that cannot be built undoes what it would tell
            if isinstance(reply, FieldErrors):
                raise _Undo(reply, ack)
        faultpoints.reached(f"{type(request).__name__.lower()}: committed, not answered")
        return Decision("done", reply, ack)

    async def _answer(self, request: Request, reply: Reply) -> None:
        try:
            await self._answerer.perform(request, reply)
        except Exception:
            logger.exception("reply failed", request=type(request).__name__, name=name_of(request))

    async def _answer_late(self, request: Request, deciding: asyncio.Task[Decision]) -> None:
        ended.labels(type(request).__name__, "late").inc()
        if isinstance(request, Click) and not request.in_modal and not deciding.done():
            await self._answer(request, Say(STILL_WORKING))  # what is acknowledged to a click is shown to nobody
        decision = await deciding
        ended.labels(type(request).__name__, decision.outcome).inc()
        if decision.outcome != "duplicate":
            await self._answer(request, decision.reply)


def refused(request: Request, sentence: str) -> Decision:
    """The person reads why, where they look: inside the form, or where they asked."""
    reply: Reply = Say(sentence)
    if isinstance(request, Submission) and request.inputs:
        reply = FieldErrors({request.inputs[0]: sentence})
    elif isinstance(request, Event | Suggestion):
        logger.info("event refused", name=name_of(request), why=sentence)
        reply = Nothing()
    return Decision("refused", reply, acknowledgement(request, reply))


def broken(request: Request) -> Decision:
    """A bug, or the database is away: logged under a reference that the person is told. An event will be sent again by Slack."""
    ref = uuid.uuid4().hex[:8]
    logger.exception("listener failed", request=type(request).__name__, name=name_of(request), ref=ref)
    if isinstance(request, Event):
        return Decision("failed", Nothing(), status=500)
    if isinstance(request, Suggestion):
        return Decision("failed", Options(()), acknowledgement(request, Options(())))
    reply = Say(f"Something broke on our side (ref {ref}). Nothing was changed; try again, or page by SMS.")
    return Decision("failed", reply, acknowledgement(request, reply))


def unknown(request: Request) -> Decision:
    """Nobody listens: say so where a person waits for something to happen."""
    reply: Reply = Nothing()
    match request:
        case Command(name=name):
            reply = Say(f"I do not know {name}. The app's manifest may be newer than the bot; try `/inc help`.")
        case Click(is_link=False) | Submission():
            reply = Say("That belongs to another version of the bot and does nothing any more. Try `/inc help`.")
        case Suggestion():
            reply = Options(())
    return Decision("unknown", reply, acknowledgement(request, reply))


def _meanwhile(request: Request) -> Ack:
    if isinstance(request, Command | Submission):
        return acknowledgement(request, Say(STILL_WORKING))
    return acknowledgement(request, Options(())) if isinstance(request, Suggestion) else NOTED
