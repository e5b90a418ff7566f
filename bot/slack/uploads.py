"""Files into a channel, in Slack's three steps: an address for each, its bytes, and then all of them shared in one message."""

from collections.abc import Mapping

from bot.slack.gateway import Failed, Ok, Result, SlackGateway, TryLater

LONGEST_ALT_TEXT = 1000
"""Characters that Slack takes as the description of a picture."""


async def bring(slack: SlackGateway, name: str, content: bytes, alt_text: str = "") -> str | TryLater | Failed:
    """Bring a file to Slack, where nobody sees it yet; its id there. A picture's `alt_text` says in words what it shows."""
    words = alt_text if len(alt_text) <= LONGEST_ALT_TEXT else f"{alt_text[: LONGEST_ALT_TEXT - 1]}…"
    place = await slack.call("files.getUploadURLExternal", filename=name, length=len(content), alt_txt=words or None)
    if not isinstance(place, Ok):
        return place
    brought = await slack.put(place.text("upload_url"), content)
    return place.text("file_id") if isinstance(brought, Ok) else brought


async def share(slack: SlackGateway, channel: str, files: Mapping[str, str], text: str) -> Result:
    """Show files (id → title) in a channel, in one message with this text. Doubled if it is done twice: ask `address` before."""
    listed = [{"id": file, "title": title} for file, title in files.items()]
    return await slack.call("files.completeUploadExternal", files=listed, channel_id=channel, initial_comment=text)


async def address(slack: SlackGateway, file: str) -> str | TryLater | Failed | None:
    """Where a file can be seen that was shared; "" when it is gone since; None when it never was."""
    found = await slack.call("files.info", file=file)
    match found:
        case Ok():
            return found.text("file", "permalink")
        case Failed(code="file_deleted"):
            return ""
        case Failed(code="file_not_found"):
            return None
        case _:
            return found
