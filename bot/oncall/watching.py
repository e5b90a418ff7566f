"""Watching who is on call by each schedule, so that hand-offs are announced ahead and when they come."""

import json
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlmodel import col

from bot.db import BOT, Database, Tx
from bot.oncall.messages import HandedOff, HandoffAhead, ScheduleChanged, WatchSchedule
from bot.oncall.models import OnCallWatch
from bot.oncall.service import Board, OnCall
from bot.oncall.walltime import instant, local
from bot.work import queue
from bot.work.queue import Claim
from bot.work.worker import Worker

LOOK_AGAIN = timedelta(days=30)
"""Where nobody else comes within a year, it is looked again all the same."""


class Watching:
    """Looks at every schedule that answers for a team, at each moment at which others may come on call."""

    def __init__(self, database: Database, oncall: OnCall) -> None:
        self._db = database
        self._oncall = oncall

    def register(self, worker: Worker) -> None:
        """Let the worker do this."""
        worker.handles(WatchSchedule, self.watch)

    async def start(self, tx: Tx) -> None:
        """Look at every schedule that answers for a team: when a process starts, and when the configuration is another."""
        for name in self._oncall.schedules():
            await self._look(tx, name)

    async def on_schedule_changed(self, tx: Tx, fact: ScheduleChanged) -> None:
        """Who is on call may be another already, or the next hand-off at another time."""
        await self._look(tx, fact.schedule)

    async def watch(self, order: WatchSchedule, claim: Claim) -> None:
        """Compare who is on call with whom we announced last, announce what is new, and look again when that may change."""
        async with self._db.begin(actor=BOT) as tx:
            name = order.schedule
            if name not in self._oncall.schedules() or not self._oncall.roles_of(name):
                return
            await tx.lock(f"oncall:{name}")
            board = await self._oncall.board(tx, name, tx.now)
            known = (await tx.session.execute(select(OnCallWatch).where(col(OnCallWatch.schedule) == name))).scalar()
            people = board.who(tx.now).people
            if known is None:
                known = OnCallWatch(schedule=name, people=json.dumps(people), ahead="")
                tx.session.add(known)
                await tx.announce(HandedOff(name, tx.now, (), (), people))
            before = tuple(json.loads(known.people))
            if set(people) != set(before):
                known.people = json.dumps(people)
                outgoing, incoming = tuple(one for one in before if one not in people), tuple(one for one in people if one not in before)
                await tx.announce(HandedOff(name, claim.wanted_at, outgoing, incoming, people))
            change = board.next_change(tx.now)
            await self._take_back(tx, known, board)
            told_at = self._told_at(name, change) if change is not None else tx.now + LOOK_AGAIN
            if change is not None and told_at <= tx.now:
                following = board.who(change).people
                ahead = HandoffAhead(
                    name, change, tuple(one for one in people if one not in following), tuple(one for one in following if one not in people)
                )
                told = json.dumps([change.isoformat(), ahead.outgoing, ahead.incoming])
                if told != known.ahead:
                    known.ahead = told
                    await tx.announce(ahead)
            due = change if change is not None and told_at <= tx.now else told_at
            await queue.refresh(tx, order, key=claim.key, about=claim.about, due=min(due, tx.now + LOOK_AGAIN))

    async def _take_back(self, tx: Tx, known: OnCallWatch, board: Board) -> None:
        """A hand-off was announced, and the plan changed: nobody comes then. Others who do are announced as for any hand-off."""
        announced = datetime.fromisoformat(json.loads(known.ahead)[0]) if known.ahead else tx.now
        if announced <= tx.now:
            return
        before, after = (set(board.who(at).people) for at in (announced - timedelta(microseconds=1), announced))
        if before == after:
            known.ahead = ""
            await tx.announce(HandoffAhead(known.schedule, announced, (), ()))

    def _told_at(self, schedule: str, change: datetime) -> datetime:
        """When both people get the note, as the first team says that the schedule answers for."""
        team = self._oncall.config.teams[self._oncall.roles_of(schedule)[0][0]]
        assert team.oncall is not None
        return notice_time(change, team.oncall.notice, team.oncall.notice_at, self._oncall.zone_of(schedule))

    async def _look(self, tx: Tx, schedule: str) -> None:
        order = WatchSchedule(schedule=schedule)
        await queue.refresh(tx, order, key=f"watch_schedule:{schedule}", about=f"schedule:{schedule}", due=tx.now)


def notice_time(change: datetime, before: timedelta, clock: time | None, zone: str) -> datetime:
    """The last moment that leaves so much time, at which the zone's clock shows `clock`, where that is given."""
    latest = change - before
    if clock is None:
        return latest
    today = instant(datetime.combine(local(latest, zone), clock), zone)
    return today if today <= latest else instant(datetime.combine(local(latest, zone) - timedelta(days=1), clock), zone)
