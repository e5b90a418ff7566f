"""`/page`, "Test page me", and the home tab's part on how Tocsin reaches its reader."""

from collections.abc import Sequence
from typing import get_args

from slack_sdk.models.blocks import Block

from bot.config.escalation import Method
from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput
from bot.paging.checks import Checks, Standing
from bot.paging.checks_blocks import ARRIVED, TEST, VERIFY, contact_blocks
from bot.paging.notice import METHOD_NAMES
from bot.paging.numbers import OurNumbers
from bot.slack.door import Door
from bot.slack.replies import Nothing, Reply, Say
from bot.slack.requests import Click, Command
from bot.slack.text import escape


class ContactListeners:
    """Listens to them."""

    def __init__(self, directory: Directory, checks: Checks, numbers: OurNumbers) -> None:
        self._directory = directory
        self._checks = checks
        self._numbers = numbers

    def register(self, door: Door) -> None:
        """Put the listeners on the door."""
        door.command(self._directory.config.commands.page, self.command)
        door.click(TEST, self.test)
        door.click(ARRIVED, self.arrived)
        door.click(f"{VERIFY}:*", self.verify)

    async def command(self, tx: Tx, command: Command) -> Reply:
        """`/page test`. Paging somebody needs an incident."""
        names = self._directory.config.commands
        if command.text.strip().lower() != "test":
            return Say(
                f"`{names.page} test` sends you a test page by all your methods. "
                f"To page somebody about an incident: `{names.incident} page @person`."
            )
        return await self._tested(tx)

    async def test(self, tx: Tx, click: Click) -> Reply:
        """From the home tab."""
        return await self._tested(tx)

    async def _tested(self, tx: Tx) -> Reply:
        await self._checks.test(tx)
        return Say("A test page is on its way to you by all your methods. The message that I send you shows how each fares.")

    async def arrived(self, tx: Tx, click: Click) -> Reply:
        """The test page's own message has arrived."""
        for check in await self._checks.of_test(tx, int(click.value) if click.value.isdecimal() else 0):
            if check.method == "slack" and check.person == tx.actor:
                await self._checks.answered(tx, check)
        return Nothing()

    async def verify(self, tx: Tx, click: Click) -> Reply:
        """Send a code."""
        method = next((one for one in get_args(Method) if one == click.value), None)
        if method is None:
            raise InvalidInput("This button is from another time. Open Tocsin's home tab again.")
        await self._checks.verify(tx, method)
        where = "Text the six figures back." if method == "sms" else "Open its link."
        return Say(f"A code is on its way to you by {METHOD_NAMES[method]}. {where}")

    async def home(self, tx: Tx) -> Sequence[Block]:
        """How each of the reader's methods stands."""
        standing = await self._checks.standing(tx, tx.actor)
        lines = [(self._line(tx, one), "" if one.answered_at or one.method == "voice" else one.method) for one in standing]
        return contact_blocks(lines, self._numbers.link(tx.actor)) if lines else []

    def _line(self, tx: Tx, one: Standing) -> str:
        where = escape(one.address) if one.method in ("sms", "voice", "email") else "as configured"  # the others may hold a secret
        if one.takes_nothing:
            how = "off: you sent STOP. Text START to our number to have it again"
        elif one.trouble:
            how = f"the last message failed: {escape(one.trouble)}"
        elif one.answered_at:
            how = f"verified, last answered {self._directory.wall_time(tx.actor, one.answered_at, tx.now)}"
        else:
            how = "not verified" + ("; a code was sent" if one.asked_at and one.asked_at <= tx.now else "")
        return f"*{METHOD_NAMES[one.method]}* {where}: {how}"
