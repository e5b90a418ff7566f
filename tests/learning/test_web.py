"""The archive and the reports by real HTTP."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pypdfium2
import pytest
from yarl import URL

from bot.clock import FakeClock
from bot.db import ActorId, Database
from bot.incidents.models import Incident
from bot.learning import archive, wording
from bot.learning.models import PostmortemTag
from bot.learning.query import typed
from tests.learning.house import KIM, House
from tests.learning.quarters import DAYS, FIRST, fill
from tests.web.conftest import Client, Serve

HTML = {"Accept": "text/html"}
HOSTILE = "<script>alert(1)</script> & {{ 7*7 }}"


def path(url: str) -> URL:
    """A link's path on the test's own server."""
    parts = urlsplit(url)
    return URL(f"{parts.path}?{parts.query}", encoded=True)


@pytest.fixture
async def house(sqlite_database: Database, clock: FakeClock) -> House:
    """Two quarters, the last incident private and called something hostile; now is Christmas Eve."""
    clock.advance(FIRST + timedelta(days=DAYS) - clock.now())
    await fill(sqlite_database, 30, alerts=60)
    async with sqlite_database.begin(actor=KIM) as tx:
        secret, shared = await tx.session.get_one(Incident, 30), await tx.session.get_one(Incident, 29)
        secret.title, secret.declared_by, shared.title = "acme takeover leaked", "kim", HOSTILE
        tx.session.add(PostmortemTag(incident_id=30, tag="takeover", by="kim", at=tx.now))
        await archive.index(tx, 30)
        await archive.index(tx, 29)
    return House(sqlite_database, clock)


async def got(client: Client, url: str, status: int = 200) -> str:
    answer = await client.get(path(url), headers=HTML)
    text = await answer.text()
    assert answer.status == status, text
    return text


async def test_the_archive_shows_what_was_looked_for_marked_and_leads_on(house: House, serve: Serve) -> None:
    client = await serve(house.web())
    page = await got(client, house.addresses.archive(KIM, typed("rolled back sev3")))
    assert 'name="k"' in page and 'value="rolled back"' in page and "selected>SEV3" in page
    assert "<mark>Rolled</mark> <mark>back</mark>" in page and ">postmortem</a>" in page
    everything = await got(client, house.addresses.archive(KIM))
    assert (
        "1 to 20 of 30" in everything
        and "&lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ 7*7 }}" in everything
        and "<script>" not in everything
    )
    following = unescape(re.findall(r'rel="next" href="([^"]+)"', everything)[0])
    assert "21 to 30 of 30" in await got(client, f"/archive{following}")
    assert "Fewer words find more" in await got(client, house.addresses.archive(KIM, typed("zebra")))
    assert "behind the last" in await got(client, house.addresses.archive(KIM) + "&page=99")
    assert "A severity is a number" in await got(client, house.addresses.archive(KIM) + "&severity=9", 400)
    assert (await client.get("/static/learning.css")).status == 200


async def test_a_private_incident_is_seen_by_its_own_people_and_counted_for_all(house: House, serve: Serve) -> None:
    client = await serve(house.web())
    quarter = house.reports.quarter("", house.clock.now())
    mine = await got(client, house.addresses.archive(KIM, typed("takeover")))
    assert "acme takeover leaked" in mine and ">takeover</option>" in mine
    for reader in (ActorId("lee"), None):
        assert "acme" not in await got(client, house.addresses.archive(reader, typed("leaked")))
        assert "takeover" not in await got(client, house.addresses.archive(reader))
    page = await got(client, house.addresses.report(quarter, None))
    assert "1 of them is private" in page and "leaked" not in page and "takeover" not in page


async def test_page_and_print_say_the_same_and_lead_from_one_to_another(house: House, serve: Serve) -> None:
    client = await serve(house.web())
    quarter = house.reports.quarter("", house.clock.now())
    page = await got(client, house.addresses.report(quarter, None))
    async with house.database.read() as tx:
        found = await house.reports.of(tx, quarter, None)
    sentences = wording.headlines(found)
    assert len(sentences) >= 6 and all(sentence in unescape(page) for sentence in sentences)
    links = {label: unescape(link) for link, label in re.findall(r'href="([^"]+)">(?:<bdi>)?([^<]+)<', page)}
    assert "Incidents of 2026 Q3" in await got(client, links["2026 Q3"]) and "2027 Q1" not in links
    team = await got(client, links["Platform"])
    assert "so far: the quarter still runs" in team and "The whole company" in team
    tagged = await got(client, links[found.causes[0].name])
    assert f"of {found.causes[0].now}" in tagged, "a tag leads to its incidents"
    assert "Kim" not in page + team + tagged, "a report is handed on: nothing that it leads to is anybody's own"

    answer = await client.get(path(links["As PDF"]))
    assert (answer.status, answer.content_type) == (200, "application/pdf")
    with pypdfium2.PdfDocument(await answer.read()) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
        printed = " ".join(" ".join(pages).split())
    assert 1 < len(pages) <= 3 and all(" ".join(sentence.split()) in printed for sentence in sentences[:3])
    assert "leaked" not in printed


async def test_a_link_opens_one_report_and_leads_to_nothing_that_lasts_longer(house: House, serve: Serve) -> None:
    client = await serve(house.web())
    quarter, before = house.reports.quarter("", house.clock.now()), house.reports.quarter("2026q3", house.clock.now())
    url = house.addresses.report(quarter, None)
    assert (await client.get(path(url.replace("2026q4", "2026q3")))).status == 403
    assert (await client.get("/reports/2026q4")).status == 403
    page = await got(client, url)
    onward = unescape(re.findall(r'href="([^"]+)">2026 Q3<', page)[0])
    house.clock.advance(timedelta(days=364))
    assert (await client.get(path(onward))).status == 200
    house.clock.advance(timedelta(days=2))
    assert (await client.get(path(onward))).status == 410
    assert "Name a quarter like 2026q3" in await got(client, house.links.link("reports", "2026q9", person=KIM, lasts=timedelta(1)), 400)
    nobody = house.links.link("reports", before.key, "nobodies", person=KIM, lasts=timedelta(1))
    assert "There is no team" in await got(client, nobody, 404)
