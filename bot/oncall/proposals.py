"""What somebody is about to change, in absolute form, as a button carries it until they confirm."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.errors import InvalidInput
from bot.oncall.definition import TemporaryShift


class What(StrEnum):
    OVERRIDE = "override"
    SWAP = "swap"
    COVER = "cover"
    TEMPORARY = "temporary"


@dataclass(frozen=True)
class Proposal:
    """From `start` until `end` (aware UTC) something happens to a schedule; `person` stands in or is asked ("" for cover).

    `instead_of` is who would be replaced where several are on call; a swap may have a time `in_return`,
    a temporary schedule has `shifts`.
    """

    what: What
    schedule: str
    start: datetime
    end: datetime
    person: str = ""
    instead_of: str = ""
    in_return: tuple[datetime, datetime] | None = None
    shifts: tuple[TemporaryShift, ...] = ()

    def to_value(self) -> str:
        """As the value of a button."""
        back = [_seconds(one) for one in self.in_return] if self.in_return else []
        shifts = [[one.person, _seconds(one.start), _seconds(one.end)] for one in self.shifts]
        found = [self.what, self.schedule, _seconds(self.start), _seconds(self.end), self.person, self.instead_of, back, shifts]
        return json.dumps(found, separators=(",", ":"))

    @classmethod
    def from_value(cls, value: str) -> "Proposal":
        """Back from the value. Raises InvalidInput for one that an older version made."""
        try:
            what, schedule, start, end, person, instead_of, back, shifts = json.loads(value)
            in_return = (_moment(back[0]), _moment(back[1])) if back else None
            inside = tuple(TemporaryShift(str(who), _moment(begins), _moment(ends)) for who, begins, ends in shifts)
            return cls(What(what), str(schedule), _moment(start), _moment(end), str(person), str(instead_of), in_return, inside)
        except (ValueError, TypeError, IndexError, OverflowError):
            raise InvalidInput("This button is of another version of the bot. Type the command again.") from None


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _moment(seconds: object) -> datetime:
    if not isinstance(seconds, int):
        raise TypeError("not a moment")
    return datetime.fromtimestamp(seconds, UTC)
