"""What on-call does later: asking a team for cover in Slack."""

import json

from bot.db import BOT, Database
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.oncall import blocks
from bot.oncall.definition import SwapState
from bot.oncall.messages import AskTeam, CloseCover
from bot.oncall.planning import Planner
from bot.oncall.proposals import Proposal, What
from bot.oncall.service import OnCall
from bot.oncall.substitutes import Substitutes
from bot.oncall.swaps import Swaps
from bot.oncall.telling import Telling, cover_key
from bot.slack.channels import Posting
from bot.slack.gateway import Failed, ending
from bot.slack.marks import posted_before
from bot.work import queue
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim
from bot.work.worker import Worker


class OnCallWork:
    """The handlers of this room's due work."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        oncall: OnCall,
        planner: Planner,
        swaps: Swaps,
        telling: Telling,
        substitutes: Substitutes,
        posting: Posting,
    ) -> None:
        self._db = database
        self._directory = directory
        self._oncall = oncall
        self._planner = planner
        self._swaps = swaps
        self._telling = telling
        self._substitutes = substitutes
        self._posting = posting

    def register(self, worker: Worker) -> None:
        """Let the worker do this room's orders."""
        worker.handles(AskTeam, self.ask_team)
        worker.handles(CloseCover, self.close_cover)

    async def ask_team(self, order: AskTeam, claim: Claim) -> Outcome:
        """Ask in the team's channel; where it has none, each of the team who could take it."""
        async with self._db.read() as tx:
            swap = await self._swaps.swap(tx, order.swap_id)
            suggestion = await self._substitutes.suggestion(tx, Proposal(What.COVER, swap.schedule, swap.start, swap.end))
        channel = self._channel(swap.schedule)
        if swap.state is not SwapState.ASKED:
            return Done()
        if channel is None:
            await self._ask_each(order.swap_id, claim)
            return Done()
        text = "\n".join(filter(None, [self._telling.question(swap, None), suggestion]))
        answer = await self._posting.once(channel, text, blocks.asked(text, order.swap_id, by_name=False), claim)
        if isinstance(answer, Failed) and not answer.slack_is_gone:  # a private channel without us: ask people instead
            await self._ask_each(order.swap_id, claim)
            return Done()
        return ending(answer)

    async def close_cover(self, order: CloseCover, claim: Claim) -> Outcome:
        """The question in the channel says who took it, and has no button any more."""
        async with self._db.read() as tx:
            swap = await self._swaps.swap(tx, order.swap_id)
        name = self._channel(swap.schedule)
        channel = await self._posting.find(name) if name else None
        if not isinstance(channel, str):
            return channel or Done()  # each was asked; who is late reads who was first
        posted = await posted_before(self._posting.slack, channel, cover_key(order.swap_id))
        if not isinstance(posted, str):
            return posted or Done()
        taker = self._directory.name(swap.taker) if swap.taker else ""
        end = f":white_check_mark: {taker} has it." if swap.state is SwapState.ACCEPTED else "It was withdrawn."
        text = f"~{self._telling.question(swap, None).splitlines()[0].replace('*', '')}~\n{end}"
        shown = [blocks.text_block(text).to_dict()]
        answer = await self._posting.slack.call("chat.update", channel=channel, ts=posted, text=text, blocks=shown)
        return Done() if isinstance(answer, Failed) and not answer.slack_is_gone else ending(answer)

    async def _ask_each(self, swap_id: int, claim: Claim) -> None:
        async with self._db.begin(actor=BOT) as tx:
            swap = await self._swaps.swap(tx, swap_id)
            for person in self._planner.eligible(swap.schedule):
                if person != swap.requester:
                    text = self._telling.question(swap, None)
                    shown = json.dumps([block.to_dict() for block in blocks.asked(text, swap_id, by_name=False)])
                    await queue.schedule(tx, TellPerson(actor=person, text=text, blocks=shown), key=f"{claim.key}:{person}")

    def _channel(self, schedule: str) -> str | None:
        teams = [self._directory.team(team) for team, _ in self._oncall.roles_of(schedule)]
        return next((team.channel for team in teams if team and team.channel), None)
