"""Looking entries up, so that a sentence can say where it has it from."""

from collections.abc import Iterable
from datetime import datetime

from bot.postmortems.document import Source
from bot.postmortems.lines import Entry

MILESTONES = Source("#milestones", label="milestones")
"""What the durations are computed from."""
PAGED = "paged "
"""How the entry of a page begins that somebody got."""


class Record:
    """What was written down about an incident, in the order it happened."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(sorted(entries, key=lambda one: (one.happened_at, one.recorded_at)))

    def of(self, *kinds: str) -> list[Entry]:
        """Every entry of these kinds."""
        return [entry for entry in self.entries if entry.kind in kinds]

    def first(self, *kinds: str) -> Entry | None:
        """The first entry of one of these kinds."""
        return next(iter(self.of(*kinds)), None)

    def last(self, *kinds: str) -> Entry | None:
        """The last entry of one of these kinds."""
        return next(reversed(self.of(*kinds)), None)

    @property
    def first_page(self) -> Entry | None:
        """The first page that left; what could not be sent is no page."""
        return next((entry for entry in self.of("paged") if entry.text.startswith(PAGED)), None)

    def at(self, moment: datetime, *kinds: str) -> Entry | None:
        """The entry of these kinds that was written down at a moment, else the one that happened then."""
        found = self.of(*kinds)
        return next((one for one in found if one.recorded_at == moment), next((one for one in found if one.happened_at == moment), None))


def cite(*entries: Entry | None) -> tuple[Source, ...]:
    """Where these are to be seen; nothing for those that there are not."""
    return tuple(Source(entry.address, entry.happened_at) for entry in entries if entry is not None and entry.address)


def sentence(text: str) -> str:
    """The text with a capital and a full stop, if it has no end of its own."""
    text = text.strip()
    if not text:
        return text
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?…:" else ".")
