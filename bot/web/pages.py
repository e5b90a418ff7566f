"""Pages: HTML (and plain text) from `templates/`, escaped by default."""

from functools import cache
from typing import TYPE_CHECKING

from aiohttp import web

from bot import resources

if TYPE_CHECKING:
    from jinja2 import Environment


def render(name: str, **values: object) -> str:
    """The template `templates/<name>` filled in. Values are escaped in `.html` templates; a value that is missing is a bug."""
    return environment().get_template(name).render(**values)


def page(name: str, status: int = 200, **values: object) -> web.Response:
    """The template as an HTML answer. Never stored by a cache: what a signed link shows is for its holder."""
    headers = {"Cache-Control": "no-store"}
    return web.Response(text=render(name, **values), status=status, content_type="text/html", charset="utf-8", headers=headers)


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
