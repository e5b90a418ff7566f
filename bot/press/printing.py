"""HTML → PDF, by WeasyPrint, in a process of its own (`press.py`)."""

from collections.abc import Mapping
from typing import Any

from bot.press.child import CannotMake

HANDED = "handed:"
WITHOUT_PANGO = (
    "A PDF needs the Pango library, which this machine lacks: `apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0 fonts-dejavu-core` (macOS: `brew install pango`). Everything else works without it."
)


def pdf(job: tuple[str, Mapping[str, bytes]]) -> bytes:
    """The page as PDF. What it asks for is handed in with it, or is not there."""
    page, files = job
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher, URLFetcherResponse
    except OSError as missing:  # a shared library
        raise CannotMake(WITHOUT_PANGO) from missing

    class Handed(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
        """Gives what was handed in, and fetches nothing."""

        def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
            content = files.get(url.removeprefix(HANDED)) if url.startswith(HANDED) else None
            if content is None:
                raise ValueError(f"{url} was not handed in, and nothing is fetched")
            return URLFetcherResponse(url, content)

    made: bytes = HTML(string=page, url_fetcher=Handed()).write_pdf(pdf_identifier=b"tocsin", pdf_tags=True)
    return made
