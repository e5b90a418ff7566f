"""The meeting about a postmortem: at a time that suits, in everybody's calendar, and moved there when it is moved."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AlreadyDone, InvalidInput
from bot.incidents.deadlines import is_working_time
from bot.postmortems.meeting import suggested
from bot.postmortems.models import PostmortemMeeting
from bot.slack.replies import Say
from tests.postmortems.house import ANA, KIM, House
from tests.postmortems.test_review import BO, owned, review
from tests.web.conftest import Serve

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
SEOUL, BERLIN, NEW_YORK = (ZoneInfo(zone) for zone in ("Asia/Seoul", "Europe/Berlin", "America/New_York"))


@pytest.mark.parametrize(
    ("zone", "others", "wanted"),
    [
        (BERLIN, [], "Tue 3 14:00"),
        (BERLIN, [BERLIN, BERLIN], "Tue 3 14:00"),
        (BERLIN, [NEW_YORK, NEW_YORK], "Tue 3 15:00"),  # nine o'clock there
        (BERLIN, [SEOUL, SEOUL], "Tue 3 09:00"),  # before they go home
        (SEOUL, [BERLIN], "Tue 3 17:00"),
    ],
)
def test_a_time_is_suggested_at_which_most_are_at_work(zone: ZoneInfo, others: list[ZoneInfo], wanted: str) -> None:
    local = suggested(MONDAY, zone, others).astimezone(zone)
    assert f"{local:%a} {local.day} {local:%H:%M}" == wanted


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the strategy adds the zone
    st.sampled_from([SEOUL, BERLIN, NEW_YORK]),
    st.lists(st.sampled_from([SEOUL, BERLIN, NEW_YORK]), max_size=4),
)
def test_it_is_always_ahead_and_in_the_working_hours_of_who_calls_it(now: datetime, zone: ZoneInfo, others: list[ZoneInfo]) -> None:
    at = suggested(now, zone, [zone, *others])
    assert now < at < now + timedelta(days=12)
    assert is_working_time(at, zone.key) or len(set(others)) > 0
    assert at.astimezone(zone).minute == 0


def read(text: str) -> tuple[icalendar.Calendar, icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(text)
    [event] = calendar.walk("VEVENT")
    return calendar, event


async def call(house: House, at: datetime, length: timedelta = timedelta(minutes=60)) -> PostmortemMeeting:
    async with house.database.begin(actor=KIM) as tx:
        return await house.meetings.call(tx, house.number, at, length)


async def test_its_file_is_one_entry_that_moves_and_goes_with_it(house: House, serve: Serve) -> None:
    await owned(house, title="checkout; is, down")
    await review(house, "ask", [ANA, BO])
    client, at = await serve(house.web()), MONDAY + timedelta(days=1, hours=4)

    async def file() -> tuple[icalendar.Calendar, icalendar.Event]:
        answer = await client.get(house.meetings.url(house.number).removeprefix("https://tocsin.example"))
        assert answer.content_type == "text/calendar"
        return read(await answer.text())

    await call(house, at)
    calendar, first = await file()
    assert (calendar["METHOD"], first["SUMMARY"]) == ("REQUEST", "Review of incident #1: checkout; is, down")
    assert (first.start, first.end, int(first["SEQUENCE"])) == (at, at + timedelta(hours=1), 0)
    assert str(first["ORGANIZER"]).startswith("mailto:kim@")
    assert [str(one.params["CN"]) for one in first["ATTENDEE"]] == ["Kim Ji-woo", "Ana Silva", house.directory.name("bo")]
    with pytest.raises(AlreadyDone, match="Kim Ji-woo called it for that time at 18:00"):
        await call(house, at)
    with pytest.raises(InvalidInput, match="over already"):
        await call(house, MONDAY - timedelta(hours=1))

    await call(house, at + timedelta(hours=1), timedelta(minutes=30))
    _, moved = await file()
    assert (moved["UID"], int(moved["SEQUENCE"]), moved.start) == (first["UID"], 1, at + timedelta(hours=1))
    async with house.database.begin(actor=ANA) as tx:
        await house.meetings.call_off(tx, house.number)
        with pytest.raises(AlreadyDone, match="No meeting about #1 is planned"):
            await house.meetings.call_off(tx, house.number)
    calendar, gone = await file()
    assert (calendar["METHOD"], gone["UID"], gone["STATUS"], int(gone["SEQUENCE"])) == ("CANCEL", first["UID"], "CANCELLED", 2)
    assert await house.worker.drain()
    assert [who for who, text in house.told if "meeting" in text] == ["ana", "bo", "ana", "bo", "kim", "bo"]


async def test_of_a_private_one_the_calendar_has_the_number_alone(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    house.is_open = True
    await owned(house, is_private=True)
    await call(house, MONDAY + timedelta(days=1))
    client = await serve(house.web())
    text = await (await client.get(house.meetings.url(house.number).removeprefix("https://tocsin.example"))).text()
    assert "Review of incident #1\r\n" in text and "checkout" not in text
    assert (await client.get(f"/meetings/{house.number}")).status == 403


async def test_a_link_from_before_it_was_private_opens_no_meeting(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await owned(house)
    await call(house, MONDAY + timedelta(days=1))
    client = await serve(house.web())
    before = house.meetings.url(house.number).removeprefix("https://tocsin.example")
    house.later(minutes=1)
    async with house.database.begin(actor=KIM) as tx:
        incident = await house.incidents.held(tx, house.number)
        incident.is_private, incident.private_since = True, tx.now
    assert (await client.get(before)).status == 404
    house.later(minutes=1)
    assert (await client.get(house.meetings.url(house.number).removeprefix("https://tocsin.example"))).status == 200


async def test_typed_times_are_of_the_writers_clock(sqlite_house: House) -> None:
    house = sqlite_house
    await owned(house)
    offered = await house.act("postmortem", words="meeting")
    assert isinstance(offered, Say) and "Tue 3 Mar 14:00 (Asia/Seoul) suits most" in offered.text
    reply = await house.act("postmortem", words="meeting tue 14:00")
    assert isinstance(reply, Say) and "Tue 3 Mar 14:00 your time, for 60 minutes" in reply.text
    reply = await house.act("postmortem", words="meeting wed 10:00 +45m")
    assert isinstance(reply, Say) and "Wed 4 Mar 10:00 your time, for 45 minutes" in reply.text
