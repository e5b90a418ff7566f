"""Channels by their names, as people write them in a configuration."""

from bot.slack.gateway import Ok, SlackGateway

NOT_THERE = frozenset({"not_in_channel", "channel_not_found"})
"""What Slack answers where the app is no member; a name is no id, either."""


async def find_channel(slack: SlackGateway, name: str) -> str | None:
    """The id of the public channel of this name (or id); None when Slack shows us none."""
    cursor = ""
    while True:
        listed = await slack.call("conversations.list", types="public_channel", exclude_archived=True, limit=1000, cursor=cursor)
        if not isinstance(listed, Ok):
            return None
        for channel in listed.data["channels"]:
            if name in (channel["name"], channel["id"]):
                return str(channel["id"])
        cursor = listed.text("response_metadata", "next_cursor")
        if not cursor:
            return None


async def join_channel(slack: SlackGateway, name: str) -> str | None:
    """Become a member of the public channel of this name (or id) and return its id; None when that cannot be."""
    channel = await find_channel(slack, name)
    if channel is None or not isinstance(await slack.call("conversations.join", channel=channel), Ok):
        return None
    return channel
