"""Checks on their way: sending them, and the message in Slack that shows how a test page fares."""

from collections.abc import Mapping

from bot.db import BOT, ActorId, Database, Tx
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.paging import sink
from bot.paging.checks import LASTS, TEST_LASTS, UNSENT, Checks
from bot.paging.checks_blocks import test_blocks, test_text
from bot.paging.contacts import fingerprint
from bot.paging.messages import SendCheck, ShowTest
from bot.paging.models import ContactCheck, PageTest, number
from bot.paging.notice import Notice, PageChannel, TryLater
from bot.paging.states import AttemptState
from bot.slack.gateway import Failed, Ok, SlackGateway
from bot.slack.marks import mark, posted_before
from bot.web.signing import Links
from bot.work import orders
from bot.work.orders import Done, Outcome, Refused
from bot.work.queue import Claim
from bot.work.worker import Worker

PURPOSE = "c"
HOOK = "twilio check"
MOST_SENDS = 4
CHANGED = "the address was changed meanwhile"
NO_CHANNEL = "this way of reaching people is not set up here"
TEST_TITLE = "TEST page from Tocsin: nothing is wrong"
DAILY_TITLE = "Daily test of Tocsin's own phone: nothing is wrong"
CODE_TITLE = "Tocsin wants to page you here"


class CheckLinks:
    """The addresses by which a check is answered. `url` is TOCSIN_URL."""

    def __init__(self, links: Links, url: str) -> None:
        self._links = links
        self._url = url.rstrip("/")

    def page(self, check: ContactCheck) -> str:
        """The page with the button that answers it."""
        return self._links.link(PURPOSE, str(check.id), person=ActorId(check.person), lasts=LASTS)

    def hook(self, kind: str, check: ContactCheck) -> str:
        """The address at which Twilio tells us of it: `status` or `voice`."""
        key = self._links.token(HOOK, str(check.id), person=None, lasts=LASTS)
        return f"{self._url}/hooks/twilio/check/{kind}/{check.id}/{key}"


class CheckWork:
    """The handlers of checks. `channels` by method."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        checks: Checks,
        links: CheckLinks,
        slack: SlackGateway,
        channels: Mapping[str, PageChannel],
    ) -> None:
        self._db = database
        self._directory = directory
        self._checks = checks
        self._links = links
        self._slack = slack
        self._channels = channels

    def register(self, worker: Worker) -> None:
        """Let the worker do these orders."""
        worker.handles(SendCheck, self.send)
        worker.handles(ShowTest, self.show)

    async def send(self, order: SendCheck, claim: Claim) -> Outcome:
        """Look again, send, write down. A repeat says that it may be one."""
        async with self._db.begin(actor=BOT) as tx:
            check = await self._checks.held(tx, order.check_id)
            address = await self._checks.address(tx, check)
            if check.state not in UNSENT:
                return Done()
            if address is None or fingerprint(address) != check.address:
                await self._checks.record(tx, check, Refused(CHANGED), is_last=True)
                return Done()
            notice = self._notice(tx, check, address)
            check.state = AttemptState.CALLING
        channel = self._channels.get(check.method)
        receipt = await channel.send(notice) if channel else Refused(NO_CHANNEL)
        is_last = claim.attempt >= MOST_SENDS
        async with self._db.begin(actor=BOT) as tx:
            await self._checks.record(tx, await self._checks.held(tx, order.check_id), receipt, is_last)
        return receipt if isinstance(receipt, TryLater) and not is_last else Done()

    async def show(self, order: ShowTest, claim: Claim) -> Outcome:
        """Post the message of a test page, or edit it to what is true now. That it was posted is how Slack fares."""
        async with self._db.read() as tx:
            test = await tx.session.get(PageTest, order.test_id)
            if test is None:
                return Done()
            checks = await self._checks.of_test(tx, order.test_id)
            user = await self._directory.slack_user_of(tx, test.person)
            is_over = tx.now - test.asked_at >= TEST_LASTS
        if user is None:
            return Done()
        text, blocks = test_text(checks), test_blocks(order.test_id, checks, is_over)
        if test.message is not None:
            channel, _, ts = test.message.partition("/")
            return _outcome(await self._slack.call("chat.update", channel=channel, ts=ts, text=text, blocks=blocks))
        if claim.attempt > 1 and isinstance(opened := await self._slack.call("conversations.open", users=user), Ok):
            channel = opened.text("channel", "id")
            earlier = await posted_before(self._slack, channel, claim.key)
            if isinstance(earlier, str):
                return await self._posted(order.test_id, f"{channel}/{earlier}")
        answer = await self._slack.call("chat.postMessage", channel=user, text=text, blocks=blocks, metadata=mark(claim.key))
        if isinstance(answer, Ok):
            return await self._posted(order.test_id, f"{answer.text('channel')}/{answer.text('ts')}")
        return _outcome(answer)

    async def _posted(self, test_id: int, message: str) -> Outcome:
        async with self._db.begin(actor=BOT) as tx:
            test = await tx.session.get(PageTest, test_id)
            if test is None:
                raise NotFound("There is no such test page.")
            test.message = message
            for check in await self._checks.of_test(tx, test_id):
                if check.method == "slack":
                    check.state = AttemptState.CALLING
                    await self._checks.moved(tx, check, AttemptState.ACCEPTED, message)
        return Done()

    def _notice(self, tx: Tx, check: ContactCheck, address: str) -> Notice:
        is_test, is_daily = check.test_id is not None, check.person == sink.PERSON
        title = DAILY_TITLE if is_daily else TEST_TITLE if is_test else CODE_TITLE
        return Notice(
            attempt_id=number(check),
            page_id=0,
            version=0,
            incident=0,
            severity=1 if is_test else 3,  # as loud as the page that matters; a code can wait
            title=title,
            words="" if is_test or is_daily else f"Not {self._directory.name(check.person)}? Do nothing.",
            service=None,
            private=False,
            since=self._directory.wall_time(check.person, tx.now, tx.now),
            lasting="",
            person=check.person,
            address=address,
            why="",
            code=0,
            link=self._links.page(check),
            status_url=self._links.hook("status", check),
            voice_url=self._links.hook("voice", check),
            standing="",
            wants_answer=not is_daily,
            check=check.code,
            since_at=tx.now,
            possible_duplicate=check.state == AttemptState.CALLING,
        )


def _outcome(answer: Ok | Failed | orders.TryLater) -> Outcome:
    if isinstance(answer, Ok):
        return Done()
    return answer.outcome() if isinstance(answer, Failed) else answer
