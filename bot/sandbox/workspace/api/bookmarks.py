"""bookmarks.*"""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.sandbox.workspace.api.base import Caller, find_channel, method
from bot.sandbox.workspace.model import Bookmark, Channel
from bot.sandbox.workspace.shapes import bookmark_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError

MOST_BOOKMARKS = 100


def channel_of(team: Team, caller: Caller, args: Args) -> Channel:
    channel = find_channel(team, caller, args.need("channel_id"))
    if caller.user.id not in channel.members:
        raise SlackError("channel_not_found" if channel.is_private else "permission_denied")
    return channel


def link_of(args: Args) -> str:
    parts = urlsplit(args.text("link"))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SlackError("invalid_link")
    return args.text("link")


@method("bookmarks.add", 2, "bookmarks:write")
def bookmarks_add(team: Team, caller: Caller, args: Args) -> Json:
    channel = channel_of(team, caller, args)
    title = args.need("title")
    if args.need("type") != "link":
        raise SlackError("invalid_bookmark_type")
    link = link_of(args)
    if len(channel.bookmarks) >= MOST_BOOKMARKS:
        raise SlackError("too_many_bookmarks")
    now = team.seconds()
    bookmark = Bookmark(team.world.new_id("Bk"), title, link, args.text("emoji"), now, 0, caller.user.id)
    channel.bookmarks.append(bookmark)
    team.changed("bookmark", channel=channel.id)
    return {"bookmark": bookmark_shape(channel, bookmark)}


@method("bookmarks.edit", 2, "bookmarks:write")
def bookmarks_edit(team: Team, caller: Caller, args: Args) -> Json:
    channel = channel_of(team, caller, args)
    bookmark = find(channel, args)
    if args.has("link"):
        bookmark.link = link_of(args)
    bookmark.title = args.text("title", bookmark.title)
    bookmark.emoji = args.text("emoji", bookmark.emoji)
    bookmark.updated, bookmark.by = team.seconds(), caller.user.id
    team.changed("bookmark", channel=channel.id)
    return {"bookmark": bookmark_shape(channel, bookmark)}


@method("bookmarks.remove", 2, "bookmarks:write")
def bookmarks_remove(team: Team, caller: Caller, args: Args) -> Json:
    channel = channel_of(team, caller, args)
    channel.bookmarks.remove(find(channel, args))
    team.changed("bookmark", channel=channel.id)
    return {}


@method("bookmarks.list", 3, "bookmarks:read")
def bookmarks_list(team: Team, caller: Caller, args: Args) -> Json:
    channel = find_channel(team, caller, args.need("channel_id"))
    return {"bookmarks": [bookmark_shape(channel, bookmark) for bookmark in channel.bookmarks]}


def find(channel: Channel, args: Args) -> Bookmark:
    for bookmark in channel.bookmarks:
        if bookmark.id == args.need("bookmark_id"):
            return bookmark
    raise SlackError("not_found")
