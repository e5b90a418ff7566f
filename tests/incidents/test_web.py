"""An incident's page: what somebody with a link and no Slack must see."""

import re
from urllib.parse import urlsplit

import pytest
from yarl import URL

from bot.db import BOT
from bot.incidents.web import SHOWN
from tests.postmortems.conftest import config, sqlite_house
from tests.postmortems.house import ANA, House
from tests.web.conftest import Serve, serve

__all__ = ["config", "serve", "sqlite_house"]


async def page_of(house: House, serve: Serve) -> str:
    parts = urlsplit(house.links.link("i", "1", person=None, lasts=house.config.incidents.undo_for))
    client = await serve(house.web())
    answer = await client.get(URL(f"{parts.path}?{parts.query}", encoded=True), headers={"Accept": "text/html"})
    assert answer.status == 200
    return await answer.text()


async def test_it_shows_the_facts_who_was_paged_and_the_timeline(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await house.declare("checkout is down", service="checkout")
    await house.act("lead", by=ANA)
    await house.do("update", "rollback is running", by=ANA)
    page = await page_of(house, serve)
    for words in (
        "checkout is down",
        "SEV1",
        "typed by who declared it",
        "Ana Silva",
        "rollback is running",
        "app_redirect?channel=C0INCIDENT1",
    ):
        assert words in page
    assert re.search(r"<dt>Ana Silva</dt><dd>is about to be paged</dd>", page)
    assert page.index("rollback is running", page.index("Timeline")) < page.index("declared SEV1"), "newest first"


async def test_without_a_channel_it_says_why_and_where_to_meet_instead(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await house.declare()
    async with house.database.begin(actor=BOT) as tx:
        incident = await house.incidents.get(tx, 1)
        incident.channel_id, incident.channel_trouble, incident.team = None, "Slack cannot be reached.", "payments"
    page = await page_of(house, serve)
    assert "There is no channel yet: Slack cannot be reached. It is tried again by itself. Meet on the bridge below." in page
    assert "Join the bridge" in page


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7*7 }}", "\u202egnp.exe", "x" * 40_000])
async def test_hostile_text_is_only_shown(sqlite_house: House, serve: Serve, text: str) -> None:
    house = sqlite_house
    await house.declare(text)
    await house.do("note", text)
    page = await page_of(house, serve)
    assert "<script" not in page and ">49<" not in page
    assert "<bdi>" in page


async def test_a_message_marked_with_a_reaction_is_on_the_timeline_until_the_mark_is_gone(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await house.declare()
    ts = await house.write("U0KIM000000", "cache flushed at 09:12")
    house.later(seconds=1)
    await house.write("U0KIM000000", "brb")
    await house.react("U0ANA000000", "eyes", ts)
    page = await page_of(house, serve)
    assert "“cache flushed at 09:12”" in page and "brb" not in page
    house.later(seconds=1)
    await house.react("U0ANA000000", "eyes", ts, added=False)
    assert "cache flushed" not in await page_of(house, serve)


async def test_a_long_timeline_is_cut_and_that_is_said(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await house.declare()
    for n in range(SHOWN + 5):
        house.later(seconds=1)
        await house.do("note", f"note {n}")
    page = await page_of(house, serve)
    assert f"note {SHOWN + 4}<" in page and "note 3<" not in page
    assert "What came before is not shown here" in page
