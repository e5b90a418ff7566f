"""The page's own files. Nothing is read before somebody looks at the page, and nothing is kept."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from aiohttp import web

PAGE = Path(__file__).parent / "page"
KEEP_OUT = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
# Where index.html wants every script named, so that a browser asks for all of them at once and not one after the other.
SCRIPTS = "<!-- scripts -->"


async def send(request: web.Request) -> web.Response:
    """The page, or a file of it. The files are small and local: reading them takes less than handing the reading to a thread."""
    name = request.match_info.get("file", "index.html")
    file = PAGE / name
    if not file.is_file():
        return web.Response(status=404, text="There is no such file.")
    text = file.read_text(encoding="utf-8")
    if name == "index.html":
        text = text.replace(SCRIPTS, "\n".join(preloads()))
    return web.Response(text=text, content_type=mimetypes.guess_type(name)[0], charset="utf-8", headers=KEEP_OUT)


def preloads() -> list[str]:
    """One line of HTML for each script of the page."""
    scripts = sorted(path.name for path in PAGE.glob("*.js"))
    return [f'<link rel="modulepreload" href="/sandbox/static/{name}">' for name in scripts]
