"""What people do in Slack, parsed: the values that listeners receive.

Every request carries `key`, under which Slack would deliver it again; the door has already made sure that it comes once.
Ids are Slack's (`U…` people, `C…`/`G…`/`D…` channels, `ts` message timestamps as strings). What Slack left out is "" or ().
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

FieldValue = str | tuple[str, ...] | None
"""One element of a form: text, a chosen value or id, a date; a tuple where several may be chosen; None when left empty."""

Values = Mapping[str, Mapping[str, FieldValue]]
"""A form's state: `values[block_id][action_id]`."""


@dataclass(frozen=True)
class Command:
    """A slash command. `text` is what follows it, as Slack escaped it (`&lt;`, `<@U123|name>`)."""

    user: str
    channel: str
    channel_name: str
    text: str
    trigger_id: str
    response_url: str
    key: str
    name: str = ""
    """With its slash: "/inc"."""


@dataclass(frozen=True)
class Click:
    """A button pressed or a choice made, in a message (`channel`, `message_ts`), a modal or the home tab (`view_id`)."""

    user: str
    channel: str
    message_ts: str
    action_id: str
    value: str
    """The button's value, or what was chosen; several choices are joined by commas (ids and values only)."""
    trigger_id: str
    response_url: str
    view_id: str
    key: str
    state: Values = field(default_factory=dict)
    in_modal: bool = False
    thread_ts: str = ""
    private_metadata: str = ""
    """Of the modal or home tab that was clicked."""
    is_link: bool = False
    """The button opens an address; Slack reports the click all the same."""


@dataclass(frozen=True)
class Submission:
    """A modal sent off."""

    user: str
    callback_id: str
    private_metadata: str
    values: Values
    view_id: str
    key: str
    trigger_id: str = ""
    inputs: tuple[str, ...] = ()
    """The block ids of its input blocks, top to bottom: where a refusal can be shown."""


@dataclass(frozen=True)
class Shortcut:
    """A global shortcut, chosen from the lightning menu or by search."""

    user: str
    callback_id: str
    trigger_id: str
    key: str


@dataclass(frozen=True)
class MessageAction:
    """A message shortcut: something to do with one message."""

    user: str
    callback_id: str
    channel: str
    message_ts: str
    trigger_id: str
    response_url: str
    key: str
    text: str = ""
    author: str = ""
    thread_ts: str = ""
    channel_name: str = ""


class MessageChange(StrEnum):
    """What happened to a message."""

    POSTED = "posted"
    EDITED = "edited"
    DELETED = "deleted"


@dataclass(frozen=True)
class SharedFile:
    """A file on a message, by id and name; `url` is Slack's page for it, `source` where its bytes are, for whoever has our token."""

    id: str
    name: str
    url: str = ""
    source: str = ""
    size: int = 0
    is_gone: bool = False
    """It was taken away, and the message shows that."""


@dataclass(frozen=True)
class MessageBody:
    """A message as it stands now (for a deletion: as it stood before). `ts` names the message, not the event."""

    change: MessageChange
    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str = ""
    """The thread's first message; "" outside threads, and on the first message itself."""
    subtype: str = ""
    bot_id: str = ""
    channel_type: str = ""
    """channel, group (private), im, mpim."""
    files: tuple[SharedFile, ...] = ()
    event_ts: str = ""
    """When the change happened; for a new message the same as `ts`."""


@dataclass(frozen=True)
class MentionBody:
    """Somebody wrote @tocsin. The same message also arrives as a message event."""

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str = ""


@dataclass(frozen=True)
class ReactionBody:
    """An emoji put on, or taken off, the message at `ts`. `name` without colons."""

    added: bool
    user: str
    name: str
    channel: str
    ts: str
    author: str = ""
    event_ts: str = ""


@dataclass(frozen=True)
class PinBody:
    """A message pinned or unpinned."""

    added: bool
    user: str
    channel: str
    ts: str
    event_ts: str = ""


@dataclass(frozen=True)
class MemberBody:
    """Somebody joined or left a channel."""

    joined: bool
    user: str
    channel: str
    inviter: str = ""
    event_ts: str = ""


class ChannelChange(StrEnum):
    """What happened to a channel."""

    ARCHIVED = "archived"
    UNARCHIVED = "unarchived"
    RENAMED = "renamed"
    DELETED = "deleted"


@dataclass(frozen=True)
class ChannelBody:
    """A channel was archived, renamed …; `name` only when renamed."""

    change: ChannelChange
    channel: str
    user: str = ""
    name: str = ""


@dataclass(frozen=True)
class HomeBody:
    """Somebody looks at our home tab."""

    user: str


@dataclass(frozen=True)
class PersonBody:
    """A member of the workspace as Slack knows them now."""

    user: str
    name: str
    real_name: str = ""
    email: str = ""
    zone: str = ""
    """IANA name, as "Europe/Berlin"."""
    deactivated: bool = False
    is_bot: bool = False
    is_guest: bool = False


@dataclass(frozen=True)
class OtherBody:
    """An event whose content we do not read."""


EventBody = MessageBody | MentionBody | ReactionBody | PinBody | MemberBody | ChannelBody | HomeBody | PersonBody | OtherBody


@dataclass(frozen=True)
class Event:
    """Something that happened in the workspace. `type` is Slack's name for it; `match event.body` for what it says."""

    type: str
    body: EventBody
    key: str
    user: str = ""
    """Who caused it, "" when nobody did."""
    happened_at: datetime | None = None


@dataclass(frozen=True)
class Suggestion:
    """Somebody types into a select whose options we supply."""

    user: str
    action_id: str
    typed: str
    key: str


Request = Command | Click | Submission | Shortcut | MessageAction | Event | Suggestion
