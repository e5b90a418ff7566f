"""The calendar, the report and the feeds, as a phone and a desk show them."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from icalendar import Calendar
from playwright.async_api import ViewportSize, expect

from bot.db import ActorId
from bot.oncall.checks import Checks
from bot.oncall.overriding import Overriding
from tests.journeys.stories import told
from tests.pages.conftest import DESK, PHONE, Looker
from tests.pages.test_pages import LARGEST, fits
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
SCREENS = [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")]


async def links(world: World, person: str, line: str) -> list[str]:
    """The addresses in the answer to a command."""
    answer = told(await world.user(person).command(f"/oncall {line}"))
    return re.findall(r"<(http[^|>]+)\|", answer)


async def change(world: World) -> None:
    """On Wednesday evening Kim stands in for Bo, and on Saturday nobody is on call."""
    rooms = world.bot.rooms
    verbs = Overriding(Checks(rooms.oncall, rooms.directory))
    async with world.bot.database.begin(actor=ActorId("bo")) as tx:
        await verbs.add_override(tx, "platform-primary", "kim", at(4, 17), at(5, 1))
        await verbs.add_override(tx, "platform-primary", None, at(7, 8), at(7, 20))
    await world.settled()


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


async def fetched(address: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return answer.status, answer.content_type, await answer.text()


async def test_the_calendar_is_readable_everywhere_and_shows_gaps_and_overrides(world: World, looker: Looker) -> None:
    await change(world)
    page = (await links(world, "bo", "calendar platform-primary"))[1]
    for viewport, scheme in SCREENS:
        for view in ("week", "month", "timeline"):
            looking = await looker.open(f"{page}&view={view}", viewport, scheme, script=True)
            await fits(looking, viewport["width"])
            await expect(looking.page.locator(".gaps")).to_contain_text("Nobody is on call Sat 7 Mar 09:00–21:00")
            assert await looking.page.locator(".changed:not(.legend *)").count() >= 1
            assert await looking.page.locator(".gap:not(.legend *)").count() >= 1
            assert await looking.bytes_loaded() <= LARGEST
    await page_by_hand(looker, page, PHONE)


async def page_by_hand(looker: Looker, page: str, viewport: ViewportSize) -> None:
    """Without script: taps lead from view to view and from week to week, and the clock stays that of whom the link was made for."""
    looking = await looker.open(page, viewport)
    await expect(looking.page.locator(".line.changed").first).to_contain_text("18:00–24:00 Kim Ji-woo")
    await looking.page.get_by_role("link", name="Later").tap()
    await expect(looking.page.locator(".turn strong")).to_have_text("9–15 Mar 2026")
    await looking.page.get_by_role("link", name="Month").tap()
    await expect(looking.page.locator(".turn strong")).to_have_text("March 2026")
    await looking.page.get_by_role("link", name="Timeline").tap()
    await expect(looking.page.get_by_text("In words")).to_be_visible()
    await expect(looking.page.locator(".legend")).to_contain_text("Times in Europe/Stockholm")


async def test_the_report_is_a_plot_and_a_table(world: World, looker: Looker) -> None:
    plot, table = (await links(world, "bo", "report"))[4:6]
    assert "/fairness/platform-primary/2026q1?" in plot
    for viewport, scheme in SCREENS:
        looking = await looker.open(plot, viewport, scheme, script=True)
        await fits(looking, viewport["width"])
    await expect(looking.page.locator("main")).to_contain_text("Bo Lindqvist")
    assert await looking.page.locator("svg[role=img]").count() == 8
    status, kind, text = await fetched(table)
    assert (status, kind) == (200, "text/csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["person"], row["hours"], row["nights"], row["weekends"]) for row in rows] == [
        ("bo", "673.00", "28", "4"),
        ("kim", "672.00", "28", "4"),
    ]


async def test_feeds_hold_what_the_schedule_says_and_their_links_cannot_be_bent(world: World) -> None:
    await change(world)
    person, _, schedule = await links(world, "kim", "calendar platform-primary")
    status, kind, text = await fetched(schedule)
    assert (status, kind) == (200, "text/calendar")
    events = sorted(Calendar.from_ical(text).walk("VEVENT"), key=lambda one: one["DTSTART"].dt)
    async with world.bot.database.read() as tx:
        board = await world.bot.rooms.oncall.board(tx, "platform-primary", at(1, 0) - timedelta(days=60))
    first, last = events[0]["DTSTART"].dt, events[-1]["DTEND"].dt
    assert [(one["DTSTART"].dt, one["DTEND"].dt) for one in events] == [(one.start, one.end) for one in board.shifts(first, last)]
    assert len({one["UID"] for one in events}) == len(events)
    stands_in = next(one for one in events if one["DTSTART"].dt == at(4, 17))
    assert (stands_in["SUMMARY"], stands_in["DTEND"].dt) == ("Kim Ji-woo: Platform primary", at(5, 1))
    assert "override by Bo Lindqvist" in stands_in["DESCRIPTION"]

    theirs = Calendar.from_ical((await fetched(person))[2])
    assert theirs.calendar_name == "On call: Kim Ji-woo"
    summaries = {str(one["SUMMARY"]) for one in theirs.walk("VEVENT")}
    assert summaries == {"On call: Platform primary", "On call: Platform secondary", "On call: Databases primary"}

    assert (await fetched(person.replace("kim.ics", "bo.ics")))[0] == 403
    assert (await fetched(schedule.split("?")[0]))[0] == 403
    assert (await fetched(schedule[:-3] + "xyz"))[0] == 403


async def test_what_cannot_be_shown_says_so(world: World) -> None:
    page = (await links(world, "bo", "calendar platform-primary"))[1]
    for asked, says in (("&view=year", "by week, month or timeline"), ("&day=soon", "2026-11-23"), ("&day=9999-12-31", "too far away")):
        status, _, text = await fetched(page + asked)
        assert status == 400
        assert says in text
    assert (await fetched(page + "&zone=Mars/Base"))[0] == 400
