"""From a document to Markdown. What people wrote goes in as values and is made inert; it is never part of a template."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from bot import resources
from bot.incidents.severity import Severity
from bot.postmortems.inert import escape_markdown
from bot.postmortems.lines import TimelineLine
from bot.postmortems.material import Material

if TYPE_CHECKING:
    from jinja2 import Environment

SHORT = {"Time to detect": "MTTD", "Time to acknowledge": "MTTA", "Time to mitigate": "MTTM", "Time to resolve": "MTTR"}
LABELLED = {"note", "update", "mitigated", "resolved", "cancelled", "reopened"}
"""Kinds of entries whose text is a person's own words."""


def to_markdown(material: Material, impact: Mapping[Severity, str]) -> str:
    """The postmortem as Markdown, the same to the byte for the same material. `impact` says in words what each severity means."""
    document = material.document
    template = environment().get_template("postmortems/postmortem.md.j2")
    return template.render(
        doc=document,
        paged=material.paged,
        sections=material.sections,
        highlights=[labelled(line) for line in document.timeline if line.url and line.url in material.marked],
        days=by_day(document.timeline),
        short=SHORT,
        impact=impact[document.severity],
    )


def by_day(lines: Iterable[TimelineLine]) -> list[tuple[str, list[TimelineLine]]]:
    """A timeline, day by day in UTC."""
    return [(day, [labelled(line) for line in of_day]) for day, of_day in groupby(lines, lambda line: f"{line.at:%A, %Y-%m-%d}")]


def labelled(line: TimelineLine) -> TimelineLine:
    """What a person wrote with a verb, with the verb before it; without words the verb alone is the text already."""
    if line.kind not in LABELLED or line.what == line.kind:
        return line
    return replace(line, what=f"{line.kind}: {line.what}")


@cache
def environment() -> "Environment":
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
    documents.filters["moment"] = moment
    documents.filters["when"] = when
    return documents


def moment(at: datetime) -> str:
    """`2026-03-02 09:00:05`, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


def when(line: TimelineLine) -> str:
    """`09:00:05` in UTC, a link to the line's evidence if it has any, with why the line is there as the link's title."""
    clock = f"{line.at:%H:%M:%S}"
    if not line.url:
        return clock
    why = f' "weight {line.weight}: {"; ".join(line.reasons)}"' if line.reasons else ""
    return f"[{clock}]({line.url}{why})"
