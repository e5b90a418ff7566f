"""Writing the document: what happened is read in one look, and made into Markdown and HTML outside of any transaction."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, tzinfo

from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents.models import Incident
from bot.incidents.severity import Severity
from bot.postmortems import render
from bot.postmortems.material import Gatherer, Material
from bot.web.markdown import to_html


class Writer:
    """Makes documents of incidents."""

    def __init__(self, directory: Directory, gatherer: Gatherer) -> None:
        self._directory = directory
        self._gatherer = gatherer

    async def gather(self, tx: Tx, incident: Incident) -> Material:
        """Everything about an incident."""
        return await self._gatherer.gather(tx, incident)

    async def write(self, material: Material, reader: str | None = None) -> tuple[str, str]:
        """The document as Markdown and as HTML, its times in the zone of its reader (None: the company's)."""
        impact = {level: self._directory.config.severity.level(level).impact for level in Severity}
        zone = self._directory.zone_of(reader)
        is_utc = zone.key in {"UTC", "Etc/UTC"}
        # A long channel takes a while, and pages must not wait.
        own = self._directory.config.postmortem_templates
        return await asyncio.to_thread(_written, material, impact, UTC if is_utc else zone, own)


def _written(material: Material, impact: dict[Severity, str], zone: tzinfo, own: Mapping[str, str]) -> tuple[str, str]:
    markdown = render.to_markdown(material, impact, zone, own)
    return markdown, to_html(markdown)
