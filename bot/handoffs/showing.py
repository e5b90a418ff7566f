"""A team's Slack user group and the topic of its channel show whoever is on call, overrides included."""

from collections.abc import Sequence
from datetime import timedelta

from bot.config.models import Team
from bot.db import Database
from bot.directory.service import Directory
from bot.handoffs.messages import FollowOnCall
from bot.oncall.service import OnCall
from bot.oncall.wording import listed
from bot.slack.channels import NOT_THERE, Posting, away
from bot.slack.gateway import Failed, Ok, TryLater, ending
from bot.slack.text import TOPIC_LIMIT
from bot.work.orders import Done, Outcome, Refused
from bot.work.queue import Claim

MARK = "On call: "
"""How our part of a topic begins; what others wrote there stays."""
BETWEEN = " | "
LOOK_AGAIN = timedelta(seconds=10)


class Showing:
    """Brings Slack up to date."""

    def __init__(self, database: Database, directory: Directory, oncall: OnCall, posting: Posting) -> None:
        self._db = database
        self._directory = directory
        self._oncall = oncall
        self._posting = posting
        self._slack = posting.slack

    async def follow(self, order: FollowOnCall, claim: Claim) -> Outcome:
        """Look who is on call now, and let Slack show them. Nobody on call: the group stays as it was, for Slack lets none be empty."""
        team = self._directory.team(order.team)
        if team is None or team.oncall is None:
            return Done()
        async with self._db.read() as tx:
            people = {role: (await self._oncall.who(tx, team.id, role, tx.now)).people for role in ("primary", "secondary")}
            users = [user for person in people["primary"] if (user := await self._directory.slack_user_of(tx, person))]
        group = await self._set_group(team.usergroup, users) if team.usergroup and users else Done()
        topic = await self._set_topic(team, claim, people["primary"], people["secondary"]) if team.channel else Done()
        unfinished = [one for one in (group, topic) if not isinstance(one, Done)]  # one that is missing does not keep the other back
        return next((one for one in unfinished if isinstance(one, TryLater)), unfinished[0] if unfinished else Done())

    async def _set_group(self, group: str, users: Sequence[str]) -> Outcome:
        """Put exactly these people into the user group."""
        found = group if group.startswith("S") and group.isupper() else ""
        if not found:
            answer = await self._slack.call("usergroups.list")
            if not isinstance(answer, Ok):
                return ending(answer)
            groups = answer.data.get("usergroups", [])
            found = next((str(one["id"]) for one in groups if one.get("handle") == group.removeprefix("@")), "")
        if not found:
            return Refused(f"Slack knows no user group @{group.removeprefix('@')}. Make it, or mend the team's usergroup.")
        return ending(await self._slack.call("usergroups.users.update", usergroup=found, users=users))

    async def _set_topic(self, team: Team, claim: Claim, primary: Sequence[str], secondary: Sequence[str]) -> Outcome:
        """Our part of the topic, beside what others wrote there. A channel that we cannot join goes without."""
        name = team.channel or ""
        channel = await self._posting.find(name)
        if not isinstance(channel, str):
            return channel or Done()
        known = await self._slack.call("conversations.info", channel=channel)
        if isinstance(known, Failed) and known.code in NOT_THERE:
            self._posting.forget(name)  # another channel may have the name by now
            return TryLater(known.why, LOOK_AGAIN) if claim.attempt == 1 else Done()
        if not isinstance(known, Ok):
            return away(known) or Done()
        before = known.text("channel", "topic", "value")
        wanted = self._topic(before, primary, secondary)
        if wanted == before:
            return Done()
        if known.data.get("channel", {}).get("is_member") is not True:
            joined = await self._slack.call("conversations.join", channel=channel)
            if not isinstance(joined, Ok):
                return away(joined) or Done()
        answer = await self._slack.call("conversations.setTopic", channel=channel, topic=wanted)
        return away(answer) or Done() if isinstance(answer, TryLater | Failed) else Done()

    def _topic(self, before: str, primary: Sequence[str], secondary: Sequence[str]) -> str:
        others = [part for part in before.split(BETWEEN) if part and not part.startswith(MARK)]
        names = listed([self._directory.name(person) for person in primary]) or "nobody"
        then = f", then {listed([self._directory.name(person) for person in secondary])}" if secondary else ""
        ours = f"{MARK}{names}{then}"[:TOPIC_LIMIT]
        room = TOPIC_LIMIT - len(ours) - len(BETWEEN)
        return BETWEEN.join([BETWEEN.join(others)[:room], ours]) if others else ours
