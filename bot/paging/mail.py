"""The door for answers by e-mail: an SMTP server of our own, or a mail server or provider that posts each mail to `/hooks/mail/<key>`.

A mail is taken once it is committed: until then its sender keeps it and comes again.
"""

import asyncio
import hmac

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot import faultpoints, log
from bot.db import Database
from bot.errors import NotAllowed, NotFound, Unavailable
from bot.paging import inbound
from bot.paging.deliveries import Deliveries
from bot.paging.inbound import Inbound
from bot.paging.mailing import Mailing
from bot.paging.notices import Notices

OUT_OF_ORDER = (SQLAlchemyError, OSError, TimeoutError)
logger = log.get(__name__)


class MailDoor:
    """Takes mails. `key` opens the HTTP hook, None where there is none."""

    def __init__(self, database: Database, notices: Notices, deliveries: Deliveries, mailing: Mailing, key: str | None) -> None:
        self._db = database
        self._notices = notices
        self._deliveries = deliveries
        self._mailing = mailing
        self._key = key
        self._server: asyncio.Server | None = None
        self.open: set[asyncio.Transport] = set()
        self.port = 0

    def register(self, app: web.Application) -> None:
        """Add the hook, where there is a key to it."""
        if self._key is not None:
            app.router.add_post("/hooks/mail/{key}", self.hook)

    async def start(self, host: str, port: int) -> None:
        """Listen for SMTP; port 0 takes any free one, which `port` then tells. Raises OSError when it is taken."""
        from bot.paging.smtp import Connection

        self._server = await asyncio.get_running_loop().create_server(lambda: Connection(self), host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Take nothing more."""
        if self._server is not None:
            self._server.close()
            for transport in list(self.open):
                transport.abort()

    async def hook(self, request: web.Request) -> web.Response:
        """A raw mail as the body of a request: 202 once it is taken."""
        if self._key is None or not hmac.compare_digest(request.match_info["key"].encode("utf-8", "replace"), self._key.encode()):
            raise NotAllowed("This address opens for nobody with that key. See TOCSIN_MAIL_KEY.")
        mail = await asyncio.to_thread(inbound.read, await request.read(), None, ())
        try:
            await self.take(mail)
        except OUT_OF_ORDER as broken:
            logger.exception("mail not taken", error=type(broken).__name__)
            raise Unavailable("Tocsin cannot reach its database. Post the mail again in a minute.") from broken
        return web.Response(status=202)

    def is_ours(self, address: str) -> bool:
        """Whether an address answers an attempt of ours."""
        return self._notices.answered_attempt(address) is not None

    async def take(self, mail: Inbound) -> None:
        """Let the person's answer count. Raises `NotFound` when it answers no page."""
        attempt_id = next((found for one in mail.recipients if (found := self._notices.answered_attempt(one)) is not None), None)
        if attempt_id is None:
            raise NotFound("This mail answers no page: none of its recipients is an address that Tocsin has made.")
        async with self._db.read() as tx:
            person, _ = await self._deliveries.whose(tx, attempt_id)
        async with self._db.begin(actor=person) as tx:
            await self._mailing.answer(tx, attempt_id, mail)
        faultpoints.reached("mail: committed, not answered")
        logger.info("mail taken", attempt=attempt_id, automatic=mail.automatic or None)
