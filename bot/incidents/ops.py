"""The ops channel: where the bot speaks of its own troubles, and of incidents that have no channel."""

from bot.config.models import Config
from bot.incidents import blocks
from bot.incidents.messages import SayInOps
from bot.slack.gateway import Failed, Ok, Result, SlackGateway
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim

NOT_THERE = frozenset({"not_in_channel", "channel_not_found"})


class OpsChannel:
    """Posts to the configured channel, joining it when need be."""

    def __init__(self, config: Config, gateway: SlackGateway) -> None:
        self._name = config.ops_channel
        self._slack = gateway
        self._id: str | None = None

    async def say(self, order: SayInOps, claim: Claim) -> Outcome:
        """Post one sentence. Where the app is not in the channel yet, it joins; a private one somebody must invite it to."""
        answer = await self._post(order)
        if isinstance(answer, Failed) and answer.code in NOT_THERE and await self._join():
            answer = await self._post(order)
        match answer:
            case Ok():
                return Done()
            case Failed() as failed:
                return failed.outcome()
            case later:
                return later

    async def _post(self, order: SayInOps) -> Result:
        body = [*blocks.sentence(order.text), *([blocks.promote_button(order.promote)] if order.promote else [])]
        return await self._slack.call(
            "chat.postMessage", channel=self._id or self._name, text=order.text, blocks=body, unfurl_links=False, unfurl_media=False
        )

    async def _join(self) -> bool:
        cursor = ""
        while True:
            listed = await self._slack.call("conversations.list", types="public_channel", exclude_archived=True, limit=1000, cursor=cursor)
            if not isinstance(listed, Ok):
                return False
            for channel in listed.data["channels"]:
                if self._name in (channel["name"], channel["id"]):
                    self._id = str(channel["id"])
                    return isinstance(await self._slack.call("conversations.join", channel=self._id), Ok)
            cursor = listed.text("response_metadata", "next_cursor")
            if not cursor:
                return False
