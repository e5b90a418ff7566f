"""Where archive and reports are: signed links, so that they open with no login."""

from datetime import timedelta
from urllib.parse import urlencode

from bot.accounts.pages import KEY, Visit
from bot.db import ActorId
from bot.learning.query import Query, fields
from bot.oncall.fairness import Quarter
from bot.web.signing import Links

ARCHIVE, REPORTS = "archive", "reports"
"""What the links are for, and where their paths begin."""
LINK_LASTS = timedelta(days=90)
"""A search is repeated for a while; a report's link is posted, and read until the next but one."""
REPORT_LASTS = timedelta(days=365)
PDF = ".pdf"


class Addresses:
    """Makes the links."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def archive(self, reader: ActorId | None, query: Query | None = None) -> str:
        """The archive as this person may see it, with what was asked for."""
        asked = fields(query) if query else {}
        return self._links.link(ARCHIVE, person=reader, lasts=LINK_LASTS) + ("&" + urlencode(asked) if asked else "")

    def report(self, quarter: Quarter, team: str | None, suffix: str = "") -> str:
        """A quarter's report, of the company or of one team; with the suffix ".pdf", to be printed. It names nobody: a report is handed
        on, and whoever gets it must neither see nor do what only who handed it on may."""
        ids = [quarter.key, *([team] if team else [])]
        return self._links.link(REPORTS, *ids[:-1], ids[-1] + suffix, person=None, lasts=REPORT_LASTS)

    def from_one_to_another(self, visit: Visit, quarter: Quarter, team: str | None, suffix: str = "") -> str:
        """The address of a further report, for who reads this one."""
        ids = [quarter.key, *([team] if team else [])]
        return self._onward(visit, REPORTS, *ids[:-1], ids[-1] + suffix)

    def archive_from(self, visit: Visit, query: Query) -> str:
        """The archive with what is asked for, for who reads a report."""
        address = self._onward(visit, ARCHIVE)
        return f"{address}{'&' if '?' in address else '?'}{urlencode(fields(query))}"

    def _onward(self, visit: Visit, *ids: str) -> str:
        """From a report to another page. A link leads on to nothing for longer than it is good itself."""
        if visit.reader.is_signed_in or visit.is_unsigned:
            as_whom = {"as": visit.query["as"]} if "as" in visit.query else {}
            return "/".join(("", *ids)) + (f"?{urlencode(as_whom)}" if as_whom else "")
        grant = self._links.open(visit.query[KEY], REPORTS, *visit.ids)
        return self._links.link_until(*ids, person=grant.person, until=grant.expires_at)
