"""Gathering what a postmortem is made of: the incident, what was written down about it, what was said, and who was paged."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents import files, timeline, transcript
from bot.incidents.accounts import Account
from bot.incidents.action_items import ActionItems
from bot.incidents.lifecycle import Milestone
from bot.incidents.models import ActionItem as ActionItemRow
from bot.incidents.models import ChannelFile, Incident, Reaction, Role, TimelineEntry
from bot.incidents.severity import Severity
from bot.incidents.transcript import OTHER_APP, WORTHY, Spoken
from bot.paging.notice import METHOD_NAMES
from bot.paging.service import Paging, StoryLine
from bot.paging.states import AttemptState
from bot.postmortems.assemble import assemble
from bot.postmortems.document import ActionItem, Attempt, Document, Facts, Responder, Source
from bot.postmortems.lines import Entry
from bot.postmortems.measuring import as_measure, measured
from bot.postmortems.models import Postmortem
from bot.postmortems.selection import Message
from bot.slack.identity import identity
from bot.slack.text import permalink

WITHDRAWN = "(its message was deleted)"
REACHED_OR_FAILED = frozenset(AttemptState) - {AttemptState.SUPPRESSED, AttemptState.PLANNED}
OUTCOMES = {AttemptState.ANSWERED: "answered", AttemptState.FAILED: "could not be reached"}


Accounts = Callable[[Tx, Incident], Awaitable[Sequence[Account]]]
"""What another room tells of an incident."""
PRIVATE = "security"
"""The template of what was private from its first second: data or security at risk."""
ALERTS, CHANGES, RUNS = "alerts", "changes", "runs"


@dataclass(frozen=True)
class SectionLine:
    """One thing that another room has to say about an incident."""

    at: datetime
    what: str


@dataclass(frozen=True)
class Section:
    """What another room adds to the document."""

    title: str
    lines: tuple[SectionLine, ...]


@dataclass(frozen=True)
class SharedFile:
    """A file that somebody posted in the channel; without a `url` it was not kept, and `remark` says why."""

    at: datetime
    who: str
    title: str
    url: str = ""
    is_image: bool = False
    remark: str = ""
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Material:
    """A document, the name of the template that it is written by, what other rooms add, and the files that people shared."""

    document: Document
    template: str = "default"
    sections: tuple[Section, ...] = ()
    files: tuple[SharedFile, ...] = ()


class Gatherer:
    """Reads an incident's material."""

    def __init__(self, directory: Directory, paging: Paging, items: ActionItems) -> None:
        self._directory = directory
        self._paging = paging
        self._items = items
        self._accounts: dict[str, Accounts] = {}

    def add(self, what: str, accounts: Accounts) -> None:
        """Let documents tell this, too: `ALERTS`, `CHANGES` and `RUNS` where they belong, anything else in a section of that title."""
        self._accounts[what] = accounts

    async def gather(self, tx: Tx, incident: Incident) -> Material:
        """Everything about `incident`, assembled."""
        us = await identity(tx)
        urls = Permalinks(us.url if us else "")
        said = await transcript.spoken(tx, incident.number)
        messages = await self._messages(tx, incident, said, urls)
        told = {what: await accounts(tx, incident) for what, accounts in self._accounts.items()}
        document = assemble(
            self._facts(incident),
            [Milestone(row.kind, row.happened_at, row.recorded_at) for row in await timeline.milestones(tx, incident.number)],
            self._entries(await timeline.entries(tx, incident.number), said, urls),
            messages,
            await self._responders(tx, incident.number),
            [self._item(item) for item in await self._items.of(tx, incident.number)],
            attempts=[self._attempt(line) for line in await self._paging.story(tx, incident.number) if line.state in REACHED_OR_FAILED],
            alerts=told.pop(ALERTS, ()),
            changes=told.pop(CHANGES, ()),
            measures=[as_measure(row) for row in await measured(tx, incident.number)],
            runs=told.pop(RUNS, ()),
        )
        sections = tuple(Section(title, tuple(SectionLine(one.at, one.text) for one in lines)) for title, lines in told.items() if lines)
        shared = tuple(self._file(file, urls) for file in await files.shown(tx, incident.number))
        return Material(document, await self._template(tx, incident), sections, shared)

    async def _template(self, tx: Tx, incident: Incident) -> str:
        """What somebody chose, else the service's, else what a private incident asks for, else the company's."""
        known = await tx.session.get(Postmortem, incident.number, populate_existing=True)
        service = self._directory.service(incident.service) if incident.service else None
        nearest = (known.template if known else "") or (service.postmortem_template if service else None)
        return nearest or (PRIVATE if incident.is_private else self._directory.config.postmortem_template)

    def _file(self, file: ChannelFile, urls: "Permalinks") -> SharedFile:
        """A file as the document shows it: from our own site where it is kept, else as Slack's."""
        message = urls.of(file.channel_id, file.ts, None)
        return SharedFile(
            file.shared_at,
            self._directory.name(file.person.removeprefix(OTHER_APP)),
            file.name,
            files.address(file) if file.content is not None else "",
            file.content is not None and file.kind in files.PICTURES,
            f"not kept: {file.trouble}" if file.trouble else "",
            (Source(message, file.shared_at),) if message else (),
        )

    def _facts(self, incident: Incident) -> Facts:
        service = self._directory.service(incident.service) if incident.service else None
        return Facts(
            number=incident.number,
            title=incident.title,
            state=incident.state,
            severity=Severity(incident.severity),
            reason=incident.rule,
            declared_by=self._directory.name(incident.declared_by),
            declared_at=incident.declared_at,
            service=service.name if service else incident.service,
            is_confirmed=incident.is_confirmed,
            is_private=incident.is_private,
            is_drill=incident.is_drill,
            reopened_at=incident.reopened_at,
            by_alert=incident.origin == "alert",
            answer_within=self._directory.config.severity.level(incident.severity).answer_within,
        )

    def _attempt(self, line: StoryLine) -> Attempt:
        outcome = OUTCOMES.get(line.state, "")
        failed = f"{outcome}: {line.reason}" if line.state is AttemptState.FAILED and line.reason else outcome
        doubled = "possibly sent twice" if line.possible_duplicate else ""
        return Attempt(self._directory.name(line.person), METHOD_NAMES.get(line.method, line.method), line.at, line.why, failed, doubled)

    def _entries(self, rows: Sequence[TimelineEntry], said: Sequence[Spoken], urls: "Permalinks") -> list[Entry]:
        wanted = {row.message_ts for row in rows if row.message_ts}
        evidence = {message.ts: message for message in said if message.ts in wanted}
        entries = []
        for row in rows:
            message = evidence.get(row.message_ts or "")
            url = urls.of(row.channel_id, row.message_ts, message.thread_ts if message else None)
            text = row.text if message is None else WITHDRAWN if message.is_deleted else message.text or row.text
            entries.append(Entry(row.kind, text, self._directory.name(row.actor), row.happened_at, row.recorded_at, url))
        return entries

    def _item(self, item: ActionItemRow) -> ActionItem:
        owner = self._directory.name(item.owner) if item.owner else None
        due = item.due_on.isoformat() if item.due_on else None
        return ActionItem(item.text, owner, due, item.done_at is not None, item.priority, item.kind)

    async def _messages(self, tx: Tx, incident: Incident, said: Sequence[Spoken], urls: "Permalinks") -> list[Message]:
        reactions: dict[str, list[Reaction]] = {}
        for reaction in await transcript.reactions(tx, {row.channel_id for row in said}):
            reactions.setdefault(reaction.ts, []).append(reaction)
        names = {author: self._directory.name(author.removeprefix(OTHER_APP)) for author in {row.author for row in said}}
        return [_message(row, names[row.author], reactions.get(row.ts, ()), urls) for row in said]

    async def _responders(self, tx: Tx, incident_id: int) -> list[Responder]:
        """Everybody who ever had a part, with all their parts."""
        rows = select(Role).where(col(Role.incident_id) == incident_id).order_by(col(Role.since), col(Role.id))
        parts: dict[str, list[Role]] = {}
        for role in (await tx.session.execute(rows)).scalars():
            parts.setdefault(role.person, []).append(role)
        return [
            Responder(self._directory.name(person), tuple(dict.fromkeys(titled(role) for role in held)), held[0].since)
            for person, held in parts.items()
        ]


def _message(row: Spoken, author: str, reactions: Sequence[Reaction], urls: "Permalinks") -> Message:
    url = urls.of(row.channel_id, row.ts, row.thread_ts) or ""
    by_bot = row.author.startswith(OTHER_APP)
    said = Message(
        float(row.ts), author, row.text, by_bot, row.is_pinned and not row.is_deleted, row.ts, row.thread_ts or "", 0, url,
        row.is_edited, row.is_deleted, row.is_pinned,
    )  # fmt: skip
    if not reactions:
        return said
    return said._replace(
        is_marked=not row.is_deleted and (row.is_pinned or any(reaction.name in WORTHY for reaction in reactions)),
        reactors=len({reaction.person for reaction in reactions}),
        reacted=tuple(sorted({reaction.name for reaction in reactions})),
    )


class Permalinks:
    """Addresses of messages in one workspace; none before Slack was ever reached."""

    def __init__(self, workspace_url: str) -> None:
        self._workspace = workspace_url

    def of(self, channel: str | None, ts: str | None, thread_ts: str | None) -> str | None:
        """The address of a message."""
        return permalink(self._workspace, channel, ts, thread_ts or "") if self._workspace and channel and ts else None


def titled(role: Role) -> str:
    """`commander`, `acting commander`, `responder` …"""
    return f"acting {role.role}" if role.is_acting else role.role
