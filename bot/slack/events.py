"""The Events API's inner events, parsed."""

from collections.abc import Mapping

from bot.slack.fields import flag, items, number, text
from bot.slack.requests import (
    ChannelBody,
    ChannelChange,
    EventBody,
    HomeBody,
    MemberBody,
    MentionBody,
    MessageBody,
    MessageChange,
    OtherBody,
    PersonBody,
    PinBody,
    ReactionBody,
    SharedFile,
)

CHANNEL_CHANGES = {
    "archive": ChannelChange.ARCHIVED,
    "unarchive": ChannelChange.UNARCHIVED,
    "rename": ChannelChange.RENAMED,
    "deleted": ChannelChange.DELETED,
}


def parse_event(event: Mapping[str, object]) -> EventBody:
    """What the event says."""
    kind = text(event, "type")
    match kind:
        case "message":
            return message(event)
        case "app_mention":
            ts, thread = text(event, "ts"), text(event, "thread_ts")
            return MentionBody(text(event, "channel"), ts, text(event, "user"), text(event, "text"), thread if thread != ts else "")
        case "reaction_added" | "reaction_removed":
            return ReactionBody(
                added=kind == "reaction_added",
                user=text(event, "user"),
                name=text(event, "reaction"),
                channel=text(event, "item", "channel"),
                ts=text(event, "item", "ts"),
                author=text(event, "item_user"),
                event_ts=text(event, "event_ts"),
            )
        case "pin_added" | "pin_removed":
            channel = text(event, "channel_id") or text(event, "item", "channel")
            ts = text(event, "item", "message", "ts")
            return PinBody(kind == "pin_added", text(event, "user"), channel, ts, text(event, "event_ts"))
        case "member_joined_channel" | "member_left_channel":
            joined = kind == "member_joined_channel"
            return MemberBody(joined, text(event, "user"), text(event, "channel"), text(event, "inviter"), text(event, "event_ts"))
        case "app_home_opened" if text(event, "tab") != "messages":
            return HomeBody(text(event, "user"))
        case "user_change" | "team_join":
            return person(event)
    family, _, change = kind.partition("_")
    if family in ("channel", "group") and change in CHANNEL_CHANGES:
        channel = text(event, "channel", "id") or text(event, "channel")
        return ChannelBody(CHANNEL_CHANGES[change], channel, text(event, "user"), text(event, "channel", "name"))
    return OtherBody()


def message(event: Mapping[str, object]) -> MessageBody:
    """A message, whether it is new, edited or deleted: Slack nests the latter two differently."""
    subtype = text(event, "subtype")
    change, content = MessageChange.POSTED, event
    if subtype == "message_changed":
        gone = text(event, "message", "subtype") == "tombstone"
        change, content = (MessageChange.DELETED, _inner(event, "previous_message")) if gone else (
            MessageChange.EDITED, _inner(event, "message"))  # fmt: skip
    elif subtype == "message_deleted":
        change, content = MessageChange.DELETED, _inner(event, "previous_message")
    ts = text(content, "ts") or text(event, "deleted_ts") or text(event, "message", "ts")
    thread = text(content, "thread_ts")
    return MessageBody(
        change=change,
        channel=text(event, "channel"),
        ts=ts,
        user=text(content, "user"),
        text=text(content, "text"),
        thread_ts=thread if thread != ts else "",
        subtype=text(content, "subtype"),
        bot_id=text(content, "bot_id"),
        channel_type=text(event, "channel_type"),
        files=tuple(
            SharedFile(
                text(file, "id"),
                text(file, "name") or text(file, "title"),
                text(file, "permalink"),
                text(file, "url_private_download") or text(file, "url_private"),
                int(number(file, "size")),
                text(file, "mode") == "tombstone",
            )
            for file in items(content, "files")
        ),
        event_ts=text(event, "event_ts") or ts,
    )


def person(event: Mapping[str, object]) -> PersonBody:
    """A member, from `user_change`, `team_join` (or any reply that holds a `user`)."""
    user = _inner(event, "user")
    return PersonBody(
        user=text(user, "id"),
        name=text(user, "name"),
        real_name=text(user, "profile", "real_name") or text(user, "real_name"),
        email=text(user, "profile", "email"),
        zone=text(user, "tz"),
        deactivated=flag(user, "deleted"),
        is_bot=flag(user, "is_bot"),
        is_guest=flag(user, "is_restricted") or flag(user, "is_ultra_restricted"),
    )


def _inner(event: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = event.get(name)
    return found if isinstance(found, Mapping) else {}
