"""A postmortem that is published goes where people keep such things, follows what is published next, and says what is withdrawn."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from bot.clock import FakeClock
from bot.publishing.models import Publication, PublicationState
from tests.contracts.test_publishers import git, hook
from tests.journeys import roads
from tests.world import CONFIG, World, running_world

PATH = "2026/0001-checkout-is-slow.md"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(tmp_path / "bare.git"))
    return tmp_path / "bare.git"


@pytest.fixture
def everywhere(tmp_path: Path, bare: Path) -> Path:
    """The sandbox's configuration, with every place."""
    config = Path(shutil.copytree(CONFIG, tmp_path / "config"))
    (tmp_path / "site").mkdir()
    places = {"canvas": True, "folder": {"directory": str(tmp_path / "site")}, "git": {"repository": str(bare)}}
    (config / "publishing.yaml").write_text(yaml.safe_dump({"publishing": places}))
    return config


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FakeClock, everywhere: Path) -> AsyncIterator[World]:
    """A bot that publishes everywhere."""
    async with running_world(database_url, tmp_path, clock, config=everywhere) as world:
        yield world


@pytest.fixture
async def sqlite_publishing(sqlite_url: str, tmp_path: Path, clock: FakeClock, everywhere: Path) -> AsyncIterator[World]:
    """The same on SQLite alone."""
    async with running_world(sqlite_url, tmp_path, clock, config=everywhere) as world:
        yield world


async def over(world: World) -> str:
    """Kim ends the incident, and its draft is there; the channel."""
    channel = await world.channel_name(1)
    await world.user("kim").command("/inc lead me", channel)
    await world.user("kim").command("/inc resolve restarted", channel)
    await world.settled()
    return channel


async def published(world: World, channel: str, which: str = "") -> None:
    """Kim asks Ana, Ana agrees, Kim publishes."""
    for person, words in (("kim", "review @ana"), ("ana", "approve"), ("kim", "publish")):
        await world.user(person).command(f"/inc {which}postmortem {words}", channel)
        await world.settled()


async def canvas(world: World, channel: str) -> str:
    """What stands in the one canvas of a channel."""
    [found] = (await world.sandbox.get(f"/channels/{channel}"))["canvases"]
    return "\n\n".join(section["markdown"] for section in found["sections"])


async def publication(world: World, number: int, publisher: str) -> Publication | None:
    async with world.bot.database.read() as tx:
        return await tx.session.get(Publication, (number, publisher))


async def test_it_is_published_everywhere_followed_and_withdrawn(world: World, bare: Path, tmp_path: Path) -> None:
    await world.user("kim").command("/inc sev3 checkout is slow")
    await world.settled()
    channel = await over(world)
    await published(world, channel)
    await world.heard(1, f"Postmortem published in* the git repository: {PATH} on main.")
    await world.heard(1, "Postmortem published in* the directory")
    assert "Postmortem published in* this channel's canvas" in (await world.heard(1, "this channel's canvas")).shown
    assert "restarted" in await canvas(world, channel)
    text = git(bare, "show", f"main:{PATH}")
    assert text.startswith('---\ntitle: "Postmortem of #1: checkout is slow"\nincident: 1\nseverity: "SEV3"\n')
    assert f'source: "{world.sandbox.url}/postmortems/1"' in text and "?k=" not in text, "a copy opens nothing by itself"
    assert (tmp_path / "site" / PATH).read_text() == text
    site = (tmp_path / "site" / PATH).with_suffix
    assert site(".pdf").read_bytes().startswith(b"%PDF") and "<h1>Postmortem of #1" in site(".html").read_text()

    (tmp_path / "site" / PATH).write_text(text.replace("## Summary\n", "## Summary\n\nA word from the wiki.\n"))
    hook(bare, "pre-receive", "echo 'the branch is frozen' >&2; exit 1")
    await world.user("kim").command("/inc reopen it is back", channel)
    await world.heard(1, "Postmortem withdrawn:* the directory says so")
    assert "withdrawn and is being revised" in await canvas(world, channel)
    await world.heard(1, "not in the git repository: the repository refuses it: pre-receive hook declined: the branch is frozen.")
    assert "A word from the wiki." in (tmp_path / "site" / PATH).read_text() and not site(".pdf").exists()
    row = await publication(world, 1, "git")
    assert row is not None and row.state is PublicationState.FAILED and "frozen" in row.trouble

    (bare / "hooks" / "pre-receive").unlink()
    await world.user("kim").command("/inc resolve for good", channel)
    await world.settled()
    await published(world, channel)
    await world.heard(1, "Postmortem brought up to date in* the git repository")
    final = (tmp_path / "site" / PATH).read_text()
    assert "A word from the wiki." in final and "for good" in final and "withdrawn" not in final
    assert "for good" in git(bare, "show", f"main:{PATH}")
    assert git(bare, "rev-list", "--count", "main").strip() == "2"
    assert "for good" in await canvas(world, channel) and "withdrawn" not in await canvas(world, channel)
    row = await publication(world, 1, "git")
    assert row is not None and (row.state, row.trouble) == (PublicationState.PUBLISHED, "")


async def test_nothing_of_a_private_incident_leaves_its_channel(sqlite_publishing: World, bare: Path, tmp_path: Path) -> None:
    world = sqlite_publishing
    kim = world.user("kim")
    await kim.command("/inc")
    await world.settled()
    values = {"title": {"value": "checkout leaks"}, "severity": {"value": "3"}, "private": {"value": ["private"]}}
    await kim.submit(values | {"service": {"value": "checkout"}})
    await world.settled()
    channel = await over(world)
    await published(world, channel)
    await world.heard(1, "Postmortem published* by")
    await world.advance(minutes=5)
    assert git(bare, "for-each-ref") == ""
    assert [*(tmp_path / "site").iterdir()] == []
    assert await publication(world, 1, "git") is None
    assert "checkout" in await canvas(world, channel), "those who may see it have it in its own channel"


async def test_what_was_published_before_it_became_private_is_emptied(sqlite_publishing: World, bare: Path, tmp_path: Path) -> None:
    world, kim = sqlite_publishing, sqlite_publishing.user("kim")
    await kim.command("/inc sev3 checkout is slow")
    await world.settled()
    channel = await over(world)
    await published(world, channel)
    await world.heard(1, "Postmortem published in* the git repository")
    await world.heard(1, "Postmortem published in* this channel's canvas")
    (tmp_path / "site" / PATH).write_text((tmp_path / "site" / PATH).read_text() + "\nwho paid what, by hand\n")
    await world.advance(minutes=1)
    world.sandbox.fault(service="slack", method="canvases.edit", status=500, count=1)  # so that it is refused later than it was private
    world.sandbox.fault(service="slack", method="canvases.edit", error="canvas_editing_failed", count=1)
    await kim.command("/inc private it shows who paid what", channel)
    await kim.press("Make #1 private", channel)
    await world.settled()
    await world.advance(minutes=1)
    emptied = "2026/0001-private.md"
    for text in (git(bare, "show", f"main:{emptied}"), (tmp_path / "site" / emptied).read_text()):
        assert "This postmortem is private now" in text and "slow" not in text and "paid" not in text, text
    assert git(bare, "ls-tree", "-r", "--name-only", "main").split() == [emptied], "the name had the title in it"
    assert [file.name for file in (tmp_path / "site" / "2026").iterdir()] == ["0001-private.md"]
    told = [message.shown for message in await kim.sees(await roads.direct(world, "kim"))]
    assert any("Postmortem taken away* from the git repository" in text and "The history of the repository" in text for text in told), told
    assert any("still in the canvas of the former channel, where others read it" in text for text in told), told
    assert "restarted" in await world.postmortem(1), "those who take part still have it"

    await kim.command("/inc #1 postmortem withdraw more to say")
    await world.settled()
    await published(world, "general", "#1 ")
    await world.advance(minutes=1)
    [shown] = (await world.sandbox.get("/channels/inc-1-was-here"))["canvases"]
    assert "This postmortem is private now" in str(shown), shown
    assert "checkout is slow" not in str(shown) and "restarted" not in str(shown), "what others read is emptied, and never filled again"
    assert git(bare, "ls-tree", "-r", "--name-only", "main").split() == [emptied]
