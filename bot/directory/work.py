"""Finding people in Slack by their e-mail address, and writing to one of them."""

import json
from datetime import timedelta

from bot.db import BOT, Database
from bot.directory.messages import FindSlackGroups, FindSlackPeople, TellPerson
from bot.directory.service import GROUPS_KNOWN, Directory
from bot.slack.gateway import Failed, Ok, SlackGateway, TryLater
from bot.slack.marks import mark, posted_before
from bot.work import queue
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim
from bot.work.worker import Worker

GROUPS_LAST = timedelta(minutes=5)
"""How old what we know of a user group may be when its step comes; a page that begins asks anew."""


class DirectoryWork:
    """The directory's due work."""

    def __init__(self, database: Database, directory: Directory, gateway: SlackGateway) -> None:
        self._db = database
        self._directory = directory
        self._gateway = gateway

    def register(self, worker: Worker) -> None:
        """Let the worker do this room's orders."""
        worker.handles(FindSlackPeople, self.find_slack_people)
        worker.handles(FindSlackGroups, self.find_slack_groups)
        worker.handles(TellPerson, self.tell_person)

    async def find_slack_people(self, order: FindSlackPeople, claim: Claim) -> Outcome:
        """Ask Slack for everybody whose member id nobody knows. Whom Slack does not know either is left as they are."""
        async with self._db.read() as tx:
            unknown = await self._directory.unknown_in_slack(tx)
        for person in unknown:
            answer = await self._gateway.call("users.lookupByEmail", email=person.email)
            if isinstance(answer, TryLater):
                return answer
            if isinstance(answer, Ok) and (slack_user := answer.text("user", "id")):
                async with self._db.begin(actor=BOT) as tx:
                    await self._directory.remember(tx, person.id, slack_user)
        return Done()

    async def find_slack_groups(self, order: FindSlackGroups, claim: Claim) -> Outcome:
        """Ask Slack who is in each user group that a policy names. Until it answers, what it said last holds."""
        answer = await self._gateway.call("usergroups.list", include_users=True)
        if not isinstance(answer, Ok):
            return answer.outcome() if isinstance(answer, Failed) else answer
        wanted, members = self._directory.groups(), {}
        for group in answer.data.get("usergroups", []):
            for name in {str(group.get("handle")), str(group.get("id"))} & wanted:
                members[name] = [str(user) for user in group.get("users", [])]
        async with self._db.begin(actor=BOT) as tx:
            await self._directory.remember_groups(tx, members)
            if wanted:
                await queue.refresh(tx, FindSlackGroups(), key=GROUPS_KNOWN, due=tx.now + GROUPS_LAST)
        return Done()

    async def tell_person(self, order: TellPerson, claim: Claim) -> Outcome:
        """A direct message, once. Somebody whom Slack does not know hears nothing."""
        async with self._db.read() as tx:
            user = await self._directory.slack_user_of(tx, order.actor)
        if user is None:
            return Done()
        if claim.attempt > 1 and isinstance(opened := await self._gateway.call("conversations.open", users=user), Ok):
            earlier = await posted_before(self._gateway, opened.text("channel", "id"), claim.key)
            if earlier is not None:
                return Done() if isinstance(earlier, str) else earlier
        shown = json.loads(order.blocks) if order.blocks else None
        match await self._gateway.call(
            "chat.postMessage", channel=user, text=order.text, blocks=shown, metadata=mark(claim.key), unfurl_links=False
        ):
            case Ok():
                return Done()
            case Failed() as failed:
                return failed.outcome()
            case later:
                return later
