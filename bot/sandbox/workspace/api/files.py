"""files.*: the external upload in three steps, and what is known of a file."""

from __future__ import annotations

import secrets

from bot.sandbox.workspace import uploads
from bot.sandbox.workspace.api.base import Caller, find_channel, method
from bot.sandbox.workspace.model import File
from bot.sandbox.workspace.shapes import canvas_shape, file_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError

LARGEST_FILE = 1024**3
LONGEST_ALT_TEXT = 1000


@method("files.getUploadURLExternal", 4, "files:write")
def files_get_upload_url_external(team: Team, caller: Caller, args: Args) -> Json:
    if not args.has("filename") or not args.has("length"):
        raise SlackError("missing_argument")
    size = args.whole("length", 0)
    if size > LARGEST_FILE:
        raise SlackError("file_upload_size_restricted")
    if len(args.text("alt_txt")) > LONGEST_ALT_TEXT:
        raise SlackError("alt_txt_too_large")
    name = args.text("filename")
    file = File(team.world.new_id("F"), name, name, caller.user.id, size, team.seconds(), mimetype=uploads.mimetype(name))
    file.alt_txt, file.snippet_type = args.text("alt_txt"), args.text("snippet_type")
    team.world.files[file.id] = file
    key = secrets.token_urlsafe(24)
    team.uploads[key] = file.id
    return {"upload_url": f"{team.address}/files/upload/{key}", "file_id": file.id}


@method("files.completeUploadExternal", 4, "files:write")
def files_complete_upload_external(team: Team, caller: Caller, args: Args) -> Json:
    listed = args.json("files")
    if not isinstance(listed, list) or not listed:
        raise SlackError("invalid_arguments")
    ids = [args.text("channel_id")] if args.has("channel_id") else args.names("channels")
    channels = [find_channel(team, caller, one) for one in ids]
    for channel in channels:
        if caller.user.id not in channel.members:
            raise SlackError("not_in_channel")
        if channel.archived:
            raise SlackError("posting_to_channel_denied")
    files = [uploaded(team, caller, one) for one in listed if isinstance(one, dict)]
    reply = {"files": [{"id": file.id, "title": file.title} | file_shape(team, file) for file in files]}
    for channel in channels:  # after the reply is written: Slack shares asynchronously, so `shares` is still empty in it
        uploads.share(team, channel, caller.user, caller.app, files, args.text("initial_comment"), args.text("thread_ts") or None)
    return reply


def uploaded(team: Team, caller: Caller, one: Json) -> File:
    file = team.world.files.get(str(one.get("id")))
    if file is None or file.user != caller.user.id or file.content is None or file.deleted:
        raise SlackError("file_not_found")
    file.title, file.complete = str(one.get("title") or file.name), True
    return file


def find(team: Team, caller: Caller, args: Args) -> File:
    file = team.world.files.get(args.need("file"))
    if file is None or not file.complete:
        raise SlackError("file_not_found")
    if file.deleted:
        raise SlackError("file_deleted")
    return file


def sees(team: Team, caller: Caller, file: File) -> bool:
    places = [team.world.channels[one] for one in file.shares]
    return file.user == caller.user.id or any(not c.is_private or caller.user.id in c.members for c in places)


@method("files.info", 4, "files:read")
def files_info(team: Team, caller: Caller, args: Args) -> Json:
    canvas = team.world.canvases.get(args.need("file"))
    if canvas is not None:
        channel = team.world.channels.get(canvas.channel_id or "")
        if canvas.by != caller.user.id and channel is not None and channel.is_private and caller.user.id not in channel.members:
            raise SlackError("file_not_found")
        return {"file": canvas_shape(team, canvas), "comments": [], "response_metadata": {"next_cursor": ""}}
    file = find(team, caller, args)
    if not sees(team, caller, file):
        raise SlackError("file_not_found")
    return {"file": file_shape(team, file), "comments": [], "response_metadata": {"next_cursor": ""}}


@method("files.list", 3, "files:read")
def files_list(team: Team, caller: Caller, args: Args) -> Json:
    channel, user = args.text("channel"), args.text("user")
    files = [
        file
        for file in reversed(team.world.files.values())
        if file.complete
        and not file.deleted
        and sees(team, caller, file)
        and (not channel or channel in file.shares)
        and user in ("", file.user)
    ]
    count, number = max(1, args.whole("count", 100)), max(1, args.whole("page", 1))
    some = files[(number - 1) * count : number * count]
    paging = {"count": count, "total": len(files), "page": number, "pages": -(-len(files) // count)}
    return {"files": [file_shape(team, file) for file in some], "paging": paging}


@method("files.delete", 3, "files:write")
def files_delete(team: Team, caller: Caller, args: Args) -> Json:
    file = find(team, caller, args)
    if file.user != caller.user.id:
        raise SlackError("cant_delete_file")
    uploads.delete(team, file)
    return {}
