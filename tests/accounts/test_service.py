"""Sessions on both databases, and who may do what."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.accounts.access import Access
from bot.accounts.models import BrowserSession
from bot.accounts.openid import Claims
from bot.accounts.service import MOST_SESSIONS, Accounts, browser_of
from bot.clock import FakeClock
from bot.config.access import AccessPolicy
from bot.config.loader import load
from bot.config.models import Config
from bot.db import BOT, ActorId, Database
from bot.directory.service import Directory

KIM = ActorId("kim")


@pytest.fixture(scope="session")
def config() -> Config:
    return load(Path("bot/sandbox/config"), {})


@pytest.fixture
def accounts(config: Config) -> Accounts:
    return Accounts(Directory(config), can_sign_in=True)


async def begun(database: Database, accounts: Accounts, person: ActorId = KIM) -> str:
    async with database.begin(actor=BOT) as tx:
        return await accounts.begin(tx, person, "Kim", "a browser")


async def is_there(database: Database, accounts: Accounts, key: str) -> bool:
    async with database.read() as tx:
        return await accounts.find(tx, key) is not None


async def test_a_session_lasts_while_it_is_used_but_not_for_ever(database: Database, accounts: Accounts, clock: FakeClock) -> None:
    key = await begun(database, accounts)
    unused = await begun(database, accounts)
    for _ in range(16):
        clock.advance(timedelta(hours=10))
        async with database.begin(actor=BOT) as tx:
            found = await accounts.find(tx, key)
            assert found is not None and accounts.is_to_be_noted(tx, found)
            await accounts.note(tx, found)
    assert not await is_there(database, accounts, unused), "12 hours without a page"
    clock.advance(timedelta(hours=10))
    assert not await is_there(database, accounts, key), "7 days"
    async with database.begin(actor=BOT) as tx:
        await accounts.forget_old(tx)
        assert await accounts.sessions(tx, KIM) == []


async def test_signing_out_everywhere_ends_every_session_of_that_person(database: Database, accounts: Accounts) -> None:
    here, there, anas = await begun(database, accounts), await begun(database, accounts), await begun(database, accounts, ActorId("ana"))
    async with database.begin(actor=KIM) as tx:
        await accounts.end(tx, here)
    assert (await is_there(database, accounts, here), await is_there(database, accounts, there)) == (False, True)
    async with database.begin(actor=KIM) as tx:
        assert await accounts.end_all(tx, KIM) == 1
    assert (await is_there(database, accounts, there), await is_there(database, accounts, anas)) == (False, True)


async def test_the_table_holds_no_key_and_only_so_many_rows_of_one_person(
    sqlite_database: Database, accounts: Accounts, clock: FakeClock
) -> None:
    first = await begun(sqlite_database, accounts)
    for _ in range(MOST_SESSIONS):
        clock.advance(timedelta(seconds=1))
        newest = await begun(sqlite_database, accounts)
    assert not await is_there(sqlite_database, accounts, first) and await is_there(sqlite_database, accounts, newest)
    async with sqlite_database.read() as tx:
        rows = list((await tx.session.execute(select(BrowserSession))).scalars())
    assert len(rows) == MOST_SESSIONS and newest not in str(rows)
    assert not await is_there(sqlite_database, accounts, rows[0].key_hash), "what the table holds signs nobody in"


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1", "Safari on an iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0", "Edge on Windows"),
        ("curl/8", "a browser"),
        ("", "a browser"),
    ],
)
def test_a_session_is_known_by_its_browser(agent: str, told: str) -> None:
    assert browser_of(agent) == told


@pytest.mark.parametrize(
    ("person", "access"),
    [
        ("ana", Access.ADMIN),
        ("kim", Access.RESPONDER),
        ("bea", Access.COMMANDER),
        ("new", Access.RESPONDER),
        ("slack:U0STRANGER0", Access.VIEWER),
        ("tocsin", Access.VIEWER),
    ],
)
def test_the_directory_says_who_may_do_what(config: Config, person: str, access: Access) -> None:
    new = config.people["kim"].model_copy(update={"id": "new", "level": "engineer", "slack": None})
    accounts = Accounts(Directory(config.model_copy(update={"people": {**config.people, "new": new}})), can_sign_in=True)
    assert accounts.access(ActorId(person)) is access


async def test_where_only_the_directory_may_sign_in_a_strangers_session_ends(
    sqlite_database: Database, config: Config, accounts: Accounts
) -> None:
    key = await begun(sqlite_database, accounts, ActorId("slack:U0STRANGER0"))
    closed = Accounts(Directory(config.model_copy(update={"access": AccessPolicy(viewers="directory")})), can_sign_in=True)
    assert await is_there(sqlite_database, accounts, key) and not await is_there(sqlite_database, closed, key)


async def test_whom_the_directory_knows_by_address_alone_is_known_from_then_on(sqlite_database: Database, config: Config) -> None:
    kim = config.people["kim"].model_copy(update={"slack": None})
    directory = Directory(config.model_copy(update={"people": {**config.people, "kim": kim}}))
    accounts = Accounts(directory, can_sign_in=True)
    async with sqlite_database.begin(actor=BOT) as tx:
        assert await accounts.person(tx, Claims("U0OTHER0000", "T1", "Other", "other@example.com")) == "slack:U0OTHER0000"
        assert await accounts.person(tx, Claims("U0BO0000000", "T1", "Bo", "kim@example.com")) == "bo", (
            "an id in the directory counts first"
        )
        assert await accounts.person(tx, Claims("U0KIM000000", "T1", "Kim", "Kim@Example.com")) == "kim"
        assert await directory.actor_of(tx, "U0KIM000000") == "kim"
