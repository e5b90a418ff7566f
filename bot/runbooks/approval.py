"""What an approval is worth: it is bound to everything that decides what will run, and one person's eyes are not two."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

ALONE_AFTER = timedelta(minutes=3)
"""How long a request must have waited before whoever made it may go alone."""
ALONE_UP_TO = 2
"""And only for what is as severe as SEV2."""


@dataclass(frozen=True)
class Bound:
    """Everything that an approval is about. Digests of what is too long to compare by eye."""

    runbook: str
    playbooks: str
    inventory: str
    versions: str
    environment: str
    hosts: tuple[str, ...]
    parameters: Mapping[str, str | int]

    @property
    def fingerprint(self) -> str:
        """The same for the same run, and for no other."""
        return digest(json.dumps(asdict(self), sort_keys=True, separators=(",", ":")))


def digest(text: str) -> str:
    """A digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def differences(approved: Bound, now: Bound) -> tuple[str, ...]:
    """What is otherwise than what was shown, as sentences; empty when nothing is."""
    found = []
    if more := sorted(set(now.hosts) - set(approved.hosts)):
        found.append(f"it would also run on {', '.join(more)}")
    if fewer := sorted(set(approved.hosts) - set(now.hosts)):
        found.append(f"it would no longer run on {', '.join(fewer)}")
    changed = {
        "the runbook was edited": approved.runbook != now.runbook,
        "its playbooks were edited": approved.playbooks != now.playbooks,
        "variables of the inventory were edited": approved.inventory != now.inventory and not found,
        f"Ansible is now {now.versions}": approved.versions != now.versions,
        "its parameters are others": approved.parameters != now.parameters or approved.environment != now.environment,
    }
    return (*found, *(sentence for sentence, is_so in changed.items() if is_so))


def why_not(approver: str, requester: str, approvers: Sequence[str], is_known: bool) -> str | None:
    """Why this person's approval does not count; None when it does."""
    if not is_known:
        return "Only people of Tocsin's directory approve runs, and you are not in it."
    if approver == requester:
        return "You asked for it, so somebody else must approve it."
    if approver in approvers:
        return "You approved it already; it waits for another person."
    return None


def may_go_alone(severity: int, waited: timedelta) -> bool:
    """Whether whoever asked may go without a second person: it is urgent, and nobody came."""
    return severity <= ALONE_UP_TO and waited >= ALONE_AFTER


def is_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Whether a request has waited too long to still be what people want."""
    return expires_at is not None and now >= expires_at
