"""Pages and feeds of on-call: the calendar of a schedule, the fairness report, iCal per person and per schedule."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from aiohttp import web

from bot.config.values import zones
from bot.db import Database, Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput, NotFound
from bot.oncall import calendar
from bot.oncall.addresses import CALENDAR, FEEDS, ICS, REPORTS, Addresses
from bot.oncall.calendar import Piece, Strip, Tones, View, Window
from bot.oncall.definition import Shift
from bot.oncall.feed import Event, feed
from bot.oncall.planning import Planner
from bot.oncall.report import Fairness, Reports, as_csv, in_words
from bot.oncall.schedule import layer_shifts
from bot.oncall.service import Board, OnCall
from bot.oncall.wording import at, between
from bot.web import pages
from bot.web.forms import SignedPages
from bot.web.signing import Grant

WAY_OUT = "For a new link, type /oncall calendar in Slack."
FEED_BACK, FEED_AHEAD = 1, 6
"""Months."""
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
KEPT = ("k", "as", "zone")
"""What a page's links hand on."""


class OnCallPages:
    """Answers GET; nothing here changes anything."""

    def __init__(
        self, database: Database, oncall: OnCall, directory: Directory, planner: Planner, addresses: Addresses, reports: Reports
    ) -> None:
        self._db = database
        self._oncall = oncall
        self._directory = directory
        self._planner = planner
        self._addresses = addresses
        self._reports = reports

    def register(self, signed: SignedPages) -> None:
        """Serve `/oncall/<schedule>`, `/fairness/<schedule>/<quarter>` and `/feeds/…/….ics`."""
        signed.add_view(CALENDAR, "schedule", look=self.calendar, way_out=WAY_OUT)
        signed.add_view(REPORTS, "schedule", "quarter", look=self.report, way_out=WAY_OUT)
        signed.add(FEEDS, "kind", "name", show=self.feed, way_out=WAY_OUT)

    # The calendar

    async def calendar(self, grant: Grant, query: Mapping[str, str]) -> web.Response:
        """A week, a month or a timeline of a schedule, on the clock of whoever the link was made for."""
        name = self._schedule(grant.ids[0])
        zone = self._zone(grant, query, name)
        async with self._db.read() as tx:
            today = calendar.today(tx.now, zone)
            shown = calendar.window(_view(query), _day(query, today), zone)
            board = await self._oncall.board(tx, name, min(shown.start, tx.now))
            return self._page(tx, name, board, shown, today, query, grant)

    def _page(self, tx: Tx, name: str, board: Board, shown: Window, today: date, query: Mapping[str, str], grant: Grant) -> web.Response:
        tones = self._tones(board, shown)
        found = self._pieces(board.shifts(shown.start, shown.end), board.gaps(shown.start, shown.end), tones, shown.zone)
        now = self._pieces([Shift(tx.now, tx.now, duty) for duty in board.who(tx.now).duties], (), tones, shown.zone)
        change = board.next_change(tx.now)
        month = shown.days[10].month if shown.view is View.MONTH else None
        days = calendar.days(found, shown, today, month)
        is_now = shown.start <= tx.now < shown.end
        return pages.page(
            "oncall/calendar.html",
            root="..",
            title=self._planner.title(name),
            keep={key: query[key] for key in KEPT if key in query},
            now=now,
            until=at(change, shown.zone) if change else "",
            views=list(View),
            shown=shown,
            day=_day(query, today).isoformat(),
            heading=calendar.heading(shown),
            gaps=[between(piece.start, piece.end, shown.zone) for piece in found if piece.person is None][:5],
            days=days,
            weeks=calendar.weeks(days),
            marks=calendar.marks(shown),
            strips=self._strips(board, shown, tones, found) if shown.view is View.TIMELINE else (),
            now_left=round((tx.now - shown.start) / (shown.end - shown.start) * 100, 2) if is_now else None,
            in_words=[(between(piece.start, piece.end, shown.zone), piece) for piece in found],
            legend=[replace(piece, is_changed=False) for piece in {piece.tone: piece for piece in found}.values()],
            feed=self._addresses.schedule_feed(grant.person, name) if grant.person else "",
        )

    def _strips(self, board: Board, shown: Window, tones: Tones, found: tuple[Piece, ...]) -> list[Strip]:
        """A row for each layer by itself, in the order of their priority, and what they make together."""
        rows: dict[str, list[Shift]] = {}
        epochs = board.definition.epochs
        for number, epoch in enumerate(epochs):
            start = max(epoch.since, shown.start)
            end = min(epochs[number + 1].since, shown.end) if number + 1 < len(epochs) else shown.end
            for layer in sorted(epoch.layers, key=lambda one: -one.priority):
                if start < end:
                    rows.setdefault(layer.id, []).extend(layer_shifts(layer, start, end))
        strips = [calendar.strip(name, self._pieces(shifts, (), tones, shown.zone), shown) for name, shifts in rows.items()]
        return [*strips, calendar.strip("On call", found, shown, is_final=True)]

    def _pieces(
        self, shifts: tuple[Shift, ...] | list[Shift], gaps: tuple[tuple[datetime, datetime], ...], tones: Tones, zone: str
    ) -> tuple[Piece, ...]:
        return calendar.pieces(shifts, gaps, tones, self._directory.name, zone)

    @staticmethod
    def _tones(board: Board, shown: Window) -> Tones:
        """The same colours on every page of a schedule: those who take turns first, in their order."""
        epoch = board.definition.epoch(shown.end)
        taking_turns = [person for layer in epoch.layers for group in layer.rotation.participants for person in group] if epoch else []
        return Tones(taking_turns)

    # The report

    async def report(self, grant: Grant, query: Mapping[str, str]) -> web.Response:
        """How a quarter was shared: a plot, or with `.csv` a table."""
        name, asked = self._schedule(grant.ids[0]), grant.ids[1]
        async with self._db.read() as tx:
            found = await self._reports.of(tx, name, asked.removesuffix(".csv"))
        if asked.endswith(".csv"):
            headers = {"Content-Disposition": f'attachment; filename="{name}-{asked}"', "Cache-Control": "no-store"}
            return web.Response(text=as_csv(found.shares, self._directory.name), content_type="text/csv", charset="utf-8", headers=headers)
        return pages.page("oncall/report.html", root="../..", found=found, rows=self._rows(found), csv=self._csv(grant, found))

    def _rows(self, found: Fairness) -> list[dict[str, object]]:
        """Each person with the lengths of their bars, in hundredths of the longest."""
        longest = {kind: max((float(getattr(one, kind)) for one in found.shares), default=0.0) for kind in MEASURES}
        return [
            {
                "name": self._directory.name(one.person),
                "words": in_words(one, found.total),
                "bars": [(kind, getattr(one, kind), width(getattr(one, kind), longest[kind])) for kind in MEASURES],
            }
            for one in found.shares
        ]

    def _csv(self, grant: Grant, found: Fairness) -> str:
        name = found.quarter.key
        return self._addresses.report(grant.person, found.schedule, name, ".csv") if grant.person else ""

    # Feeds

    async def feed(self, grant: Grant) -> web.Response:
        """The month before and half a year ahead. From the first to the first of a month, so that a shift without end keeps its name."""
        kind, name = grant.ids[0], grant.ids[1].removesuffix(ICS)
        async with self._db.read() as tx:
            start, end = calendar.months(tx.now, FEED_BACK, FEED_AHEAD)
            if kind == "people" and (person := self._directory.person(name)):
                title, wanted = f"On call: {person.name}", person.id
                schedules = self._oncall.schedules()
            elif kind == "schedules":
                title, wanted = f"On call: {self._planner.title(self._schedule(name))}", None
                schedules = (name,)
            else:
                raise NotFound(f"There is no such feed. {WAY_OUT}")
            roster = await self._oncall.roster(tx, start, schedules)
            events = [
                self._event(schedule, shift, wanted is None)
                for schedule in schedules
                for shift in roster.boards[schedule].shifts(start, end)
                if wanted in (None, shift.person)
            ]
            text = feed(title, sorted(events, key=lambda one: (one.start, one.uid)), tx.now)
        headers = {"Cache-Control": "no-store", "Content-Disposition": f'inline; filename="{name}{ICS}"'}
        return web.Response(text=text, content_type="text/calendar", charset="utf-8", headers=headers)

    def _event(self, schedule: str, shift: Shift, is_named: bool) -> Event:
        title = self._planner.title(schedule)
        summary = f"{self._directory.name(shift.person)}: {title}" if is_named else f"On call: {title}"
        why = shift.duty.why(self._planner.zone(shift.person), self._directory.name)
        uid = f"{schedule}.{shift.person}.{int(shift.start.timestamp())}@tocsin"
        return Event(uid, shift.start, shift.end, summary, why)

    def _schedule(self, name: str) -> str:
        if name not in self._oncall.schedules():
            raise NotFound(f"There is no schedule {name!r}. {WAY_OUT}")
        return name

    def _zone(self, grant: Grant, query: Mapping[str, str], schedule: str) -> str:
        """The zone that was asked for, else that of whom the link was made for, else the schedule's."""
        asked = query.get("zone", "")
        if asked:
            if asked not in zones():
                raise InvalidInput("There is no such time zone; write it like Europe/Berlin.")
            return asked
        return self._planner.zone(grant.person) if grant.person else self._oncall.zone_of(schedule)


MEASURES = ("hours", "nights", "weekends", "pages")


def width(value: float, longest: float) -> float:
    """The length of a bar, in hundredths."""
    return round(value / longest * 100, 1) if longest else 0.0


def _view(query: Mapping[str, str]) -> View:
    asked = query.get("view", View.WEEK.value)
    if asked not in list(View):
        raise InvalidInput("A calendar is shown by week, month or timeline.")
    return View(asked)


def _day(query: Mapping[str, str], today: date) -> date:
    asked = query.get("day", "")
    try:
        day = date.fromisoformat(asked) if asked else today
    except ValueError:
        raise InvalidInput("Write the day like 2026-11-23.") from None
    if not EARLIEST <= day <= LATEST:
        raise InvalidInput("That day is too far away for a calendar.")
    return day
