"""Postmortems in a browser: behind signed links, as a page and as Markdown."""

from urllib.parse import urlsplit

import pytest
from yarl import URL

from bot.db import BOT
from bot.postmortems.states import PostmortemState
from tests.postmortems.house import KIM, House
from tests.web.conftest import Client, Serve

HTML = {"Accept": "text/html"}


def path(url: str) -> URL:
    """A link's path on the test's own server."""
    parts = urlsplit(url)
    return URL(f"{parts.path}?{parts.query}", encoded=True)


async def drafted(house: House, title: str = "checkout is down", **more: object) -> None:
    await house.declare(title, **more)
    await house.write("U0KIM000000", "<script>alert(1)</script> & <!channel>")
    await house.do("resolve", "{{ 7*7 }} rolled back")
    assert await house.drafted()


async def test_the_signed_link_shows_the_document_inside_the_sites_page(house: House, serve: Serve) -> None:
    await drafted(house)
    client = await serve(house.web())
    answer = await client.get(path(house.postmortems.url(1)), headers=HTML)
    page = await answer.text()
    assert (answer.status, answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == (200, "no-referrer", "no-store")
    assert "<h1>Postmortem of #1: checkout is down</h1>" in page and "tocsin.css" in page
    assert "<script>" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "{{ 7*7 }} rolled back" in page


async def test_the_page_leads_to_the_markdown(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await drafted(house)
    client = await serve(house.web())
    page = await (await client.get(path(house.postmortems.url(1)), headers=HTML)).text()
    address = page.split('href="https://tocsin.example')[1].split('"')[0].replace("&amp;", "&")
    answer = await client.get(URL(address, encoded=True))
    draft = await house.drafted()
    assert draft is not None
    assert (answer.content_type, await answer.text()) == ("text/markdown", draft.markdown)


async def test_who_was_sent_the_link_reads_the_draft_in_their_own_zone_with_utc_beside(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await house.declare()
    house.later(hours=9)
    await house.write("U0ANA000000", "errors are gone, healthy again")
    await house.do("resolve", "done")
    draft = await house.drafted()
    client = await serve(house.web())
    seoul = await (await client.get(path(house.postmortems.url(1, ".md", reader=KIM)))).text()
    assert "Times are of Asia/Seoul, UTC in brackets" in seoul
    assert "### Tuesday, 2026-03-03" in seoul and "| 2026-03-02 18:00:00 (09:00:00 UTC) | declared " in seoul
    assert "[03:00:00](" in seoul and "(2026-03-02 18:00:00 UTC) **Ana Silva**: errors are gone, healthy again" in seoul
    page = await (await client.get(path(house.postmortems.url(1, reader=KIM)), headers=HTML)).text()
    assert "Times are of Asia/Seoul" in page
    assert draft is not None and "Times are in UTC" in draft.markdown, "the document itself is the company's"
    async with house.database.begin(actor=KIM) as tx:
        mine = await house.postmortems.find(tx, 1)
        assert mine is not None
        mine.state, mine.markdown = PostmortemState.IN_REVIEW, "# mine"
    assert await (await client.get(path(house.postmortems.url(1, ".md", reader=KIM)))).text() == "# mine", (
        "what people edit is shown as it is"
    )


@pytest.mark.parametrize("address", ["/postmortems/1", "/postmortems/1.md", "/i/1"])
async def test_without_a_signature_there_is_nothing_to_see(sqlite_house: House, serve: Serve, address: str) -> None:
    await drafted(sqlite_house)
    client = await serve(sqlite_house.web())
    assert (await client.get(address)).status in (401, 403)


async def test_a_link_to_the_page_does_not_open_another_document(sqlite_house: House, serve: Serve) -> None:
    await drafted(sqlite_house)
    client = await serve(sqlite_house.web())
    token = urlsplit(sqlite_house.postmortems.url(1)).query
    assert (await client.get(URL(f"/postmortems/2?{token}", encoded=True))).status == 403


async def test_before_the_draft_the_page_says_when_it_comes(sqlite_house: House, serve: Serve) -> None:
    await sqlite_house.declare()
    client = await serve(sqlite_house.web())
    answer = await client.get(path(sqlite_house.postmortems.url(1)))
    assert answer.status == 404 and "drafted when the incident is resolved" in await answer.text()


async def open_client(house: House, serve: Serve) -> Client:
    house.is_open = True
    return await serve(house.web())


async def test_the_sandbox_opens_documents_unsigned_but_never_a_private_one(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await drafted(house, is_private=True)
    client = await open_client(house, serve)
    for address in ("/postmortems/1", "/postmortems/1.md", "/i/1"):
        assert (await client.get(address)).status == 403, address
    signed = await client.get(path(house.postmortems.url(1)), headers=HTML)
    assert signed.status == 200 and "Private." in await signed.text()
    async with house.database.begin(actor=BOT) as tx:
        (await house.incidents.get(tx, 1)).is_private = False
    assert (await client.get("/postmortems/1")).status == 200
    assert (await client.get("/postmortems/../../etc")).status == 404
    assert (await client.get("/postmortems/x")).status == 404


async def test_the_command_gives_the_link_and_brings_the_draft_up_to_date(house: House) -> None:
    await drafted(house)
    await house.write("U0KIM000000", "said after the resolve")
    reply = await house.act("postmortem", by=KIM)
    assert "https://tocsin.example/postmortems/1?k=" in reply.text  # type: ignore[union-attr]
    draft = await house.drafted()
    assert draft is not None and "said after the resolve" in draft.markdown


async def test_the_card_links_to_the_draft_once_there_is_one(sqlite_house: House) -> None:
    house = sqlite_house
    await house.declare()
    async with house.database.read() as tx:
        assert await house.command.card_section(tx, await house.incidents.get(tx, 1)) == ()
    await house.do("resolve", "done")
    await house.drafted()
    async with house.database.read() as tx:
        (block,) = await house.command.card_section(tx, await house.incidents.get(tx, 1))
    assert "postmortem of #1>, draft, version 1" in str(block.to_dict())


async def test_of_an_open_incident_the_command_says_when_there_will_be_one(sqlite_house: House) -> None:
    await sqlite_house.declare()
    with pytest.raises(Exception, match="One is drafted when it is resolved"):
        await sqlite_house.act("postmortem")
