"""Slack's events, each in the shape that its documentation shows, as values."""

import pytest

from bot.slack.events import parse_event
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

POSTED, EDITED, DELETED = MessageChange.POSTED, MessageChange.EDITED, MessageChange.DELETED
REPLY = {
    "type": "message",
    "channel": "C1",
    "channel_type": "group",
    "ts": "2.2",
    "thread_ts": "1.1",
    "user": "U1",
    "text": "it",
    "event_ts": "2.2",
}
INNER = {"type": "message", "user": "U1", "text": "new", "ts": "1.1", "edited": {"user": "U1", "ts": "3.3"}}


@pytest.mark.parametrize(
    ("event", "body"),
    [
        (REPLY, MessageBody(POSTED, "C1", "2.2", "U1", "it", thread_ts="1.1", channel_type="group", event_ts="2.2")),
        ({**REPLY, "thread_ts": "2.2"}, MessageBody(POSTED, "C1", "2.2", "U1", "it", channel_type="group", event_ts="2.2")),
        (
            {**REPLY, "subtype": "thread_broadcast"},
            MessageBody(POSTED, "C1", "2.2", "U1", "it", thread_ts="1.1", subtype="thread_broadcast", channel_type="group", event_ts="2.2"),
        ),
        (
            {"type": "message", "subtype": "bot_message", "channel": "C1", "ts": "2.2", "bot_id": "B1", "text": "deployed"},
            MessageBody(POSTED, "C1", "2.2", "", "deployed", subtype="bot_message", bot_id="B1", event_ts="2.2"),
        ),
        (
            {**REPLY, "subtype": "file_share", "files": [{"id": "F1", "name": "graph.png", "permalink": "https://x/F1"}, {"id": "F2"}]},
            MessageBody(POSTED, "C1", "2.2", "U1", "it", thread_ts="1.1", subtype="file_share", channel_type="group", event_ts="2.2",
                        files=(SharedFile("F1", "graph.png", "https://x/F1"), SharedFile("F2", ""))),
        ),
        (
            {"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "3.3", "event_ts": "3.3", "message": INNER,
             "previous_message": {**INNER, "text": "old"}},
            MessageBody(EDITED, "C1", "1.1", "U1", "new", event_ts="3.3"),
        ),
        (
            {"type": "message", "subtype": "message_deleted", "channel": "C1", "ts": "3.3", "event_ts": "3.3", "deleted_ts": "1.1",
             "previous_message": {**INNER, "thread_ts": "1.0"}},
            MessageBody(DELETED, "C1", "1.1", "U1", "new", thread_ts="1.0", event_ts="3.3"),
        ),
        (
            {"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "1.1"},
            MessageBody(DELETED, "C1", "1.1", "", "", event_ts="1.1"),
        ),
        (
            {"type": "message", "subtype": "message_changed", "channel": "C1", "event_ts": "3.3", "previous_message": INNER,
             "message": {"subtype": "tombstone", "ts": "1.1", "user": "USLACKBOT", "text": "This message was deleted."}},
            MessageBody(DELETED, "C1", "1.1", "U1", "new", event_ts="3.3"),
        ),
        (
            {"type": "app_mention", "channel": "C1", "ts": "1.1", "user": "U1", "text": "<@U9> ack"},
            MentionBody("C1", "1.1", "U1", "<@U9> ack"),
        ),
        (
            {"type": "reaction_removed", "user": "U1", "reaction": "pushpin", "item": {"type": "message", "channel": "C1", "ts": "1.1"},
             "item_user": "U2", "event_ts": "3.3"},
            ReactionBody(False, "U1", "pushpin", "C1", "1.1", "U2", "3.3"),
        ),
        (
            {"type": "pin_added", "user": "U1", "channel_id": "C1", "item": {"message": {"ts": "1.1"}}, "event_ts": "3.3"},
            PinBody(True, "U1", "C1", "1.1", "3.3"),
        ),
        ({"type": "member_joined_channel", "user": "U1", "channel": "C1", "inviter": "U2"}, MemberBody(True, "U1", "C1", "U2")),
        ({"type": "channel_archive", "channel": "C1", "user": "U1"}, ChannelBody(ChannelChange.ARCHIVED, "C1", "U1")),
        ({"type": "group_rename", "channel": {"id": "C1", "name": "new"}}, ChannelBody(ChannelChange.RENAMED, "C1", name="new")),
        ({"type": "channel_deleted", "channel": "C1"}, ChannelBody(ChannelChange.DELETED, "C1")),
        ({"type": "app_home_opened", "user": "U1", "tab": "home"}, HomeBody("U1")),
        ({"type": "app_home_opened", "user": "U1", "tab": "messages"}, OtherBody()),
        (
            {"type": "user_change", "user": {"id": "U1", "name": "gus", "deleted": True, "tz": "Europe/Berlin", "is_ultra_restricted": True,
                                             "profile": {"real_name": "Gus", "email": "gus@example.com"}}},
            PersonBody("U1", "gus", "Gus", "gus@example.com", "Europe/Berlin", deactivated=True, is_guest=True),
        ),
        ({"type": "moon_phase", "channel": "C1"}, OtherBody()),
        ({}, OtherBody()),
        ({"type": "message", "message": 7, "files": "x", "ts": None, "subtype": "message_changed"}, MessageBody(EDITED, "", "", "", "")),
    ],
)  # fmt: skip
def test_each_says_what_happened(event: dict[str, object], body: EventBody) -> None:
    assert parse_event(event) == body
