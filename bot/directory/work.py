"""Finding people in Slack by their e-mail address."""

from bot.db import BOT, Database
from bot.directory.messages import FindSlackPeople
from bot.directory.service import Directory
from bot.slack.gateway import Ok, SlackGateway, TryLater
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim


class DirectoryWork:
    """The directory's due work."""

    def __init__(self, database: Database, directory: Directory, gateway: SlackGateway) -> None:
        self._db = database
        self._directory = directory
        self._gateway = gateway

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
