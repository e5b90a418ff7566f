"""Who is who: Slack users as people, names, mentions, and people whom only their e-mail address identifies."""

from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path

import pytest

from bot.clock import FakeClock
from bot.config.loader import load
from bot.config.models import Config
from bot.db import BOT, ActorId, Database
from bot.directory.messages import FindSlackPeople
from bot.directory.service import Directory
from bot.directory.work import DirectoryWork
from bot.sandbox.testing import BOT_TOKEN, Sandbox
from bot.slack.gateway import SlackGateway, web_client
from bot.work.worker import Worker


@pytest.fixture
def config() -> Config:
    """The sandbox's company, where nobody has told ana's and max's Slack ids, and max's address is none of the workspace."""
    config = load(Path(str(resources.files("bot"))) / "sandbox" / "config", {})
    strangers = {
        "ana": config.people["ana"].model_copy(update={"slack": None, "email": "ana@example.com"}),
        "max": config.people["max"].model_copy(update={"slack": None, "email": "max@elsewhere.example"}),
    }
    return config.model_copy(update={"people": {**config.people, **strangers}})


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock) as running:
        yield running


async def test_people_without_a_slack_id_are_found_by_their_address_once(
    database: Database, clock: FakeClock, config: Config, sandbox: Sandbox
) -> None:
    directory = Directory(config)
    gateway = SlackGateway(web_client(BOT_TOKEN, f"{sandbox.url}/api/"))
    worker = Worker(database, clock)
    worker.handles(FindSlackPeople, DirectoryWork(database, directory, gateway).find_slack_people)
    async with database.begin(actor=BOT) as tx:
        assert await directory.actor_of(tx, "U0ANA000000") == "slack:U0ANA000000"
        await directory.look_up(tx)
    sandbox.fault(service="slack", method="users.lookupByEmail", status=503)
    await worker.drain()
    clock.advance((await worker.next_due()) - clock.now())  # type: ignore[operator]
    await worker.drain()
    async with database.begin(actor=BOT) as tx:
        assert await directory.actor_of(tx, "U0ANA000000") == "ana"
        assert await directory.mention(tx, "ana") == "<@U0ANA000000>"
        assert await directory.mention(tx, "max") == "Max Adeyemi"
        assert [person.id for person in await directory.unknown_in_slack(tx)] == ["max"]
        assert await directory.address(tx, "ana", "slack") == "U0ANA000000"
        assert await directory.address(tx, "max", "slack") is None
    asked = [call["args"]["email"] for call in sandbox.calls("users.lookupByEmail")]
    assert sorted(set(asked)) == ["ana@example.com", "max@elsewhere.example"]
    await gateway.close()


async def test_names_and_actors(sqlite_database: Database, config: Config) -> None:
    directory = Directory(config)
    async with sqlite_database.begin(actor=BOT) as tx:
        assert await directory.actor_of(tx, "U0BO0000000") == "bo"
        assert await directory.actor_of(tx, "U0STRANGER0") == "slack:U0STRANGER0"
        assert await directory.mention(tx, "slack:U0STRANGER0") == "<@U0STRANGER0>"
        assert await directory.mention(tx, "<!channel>") == "&lt;!channel&gt;", "whoever declares by the command line names themselves"
    assert directory.name(ActorId("bo")) == "Bo Lindqvist"
    assert directory.name("alertmanager:sandbox") == "Alertmanager (sandbox)"
    assert directory.name("tocsin") == "Tocsin"
    assert directory.owner("shop") == config.teams["payments"]


def test_times_are_on_the_readers_clock(config: Config, clock: FakeClock) -> None:
    directory = Directory(config)
    now = clock.now()
    assert directory.wall_time("kim", now, now) == "18:00"
    assert directory.wall_time("slack:U0STRANGER0", now, now) == "09:00"
    assert directory.wall_time("kim", now.replace(day=1), now) == "Sun 1 Mar 18:00"
