"""The archive and the reports in a browser, behind signed links: as much of them as who the link names may see."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from bot import resources
from bot.accounts.pages import ReaderPages, Visit
from bot.config.models import Service, Team
from bot.db import Database
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.incidents.lifecycle import IncidentState, is_open
from bot.incidents.web import PURPOSE as INCIDENT_PAGE
from bot.learning import archive, charts, wording
from bot.learning.addresses import ARCHIVE, LINK_LASTS, PDF, REPORTS, Addresses
from bot.learning.archive import Found
from bot.learning.gathering import Reports
from bot.learning.query import PAGE, Query, chosen, fields
from bot.learning.report import TOP, Report
from bot.oncall.fairness import Quarter
from bot.postmortems.service import Postmortems
from bot.press.press import Press
from bot.web import pages
from bot.web.signing import Links

WAY_OUT = "Type /inc find or /inc report in Slack for a new link."
FILLS = {"sev1": "#b3261e", "sev2": "#c2570c", "sev3": "#8a6d00", "sev4": "#6b7480"}
"""What a page's styles override, and print shows."""
KEPT = ("k", "as")
"""What a page's own links hand on."""


class LearningPages:
    """Answers GET; nothing here changes anything."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        reports: Reports,
        addresses: Addresses,
        postmortems: Postmortems,
        links: Links,
        press: Press,
    ) -> None:
        self._db = database
        self._directory = directory
        self._reports = reports
        self._addresses = addresses
        self._postmortems = postmortems
        self._links = links
        self._press = press

    def register(self, app: web.Application, readers: ReaderPages) -> None:
        """Serve `/archive`, `/reports/<quarter>` and `/reports/<quarter>/<team>`, with `.pdf` to be printed."""
        app.router.add_get("/static/learning.css", stylesheet)
        readers.add(ARCHIVE, show=self.archive, way_out=WAY_OUT)
        readers.add(REPORTS, "quarter", show=self.report, way_out=WAY_OUT)
        readers.add(REPORTS, "quarter", "team", show=self.report, way_out=WAY_OUT)

    # The archive

    async def archive(self, visit: Visit) -> web.Response:
        """What was looked for, a page at a time."""
        asked = visit.query
        query = chosen({name: value for name, value in asked.items() if name not in KEPT})
        async with self._db.read() as tx:
            with tx.acting(visit.reader.actor):
                found = await archive.search(tx, query, self._directory.zone_of(visit.reader.person))
                used = await archive.tags_in_use(tx)
        keep = {name: asked[name] for name in KEPT if name in asked}
        last = max(1, -(-found.total // PAGE))
        return visit.page(
            "learning/archive.html",
            query=query,
            typed=asked.get("q", ""),
            keep=keep,
            found=found,
            hits=self._hits(found, visit),
            first=(query.page - 1) * PAGE + 1,
            last=last,
            turn={name: {**keep, **fields(query), "page": str(page)} for name, page in _around(query.page, last)},
            root=".",
            services=_named(self._directory.config.services),
            teams=_named(self._directory.config.teams),
            tags=[(tag, tag) for tag in dict.fromkeys([*self._directory.config.learning.tags, *used])],
        )  # fmt: skip

    def _hits(self, found: Found, visit: Visit) -> list[dict[str, object]]:
        zone = self._directory.zone_of(visit.reader.person)
        return [
            {
                "hit": hit,
                "incident": hit.incident,
                "service": self._service(hit.incident.service),
                "state": hit.incident.state.value,
                "is_loud": hit.incident.severity <= 2 and is_open(hit.incident.state),
                "is_over": hit.incident.state in (IncidentState.RESOLVED, IncidentState.CLOSED),
                "day": f"{hit.incident.declared_at.astimezone(zone):%Y-%m-%d}",
                "url": self._links.link(INCIDENT_PAGE, str(hit.incident.number), person=visit.reader.person, lasts=LINK_LASTS),
                "postmortem": self._postmortems.url(hit.incident.number, reader=visit.reader.person) if hit.is_published else "",
            }
            for hit in found.hits
        ]

    def _service(self, name: str | None) -> str:
        service = self._directory.service(name) if name else None
        return service.name if service else name or ""

    # Reports

    async def report(self, visit: Visit) -> web.Response:
        """A quarter, of the company or of one team: as a page, or as PDF."""
        names = [*visit.ids]
        names[-1] = names[-1].removesuffix(PDF)
        team = self._team(names[1]) if len(names) > 1 else None
        async with self._db.read() as tx:
            gathered = await self._reports.gather(tx, self._reports.quarter(names[0], tx.now), team)
            ahead = self._reports.after(gathered.this)
            turn = {"before": gathered.before, **({"after": ahead} if ahead.start <= tx.now else {})}
        # Hundreds of titles are compared with each other, and pages must not wait.
        found = await asyncio.to_thread(gathered.drawn)
        if visit.ids[-1].endswith(PDF):
            return await self._printed(found)
        return visit.page(
            "learning/report.html",
            root="/".join([".."] * len(names)),
            **shown(found, self._reports.zone) | {"tag_links": self._ways(visit, found)},
            turn={name: (quarter.name, self._further(visit, quarter, team)) for name, quarter in turn.items()},
            pdf=self._further(visit, found.quarter, team, PDF),
            teams=[
                (one.name, self._further(visit, found.quarter, one)) for one in self._directory.config.teams.values() if one is not team
            ],
            company=self._further(visit, found.quarter, None) if team else "",
        )

    def _ways(self, visit: Visit, found: Report) -> dict[str, str]:
        """From each tag to the quarter's incidents that have it."""
        first, after = found.months[3].first, found.quarter.end.astimezone(self._reports.zone).date()
        asked = Query(since=first, until=after - timedelta(days=1), team=found.team or "")
        return {bar.name: self._addresses.archive_from(visit, replace(asked, tag=bar.name)) for bar in found.causes[:TOP]}

    async def _printed(self, found: Report) -> web.Response:
        name = "-".join([found.quarter.key, *([found.team] if found.team else [])])
        headers = {"Cache-Control": "no-store", "Content-Disposition": f'inline; filename="incidents-{name}{PDF}"'}
        return web.Response(body=await printed(self._press, found, self._reports.zone), content_type="application/pdf", headers=headers)

    def _further(self, visit: Visit, quarter: Quarter, team: Team | None, suffix: str = "") -> str:
        return self._addresses.from_one_to_another(visit, quarter, team.id if team else None, suffix)

    def _team(self, name: str) -> Team:
        team = self._directory.team(name)
        if team is None:
            raise NotFound(f"There is no team {name!r}. {WAY_OUT}")
        return team


def _around(page: int, last: int) -> list[tuple[str, int]]:
    """The pages before and after one, as far as there are such."""
    return [(name, one) for name, one in (("before", page - 1), ("after", page + 1)) if 0 < one <= last]


def _named(things: Mapping[str, Service] | Mapping[str, Team]) -> list[tuple[str, str]]:
    """What can be chosen of the configuration, by name."""
    return sorted(((one.id, one.name) for one in things.values()), key=lambda pair: pair[1].casefold())


async def printed(press: Press, found: Report, zone: ZoneInfo) -> bytes:
    """The report as PDF; raises `CannotPress`."""
    return await press.pdf(pages.render("learning/report_print.html", **shown(found, zone)))


def shown(found: Report, zone: ZoneInfo) -> dict[str, object]:
    """What the report's template is filled with, on the page and in print."""
    first = found.months[3].first
    return {
        "report": found,
        "headlines": wording.headlines(found),
        "stacks": charts.stacks(found),
        "services": charts.pairs(found.services),
        "causes": charts.pairs(found.causes),
        "times": [(one, charts.marks(one, first), wording.median_text(one.now), wording.change_text(one)) for one in found.times],
        "words": wording,
        "fills": FILLS,
        "tag_links": {},
        "as_of": f"{found.until.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}",
    }


async def stylesheet(_: web.Request) -> web.FileResponse:
    """The styles that only these pages need: a page at night loads none of them."""
    return web.FileResponse(resources.path("templates") / "learning" / "learning.css", headers={"Cache-Control": "public, max-age=3600"})
