"""Channels that the configuration names: the ops channel, where the bot speaks of its own troubles, and of incidents without a channel."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block

from bot.directory.service import Directory
from bot.incidents import blocks
from bot.incidents.messages import SayInOps
from bot.slack.channels import NOT_THERE, find_channel, join_channel
from bot.slack.gateway import Failed, Ok, Result, SlackGateway, TryLater
from bot.slack.marks import mark, posted_before
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim


class Posting:
    """Posts to a channel by its configured name, joining it when need be."""

    def __init__(self, gateway: SlackGateway) -> None:
        self.slack = gateway
        self._ids: dict[str, str] = {}
        """By the name that was configured."""

    async def once(self, name: str, text: str, body: Sequence[Block], claim: Claim) -> Result:
        """Post a message, once. Where the app is not in the channel yet, it joins; a private one somebody must invite it to."""
        if claim.attempt > 1 and (channel := self._ids.get(name) or await find_channel(self.slack, name)):
            earlier = await posted_before(self.slack, channel, claim.key)
            if earlier is not None:
                return Ok({"channel": channel, "ts": earlier}) if isinstance(earlier, str) else earlier
        answer = await self._post(self._ids.get(name, name), text, body, claim.key)
        if isinstance(answer, Failed) and answer.code in NOT_THERE and (joined := await join_channel(self.slack, name)):
            self._ids[name] = joined
            answer = await self._post(joined, text, body, claim.key)
        return answer

    async def _post(self, channel: str, text: str, body: Sequence[Block], key: str) -> Result:
        return await self.slack.call(
            "chat.postMessage", channel=channel, text=text, blocks=body, metadata=mark(key), unfurl_links=False, unfurl_media=False
        )


class OpsChannel:
    """Says what concerns no incident's channel."""

    def __init__(self, directory: Directory, posting: Posting) -> None:
        self._directory = directory
        self._posting = posting

    async def say(self, order: SayInOps, claim: Claim) -> Outcome:
        """One sentence, once."""
        body = [*blocks.sentence(order.text), *([blocks.promote_button(order.promote)] if order.promote else [])]
        return ending(await self._posting.once(self._directory.config.ops_channel, order.text, body, claim))


def ending(answer: Result) -> Outcome:
    """How due work ends with this answer: what Slack refuses for good, a human is told."""
    match answer:
        case Ok():
            return Done()
        case Failed() as failed:
            return failed.outcome()
        case TryLater() as later:
            return later
