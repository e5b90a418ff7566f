"""Our own messages, known again after a crash by the key of the work that posted them, which they carry as metadata."""

from collections.abc import Mapping

from bot.slack.gateway import Ok, SlackGateway, TryLater

EVENT_TYPE = "tocsin"
LOOK_BACK = 100
"""Messages: more than come between a crash and the next try."""


def mark(key: str) -> dict[str, object]:
    """The metadata to post with."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


async def posted_before(slack: SlackGateway, channel: str, key: str, back: int = LOOK_BACK) -> str | TryLater | None:
    """The ts of the message in this channel (by its id) that carries the key; None when there is none, or Slack will not say."""
    history = await slack.call("conversations.history", channel=channel, limit=back, include_all_metadata=True)
    if isinstance(history, TryLater):
        return history
    messages = history.data.get("messages") if isinstance(history, Ok) else None
    return next((str(message["ts"]) for message in messages or () if message.get("metadata") and _carries(message["metadata"], key)), None)


def _carries(metadata: Mapping[str, object], key: str) -> bool:
    payload = metadata.get("event_payload")
    return metadata.get("event_type") == EVENT_TYPE and isinstance(payload, Mapping) and payload.get("key") == key
