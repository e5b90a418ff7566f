"""From a document to Markdown. What people wrote goes in as values and is made inert; it is never part of a template."""

import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, lru_cache, partial
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from bot import resources
from bot.incidents.severity import Severity
from bot.postmortems.assemble import WRITTEN
from bot.postmortems.document import Sentence, Source
from bot.postmortems.inert import escape_markdown
from bot.postmortems.lines import TimelineLine
from bot.postmortems.material import Material

if TYPE_CHECKING:
    from jinja2 import Environment

DEFAULT = "default"
SHIPPED = (DEFAULT, "availability", "data-loss", "near-miss", "security", "vendor")
"""The templates that come with Tocsin, in `templates/postmortems/`."""
NONE: Mapping[str, str] = MappingProxyType({})
SHORT = {"Time to detect": "MTTD", "Time to acknowledge": "MTTA", "Time to mitigate": "MTTM", "Time to resolve": "MTTR"}
LONGEST = 800
"""Characters of a sentence; all of it stands on the timeline."""
CITED = 5
"""Sources of one sentence that are shown; further ones are counted."""
NO_SOURCE = "*(no source)*"


def to_markdown(material: Material, impact: Mapping[Severity, str], zone: tzinfo = UTC, own: Mapping[str, str] = NONE) -> str:
    """The postmortem as Markdown, the same to the byte for the same material, its times in the reader's zone with UTC beside.

    `impact` says in words what each severity means; `own` are the company's templates. One that breaks costs nothing but itself.
    """
    name = material.template
    if name not in {*SHIPPED, *own}:
        return rendered(material, DEFAULT, impact, zone, NONE, f"There is no template '{name}'; this is the default one.")
    try:
        return rendered(material, name, impact, zone, own)
    except Exception as broken:  # whatever a template of theirs does, the draft is there
        if not own:
            raise
        said = f"The template '{name}' cannot be used ({trouble_of(broken, own)[1]}); this is the default one. See `tocsin check`."
        return rendered(material, DEFAULT, impact, zone, NONE, said)


def trouble_of(broken: Exception, own: Mapping[str, str]) -> tuple[int, str]:
    """The line of the company's template at which it broke, as far as that is known, and why."""
    from jinja2 import TemplateSyntaxError

    if isinstance(broken, TemplateSyntaxError):
        return broken.lineno, f"line {broken.lineno}: {broken.message}"
    frames = [frame for frame in traceback.extract_tb(broken.__traceback__) if frame.filename.removeprefix("own:") in own]
    line = frames[-1].lineno or 1 if frames else 1
    return line, f"line {line}: {type(broken).__name__}: {broken}"


def rendered(material: Material, name: str, impact: Mapping[Severity, str], zone: tzinfo, own: Mapping[str, str], trouble: str = "") -> str:
    """The document by one template."""
    document = material.document
    reader = Reader(zone, len({line.at.astimezone(zone).date() for line in document.timeline}) > 1)
    template = environment(zone, tuple(sorted(own.items()))).get_template(name)
    text: str = template.render(
        doc=document,
        sections=material.sections,
        images=[file for file in material.files if file.is_image],
        files=[file for file in material.files if not file.is_image],
        days=by_day(document.timeline, zone),
        short=SHORT,
        impact=impact[document.severity],
        zone="" if zone is UTC else str(zone),
        trouble=trouble,
        said=reader.said,
        cited=reader.cited,
        clock=reader.clock,
    )
    return tidy(text)


@dataclass(frozen=True)
class Reader:
    """How sentences are told to somebody who lives in a zone; of an incident that spans days, with the day."""

    zone: tzinfo
    spans_days: bool

    def said(self, sentence: Sentence) -> str:
        """The sentence, when it happened before it and where it has that from behind it."""
        begins = f"{self.clock(sentence.at)} " if sentence.at else ""
        return f"{begins}{escape_markdown(sentence.text, LONGEST)} {self.cited(sentence.sources)}"

    def cited(self, sources: Sequence[Source]) -> str:
        """Links to the sources, or that there are none."""
        links = [self._link(source) for source in sources[:CITED]]
        if len(sources) > CITED:
            links.append(f"{len(sources) - CITED} more")
        return f"*({', '.join(links)})*" if links else NO_SOURCE

    def clock(self, at: datetime) -> str:
        """`09:02`, or `2 Mar 09:02` where there are several days, with UTC beside for a reader elsewhere."""
        local = at.astimezone(self.zone)
        day = f"{local.day} {local:%b} " if self.spans_days else ""
        utc = "" if local.utcoffset() == timedelta(0) else f" ({at.astimezone(UTC):%H:%M} UTC)"
        return f"{day}{local:%H:%M}{utc}"

    def _link(self, source: Source) -> str:
        label = source.label or (f"{source.at.astimezone(self.zone):%H:%M:%S}" if source.at else "source")
        where = safe_address(source.url)
        return f"[{label}]({where})" if where else label


def safe_address(url: str) -> str:
    """An address of the web, of our own site or of this document, as it can stand in Markdown; "" for any other."""
    if not url.startswith(("https://", "http://", "#", "/")):
        return ""
    return quote(url, safe="#/:?&=%@+,;~!$'*.-_")


def tidy(markdown: str) -> str:
    """Never more than one empty line, and none at the end."""
    lines: list[str] = []
    for line in markdown.split("\n"):
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).strip("\n") + "\n"


def by_day(lines: Iterable[TimelineLine], zone: tzinfo) -> list[tuple[str, list[TimelineLine]]]:
    """A timeline, day by day of the reader's."""
    days = groupby(lines, lambda line: f"{line.at.astimezone(zone):%A, %Y-%m-%d}")
    return [(day, [labelled(line) for line in of_day]) for day, of_day in days]


def labelled(line: TimelineLine) -> TimelineLine:
    """What a person wrote with a verb, with the verb before it; without words the verb alone is the text already."""
    if line.kind not in WRITTEN or line.what == line.kind:
        return line
    return replace(line, what=f"{line.kind}: {line.what}")


@lru_cache(maxsize=64)
def environment(zone: tzinfo, own: tuple[tuple[str, str], ...] = ()) -> "Environment":
    """The Jinja environment of documents: sandboxed, and without HTML escaping, since Markdown has its own. `own` comes first, by name."""
    from jinja2 import FunctionLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    mine = dict(own)

    def load(name: str) -> tuple[str, str, None] | None:
        if name in mine:
            return mine[name], f"own:{name}", None
        return (shipped(name), f"shipped:{name}", None) if name in SHIPPED else None

    documents = SandboxedEnvironment(
        loader=FunctionLoader(load),
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


@cache
def shipped(name: str) -> str:
    """The text of one that comes with Tocsin."""
    return (resources.path("templates") / "postmortems" / f"{name}.md.j2").read_text()


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
    """The line's time, a link to its evidence if it has any, with why a message is there as the link's title."""
    local = line.at.astimezone(zone)
    clock, utc = f"{local:%H:%M:%S}", beside(line.at, local)
    if not line.url:
        return f"{clock}{utc}"
    is_elsewhere = not line.url.startswith("#")
    why = f' "weight {line.weight}: {"; ".join(line.reasons)}"' if line.reasons and is_elsewhere else ""
    return f"[{clock}]({line.url}{why}){utc}"
