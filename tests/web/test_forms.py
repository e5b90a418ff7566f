"""Signed pages: a GET shows and changes nothing, a POST acts, and only the right link opens either."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from aiohttp import web

from bot.clock import FakeClock
from bot.db import ActorId
from bot.errors import AlreadyDone
from bot.web import front
from bot.web.forms import SignedPages
from bot.web.front import Check
from bot.web.signing import Grant, Links, Secrets
from tests.web.conftest import Client, Serve


class Bell:
    """Something that a page shows and a tap rings, once."""

    def __init__(self) -> None:
        self.rung_by: list[tuple[ActorId | None, str]] = []

    async def show(self, grant: Grant) -> web.Response:
        return web.Response(text=f"bell {grant.ids[0]} for {grant.person}, rung {len(self.rung_by)} times")

    async def ring(self, grant: Grant, fields: Mapping[str, str]) -> str | None:
        if self.rung_by:
            raise AlreadyDone("It was rung before.")
        self.rung_by.append((grant.person, fields.get("how", "")))
        return None


async def no_checks() -> Mapping[str, Check]:
    return {}


@pytest.fixture
def links(clock: FakeClock) -> Links:
    return Links(Secrets("secret"), "", clock)


async def house(serve: Serve, links: Links, bell: Bell, is_open: bool = False) -> Client:
    app = front.build(no_checks)
    SignedPages(app, links, is_open).add("bells", "bell", show=bell.show, act=bell.ring, way_out="Ring by hand.")
    return await serve(app)


async def test_a_get_shows_and_changes_nothing_and_a_post_acts(serve: Serve, links: Links) -> None:
    bell = Bell()
    client = await house(serve, links, bell)
    link = links.link("bells", "7", person=ActorId("ana"), lasts=timedelta(hours=1))
    for _ in range(2):  # a link scanner, then the person
        assert await (await client.get(link)).text() == "bell 7 for ana, rung 0 times"
    shown = await client.post(link, data={"how": "loud"})  # the client follows the redirect
    assert await shown.text() == "bell 7 for ana, rung 1 times"
    assert bell.rung_by == [(ActorId("ana"), "loud")]
    assert (await client.post(link)).status == 409


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_the_right_link_nothing_opens(serve: Serve, links: Links, method: str, clock: FakeClock) -> None:
    bell = Bell()
    client = await house(serve, links, bell)
    link = links.link("bells", "7", person=ActorId("ana"), lasts=timedelta(hours=1))
    for address in ("/bells/7", "/bells/7?k=", link.replace("/7?", "/8?"), link[:-4], "/bells/7?as=ana"):
        answer = await client.request(method, address)
        assert (answer.status, (await answer.json())["error"].endswith("Ring by hand.")) == (403, True), address
    clock.advance(timedelta(hours=2))
    assert (await client.request(method, link)).status == 410
    assert bell.rung_by == []


async def test_a_page_that_acts_takes_no_other_method(serve: Serve, links: Links) -> None:
    client = await house(serve, links, Bell())
    assert (await client.put("/bells/7")).status == 405


async def test_the_sandbox_opens_pages_without_a_signature(serve: Serve, links: Links) -> None:
    bell = Bell()
    client = await house(serve, links, bell, is_open=True)
    assert await (await client.get("/bells/7?as=kim")).text() == "bell 7 for kim, rung 0 times"
    await client.post("/bells/7?as=kim")
    assert bell.rung_by == [(ActorId("kim"), "")]
    assert (await client.get("/bells/7?k=wrong")).status == 403  # a signature that is there is checked
