"""Pages: HTML (and plain text) from `templates/`, escaped by default."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from aiohttp import web

from bot import resources

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
"""What a page of ours may load and be used for: nothing foreign, and nothing inside it but what is allowed by its hash."""


def render(name: str, **values: object) -> str:
    """The template `templates/<name>` filled in. Values are escaped in `.html` templates; a value that is missing is a bug."""
    return environment().get_template(name).render(**values)


def page(name: str, status: int = 200, *, styles_inside: bool = False, **values: object) -> web.Response:
    """The template as an HTML answer. Never stored by a cache: what a signed link shows is for its holder.

    With `styles_inside` it needs no second request: on a slow network that is half of the wait.
    """
    headers = {"Cache-Control": "no-store"}
    if styles_inside:
        values["stylesheet"], source = stylesheet()
        headers["Content-Security-Policy"] = f"{POLICY}; style-src '{source}'"
    return web.Response(text=render(name, **values), status=status, content_type="text/html", charset="utf-8", headers=headers)


@cache
def stylesheet() -> "tuple[Markup, str]":
    """The styles as they stand inside a page, and the hash by which the page's policy allows exactly them."""
    from markupsafe import Markup

    text = (resources.path("templates") / "web" / "tocsin.css").read_text()
    return Markup(text), f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def wants_html(request: web.BaseRequest) -> bool:
    """Does a browser ask (and not a program)?"""
    return "text/html" in request.headers.get("Accept", "")


@cache
def environment() -> "Environment":
    """The one Jinja environment, loaded with the first page and not at start."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(resources.path("templates")),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
