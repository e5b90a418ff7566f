"""An ordinary channel as an incident's own: which may be one, from when on it is, and for how long. Values in, values out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

AT_LEAST = timedelta(hours=4)
"""Of what was said before: at ten past midnight the day is too short to hold how it began."""
LATELY = timedelta(hours=2)
"""Who spoke within this time may know something."""
INSTEAD = "Nothing was done. `/inc new …` declares it with a channel of its own."


@dataclass(frozen=True)
class Shown:
    """A channel, as Slack shows it to us."""

    channel_id: str
    name: str
    topic: str
    is_private: bool
    is_direct: bool
    is_archived: bool
    is_outside: bool
    """Somebody of another company reads it, or has been invited to."""
    is_member: bool
    """We are in it."""

    @classmethod
    def of(cls, raw: Mapping[str, object]) -> "Shown":
        """From what `conversations.info` answers."""
        topic = raw.get("topic")
        return cls(
            channel_id=str(raw.get("id", "")),
            name=str(raw.get("name", "")),
            topic=str(topic.get("value", "")) if isinstance(topic, Mapping) else "",
            is_private=bool(raw.get("is_private")),
            is_direct=bool(raw.get("is_im") or raw.get("is_mpim")),
            is_archived=bool(raw.get("is_archived")),
            is_outside=bool(raw.get("is_ext_shared") or raw.get("is_pending_ext_shared")),
            is_member=bool(raw.get("is_member")),
        )


def why_not(channel: Shown, reserved: Collection[str]) -> str | None:
    """Why this channel cannot be an incident's, as sentences; None when it can. `reserved` are configured channels, by name or id."""
    if channel.is_direct:
        return f"Direct messages belong to those who write them and cannot become an incident's channel. {INSTEAD}"
    if channel.is_archived:
        return f"#{channel.name} is archived. {INSTEAD}"
    if channel.is_outside:
        return f"#{channel.name} is shared with another company, and what is said about an incident would leave this one. {INSTEAD}"
    if channel.name in reserved or channel.channel_id in reserved:
        return f"#{channel.name} is configured for something else, and people rely on that. {INSTEAD}"
    return None


def since(now: datetime, zone: ZoneInfo, before: datetime | None = None) -> datetime:
    """From when on what was said is the incident's: the day of who converts it, at least four hours, never what was another's `before`."""
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    start = min(midnight, now - AT_LEAST)
    return max(start, before) if before else start
