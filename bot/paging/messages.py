"""What paging announces, and the due work it orders."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from bot.db import ActorId
from bot.work.orders import Order, Priority


@dataclass(frozen=True)
class PageStarted:
    """Fact: an answer is wanted from now on."""

    page_id: int
    incident_id: int


@dataclass(frozen=True)
class PersonPaged:
    """Fact: a provider accepted a page for this person. `why` says for what they were chosen ("primary on call for Payments")."""

    page_id: int
    incident_id: int
    person: str
    method: str
    why: str


@dataclass(frozen=True)
class SinkReached:
    """Fact: a synthetic page of the watchdog's has arrived."""

    page_id: int


@dataclass(frozen=True)
class PagePosted:
    """Fact: a page stands in a place that a step named (`channel:sre`, `webhook:status`); nobody in particular was called."""

    page_id: int
    incident_id: int
    place: str


@dataclass(frozen=True)
class AttemptFailed:
    """Fact: one method cannot reach a person; their next one goes out at once. `why` is the provider's reason."""

    page_id: int
    incident_id: int
    person: str
    method: str
    why: str


@dataclass(frozen=True)
class AttemptHeldBack:
    """Fact: a cap kept a message from a person. `why` names the cap."""

    page_id: int
    incident_id: int
    person: str
    method: str
    why: str


@dataclass(frozen=True)
class StepSkipped:
    """Fact: a step of the ladder paged nobody. `why` is a sentence."""

    page_id: int
    incident_id: int
    role: str
    why: str


@dataclass(frozen=True)
class PageAcknowledged:
    """Fact: somebody answers for it."""

    page_id: int
    incident_id: int
    by: ActorId


@dataclass(frozen=True)
class PageEscalated:
    """Fact: a further step was taken; `by` is who asked for it, None when its time had come. `step` counts from 0."""

    page_id: int
    incident_id: int
    by: ActorId | None
    step: int
    late: timedelta = timedelta(0)


@dataclass(frozen=True)
class PageDeclined:
    """Fact: a person who was paged cannot; the next one is paged now."""

    page_id: int
    incident_id: int
    by: ActorId


@dataclass(frozen=True)
class PageSnoozed:
    """Fact: `by` is paged again at `until`, unless somebody takes it before."""

    page_id: int
    incident_id: int
    by: ActorId
    until: datetime


@dataclass(frozen=True)
class PageReturned:
    """Fact: `person` holds it no more, and paging goes on. `why` is half a sentence; `by` who gave it back, None when time did."""

    page_id: int
    incident_id: int
    person: str
    why: str
    by: ActorId | None


@dataclass(frozen=True)
class FallbackPaged:
    """Fact: no step of the ladder found anybody, so these people are paged, who stand in for everybody else."""

    page_id: int
    incident_id: int
    people: tuple[str, ...]


@dataclass(frozen=True)
class PolicyChanged:
    """Fact: configuration has other steps for this page's policy than those it runs by (`steps`: their frozen text). It keeps its own."""

    page_id: int
    incident_id: int
    policy: str
    steps: str


@dataclass(frozen=True)
class PolicyApplied:
    """Fact: a running page follows its policy as it is now. `started` and `stopped` say for people what begins and what is called off."""

    page_id: int
    incident_id: int
    by: ActorId
    policy: str
    started: str
    stopped: str


@dataclass(frozen=True)
class PageExhausted:
    """Fact: every step was taken and nobody has answered."""

    page_id: int
    incident_id: int


@dataclass(frozen=True)
class PageStandDown:
    """Fact: the incident is over before anybody answered; nobody is wanted any more."""

    page_id: int
    incident_id: int


@dataclass(frozen=True)
class ContactVerified:
    """Fact: what was sent to one of a person's addresses came back."""

    person: str
    method: str


@dataclass(frozen=True)
class TakeStep(Order):
    """Take the next step of the ladder, unless anything happened to the page since (its version moved on)."""

    page_id: int
    version: int
    priority: ClassVar[Priority] = Priority.PAGE


@dataclass(frozen=True)
class HoldEnds(Order):
    """A snooze is over, or an acknowledgement made `since` then wears off unless there was a sign of life."""

    page_id: int
    since: datetime
    priority: ClassVar[Priority] = Priority.PAGE


@dataclass(frozen=True)
class DeliverPage(Order):
    """Send one attempt. Its destination is the method's own lane, so that a slow one delays none of the others."""

    attempt_id: int
    priority: ClassVar[Priority] = Priority.PAGE


@dataclass(frozen=True)
class ExpectReceipt(Order):
    """A minute after a provider took it: unless it is known to have arrived, the person's next method goes out."""

    destination: ClassVar[str] = "receipts"
    attempt_id: int
    priority: ClassVar[Priority] = Priority.PAGE


@dataclass(frozen=True)
class StandDownPerson(Order):
    """Tell a person who was reached by SMS that they are no longer needed, once."""

    page_id: int
    person: str
    destination: ClassVar[str] = "sms"
    priority: ClassVar[Priority] = Priority.URGENT


@dataclass(frozen=True)
class ReplyByMail(Order):
    """Tell a person what became of their answer by e-mail to an attempt. `in_reply_to` is the Message-ID of it, "" when it had none."""

    attempt_id: int
    text: str
    in_reply_to: str
    destination: ClassVar[str] = "email"
    priority: ClassVar[Priority] = Priority.URGENT


@dataclass(frozen=True)
class MailPerson(Order):
    """Tell a person something by e-mail, once: what they would be told in Slack, if Slack knew them."""

    person: str
    subject: str
    text: str
    destination: ClassVar[str] = "email"


@dataclass(frozen=True)
class SendCheck(Order):
    """Send a code or a test page by one method. Its destination is the method's own lane."""

    check_id: int
    priority: ClassVar[Priority] = Priority.URGENT


@dataclass(frozen=True)
class ShowTest(Order):
    """Post the message of a test page, or edit it to what is true now."""

    test_id: int
    destination: ClassVar[str] = "page-slack"
    priority: ClassVar[Priority] = Priority.REFRESH


@dataclass(frozen=True)
class RefreshPageMessages(Order):
    """Edit the direct messages of a page to what is true now."""

    page_id: int
    destination: ClassVar[str] = "page-slack"
    priority: ClassVar[Priority] = Priority.REFRESH


@dataclass(frozen=True)
class SendSyntheticPage(Order):
    """Send the watchdog's synthetic page of this minute, from an alert to the sink. A late one is as good: it says that paging works."""

    priority: ClassVar[Priority] = Priority.PAGE


LANES = {
    "slack": "page-slack",
    "sms": "sms",
    "voice": "voice",
    "email": "email",
    "push": "push",
    "webhook": "webhook",
    "sink": "sink",
}
"""The destination of each method's deliveries."""
