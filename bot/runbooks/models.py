"""Tables of the runbooks room."""

from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.db import EnumText, UtcDateTime
from bot.runbooks.states import RunState
from bot.runbooks.verification import Verdict


class Run(SQLModel, table=True):
    """One run of a runbook in an incident, from the request to what it did. Its number is its id."""

    __tablename__ = "run"
    __table_args__ = (Index("run_state", "state"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    runbook: str
    title: str = Field(sa_type=Text)
    environment: str
    words: str = Field(sa_type=Text)
    """JSON: the parameters as they were typed."""
    only: str = Field(default="[]", sa_type=Text)
    """JSON: the hosts that it is narrowed to, since an earlier run came to grief on them; all of its hosts where it names none."""
    bound: str = Field(default="", sa_type=Text)
    """JSON: what an approval is about, as it was last shown; "" before anything was."""
    fingerprint: str = ""
    needs: int = 0
    """How many people besides who asked must approve."""
    plan: str = Field(default="[]", sa_type=Text)
    """JSON: what it would change, by the dry run."""
    cautions: str = Field(default="[]", sa_type=Text)
    """JSON: what whoever approves it must know besides, by the dry run."""
    rule: str = Field(default="", index=True)
    """The rule that asked for it, with nobody asking; "" where a person did."""
    because: str = Field(default="", sa_type=Text)
    """Why that rule did."""
    reverses: int | None = Field(default=None, foreign_key="run.id")
    """The run that it takes back."""
    remark: str = Field(default="", sa_type=Text)
    """What whoever reads the card must know besides: why it ended so, what differs from what was approved."""
    state: RunState = Field(default=RunState.PREPARING, sa_column=Column(EnumText(RunState), nullable=False))
    once: str | None = Field(default=None, unique=True)
    """The key under which a program or a form asked for it, so that it is asked for once."""
    requested_by: str
    requested_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    alone_because: str = Field(default="", sa_type=Text)
    """Why whoever asked went without a second person."""
    machine: str = ""
    """Where it runs: the only place where it can be looked at and stopped."""
    queue: str = ""
    """The queue whose worker began it and follows it to its end, whatever the configuration names by then; "" where the bot itself did."""
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stopped_by: str | None = None
    stopped_because: str = Field(default="", sa_type=Text)
    progress: str = Field(default="", sa_type=Text)
    """JSON: the picture, folded from the events up to its `seen`."""
    watch: str = Field(default="", sa_type=Text)
    """JSON: what the verification was told before the run and since."""
    verdict: Verdict | None = Field(default=None, sa_column=Column(EnumText(Verdict)))
    """What the verification showed; None when there was none, or it did not come to its end."""
    verified: str = Field(default="", sa_type=Text)
    """The same as a sentence."""
    message_ts: str | None = None
    left_out: str = Field(default="", sa_type=Text)
    """Files that its playbook left and that were not taken, with why."""
    files_link: str = ""
    """Where its output was posted as a file."""
    files_trouble: str = Field(default="", sa_type=Text)
    """Why it could not be."""

    @property
    def number(self) -> int:
        """The number people call it by."""
        if self.id is None:
            raise ValueError("a run has no number before it is stored")
        return self.id


class RunApproval(SQLModel, table=True):
    """Somebody looked at exactly this and said yes."""

    __tablename__ = "run_approval"
    __table_args__ = (UniqueConstraint("run_id", "fingerprint", "person"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id")
    fingerprint: str
    person: str
    at: datetime = Field(sa_type=UtcDateTime)


class RunOutput(SQLModel, table=True):
    """Some lines of what a run printed; `start` and `end` count its bytes."""

    __tablename__ = "run_output"

    run_id: int = Field(foreign_key="run.id", primary_key=True)
    start: int = Field(primary_key=True)
    end: int
    text: str = Field(sa_type=Text)


class ApprovalAsked(SQLModel, table=True):
    """Somebody who was told in a direct message that a run waits for them."""

    __tablename__ = "approval_asked"
    __table_args__ = (UniqueConstraint("run_id", "person"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id")
    person: str = Field(index=True)
    why: str
    """For what they were chosen: `commander`, `primary on call for Payments`."""
    message: str | None = None
    """`channel/ts`, once it is posted."""


class RunFile(SQLModel, table=True):
    """A file of a run: what its playbook left, or, without content, what it printed."""

    __tablename__ = "run_file"
    __table_args__ = (UniqueConstraint("run_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id")
    name: str
    content: bytes | None = Field(default=None, sa_type=LargeBinary)
    cut: int = 0
    """Bytes of its beginning that were too many."""
    slack_id: str | None = None
    """Slack's name for it, once it was brought there; whether it was shared, Slack knows."""


class QueueWorker(SQLModel, table=True):
    """A worker on a machine of its own, and when it last gave a sign of life."""

    __tablename__ = "queue_worker"

    machine: str = Field(primary_key=True)
    queue: str = Field(index=True)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class RunLock(SQLModel, table=True):
    """What a run works on; nothing else may meanwhile."""

    __tablename__ = "run_lock"

    target: str = Field(primary_key=True)
    run_id: int = Field(foreign_key="run.id", index=True)


ALL_RULES = "*"


class RuleSwitch(SQLModel, table=True):
    """A rule that may start nothing by itself until a person says so; `ALL_RULES` stands for every rule."""

    __tablename__ = "rule_switch"

    rule: str = Field(primary_key=True)
    because: str = Field(sa_type=Text)
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
