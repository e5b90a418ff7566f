"""A version as it goes out: its text with front matter, and its file's name. Values only."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

WITHDRAWN = "> This postmortem was withdrawn and is being revised. What follows is how it was."
PRIVATE = "> This postmortem is private now. It can be read by those who take part in the incident."
_OURS = re.compile(r"\((/(?:runs|attachments)/)")
_NAME = re.compile(r"\{([a-z]+)\}")
_TITLE = re.compile(r"\A(# [^\n]*\n)")


@dataclass(frozen=True)
class Edition:
    """One version of a postmortem, for those who may read the incident."""

    number: int
    title: str
    version: int
    severity: int
    service: str
    declared_at: datetime
    ended_at: datetime | None
    published_at: datetime
    markdown: str
    url: str
    """Its page, for whoever signs in."""
    channel: str | None = None
    is_withdrawn: bool = False
    is_emptied: bool = False
    """Others read the place, and it was published before the incident became private."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What else goes out with it, by ending: `.pdf`, `.html`."""

    @property
    def text(self) -> str:
        """The document, with a word at its beginning when it is withdrawn. What it cites of our own pages leads to them from anywhere."""
        whole = _OURS.sub(rf"({self.url.partition('/postmortems/')[0]}\1", self.markdown)
        if not self.is_withdrawn:
            return whole
        marked, found = _TITLE.subn(rf"\1\n{WITHDRAWN}\n", whole, count=1)
        return marked if found else f"{WITHDRAWN}\n\n{whole}"

    @property
    def with_front_matter(self) -> str:
        """The document as a file of its own."""
        return f"{front_matter(self)}\n{self.text}"


def emptied(edition: Edition) -> Edition:
    """What a place that others read may still say of an incident that has become private."""
    said = f"# Postmortem of #{edition.number}\n\n{PRIVATE}\n"
    return replace(edition, title="private", service="", markdown=said, channel=None, is_withdrawn=False, is_emptied=True, files={})


def front_matter(edition: Edition) -> str:
    """What programs read of it: YAML between two lines."""
    values: dict[str, object] = {
        "title": f"Postmortem of #{edition.number}: {edition.title}",
        "incident": edition.number,
        "severity": f"SEV{edition.severity}",
        "service": edition.service or None,
        "declared": moment(edition.declared_at),
        "resolved": moment(edition.ended_at) if edition.ended_at else None,
        "published": moment(edition.published_at),
        "version": edition.version,
        "state": "private" if edition.is_emptied else "withdrawn" if edition.is_withdrawn else "published",
        "source": edition.url,
    }
    # What JSON writes, YAML reads: so nothing in a title means anything.
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items() if value is not None]
    return "\n".join(["---", *lines, "---", ""])


def moment(at: datetime) -> str:
    """`2026-03-02T09:00:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def path_of(scheme: str, edition: Edition) -> str:
    """The path of an edition's Markdown: `2026/0007-checkout-is-down.md`."""
    values = {
        "year": f"{edition.declared_at:%Y}",
        "month": f"{edition.declared_at:%m}",
        "number": f"{edition.number:04}",
        "slug": slug(edition.title),
        "service": slug(edition.service) if edition.service else "none",
        "severity": f"sev{edition.severity}",
    }
    return _NAME.sub(lambda found: values[found[1]], scheme)


def slug(title: str, longest: int = 50) -> str:
    """The title in letters that every file system and address takes."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain)
    while words and len("-".join(words)) > longest:
        words.pop()
    return "-".join(words) or "incident"
