"""The ops channel, where the bot speaks of its own troubles, and of incidents without a channel."""

from bot.directory.service import Directory
from bot.incidents import blocks
from bot.incidents.messages import SayInOps
from bot.slack.channels import Posting
from bot.slack.gateway import ending
from bot.work.orders import Outcome
from bot.work.queue import Claim


class OpsChannel:
    """Says what concerns no incident's channel."""

    def __init__(self, directory: Directory, posting: Posting) -> None:
        self._directory = directory
        self._posting = posting

    async def say(self, order: SayInOps, claim: Claim) -> Outcome:
        """One sentence, once."""
        body = [*blocks.sentence(order.text), *([blocks.promote_button(order.promote)] if order.promote else [])]
        return ending(await self._posting.once(self._directory.config.ops_channel, order.text, body, claim))
