"""Which channels may become an incident's, and how much of what was said there is part of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incidents.adopted import AT_LEAST, Shown, since, why_not

TALK = Shown("C1", "talk", "", is_private=False, is_direct=False, is_archived=False, is_outside=False, is_member=True)
BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("channel", "why"),
    [
        (TALK, None),
        (replace(TALK, is_private=True, is_member=False), None),
        (replace(TALK, is_direct=True), "Direct messages"),
        (replace(TALK, is_archived=True), "archived"),
        (replace(TALK, is_outside=True), "another company"),
        (replace(TALK, name="ops"), "configured"),
        (replace(TALK, channel_id="C9"), "configured"),
    ],
)
def test_a_channel_that_may_not_be_converted_is_refused_with_the_way_to_declare(channel: Shown, why: str | None) -> None:
    refused = why_not(channel, {"ops", "C9"})
    assert refused is None if why is None else (refused is not None and why in refused and "/inc new" in refused)


def test_what_slack_shows_is_read_as_it_is() -> None:
    raw = {"id": "C1", "name": "talk", "topic": {"value": "tea"}, "is_mpim": True, "is_pending_ext_shared": True, "is_member": False}
    assert Shown.of(raw) == replace(TALK, topic="tea", is_direct=True, is_outside=True, is_member=False)


@given(st.integers(0, 525_599).map(lambda minutes: NEW_YEAR + timedelta(minutes=minutes)), st.sampled_from([BERLIN, TOKYO]))
def test_it_is_the_day_of_who_converts_and_never_less_than_some_hours(now: datetime, zone: ZoneInfo) -> None:
    start = since(now, zone)
    assert AT_LEAST <= now - start <= timedelta(hours=25)
    assert now - start == AT_LEAST or start.astimezone(zone).time() == datetime.min.time()
    assert since(now, zone, before=now - timedelta(minutes=5)) == now - timedelta(minutes=5), "what was another incident's stays that one's"
