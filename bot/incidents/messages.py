"""What incidents announce, and the due work they order."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.incidents.lifecycle import IncidentState
from bot.work.orders import Order, Priority


@dataclass(frozen=True)
class IncidentDeclared:
    """There is a new incident."""

    incident_id: int


@dataclass(frozen=True)
class ChannelOpened:
    """An incident has its channel."""

    incident_id: int
    channel_id: str


@dataclass(frozen=True)
class SeverityChanged:
    """An incident's severity went from `before` to `after` (1 to 4)."""

    incident_id: int
    before: int
    after: int


@dataclass(frozen=True)
class SeverityConfirmed:
    """A person says that an incident's severity is right."""

    incident_id: int


@dataclass(frozen=True)
class IncidentRestricted:
    """An incident that everybody could see is for those invited alone from now on."""

    incident_id: int


@dataclass(frozen=True)
class ResponderJoined:
    """Somebody has a part in an incident who had none in that role before."""

    incident_id: int
    person: str


@dataclass(frozen=True)
class StateChanged:
    """An incident moved along its life."""

    incident_id: int
    before: IncidentState
    after: IncidentState


@dataclass(frozen=True)
class IncidentResolved:
    """An incident is over."""

    incident_id: int


@dataclass(frozen=True)
class IncidentCancelled:
    """An incident was none."""

    incident_id: int


@dataclass(frozen=True)
class IncidentMerged:
    """An incident was the same as another, `into`, and goes on there."""

    incident_id: int
    into: int


@dataclass(frozen=True)
class NoteWritten:
    """Somebody wrote a note or an update about an incident."""

    incident_id: int


@dataclass(frozen=True)
class FilesChanged:
    """A file of an incident's channel was kept, or is gone."""

    incident_id: int


@dataclass(frozen=True, kw_only=True)
class FetchFile(Order):
    """Keep a file that somebody posted in an incident's channel."""

    destination: ClassVar[str] = "slack-files"
    priority: ClassVar[Priority] = Priority.REFRESH
    file_id: int


@dataclass(frozen=True)
class ImpactTold:
    """Somebody said what harm an incident did, or since when."""

    incident_id: int


@dataclass(frozen=True)
class ActionItemsChanged:
    """An action item of an incident was added, changed, finished or taken up again."""

    incident_id: int
    item_id: int


@dataclass(frozen=True)
class IncidentReopened:
    """An incident is not over after all."""

    incident_id: int


@dataclass(frozen=True)
class CommanderChanged:
    """Somebody else leads an incident now."""

    incident_id: int
    person: str
    before: str | None


@dataclass(frozen=True)
class HistoryRepaired:
    """What events had missed of an incident's channel is recorded now."""

    incident_id: int


@dataclass(frozen=True, kw_only=True)
class OpenChannel(Order):
    """Create the incident's channel."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.URGENT
    incident_id: int


@dataclass(frozen=True, kw_only=True)
class InviteResponders(Order):
    """Invite Slack users to the incident's channel."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.URGENT
    incident_id: int
    actors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PostCard(Order):
    """Post the incident's card, the message that has the buttons."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.URGENT
    incident_id: int


@dataclass(frozen=True, kw_only=True)
class DressChannel(Order):
    """Pin the card, set the topic: one order each."""

    destination: ClassVar[str] = "slack"
    incident_id: int
    part: str
    """"pin" or "topic"."""


@dataclass(frozen=True, kw_only=True)
class ConfirmDeclared(Order):
    """Tell the person who declared it where the channel is."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.URGENT
    incident_id: int


@dataclass(frozen=True, kw_only=True)
class RefreshCard(Order):
    """Edit the card so that it shows how things stand."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.REFRESH
    incident_id: int


@dataclass(frozen=True, kw_only=True)
class SayInChannel(Order):
    """Say something in the incident's channel, once. `headline` is ours, with `{actor}`, `{words}` and `{promise}` to be filled in."""

    destination: ClassVar[str] = "slack"
    incident_id: int
    headline: str
    actor: str
    words: str = ""
    promised: datetime | None = None
    undo: bool = False
    """Offer an undo button below."""
    below: str = ""
    """What else stands below, as Block Kit in JSON."""


@dataclass(frozen=True, kw_only=True)
class SayInOps(Order):
    """Say something in the ops channel: what concerns no incident's channel, or an incident that has none."""

    destination: ClassVar[str] = "slack"
    text: str
    promote: int | None = None
    """The incident below, which woke nobody, can be promoted by a button."""


@dataclass(frozen=True, kw_only=True)
class NagForUpdate(Order):
    """A promised status update may be overdue."""

    incident_id: int


@dataclass(frozen=True, kw_only=True)
class SeatActingCommander(Order):
    """The first who answered leads, if the seat is still empty."""

    incident_id: int


@dataclass(frozen=True, kw_only=True)
class WidenIncident(Order):
    """See whether more people are to be paged for an incident, or those who were are wanted no more."""

    incident_id: int


@dataclass(frozen=True, kw_only=True)
class TellExecutives(Order):
    """See whether executives are to be told of an incident, or given the all-clear."""

    incident_id: int


@dataclass(frozen=True, kw_only=True)
class DraftNotice(Order):
    """See whether a notice for customers is to be drafted or withdrawn."""

    incident_id: int


@dataclass(frozen=True, kw_only=True)
class TrackIncident(Order):
    """Let the line in the tracking channel show how an incident stands."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.REFRESH
    incident_id: int


@dataclass(frozen=True, kw_only=True)
class LookForEarlier(Order):
    """See whether an incident is like an earlier one whose action items are not done."""

    priority: ClassVar[Priority] = Priority.REFRESH
    incident_id: int


@dataclass(frozen=True, kw_only=True)
class RemindOfItems(Order):
    """Remind a person, or a team (`team:<id>`, `team:` for none), of action items that are due."""

    whose: str


@dataclass(frozen=True, kw_only=True)
class ConvertChannel(Order):
    """Declare an incident whose channel is the one where people talk already, if it may be."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.URGENT
    channel_id: str
    actor: str
    title: str
    severity: int | None = None
    service: str | None = None
    team: str | None = None
    people: tuple[str, ...] = ()
    reply_to: str = ""


@dataclass(frozen=True, kw_only=True)
class LeaveChannel(Order):
    """Take what we show out of the channel of an incident that is private now; `topic` is its own where it was an ordinary one."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.URGENT
    incident_id: int
    channel_id: str
    card_ts: str = ""
    topic: str | None = None
    is_adopted: bool = False


@dataclass(frozen=True, kw_only=True)
class Unsay(Order):
    """Edit the message that was posted under `key`, in a channel or to a person, so that it says `text`."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.URGENT
    key: str
    text: str
    channel: str = ""
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class BeginDrill(Order):
    """Declare the drill of this name, if the fleet knows it."""

    destination: ClassVar[str] = "fleet"
    priority: ClassVar[Priority] = Priority.URGENT
    name: str
    actor: str
    reply_to: str = ""


@dataclass(frozen=True, kw_only=True)
class BreakFleet(Order):
    """Let something break on the fleet, for a drill."""

    destination: ClassVar[str] = "fleet"
    incident_id: int
    fault: str


@dataclass(frozen=True, kw_only=True)
class MendFleet(Order):
    """Put the fleet right once the drill is over."""

    destination: ClassVar[str] = "fleet"
    incident_id: int


@dataclass(frozen=True, kw_only=True)
class RepairHistory(Order):
    """Read the channel's history and record what events missed."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.REFRESH
    incident_id: int
