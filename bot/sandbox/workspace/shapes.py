"""Nouns as Slack's JSON shows them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.sandbox.workspace.model import App, Bookmark, Canvas, Channel, File, Message, Note, User, UserGroup, View
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json


def user_shape(team: Team, user: User) -> Json:
    zone = datetime.now(ZoneInfo(user.tz))
    offset = zone.utcoffset()
    picture = f"{team.address}/avatars/{user.id}.png"
    profile: Json = {
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": "" if user.is_bot else user.name,
        "display_name_normalized": "" if user.is_bot else user.name,
        "first_name": user.real_name.split()[0],
        "last_name": " ".join(user.real_name.split()[1:]),
        "title": "",
        "phone": "",
        "status_text": "",
        "status_emoji": "",
        "avatar_hash": "g" + user.id.lower(),
        "team": team.world.team_id,
        **{f"image_{size}": picture for size in (24, 32, 48, 72, 192, 512)},
    }
    if user.is_bot:
        profile |= {"bot_id": user.bot_id, "api_app_id": user.app_id, "always_active": False}
    elif user.email:
        profile["email"] = user.email
    shape: Json = {
        "id": user.id,
        "team_id": team.world.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": user.updated,
        "profile": profile,
    }
    if user.deleted:
        return shape
    return shape | {
        "color": "9f69e7",
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": zone.tzname() or user.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "is_admin": user.level in ("admin", "owner"),
        "is_owner": user.level == "owner",
        "is_primary_owner": user.level == "owner",
        "is_restricted": user.is_guest,
        "is_ultra_restricted": user.level == "single_channel_guest",
        "who_can_share_contact_card": "EVERYONE",
        "is_email_confirmed": not user.is_bot,
    }


def note_shape(note: Note) -> Json:
    return {"value": note.value, "creator": note.creator, "last_set": note.last_set}


def channel_shape(team: Team, channel: Channel, viewer: str, members: bool = False) -> Json:
    """A channel as `viewer` (a user id) sees it; with the number of members when asked."""
    shape: Json = {"id": channel.id, "created": channel.created, "context_team_id": team.world.team_id, "updated": channel.created * 1000}
    if channel.kind == "im":
        other = next((m for m in channel.members if m != viewer), viewer)
        return shape | {
            "is_im": True,
            "is_archived": False,
            "is_org_shared": False,
            "is_open": True,
            "user": other,
            "is_user_deleted": other in team.world.users and team.world.users[other].deleted,
            "priority": 0,
        }
    shape |= {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": False,
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.is_private,
        "is_archived": channel.archived,
        "is_general": channel.is_general,
        "is_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "is_ext_shared": channel.is_ext_shared,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "shared_team_ids": [team.world.team_id],
        "parent_conversation": None,
        "unlinked": 0,
        "creator": channel.creator,
        "is_member": viewer in channel.members,
        "topic": note_shape(channel.topic),
        "purpose": note_shape(channel.purpose),
        "previous_names": channel.previous_names,
    }
    if channel.canvas_id is not None and (canvas := team.world.canvases.get(channel.canvas_id)):
        shape["properties"] = {"canvas": {"file_id": canvas.id, "is_empty": not canvas.sections, "quip_thread_id": f"Q{canvas.id}"}}
    if members:
        shape["num_members"] = len(channel.members)
    return shape


def bot_profile(team: Team, app: App) -> Json:
    return {
        "id": app.bot_id,
        "app_id": app.id,
        "user_id": app.bot_user,
        "name": app.name,
        "icons": {"image_36": f"{team.address}/avatars/{app.bot_user}.png"},
        "deleted": app.revoked,
        "updated": 0,
        "team_id": team.world.team_id,
    }


def message_shape(team: Team, channel: Channel, message: Message, metadata: bool = False) -> Json:
    """A message as history, events and payloads show it; its metadata only when asked."""
    shape: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text, "team": team.world.team_id}
    optional: Json = {
        "subtype": message.subtype,
        "client_msg_id": message.client_msg_id,
        "bot_id": message.bot_id,
        "app_id": message.app_id,
        "username": message.username,
        "icons": message.icons,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "edited": message.edited,
    }
    shape |= {name: value for name, value in optional.items() if value}
    app = team.world.apps.get(message.app_id) if message.app_id else None
    if app is not None and message.bot_id:
        shape["bot_profile"] = bot_profile(team, app)
    if message.files:
        shape["files"] = [file_shape(team, team.world.files[f]) for f in message.files if f in team.world.files]
        shape["upload"] = False
    if message.reactions:
        shape["reactions"] = [{"name": n, "users": list(users), "count": len(users)} for n, users in message.reactions.items()]
    if any(pin.ts == message.ts for pin in channel.pins):
        shape["pinned_to"] = [channel.id]
    if metadata and message.metadata:
        shape["metadata"] = message.metadata
    if message.hidden_to_all_but:
        shape["is_ephemeral"] = True
    return shape | thread_shape(channel, message) | message.extra


def thread_shape(channel: Channel, message: Message) -> Json:
    """What a message says of its thread."""
    if message.is_reply and message.thread_ts:
        parent = channel.messages.get(message.thread_ts)
        return {"thread_ts": message.thread_ts} | ({"parent_user_id": parent.user} if parent else {})
    replies = channel.replies_to(message.ts)
    if not replies:
        return {}
    users = list(dict.fromkeys(m.user for m in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
        "reply_users": users,
        "is_locked": False,
        "subscribed": False,
    }


def file_shape(team: Team, file: File) -> Json:
    base = f"{team.address}/files/{file.id}"
    public: Json = {}
    private: Json = {}
    for channel_id, ts in file.shares.items():
        channel = team.world.channels[channel_id]
        (private if channel.is_private else public)[channel_id] = [{"ts": ts, "channel_name": channel.name, "team_id": team.world.team_id}]
    shares = {name: where for name, where in (("public", public), ("private", private)) if where}
    extension = file.name.rpartition(".")[2] if "." in file.name else "text"
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": extension,
        "pretty_type": extension.upper(),
        "user": file.user,
        "user_team": team.world.team_id,
        "size": file.size,
        "mode": "snippet" if file.snippet_type else "hosted",
        "is_external": False,
        "is_public": bool(public),
        "public_url_shared": False,
        "url_private": f"{base}/{file.name}",
        "url_private_download": f"{base}/download/{file.name}",
        "permalink": f"{team.address}/files/{file.id}/{file.name}",
        "alt_txt": file.alt_txt,
        "channels": list(public),
        "groups": list(private),
        "ims": [],
        "shares": shares,
        "has_rich_preview": False,
        "file_access": "visible",
    }


def canvas_shape(team: Team, canvas: Canvas) -> Json:
    """A canvas as a file, which it is for files.info."""
    base = f"{team.address}/files/{canvas.id}"
    return {
        "id": canvas.id,
        "created": canvas.created,
        "timestamp": canvas.created,
        "name": canvas.title or "Untitled",
        "title": canvas.title or "Untitled",
        "mimetype": "application/vnd.slack-docs",
        "filetype": "quip",
        "pretty_type": "Canvas",
        "user": canvas.by,
        "user_team": team.world.team_id,
        "editable": True,
        "size": sum(len(section.markdown) for section in canvas.sections),
        "mode": "quip",
        "is_external": False,
        "is_public": False,
        "url_private": f"{base}/canvas",
        "url_private_download": f"{base}/download/canvas",
        "permalink": f"{team.address}/docs/{team.world.team_id}/{canvas.id}",
        "updated": canvas.updated,
        "editors": canvas.editors,
        "last_editor": canvas.editors[-1] if canvas.editors else canvas.by,
        "linked_channel_id": canvas.channel_id or "",
        "channels": [canvas.channel_id] if canvas.channel_id else [],
        "file_access": "visible",
    }


def bookmark_shape(channel: Channel, bookmark: Bookmark) -> Json:
    return {
        "id": bookmark.id,
        "channel_id": channel.id,
        "title": bookmark.title,
        "link": bookmark.link,
        "emoji": bookmark.emoji,
        "icon_url": None,
        "type": "link",
        "entity_id": None,
        "date_created": bookmark.created,
        "date_updated": bookmark.updated,
        "rank": "i",
        "last_updated_by_user_id": bookmark.by,
        "last_updated_by_team_id": None,
        "shortcut_id": None,
        "app_id": None,
    }


def group_shape(team: Team, group: UserGroup, users: bool = False, count: bool = False) -> Json:
    shape: Json = {
        "id": group.id,
        "team_id": team.world.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": group.description,
        "handle": group.handle,
        "is_external": False,
        "date_create": group.created,
        "date_update": group.updated,
        "date_delete": group.deleted,
        "auto_type": None,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": group.by,
        "updated_by": group.by,
        "deleted_by": group.by if group.deleted else None,
        "prefs": {"channels": group.channels, "groups": []},
    }
    if users:
        shape["users"] = list(group.users)
    if users or count:
        shape["user_count"] = len(group.users)
    return shape


def view_shape(team: Team, view: View) -> Json:
    """A view with what the person has filled in so far."""
    app = team.world.apps[view.app_id]
    content = view.content
    return {
        "id": view.id,
        "team_id": team.world.team_id,
        "type": view.kind,
        "blocks": content.get("blocks", []),
        "private_metadata": content.get("private_metadata", ""),
        "callback_id": content.get("callback_id", ""),
        "state": {"values": {block: dict(actions) for block, actions in view.state.items()}},
        "hash": view.hash,
        "title": content.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": bool(content.get("clear_on_close")),
        "notify_on_close": bool(content.get("notify_on_close")),
        "close": content.get("close"),
        "submit": content.get("submit"),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": app.id,
        "external_id": content.get("external_id", ""),
        "app_installed_team_id": team.world.team_id,
        "bot_id": app.bot_id,
    }
