"""What every change to who is on call has to pass, and the sentences for what does not."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import combinations

from bot.config.models import Config
from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput, NotAllowed, NotFound
from bot.oncall.definition import Op, Override, TemporaryShift
from bot.oncall.models import OnCallOverride, OnCallSwap, OnCallTemporary
from bot.oncall.roster import Board
from bot.oncall.service import OnCall

LONGEST = timedelta(days=92)
"""Whoever replaces the plan for longer than a quarter edits the configuration."""
PEERS = 5


class Checks:
    """Refuses changes that cannot be meant."""

    def __init__(self, oncall: OnCall, directory: Directory) -> None:
        self._oncall = oncall
        self._directory = directory

    @property
    def _config(self) -> Config:
        return self._oncall.config

    async def held(self, tx: Tx, schedule_id: str) -> Board:
        """The schedule with what holds from now on; nobody else changes it until the transaction ends."""
        await tx.lock(f"oncall:{schedule_id}")
        return await self._oncall.board(tx, schedule_id, tx.now)

    def from_now_on(self, tx: Tx, start: datetime, end: datetime, what: str) -> datetime:
        """The start, or now when that is past. Refused: a time that is over, that ends before it starts, or that is very long."""
        if end <= start:
            raise InvalidInput(f"{what} has to end after it starts; {self.at(tx, end)} is not after {self.at(tx, start)}.")
        if end <= tx.now:
            raise InvalidInput(f"That time is over: it ended {self.at(tx, end)}. {what} can only begin now or later.")
        if end - start > LONGEST:
            raise InvalidInput(f"{what} lasts {LONGEST.days} days at most; for longer, change the rotation in the configuration.")
        return max(start, tx.now)

    def known(self, person: str | None) -> None:
        """Only who is configured can be on call."""
        if person is not None and self._directory.person(person) is None:
            raise NotFound(
                f"{self._directory.name(person)} is not in the configuration, so nobody could page them. Add them under `people`."
            )

    def level(self, schedule_id: str, person: str | None) -> None:
        """Whoever holds a role needs its standing."""
        someone = self._directory.person(person) if person else None
        if someone is None:
            return
        for team_id, role in self._oncall.roles_of(schedule_id):
            if not self._config.eligibility.allows(role, someone.level):
                team = self._directory.team(team_id)
                raise NotAllowed(
                    f"{someone.name} is {article(someone.level)}; {role} on call for {team.name if team else team_id} has to be "
                    f"{article(self._config.eligibility.of(role))} or above. {self._peers(team_id, role)}"
                )

    def free(self, tx: Tx, board: Board, wanted: Override) -> None:
        """Two overrides that both replace everybody would leave open who is meant."""
        for other in board.overrides.overrides:
            if other.start >= wanted.end or other.end <= wanted.start:
                continue
            is_same = wanted.op is Op.REPLACE_ALL and other.op is Op.REPLACE_ALL
            if is_same or (wanted.op in (Op.REPLACE, Op.REMOVE) and other.op is wanted.op and other.instead_of == wanted.instead_of):
                who = self._directory.name(other.person) if other.person else "Nobody"
                by = f" (by {self._directory.name(other.by)})" if other.by else ""
                when = self.between(tx, other.start, other.end)
                raise InvalidInput(f"{who} is put on call there {when} already{by}. Remove that first, or choose another time.")

    def apart(self, tx: Tx, shifts: Sequence[TemporaryShift]) -> None:
        """A plan has somebody, and nobody twice at once: that is a slip of the finger."""
        if not shifts:
            raise InvalidInput("Say who is on call meanwhile, and when.")
        for one, other in combinations(shifts, 2):
            if one.person == other.person and one.start < other.end and other.start < one.end:
                name, when = self._directory.name(one.person), self.between(tx, max(one.start, other.start), min(one.end, other.end))
                raise InvalidInput(f"{name} stands in it twice {when}. Name each time once.")

    def at(self, tx: Tx, moment: datetime) -> str:
        """A moment on the actor's clock."""
        return self._directory.wall_time(tx.actor, moment, tx.now)

    def between(self, tx: Tx, start: datetime, end: datetime) -> str:
        """A time on the actor's clock."""
        return f"from {self.at(tx, start)} to {self.at(tx, end)}"

    def _peers(self, team_id: str, role: str) -> str:
        """Who of the team could."""
        team = self._directory.team(team_id)
        people = [person for name in (team.members if team else ()) if (person := self._directory.person(name)) is not None]
        names = [person.name for person in people if self._config.eligibility.allows(role, person.level)]
        return f"In the team there are: {', '.join(names[:PEERS])}." if names else "Nobody of the team is; ask another team."


def article(level: str) -> str:
    return f"an {level}" if level[0] in "aeiou" else f"a {level}"


def row_of(tx: Tx, schedule_id: str, override: Override, swap_id: int | None = None) -> OnCallOverride:
    """An override as the row of its table."""
    return OnCallOverride(
        schedule=schedule_id,
        op=override.op,
        kind=override.kind,
        person=override.person,
        instead_of=override.instead_of,
        starts_at=override.start,
        ends_at=override.end,
        made_by=tx.actor,
        made_at=tx.now,
        swap_id=swap_id,
    )


def end(tx: Tx, row: OnCallOverride | OnCallTemporary) -> None:
    """Let it end now, or never begin."""
    row.removed_by = tx.actor
    if row.starts_at < tx.now:
        row.ends_at = min(row.ends_at, tx.now)
    else:
        row.removed_at = tx.now


def number(row: OnCallOverride | OnCallTemporary | OnCallSwap) -> int:
    """The number of a row that was stored."""
    if row.id is None:
        raise ValueError("a row has no number before it is stored")
    return row.id
