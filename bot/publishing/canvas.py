"""A canvas in the incident's channel.

Slack reads a canvas back only as HTML, so what people changed in it is found by comparing its sections' words with what was published
last. Where nobody has changed anything the whole of it is replaced; else only sections that are known to be ours.
"""

from dataclasses import dataclass, replace

from bot import faultpoints
from bot.directory.service import Directory
from bot.postmortems.printed import for_print
from bot.publishing.canvases import Change, changes, chunks, sections
from bot.publishing.editions import Edition
from bot.publishing.publisher import Copy, Note, Published
from bot.slack.gateway import Failed, Ok, Result, SlackGateway
from bot.slack.gateway import TryLater as SlackAway
from bot.work.orders import Refused, TryLater

LINES = 120
"""Lines of the timeline in a canvas; all of them are on the page."""
TAKEN = "channel_canvas_already_exists"
GONE = frozenset({"canvas_not_found", "file_not_found", "file_deleted"})
OTHERS = "free_teams_cannot_create_non_tabbed_canvases"


@dataclass(frozen=True)
class Seen:
    """A canvas as Slack tells of it."""

    url: str
    download: str
    owner: str
    last_editor: str
    """ "" where Slack does not say."""

    @property
    def may_hold_edits(self) -> bool:
        """Whether somebody else may have written in it last."""
        return self.last_editor != self.owner


class CanvasPublisher:
    """Keeps one canvas a channel."""

    name = "canvas"
    is_shared = False

    def __init__(self, directory: Directory, gateway: SlackGateway) -> None:
        self._directory = directory
        self._slack = gateway

    def is_on(self) -> bool:
        return self._directory.config.publishing.canvas

    def formats(self) -> tuple[str, ...]:
        return ()

    async def publish(self, edition: Edition, copy: Copy, note: Note) -> Published | TryLater | Refused:
        if edition.channel is None and not copy.outside_id:
            return Refused("the incident has no channel.")
        if not await note(copy.outside_id):
            return TryLater("somebody else is publishing it")
        text, title = in_canvas(edition), title_of(edition)
        if copy.outside_id:
            seen = await self._seen(copy.outside_id)
            if isinstance(seen, Seen):
                named = await self._rename(copy.outside_id, title) if edition.is_emptied else None
                if named is not None and not isinstance(named, Ok):
                    return outcome(named)
                if edition.is_emptied:  # nothing of what people wrote there stays, either
                    copy, seen = Copy(copy.outside_id), replace(seen, last_editor=seen.owner)
                return await self._update(copy.outside_id, title, seen, text, copy, note)
            if not (isinstance(seen, Failed) and seen.code in GONE):
                return outcome(seen)
        if edition.channel is None:
            return Refused("its canvas is gone, and the incident has no channel.")
        return await self._make(edition.channel, title, text, copy, note)

    async def _make(self, channel: str, title: str, text: str, copy: Copy, note: Note) -> Published | TryLater | Refused:
        """The channel's own canvas; where people have one there already, another beside it."""
        content = {"type": "markdown", "markdown": text}
        made = await self._slack.call("conversations.canvases.create", channel_id=channel, document_content=content, title=title)
        if isinstance(made, Failed) and made.code == TAKEN:
            ours = await self._left_behind(channel)
            if isinstance(ours, str) and ours:  # an earlier try made it, and died before it could say so
                if not await note(ours):
                    return TryLater("somebody else is publishing it")
                seen = await self._seen(ours)
                return await self._update(ours, title, seen, text, Copy(ours), note) if isinstance(seen, Seen) else outcome(seen)
            if not isinstance(ours, str):
                return outcome(ours)
            made = await self._slack.call("canvases.create", title=title, document_content=content, channel_id=channel)
        if not isinstance(made, Ok):
            return outcome(made)
        canvas = made.text("canvas_id")
        faultpoints.reached("canvas: made, not stored")
        if not await note(canvas):
            return TryLater("somebody else is publishing it")
        seen = await self._seen(canvas)
        url = seen.url if isinstance(seen, Seen) else ""
        return Published(canvas, text, title, url, is_new=not copy.text)

    async def _left_behind(self, channel: str) -> str | SlackAway | Failed:
        """The channel's canvas, if it is one of ours; "" when it is somebody else's."""
        found, us = await self._slack.call("conversations.info", channel=channel), await self._slack.call("auth.test")
        if not isinstance(found, Ok):
            return found
        if not isinstance(us, Ok):
            return us
        canvas = found.text("channel", "properties", "canvas", "file_id")
        seen = await self._seen(canvas) if canvas else Failed("file_not_found", "")
        if isinstance(seen, SlackAway):
            return seen
        return canvas if isinstance(seen, Seen) and seen.owner == us.text("user_id") else ""

    async def _seen(self, canvas: str) -> Seen | SlackAway | Failed:
        found = await self._slack.call("files.info", file=canvas)
        if not isinstance(found, Ok):
            return found
        return Seen(*(found.text("file", name) for name in ("permalink", "url_private_download", "user", "last_editor")))

    async def _update(self, canvas: str, title: str, seen: Seen, text: str, copy: Copy, note: Note) -> Published | TryLater | Refused:
        """Bring the canvas to the text, with what people changed in it."""
        if not (copy.is_hand_edited or seen.may_hold_edits):
            done = await self._edit(canvas, Change("replace", "", text))
            return Published(canvas, text, title, seen.url, is_new=not copy.text) if isinstance(done, Ok) else outcome(done)
        if not await note(canvas, is_hand_edited=True):  # ours is the last edit from here on: it must be known that others came before
            return TryLater("somebody else is publishing it")
        page = await self._slack.get(seen.download)
        if not isinstance(page, bytes):
            return outcome(page)
        wanted, conflicts = changes(chunks(copy.text or text), chunks(text), sections(page.decode(errors="replace")))
        for change in wanted:
            done = await self._edit(canvas, change)
            if not isinstance(done, Ok):
                return outcome(done)
        return Published(canvas, text, title, seen.url, is_hand_edited=True, conflicts=conflicts)

    async def _rename(self, canvas: str, title: str) -> Result:
        asked = {"operation": "rename", "title_content": {"type": "markdown", "markdown": title}}
        return await self._slack.call("canvases.edit", canvas_id=canvas, changes=[asked])

    async def _edit(self, canvas: str, change: Change) -> Result:
        """One change, since Slack takes one a call."""
        asked: dict[str, object] = {"operation": change.operation}
        if change.section_id:
            asked["section_id"] = change.section_id
        if change.markdown:
            asked["document_content"] = {"type": "markdown", "markdown": change.markdown}
        return await self._slack.call("canvases.edit", canvas_id=canvas, changes=[asked])


def in_canvas(edition: Edition) -> str:
    """What stands in the canvas: the document without its title, its timeline capped with what was left out said."""
    text, left_out = for_print(edition.text, LINES)
    body = text.partition("\n")[2] if text.startswith("# ") else text
    more = f", with {left_out:,} more lines of its timeline" if left_out else ""
    return f"Version {edition.version}. Its page{more}: [postmortem of #{edition.number}]({edition.url})\n\n{body.strip()}\n"


def title_of(edition: Edition) -> str:
    return f"Postmortem of #{edition.number}: {edition.title}"[:200]


def outcome(answer: SlackAway | Failed | Ok | Seen) -> TryLater | Refused:
    """What Slack's answer means for the copy."""
    if isinstance(answer, SlackAway):
        return answer
    if isinstance(answer, Failed):
        if answer.code == OTHERS:
            return Refused("the channel has a canvas of its own, and this workspace's plan allows no second one.")
        ended = answer.outcome()
        return ended if isinstance(ended, TryLater) else Refused(answer.why)
    raise AssertionError(answer)
