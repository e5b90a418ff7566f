"""From a document to Markdown. What people wrote goes in as values and is made inert; it is never part of a template."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, partial
from itertools import groupby
from typing import TYPE_CHECKING

from bot import resources
from bot.incidents.severity import Severity
from bot.postmortems.assemble import WRITTEN
from bot.postmortems.inert import escape_markdown
from bot.postmortems.lines import TimelineLine
from bot.postmortems.material import Material

if TYPE_CHECKING:
    from jinja2 import Environment

SHORT = {"Time to detect": "MTTD", "Time to acknowledge": "MTTA", "Time to mitigate": "MTTM", "Time to resolve": "MTTR"}


def to_markdown(material: Material, impact: Mapping[Severity, str], zone: tzinfo = UTC) -> str:
    """The postmortem as Markdown, the same to the byte for the same material, its times in the reader's zone with UTC beside.

    `impact` says in words what each severity means.
    """
    document = material.document
    template = environment(zone).get_template("postmortems/postmortem.md.j2")
    return template.render(
        doc=document,
        paged=material.paged,
        sections=material.sections,
        highlights=[labelled(line) for line in document.timeline if line.url and line.url in material.marked],
        days=by_day(document.timeline, zone),
        short=SHORT,
        impact=impact[document.severity],
        zone="" if zone is UTC else str(zone),
    )


def by_day(lines: Iterable[TimelineLine], zone: tzinfo) -> list[tuple[str, list[TimelineLine]]]:
    """A timeline, day by day of the reader's."""
    days = groupby(lines, lambda line: f"{line.at.astimezone(zone):%A, %Y-%m-%d}")
    return [(day, [labelled(line) for line in of_day]) for day, of_day in days]


def labelled(line: TimelineLine) -> TimelineLine:
    """What a person wrote with a verb, with the verb before it; without words the verb alone is the text already."""
    if line.kind not in WRITTEN or line.what == line.kind:
        return line
    return replace(line, what=f"{line.kind}: {line.what}")


@cache
def environment(zone: tzinfo) -> "Environment":
    """The Jinja environment of documents: sandboxed, and without HTML escaping, since Markdown has its own."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    documents = SandboxedEnvironment(
        loader=FileSystemLoader(resources.path("templates")),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    documents.filters["md"] = escape_markdown
    documents.filters["moment"] = partial(moment, zone=zone)
    documents.filters["when"] = partial(when, zone=zone)
    return documents


def moment(at: datetime, zone: tzinfo) -> str:
    """`2026-03-02 09:00:05`, or `2026-03-02 10:00:05 (09:00:05 UTC)` for a reader elsewhere."""
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S}{beside(at, local)}"


def beside(at: datetime, local: datetime) -> str:
    """UTC beside a local time that differs from it, with its day when that is another."""
    if local.utcoffset() == timedelta(0):
        return ""
    utc = at.astimezone(UTC)
    return f" ({utc:%H:%M:%S} UTC)" if utc.date() == local.date() else f" ({utc:%Y-%m-%d %H:%M:%S} UTC)"


def when(line: TimelineLine, zone: tzinfo) -> str:
    """The line's time, a link to its evidence if it has any, with why the line is there as the link's title."""
    local = line.at.astimezone(zone)
    clock, utc = f"{local:%H:%M:%S}", beside(line.at, local)
    if not line.url:
        return f"{clock}{utc}"
    why = f' "weight {line.weight}: {"; ".join(line.reasons)}"' if line.reasons else ""
    return f"[{clock}]({line.url}{why}){utc}"
