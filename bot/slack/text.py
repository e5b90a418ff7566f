"""Slack's mrkdwn: what a person wrote must neither ping nor format, and nothing may be longer than Slack takes."""

import re
from datetime import datetime

MARKUP = re.compile(r"<(?P<kind>@|#|!subteam\^|!)(?P<target>[^>|]*)(?:\|(?P<label>[^>]*))?>")
NAMED = {"@": "@", "#": "#", "!subteam^": "", "!": "@"}
WEB_LINK = re.compile(r"<(?P<url>(?:https?|mailto|tel):[^>|]+)(?:\|[^>]*)?>")
TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Letters that turn the direction of what follows, our own words behind them included; to be taken out."""
NO_ADDRESS = {ord(letter): f"%{ord(letter):02X}" for letter in "<>| \n\r\t"}
"""Letters that end a link in mrkdwn, as an address may carry them."""
SECTION_LIMIT = 3000
HEADER_LIMIT = 150
TOPIC_LIMIT = 250


def escape(text: str) -> str:
    """Text from outside, made harmless: `<!channel>` does not ping, `<…|…>` is no link, and no letter turns what follows around."""
    return text.translate(TURNING).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """What the person typed, from what Slack sent."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def plain(text: str) -> str:
    """What a person wrote, as plain text: `<@U123|kim>` is @kim, `<#C1|ops>` is #ops, a link its address, entities their characters."""
    named = MARKUP.sub(lambda found: f"{NAMED[found['kind']]}{found['label'] or found['target']}", text)
    return unescape(WEB_LINK.sub(lambda found: found["url"], named))


def clamp(text: str, limit: int = SECTION_LIMIT) -> str:
    """At most `limit` characters, an ellipsis at the end when something was cut. Never cuts an escape or a link in half."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    for opening, closing in (("&", ";"), ("<", ">")):
        start = cut.rfind(opening)
        if start > cut.rfind(closing) and (opening == "<" or limit - start <= len("&amp;") + 1):
            cut = cut[:start]
    return cut + "…"


def mention(user: str) -> str:
    """`<@U123>`: pings the person."""
    return f"<@{user}>"


def channel_link(channel: str) -> str:
    """`<#C123>`: shown as the channel's name."""
    return f"<#{channel}>"


def link(url: str, label: str) -> str:
    """A link with words. Both come out harmless: an address from outside must not end the link and begin a mention."""
    return f"<{url.translate(NO_ADDRESS)}|{escape(label).replace('|', '¦')}>"


def when(moment: datetime, style: str = "{date_short_pretty} {time}") -> str:
    """A moment, shown in each reader's own zone; in UTC where Slack cannot."""
    fallback = moment.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{style}|{fallback}>"


def permalink(workspace_url: str, channel: str, ts: str, thread_ts: str = "") -> str:
    """The address of a message, without asking Slack for it. `workspace_url` as `auth.test` gives it."""
    address = f"{workspace_url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"
    return f"{address}?thread_ts={thread_ts}&cid={channel}" if thread_ts and thread_ts != ts else address
