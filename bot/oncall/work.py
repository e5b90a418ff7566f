"""What on-call does later: asking a team for cover in Slack, and watching schedules for hand-offs."""

import json
from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from bot.db import BOT, Database, Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.oncall import blocks
from bot.oncall.definition import SwapState
from bot.oncall.messages import AskTeam, CloseCover, HandedOff, HandoffAhead, ScheduleChanged, WatchSchedule
from bot.oncall.models import OnCallWatch
from bot.oncall.planning import Planner
from bot.oncall.service import OnCall
from bot.oncall.swaps import Swaps
from bot.oncall.telling import Telling, cover_key
from bot.slack.channels import NOT_THERE, find_channel, join_channel
from bot.slack.gateway import Failed, Ok, Result, SlackGateway
from bot.slack.marks import mark, posted_before
from bot.work import queue
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim
from bot.work.worker import Worker

AHEAD = timedelta(hours=1)
"""How long before a hand-off both people are told of it."""
LOOK_AGAIN = timedelta(days=30)
"""Where nobody else comes within a year, it is looked again all the same."""


class OnCallWork:
    """The handlers of this room's due work."""

    def __init__(
        self, database: Database, gateway: SlackGateway, directory: Directory, oncall: OnCall, planner: Planner,
        swaps: Swaps, telling: Telling,
    ) -> None:  # fmt: skip
        self._db = database
        self._slack = gateway
        self._directory = directory
        self._oncall = oncall
        self._planner = planner
        self._swaps = swaps
        self._telling = telling

    def register(self, worker: Worker) -> None:
        """Let the worker do this room's orders."""
        worker.handles(AskTeam, self.ask_team)
        worker.handles(CloseCover, self.close_cover)
        worker.handles(WatchSchedule, self.watch)

    # Hand-offs

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
            if change is not None and change - AHEAD <= tx.now:
                following = board.who(change).people
                ahead = HandoffAhead(
                    name, change, tuple(one for one in people if one not in following), tuple(one for one in following if one not in people)
                )
                told = json.dumps([change.isoformat(), ahead.outgoing, ahead.incoming])
                if told != known.ahead:
                    known.ahead = told
                    await tx.announce(ahead)
            due = tx.now + LOOK_AGAIN if change is None else change if change - AHEAD <= tx.now else change - AHEAD
            await queue.refresh(tx, order, key=claim.key, about=claim.about, due=min(due, tx.now + LOOK_AGAIN))

    async def _look(self, tx: Tx, schedule: str) -> None:
        order = WatchSchedule(schedule=schedule)
        await queue.refresh(tx, order, key=f"watch_schedule:{schedule}", about=f"schedule:{schedule}", due=tx.now)

    # Cover

    async def ask_team(self, order: AskTeam, claim: Claim) -> Outcome:
        """Ask in the team's channel; where it has none, each of the team who could take it."""
        async with self._db.read() as tx:
            swap = await self._swaps.swap(tx, order.swap_id)
        channel = self._channel(swap.schedule)
        if swap.state is not SwapState.ASKED:
            return Done()
        if channel is None:
            await self._ask_each(order.swap_id, claim)
            return Done()
        if claim.attempt > 1 and (found := await find_channel(self._slack, channel)):
            earlier = await posted_before(self._slack, found, claim.key)
            if earlier is not None:
                return Done() if isinstance(earlier, str) else earlier
        answer = await self._post(channel, order.swap_id, self._telling.question(swap, None), claim.key)
        if isinstance(answer, Failed) and answer.code in NOT_THERE and (joined := await join_channel(self._slack, channel)):
            answer = await self._post(joined, order.swap_id, self._telling.question(swap, None), claim.key)
        if isinstance(answer, Failed) and not answer.slack_is_gone:  # a private channel without us: ask people instead
            await self._ask_each(order.swap_id, claim)
            return Done()
        return Done() if isinstance(answer, Ok) else answer.outcome() if isinstance(answer, Failed) else answer

    async def close_cover(self, order: CloseCover, claim: Claim) -> Outcome:
        """The question in the channel says who took it, and has no button any more."""
        async with self._db.read() as tx:
            swap = await self._swaps.swap(tx, order.swap_id)
        name = self._channel(swap.schedule)
        channel = await find_channel(self._slack, name) if name else None
        if channel is None:
            return Done()  # each was asked; who is late reads who was first
        posted = await posted_before(self._slack, channel, cover_key(order.swap_id))
        if not isinstance(posted, str):
            return posted or Done()
        taker = self._directory.name(swap.taker) if swap.taker else ""
        end = f":white_check_mark: {taker} has it." if swap.state is SwapState.ACCEPTED else "It was withdrawn."
        text = f"~{self._telling.question(swap, None).splitlines()[0].replace('*', '')}~\n{end}"
        shown = [blocks.text_block(text).to_dict()]
        match await self._slack.call("chat.update", channel=channel, ts=posted, text=text, blocks=shown):
            case Ok() | Failed(slack_is_gone=False):
                return Done()
            case Failed() as failed:
                return failed.outcome()
            case later:
                return later

    async def _ask_each(self, swap_id: int, claim: Claim) -> None:
        async with self._db.begin(actor=BOT) as tx:
            swap = await self._swaps.swap(tx, swap_id)
            for person in self._planner.eligible(swap.schedule):
                if person != swap.requester:
                    text = self._telling.question(swap, None)
                    shown = json.dumps([block.to_dict() for block in blocks.asked(text, swap_id, by_name=False)])
                    await queue.schedule(tx, TellPerson(actor=person, text=text, blocks=shown), key=f"{claim.key}:{person}")

    async def _post(self, channel: str, swap_id: int, text: str, key: str) -> Result:
        shown = [block.to_dict() for block in blocks.asked(text, swap_id, by_name=False)]
        return await self._slack.call(
            "chat.postMessage", channel=channel, text=text, blocks=shown, metadata=mark(key), unfurl_links=False, unfurl_media=False
        )

    def _channel(self, schedule: str) -> str | None:
        teams = [self._directory.team(team) for team, _ in self._oncall.roles_of(schedule)]
        return next((team.channel for team in teams if team and team.channel), None)
