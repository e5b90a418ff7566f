"""Looking ahead, and telling a team what was found."""

import json

from bot.db import BOT, Database
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.oncall import blocks
from bot.oncall.gaps import Gaps
from bot.oncall.messages import LookAhead, TeamUnheard, TellTeam
from bot.oncall.proposals import Proposal
from bot.oncall.substitutes import Substitutes
from bot.slack.channels import Posting
from bot.slack.gateway import Failed, ending
from bot.work import queue
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim
from bot.work.worker import Worker


class Lookout:
    """The handlers of what is about gaps."""

    def __init__(self, database: Database, directory: Directory, gaps: Gaps, substitutes: Substitutes, posting: Posting) -> None:
        self._db = database
        self._directory = directory
        self._gaps = gaps
        self._substitutes = substitutes
        self._posting = posting

    def register(self, worker: Worker) -> None:
        """Let the worker do this."""
        worker.handles(LookAhead, self.look_ahead)
        worker.handles(TellTeam, self.tell_team)

    async def look_ahead(self, order: LookAhead, claim: Claim) -> None:
        """Look at one team."""
        async with self._db.begin(actor=BOT) as tx:
            await self._gaps.look(tx, order.team)

    async def tell_team(self, order: TellTeam, claim: Claim) -> Outcome:
        """In the team's channel; where we may not write there, its lead; where it has none, whoever hears that nobody could be told."""
        team = self._directory.team(order.team)
        if team is None:
            return Done()
        text = order.text
        if order.fill:
            async with self._db.read() as tx:
                text = "\n".join(filter(None, [text, await self._substitutes.suggestion(tx, Proposal.from_value(order.fill))]))
        body = blocks.gap(text, order.fill)
        if team.channel is not None:
            answer = await self._posting.once(team.channel, text, body, claim)
            if not isinstance(answer, Failed) or answer.slack_is_gone:
                return ending(answer)
        async with self._db.begin(actor=BOT) as tx:
            if team.lead is not None and await self._directory.slack_user_of(tx, team.lead):
                letter = TellPerson(actor=team.lead, text=text, blocks=json.dumps([block.to_dict() for block in body]))
                await queue.schedule(tx, letter, key=f"{claim.key}:{team.lead}")
            else:
                await tx.announce(TeamUnheard(team.id, text, claim.key))
        return Done()
