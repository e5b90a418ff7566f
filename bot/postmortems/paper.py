"""A postmortem on paper: the page that is printed, and its PDF."""

import asyncio

from bot.incidents.models import Incident
from bot.postmortems.models import PostmortemPicture
from bot.postmortems.press import Press
from bot.postmortems.printed import for_print
from bot.web import pages
from bot.web.markdown import to_html

PICTURE = "picture.svg"


class Paper:
    """Prints documents."""

    def __init__(self, press: Press) -> None:
        self._press = press

    async def pdf(self, incident: Incident, standing: str, markdown: str, picture: PostmortemPicture | None, url: str) -> bytes:
        """The document as PDF. `standing` says which version it is, `url` where the whole of it is read. Raises `CannotPress`."""
        page = await asyncio.to_thread(to_be_printed, incident, standing, markdown, picture, url)
        files = {PICTURE: picture.svg.encode()} if picture and picture.svg else {}
        return await self._press.pdf(page, files)


def to_be_printed(incident: Incident, standing: str, markdown: str, picture: PostmortemPicture | None, url: str) -> str:
    """The page that is printed, as HTML that needs nothing from outside."""
    text, left_out = for_print(markdown)
    return pages.render(
        "postmortems/print.html",
        incident=incident, standing=standing, html=to_html(text), picture=picture if picture and picture.svg else None,
        picture_name=PICTURE, left_out=left_out, url=url,
    )  # fmt: skip
