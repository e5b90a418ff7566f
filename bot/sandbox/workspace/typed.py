"""What a person types, as Slack writes it: mentions and channels by id, links in angle brackets, & < > escaped."""

from __future__ import annotations

import re

from bot.sandbox.workspace.team import Team

TOKEN = re.compile(
    r"(?P<ready><[@#][A-Z0-9]+(?:\|[^<>]*)?>)|(?P<url>https?://[^\s<>|]+)|(?P<mention>(?<![\w.])@[\w.-]+)|(?P<channel>(?<!\w)#[\w-]+)"
)
BROADCASTS = ("here", "channel", "everyone")


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_message(team: Team, text: str) -> str:
    """A typed message. `<@U…>` and `<#C…>` of somebody who exists are taken as a mention pasted whole."""
    return translate(team, text, named=False)


def as_command(team: Team, text: str) -> str:
    """The text of a command whose manifest asks for should_escape: <@U1|ana>, <#C1|general>, <https://…>."""
    return translate(team, text, named=True)


def translate(team: Team, text: str, named: bool) -> str:
    out, at = [], 0
    for found in TOKEN.finditer(text):
        out.append(escape(text[at : found.start()]))
        out.append(token(team, found, named))
        at = found.end()
    return "".join(out) + escape(text[at:])


def token(team: Team, found: re.Match[str], named: bool) -> str:
    word = found.group()
    if found["ready"]:
        known = word[2:-1].partition("|")[0] in team.world.users | team.world.channels
        return word if known else escape(word)
    if found["url"]:
        address = word.rstrip(".,;:!?)'\"")
        return f"<{escape(address)}>{escape(word[len(address) :])}"
    if found["mention"]:
        return mention(team, word, named)
    channel = team.find_channel(word)
    if channel is None or channel.is_private:
        return escape(word)
    return f"<#{channel.id}|{channel.name}>"


def mention(team: Team, word: str, named: bool) -> str:
    name = word[1:].rstrip(".-")
    rest = word[1 + len(name) :]
    if name in BROADCASTS:
        return f"<!{name}>{rest}"
    group = next((g for g in team.world.groups.values() if g.handle == name), None)
    if group is not None:
        return f"<!subteam^{group.id}|@{group.handle}>{rest}"
    user = team.find_user(name)
    if user is None:
        return escape(word)
    return f"<@{user.id}|{user.name}>{rest}" if named else f"<@{user.id}>{rest}"
