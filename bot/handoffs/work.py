"""What hand-offs do later: the notes, the nudge, and Slack's user group and topic, which follow whoever is on call."""

import json
from collections.abc import Sequence

from bot.config.models import Team
from bot.db import BOT, Database, Tx
from bot.directory.service import Directory
from bot.handoffs import blocks
from bot.handoffs.messages import FollowOnCall, NudgeIncoming, SendHandoffNote
from bot.handoffs.models import Handoff
from bot.handoffs.note import Notes
from bot.handoffs.service import Handoffs
from bot.handoffs.states import HandoffState
from bot.oncall.planning import Planner
from bot.oncall.service import OnCall
from bot.oncall.wording import at, listed
from bot.slack.channels import find_channel
from bot.slack.gateway import Failed, Ok, SlackGateway
from bot.slack.gateway import TryLater as SlackAway
from bot.slack.text import TOPIC_LIMIT, escape
from bot.work.orders import Done, Outcome, Refused
from bot.work.queue import Claim
from bot.work.worker import Worker

MARK = "On call: "
"""How our part of a topic begins; what others wrote there stays."""
BETWEEN = " | "


class HandoffWork:
    """The handlers of this room's due work."""

    def __init__(
        self, database: Database, gateway: SlackGateway, directory: Directory, oncall: OnCall, planner: Planner,
        handoffs: Handoffs, notes: Notes,
    ) -> None:  # fmt: skip
        self._db = database
        self._slack = gateway
        self._directory = directory
        self._oncall = oncall
        self._planner = planner
        self._handoffs = handoffs
        self._notes = notes

    def register(self, worker: Worker) -> None:
        """Let the worker do this room's orders."""
        worker.handles(SendHandoffNote, self.send_note)
        worker.handles(NudgeIncoming, self.nudge)
        worker.handles(FollowOnCall, self.follow)

    async def send_note(self, order: SendHandoffNote, claim: Claim) -> None:
        """What there is to know, to one of both."""
        async with self._db.begin(actor=BOT) as tx:
            row = await self._handoffs.get(tx, order.handoff_id)
            if row.state is HandoffState.VOID:
                return
            sections = await self._notes.gather(tx, self._handoffs.teams(row.schedule))
            is_incoming = order.person == row.incoming
            intro = self._intro(tx, row, order.person)
            body = blocks.note(intro, sections, row.number, is_incoming=is_incoming)
            shown = json.dumps([block.to_dict() for block in body])
            await self._handoffs.tell(tx, order.person, intro, f"{claim.key}:sent", shown)

    async def nudge(self, order: NudgeIncoming, claim: Claim) -> None:
        """Only who has still not said so is asked; the last time, the lead hears of it."""
        async with self._db.begin(actor=BOT) as tx:
            row = await self._handoffs.get(tx, order.handoff_id)
            found = (await self._oncall.board(tx, row.schedule, tx.now)).who(tx.now)
            if row.state is not HandoffState.DUE or row.incoming not in found.people:
                return
            if order.tells_lead:
                await self._handoffs.fall_silent(tx, row)
                return
            since = at(row.at, self._planner.zone(row.incoming))
            text = f"You are on call as {escape(self._planner.title(row.schedule))} since {since}. Do you have it?"
            shown = json.dumps([block.to_dict() for block in blocks.nudge(text, row.number)])
            await self._handoffs.tell(tx, row.incoming, text, f"{claim.key}:sent", shown)

    def _intro(self, tx: Tx, row: Handoff, reader: str) -> str:
        zone, title = self._planner.zone(reader), escape(self._planner.title(row.schedule))
        when = f"*{at(row.at, zone)}* ({zone})"
        leaving = escape(listed([self._directory.name(person) for person in json.loads(row.outgoing)]))
        is_now = row.at <= tx.now
        if reader == row.incoming:
            after = f", after {leaving}" if leaving else ""
            return f"You {'are on call' if is_now else 'come on call'} as {title} {'since' if is_now else 'at'} {when}{after}."
        comes = escape(self._directory.name(row.incoming))
        return f"Your time as {title} {'ended' if is_now else 'ends'} {when}; {comes} {'has taken' if is_now else 'takes'} over."

    # User group and topic

    async def follow(self, order: FollowOnCall, claim: Claim) -> Outcome:
        """Look who is on call now, and let Slack show them. Nobody on call: the group stays as it was, for Slack lets none be empty."""
        team = self._directory.team(order.team)
        if team is None or team.oncall is None:
            return Done()
        async with self._db.read() as tx:
            people = {role: (await self._oncall.who(tx, team.id, role, tx.now)).people for role in ("primary", "secondary")}
            users = [user for person in people["primary"] if (user := await self._directory.slack_user_of(tx, person))]
        if team.usergroup and users:
            outcome = await self._set_group(team.usergroup, users)
            if outcome is not None:
                return outcome
        return await self._set_topic(team, people["primary"], people["secondary"]) if team.channel else Done()

    async def _set_group(self, group: str, users: Sequence[str]) -> Outcome | None:
        """Put exactly these people into the user group; None when that is done."""
        found = group if group.startswith("S") and group.isupper() else ""
        if not found:
            answer = await self._slack.call("usergroups.list")
            if not isinstance(answer, Ok):
                return answer.outcome() if isinstance(answer, Failed) else answer
            groups = answer.data.get("usergroups", [])
            found = next((str(one["id"]) for one in groups if one.get("handle") == group.removeprefix("@")), "")
        if not found:
            return Refused(f"Slack knows no user group @{group.removeprefix('@')}. Make it, or mend the team's usergroup.")
        match await self._slack.call("usergroups.users.update", usergroup=found, users=users):
            case Ok():
                return None
            case Failed() as failed:
                return failed.outcome()
            case later:
                return later

    async def _set_topic(self, team: Team, primary: Sequence[str], secondary: Sequence[str]) -> Outcome:
        """Our part of the topic, beside what others wrote there. A channel that we cannot join goes without."""
        channel = await find_channel(self._slack, team.channel or "")
        if channel is None:
            return Done()
        known = await self._slack.call("conversations.info", channel=channel)
        if isinstance(known, SlackAway):
            return known
        before = known.text("channel", "topic", "value") if isinstance(known, Ok) else ""
        wanted = self._topic(before, primary, secondary)
        if wanted == before:
            return Done()
        is_member = isinstance(known, Ok) and known.data.get("channel", {}).get("is_member") is True
        if not is_member and not isinstance(await self._slack.call("conversations.join", channel=channel), Ok):
            return Done()
        answer = await self._slack.call("conversations.setTopic", channel=channel, topic=wanted)
        return answer if isinstance(answer, SlackAway) else Done()

    def _topic(self, before: str, primary: Sequence[str], secondary: Sequence[str]) -> str:
        others = [part for part in before.split(BETWEEN) if part and not part.startswith(MARK)]
        names = listed([self._directory.name(person) for person in primary]) or "nobody"
        then = f", then {listed([self._directory.name(person) for person in secondary])}" if secondary else ""
        ours = f"{MARK}{names}{then}"[:TOPIC_LIMIT]
        room = TOPIC_LIMIT - len(ours) - len(BETWEEN)
        return BETWEEN.join([BETWEEN.join(others)[:room], ours]) if others else ours
