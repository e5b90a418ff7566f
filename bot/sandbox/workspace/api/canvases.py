"""canvases.* and conversations.canvases.create, in the simple form: a title and sections of Markdown."""

from __future__ import annotations

from bot.sandbox.workspace.api.base import Caller, find_channel, method
from bot.sandbox.workspace.model import Canvas, Section
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError, child


def make(team: Team, caller: Caller, args: Args, channel_id: str | None) -> Canvas:
    canvas = Canvas(team.world.new_id("F"), args.text("title"), caller.user.id, channel_id, created=team.seconds())
    content = args.json("document_content")
    if isinstance(content, dict):
        canvas.sections = sections(team, content, "canvas_creation_failed")
    team.world.canvases[canvas.id] = canvas
    edited(team, canvas, caller.user.id)
    return canvas


def edited(team: Team, canvas: Canvas, by: str) -> None:
    """Somebody has changed it."""
    canvas.updated = team.seconds()
    canvas.editors = [*(one for one in canvas.editors if one != by), by]
    team.changed("canvas", channel=canvas.channel_id)


def sections(team: Team, content: Json, error: str = "canvas_editing_failed") -> list[Section]:
    """One section for each paragraph of the Markdown."""
    markdown = content.get("markdown")
    if content.get("type") != "markdown" or not isinstance(markdown, str):
        raise SlackError(error)
    return [Section(team.world.new_id("temp:C:"), part) for part in markdown.split("\n\n") if part.strip()]


def find(team: Team, args: Args) -> Canvas:
    canvas = team.world.canvases.get(args.need("canvas_id"))
    if canvas is None:
        raise SlackError("canvas_not_found")
    return canvas


@method("canvases.create", 2, "canvases:write")
def canvases_create(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.text("channel_id"), error="canvas_creation_failed") if args.has("channel_id") else None
    return {"canvas_id": make(team, caller, args, channel.id if channel else None).id}


@method("conversations.canvases.create", 2, "canvases:write")
def conversations_canvases_create(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel_id"), error="channel_canvas_creation_failed")
    if channel.canvas_id is not None:
        raise SlackError("channel_canvas_already_exists")
    canvas = make(team, caller, args, channel.id)
    channel.canvas_id = canvas.id
    return {"canvas_id": canvas.id}


@method("canvases.edit", 3, "canvases:write")
def canvases_edit(team: Team, caller: Caller, args: Args) -> Json:
    canvas = find(team, args)
    changes = args.json("changes")
    if not isinstance(changes, list) or len(changes) != 1 or not isinstance(changes[0], dict):
        raise SlackError("canvas_editing_failed")  # Slack takes one change a call
    apply_change(team, canvas, changes[0])
    edited(team, canvas, caller.user.id)
    return {}


def apply_change(team: Team, canvas: Canvas, change: Json) -> None:
    operation, at = change.get("operation"), change.get("section_id")
    if operation == "rename":
        canvas.title = str(child(change, "title_content").get("markdown", ""))
        return
    number = next((n for n, section in enumerate(canvas.sections) if section.id == at), None)
    if (at is not None and number is None) or (number is None and operation in ("delete", "insert_before", "insert_after")):
        raise SlackError("canvas_editing_failed")
    new = [] if operation == "delete" else sections(team, child(change, "document_content"))
    here, end = number or 0, len(canvas.sections)
    spans = {
        "insert_at_start": (0, 0),
        "insert_at_end": (end, end),
        "insert_before": (here, here),
        "insert_after": (here + 1, here + 1),
        "replace": (0, end) if number is None else (here, here + 1),
        "delete": (here, here + 1),
    }
    if operation not in spans:
        raise SlackError("canvas_editing_failed")
    start, stop = spans[operation]
    canvas.sections[start:stop] = new


@method("canvases.sections.lookup", 3, "canvases:read")
def canvases_sections_lookup(team: Team, caller: Caller, args: Args) -> Json:
    canvas, criteria = find(team, args), args.object("criteria")
    wanted, kinds = str(criteria.get("contains_text", "")), criteria.get("section_types") or []
    found = [s for s in canvas.sections if wanted in s.markdown and (not kinds or any(is_kind(s, str(kind)) for kind in kinds))]
    return {"sections": [{"id": section.id} for section in found]}


def is_kind(section: Section, kind: str) -> bool:
    level = len(section.markdown) - len(section.markdown.lstrip("#"))
    return level > 0 if kind == "any_header" else kind == f"h{level}"


@method("canvases.delete", 3, "canvases:write")
def canvases_delete(team: Team, caller: Caller, args: Args) -> Json:
    canvas = find(team, args)
    remove(team, canvas)
    return {}


def remove(team: Team, canvas: Canvas) -> None:
    """Nobody sees it any more."""
    del team.world.canvases[canvas.id]
    for channel in team.world.channels.values():
        if channel.canvas_id == canvas.id:
            channel.canvas_id = None
    team.changed("canvas", channel=canvas.channel_id)


@method("canvases.access.set", 3, "canvases:write")
def canvases_access_set(team: Team, caller: Caller, args: Args) -> Json:
    find(team, args)
    if any(one not in team.world.users for one in args.names("user_ids")):
        raise SlackError("user_not_found")
    if any(one not in team.world.channels for one in args.names("channel_ids")):
        raise SlackError("channel_not_found")
    return {}
