"""Answers by e-mail: what a person's mail does to their page, and what they are told back.

The address that was answered binds page and person. The mail must also come from that person's own address: a page that was forwarded
and answered by somebody else would otherwise be taken by one who knows nothing of it. Only the person is ever written to, never the sender.
"""

from bot.db import Tx
from bot.directory.service import Directory
from bot.paging import codes
from bot.paging.answering import Answering, Mine, choices
from bot.paging.answers import DeclareBySms, Help, Start, Stop, parse_answer
from bot.paging.deliveries import Deliveries
from bot.paging.holding import Holding
from bot.paging.inbound import Inbound
from bot.paging.messages import ReplyByMail
from bot.paging.models import Page, number
from bot.paging.notices import LINKS_LAST
from bot.work import inbox, queue

REPLIES_AN_HOUR = 5
HELP = (
    "Nothing was done: the first line of your mail is not an answer. Write one word there: ack (you take it), e (page the next person), "
    "n (you can't), s30 (again in 30 minutes), ? (who else was paged)."
)
TOO_OLD = "Nothing was done: this page is older than 3 days. Open Slack."
NOT_YOURS = "Nothing was done: an answer to this page came from {sender}, not from your own address. Answer from there, or open the link."


class Mailing:
    """Reads a person's mail. The actor of the transaction is whom the answered attempt was for."""

    def __init__(self, answering: Answering, holding: Holding, deliveries: Deliveries, directory: Directory) -> None:
        self._answering = answering
        self._holding = holding
        self._deliveries = deliveries
        self._directory = directory

    async def answer(self, tx: Tx, attempt_id: int, mail: Inbound) -> None:
        """Do what the first line says and order the reply. What a machine wrote, and what came before, is met with silence."""
        if mail.automatic or not await inbox.first_time(tx, f"mail:{attempt_id}:{mail.key}"):
            return
        page, attempt = await self._deliveries.held(tx, attempt_id)
        own = await self._directory.address(tx, attempt.person, "email")
        if own is None or mail.sender != own.lower():
            if await inbox.first_time(tx, f"mail-stranger:{attempt_id}"):
                await self._reply(tx, attempt_id, mail, NOT_YOURS.format(sender=mail.sender or "nobody"))
            return
        if tx.now > attempt.due_at + LINKS_LAST:
            await self._reply(tx, attempt_id, mail, TOO_OLD)
            return
        await self._reply(tx, attempt_id, mail, await self._said(tx, page, mail.line))
        await self._holding.heard_from(tx, tx.actor)  # last: it waits for pages whose incidents are not held here

    async def _said(self, tx: Tx, page: Page, line: str) -> str:
        code = await codes.code_of(tx, tx.actor, number(page))
        mine = [Mine(code, page)] if code is not None else []
        match parse_answer(line, choices(mine), self._answering.confirming(tx, mine)):
            case Help() | Stop() | Start() | DeclareBySms():
                return HELP
            case answer:
                return await self._answering.do(tx, answer, mine)

    async def _reply(self, tx: Tx, attempt_id: int, mail: Inbound, text: str) -> None:
        """Order the reply, at most five an hour: an out-of-office that nothing gives away must not keep us talking for ever."""
        for position in range(REPLIES_AN_HOUR):
            if await inbox.first_time(tx, f"mail-reply:{attempt_id}:{tx.now:%Y%m%d%H}:{position}"):
                await queue.schedule(tx, ReplyByMail(attempt_id, text, mail.message_id), key=f"mail:{attempt_id}:{mail.key}:reply")
                return
