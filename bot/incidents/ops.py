"""The ops channel: where the bot speaks of its own troubles, and of incidents that have no channel."""

from bot.directory.service import Directory
from bot.incidents import blocks
from bot.incidents.messages import SayInOps
from bot.slack.channels import NOT_THERE, find_channel, join_channel
from bot.slack.gateway import Failed, Ok, Result, SlackGateway
from bot.slack.marks import mark, posted_before
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim


class OpsChannel:
    """Posts to the configured channel, joining it when need be."""

    def __init__(self, directory: Directory, gateway: SlackGateway) -> None:
        self._directory = directory
        self._slack = gateway
        self._ids: dict[str, str] = {}
        """By the name that was configured."""

    async def say(self, order: SayInOps, claim: Claim) -> Outcome:
        """Post one sentence, once. Where the app is not in the channel yet, it joins; a private one somebody must invite it to."""
        name = self._directory.config.ops_channel
        if claim.attempt > 1 and (channel := self._ids.get(name) or await find_channel(self._slack, name)):
            earlier = await posted_before(self._slack, channel, claim.key)
            if earlier is not None:
                return Done() if isinstance(earlier, str) else earlier
        answer = await self._post(order, self._ids.get(name, name), claim.key)
        if isinstance(answer, Failed) and answer.code in NOT_THERE and (joined := await join_channel(self._slack, name)):
            self._ids[name] = joined
            answer = await self._post(order, joined, claim.key)
        match answer:
            case Ok():
                return Done()
            case Failed() as failed:
                return failed.outcome()
            case later:
                return later

    async def _post(self, order: SayInOps, channel: str, key: str) -> Result:
        body = [*blocks.sentence(order.text), *([blocks.promote_button(order.promote)] if order.promote else [])]
        return await self._slack.call(
            "chat.postMessage",
            channel=channel,
            text=order.text,
            blocks=body,
            metadata=mark(key),
            unfurl_links=False,
            unfurl_media=False,
        )
