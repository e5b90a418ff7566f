"""A postmortem on paper: the page that is printed, and its PDF."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType

from bot.incidents.files import kind_of
from bot.incidents.models import Incident
from bot.postmortems.models import PostmortemPicture
from bot.postmortems.printed import for_print
from bot.press.press import Press
from bot.web import pages
from bot.web.markdown import to_html

PICTURE = "picture.svg"
NOTHING: Mapping[str, bytes] = MappingProxyType({})


class Paper:
    """Prints documents."""

    def __init__(self, press: Press) -> None:
        self._press = press

    async def pdf(
        self,
        incident: Incident,
        standing: str,
        markdown: str,
        picture: PostmortemPicture | None,
        url: str,
        shared: Mapping[str, bytes] = NOTHING,
    ) -> bytes:
        """The document as PDF. `standing` says which version it is, `url` where the whole of it is read, `shared` has the pictures that
        people posted, by their addresses. Raises `CannotPress`."""
        text, left_out = for_print(markdown)
        page = await asyncio.to_thread(page_of, incident, standing, text, picture, f"handed:{PICTURE}", url, left_out)
        files = {PICTURE: picture.svg.encode()} if picture and picture.svg else {}
        for place, (address, content) in enumerate(shared.items()):
            if f'src="{address}"' in page:
                page, files[f"shared-{place}"] = page.replace(f'src="{address}"', f'src="handed:shared-{place}"'), content
        return await self._press.pdf(page, files)


def whole(
    incident: Incident, standing: str, markdown: str, picture: PostmortemPicture | None, url: str, shared: Mapping[str, bytes] = NOTHING
) -> str:
    """The document as a file of HTML that needs nothing else: its pictures are inside it."""
    drawn = data_url(picture.svg.encode(), "image/svg+xml") if picture else ""
    page = page_of(incident, standing, markdown, picture, drawn, url)
    for address, content in shared.items():
        page = page.replace(f'src="{address}"', f'src="{data_url(content, kind_of(content))}"')
    return page


def data_url(content: bytes, kind: str) -> str:
    """Bytes as an address that holds them."""
    return f"data:{kind};base64,{b64encode(content).decode()}"


def page_of(
    incident: Incident, standing: str, markdown: str, picture: PostmortemPicture | None, picture_url: str, url: str, left_out: int = 0
) -> str:
    """A page of its own, as it is printed."""
    return pages.render(
        "postmortems/print.html",
        incident=incident, standing=standing, html=to_html(markdown), picture=picture if picture and picture.svg else None,
        picture_url=picture_url, left_out=left_out, url=url,
    )  # fmt: skip
