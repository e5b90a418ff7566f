"""Pages that ask who reads: by a session, by a link, by neither."""

from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.accounts.access import Access
from bot.accounts.pages import ReaderPages, Sessions, Visit
from bot.accounts.service import Accounts
from bot.clock import FakeClock
from bot.config.loader import load
from bot.db import ActorId, Database
from bot.directory.service import Directory
from bot.web import front
from bot.web.signing import Links, Secrets
from tests.web.conftest import Client, Serve, serve

__all__ = ["serve"]
SITE = "https://tocsin.example"
HTML = {"Accept": "text/html"}


class Board:
    """A page that anybody may read and that responders write on."""

    def __init__(self) -> None:
        self.written: list[str] = []

    async def show(self, visit: Visit) -> web.Response:
        reader = visit.reader
        return web.json_response({"who": reader.name, "access": reader.access.word, "holds": reader.holds_link, "csrf": reader.csrf})

    async def write(self, visit: Visit) -> web.StreamResponse | None:
        self.written.append(f"{visit.reader.must(Access.RESPONDER)}: {visit.fields['text']}")
        return web.json_response({"beside": visit.beside("more")}) if visit.fields.get("as_json") else None


class Hall:
    """The house around the board."""

    def __init__(self, client: Client, accounts: Accounts, links: Links, board: Board, database: Database) -> None:
        self.client, self.accounts, self.links, self.board, self.database = client, accounts, links, board, database

    def link(self, person: str | None, board: str = "7") -> str:
        return self.links.link("boards", board, person=ActorId(person) if person else None, lasts=timedelta(hours=1))

    async def signed_in(self, person: str) -> dict[str, str]:
        """The cookie of a new session, as a header."""
        async with self.database.begin(actor=ActorId(person)) as tx:
            return {"Cookie": f"__Host-tocsin={await self.accounts.begin(tx, ActorId(person), 'Some One', '')}"}


async def hall(serve: Serve, database: Database, clock: FakeClock, *, can_sign_in: bool = True, is_open: bool = False) -> Hall:
    accounts = Accounts(Directory(load(Path("bot/sandbox/config"), {})), can_sign_in=can_sign_in)
    app, links, board = front.build(lambda: _nothing()), Links(Secrets("secret"), "", clock), Board()
    ReaderPages(app, accounts, Sessions(database, accounts, SITE), links, is_open=is_open).add(
        "boards", "board", show=board.show, act=board.write, way_out="Ask for a new link."
    )
    return Hall(await serve(app), accounts, links, board, database)


async def _nothing() -> dict[str, front.Check]:
    return {}


async def test_a_link_says_who_reads_and_its_holder_acts_as_them(serve: Serve, sqlite_database: Database, clock: FakeClock) -> None:
    house = await hall(serve, sqlite_database, clock)
    shown = await (await house.client.get(house.link("kim"))).json()
    assert (shown["who"], shown["access"], shown["holds"], shown["csrf"]) == ("Kim Ji-woo", "responder", True, "")
    assert (await house.client.post(house.link("kim"), data={"text": "hi"}, allow_redirects=False)).status == 303
    nobodys = await house.client.post(house.link(None), data={"text": "hi"})
    assert nobodys.status == 401 and "names nobody" in (await nobodys.json())["error"]
    assert (await house.client.get(house.link("kim", "8").replace("/8?", "/7?"))).status == 403
    assert house.board.written == ["kim: hi"]


async def test_who_signed_in_is_who_reads_whatever_link_they_hold(serve: Serve, sqlite_database: Database, clock: FakeClock) -> None:
    house = await hall(serve, sqlite_database, clock)
    bo = await house.signed_in("bo")
    shown = await (await house.client.get(house.link("kim"), headers=bo)).json()
    assert (shown["who"], shown["holds"]) == ("Bo Lindqvist", True)
    for address in ("/boards/7", "/boards/7?k=nonsense", house.link("kim", "8").replace("/8?", "/7?")):
        shown = await (await house.client.get(address, headers=bo)).json()
        assert (shown["who"], shown["holds"]) == ("Bo Lindqvist", False), "a link that is not good takes nothing from who signed in"


async def test_a_write_of_a_session_needs_its_token_and_our_own_page(serve: Serve, sqlite_database: Database, clock: FakeClock) -> None:
    house = await hall(serve, sqlite_database, clock)
    bo = await house.signed_in("bo")
    csrf = (await (await house.client.get("/boards/7", headers=bo)).json())["csrf"]
    words = {"text": "hi"}
    for headers in (
        {}, {"X-Tocsin-Token": "wrong"}, {"X-Tocsin-Token": csrf, "Origin": "https://evil.example"},
        {"X-Tocsin-Token": csrf, "Origin": "null"}, {"X-Tocsin-Token": csrf, "Sec-Fetch-Site": "cross-site"},
    ):  # fmt: skip
        assert (await house.client.post("/boards/7", json=words, headers=bo | headers)).status == 403, headers
    assert house.board.written == []
    assert (await house.client.post("/boards/7", data=words | {"token": csrf}, headers=bo, allow_redirects=False)).status == 303
    ours = {"X-Tocsin-Token": csrf, "Origin": SITE, "Sec-Fetch-Site": "same-origin"}
    answer = await house.client.post("/boards/7", json=words | {"as_json": 1}, headers=bo | ours)
    assert await answer.json() == {"beside": "/boards/7/more"}
    assert house.board.written == ["bo: hi", "bo: hi"]
    assert (await house.client.post("/boards/7", data=b"[1]", headers=bo | ours | {"Content-Type": "application/json"})).status == 400


async def test_a_viewer_looks_and_is_told_what_writing_takes(serve: Serve, sqlite_database: Database, clock: FakeClock) -> None:
    house = await hall(serve, sqlite_database, clock)
    stranger = await house.signed_in("slack:U0STRANGER0")
    shown = await (await house.client.get("/boards/7", headers=stranger)).json()
    assert (shown["who"], shown["access"]) == ("Some One", "viewer")
    refused = await house.client.post("/boards/7", data={"text": "hi", "token": shown["csrf"]}, headers=stranger)
    assert refused.status == 403 and "takes a responder; you are a viewer" in (await refused.json())["error"]


async def test_a_stranger_is_sent_to_sign_in_and_a_program_is_told(serve: Serve, sqlite_database: Database, clock: FakeClock) -> None:
    house = await hall(serve, sqlite_database, clock)
    for cookie in ({}, {"Cookie": "__Host-tocsin=guessed"}, {"Cookie": "tocsin=x; ="}):
        sent = await house.client.get("/boards/7?x=1", headers=HTML | cookie, allow_redirects=False)
        assert (sent.status, sent.headers["Location"]) == (303, "/signin?next=/boards/7?x%3D1")
    assert (await house.client.get("/boards/7")).status == 401
    assert (await house.client.post("/boards/7", data={"text": "hi"})).status == 401
    closed = await hall(serve, sqlite_database, clock, can_sign_in=False)
    refused = await closed.client.get("/boards/7")
    assert refused.status == 403 and "SLACK_CLIENT_ID" in (await refused.json())["error"]
    assert (await closed.client.get(closed.link("kim"))).status == 200, "links go on as the only way"


async def test_the_sandbox_lets_one_be_anybody_without_a_link(serve: Serve, sqlite_database: Database, clock: FakeClock) -> None:
    house = await hall(serve, sqlite_database, clock, is_open=True)
    assert (await (await house.client.get("/boards/7?as=ana")).json())["access"] == "admin"
    await house.client.post("/boards/7?as=ana", data={"text": "hi"})
    assert house.board.written == ["ana: hi"]
    assert (await house.client.get("/boards/7?k=wrong")).status == 403


@pytest.mark.parametrize(("url", "name", "secure"), [(SITE, "__Host-tocsin", True), ("http://127.0.0.1:8080", "tocsin", False)])
def test_the_cookie_is_out_of_reach(sqlite_database: Database, url: str, name: str, secure: bool) -> None:
    sessions = Sessions(sqlite_database, Accounts(Directory(load(Path("bot/sandbox/config"), {})), can_sign_in=True), url)
    response = web.Response()
    sessions.keep(response, "key")
    cookie = response.cookies[name]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"], cookie["secure"]) == (True, "Lax", "/", "", secure)
