"""Channels by their names, as people write them in a configuration: found, joined, posted to."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block

from bot.slack.gateway import GONE_AGAIN, Failed, Ok, Result, SlackGateway, TryLater
from bot.slack.marks import mark, posted_before
from bot.work.queue import Claim

NOT_THERE = frozenset({"not_in_channel", "channel_not_found"})
"""What Slack answers where the app is no member; a name is no id, either."""
Found = str | TryLater | None
"""A channel's id; or Slack cannot say now; or there is none that we may see."""


async def find_channel(slack: SlackGateway, name: str) -> Found:
    """The id of the public channel of this name (or id); None when Slack shows us none."""
    cursor = ""
    while True:
        listed = await slack.call("conversations.list", types="public_channel", exclude_archived=True, limit=1000, cursor=cursor)
        if not isinstance(listed, Ok):
            return away(listed)
        for channel in listed.data["channels"]:
            if name in (channel["name"], channel["id"]):
                return str(channel["id"])
        cursor = listed.text("response_metadata", "next_cursor")
        if not cursor:
            return None


async def join_channel(slack: SlackGateway, name: str) -> Found:
    """Become a member of the public channel of this name (or id) and return its id; None when that cannot be."""
    channel = await find_channel(slack, name)
    if not isinstance(channel, str):
        return channel
    joined = await slack.call("conversations.join", channel=channel)
    return channel if isinstance(joined, Ok) else away(joined)


def away(answer: TryLater | Failed) -> TryLater | None:
    """When to ask again, if it was no answer but Slack's being away or busy; None for a plain no."""
    if isinstance(answer, TryLater):
        return answer
    return TryLater(answer.why, GONE_AGAIN) if answer.slack_is_gone else None


class Posting:
    """Finds and joins channels by their configured names, and posts to them. What was found is kept: a listing has a thousand channels."""

    def __init__(self, gateway: SlackGateway) -> None:
        self.slack = gateway
        self._ids: dict[str, str] = {}
        """By the name that was configured."""

    async def find(self, name: str) -> Found:
        """The channel's id."""
        return self._ids.get(name) or self._kept(name, await find_channel(self.slack, name))

    async def join(self, name: str) -> Found:
        """The channel's id, joined; looked up anew, since one that was known may be gone."""
        self.forget(name)
        return self._kept(name, await join_channel(self.slack, name))

    def forget(self, name: str) -> None:
        """The channel was not where it had been."""
        self._ids.pop(name, None)

    async def once(self, name: str, text: str, body: Sequence[Block], claim: Claim) -> Result:
        """Post a message, once. Where the app is not in the channel yet, it joins; a private one somebody must invite it to."""
        if claim.attempt > 1:
            channel = await self.find(name)
            earlier = await posted_before(self.slack, channel, claim.key) if isinstance(channel, str) else channel
            if isinstance(earlier, TryLater):
                return earlier
            if earlier is not None:
                return Ok({"channel": channel, "ts": earlier})
        answer = await self._post(self._ids.get(name, name), text, body, claim.key)
        if not isinstance(answer, Failed) or answer.code not in NOT_THERE:
            return answer
        joined = await self.join(name)
        return answer if joined is None else joined if isinstance(joined, TryLater) else await self._post(joined, text, body, claim.key)

    async def _post(self, channel: str, text: str, body: Sequence[Block], key: str) -> Result:
        return await self.slack.call(
            "chat.postMessage", channel=channel, text=text, blocks=body, metadata=mark(key), unfurl_links=False, unfurl_media=False
        )

    def _kept(self, name: str, found: Found) -> Found:
        if isinstance(found, str):
            self._ids[name] = found
        return found
