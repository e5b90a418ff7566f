"""A changed configuration takes effect while the bot runs. It is Monday 2 March 2026, 09:00 UTC; hand-offs are on Mondays at 09:00."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import FakeClock
from bot.errors import ConfigInvalid
from bot.incidents import timeline
from tests.journeys.roads import opened, page_link
from tests.journeys.test_oncall import ask, primary, primary_then
from tests.journeys.test_restart import ask as probed
from tests.world import CONFIG, World, running_world

PAYMENTS = "  payments-primary:\n    start: 2026-01-05 09:00\n    participants: [ana]"
SAME = "Who is on call stays the same for 8 weeks."


class Files:
    """A configuration directory that somebody edits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace something in a file."""
        path = self.folder / f"{name}.yaml"
        before = path.read_text()
        assert old in before
        path.write_text(before.replace(old, new))

    def cut(self, name: str, start: str, end: str) -> None:
        """Take out of a file what begins with one line and ends before another."""
        text = (self.folder / f"{name}.yaml").read_text()
        self.edit(name, text[text.index(start) : text.index(end)], "")

    def copy(self) -> dict[str, str]:
        """What all of them hold."""
        return {path.name: path.read_text() for path in self.folder.iterdir()}


def copied(folder: Path) -> Files:
    """The sandbox's configuration, to be edited."""
    return Files(Path(shutil.copytree(CONFIG, folder / "config")))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return copied(tmp_path)


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FakeClock, files: Files) -> AsyncIterator[World]:
    async with running_world(database_url, tmp_path, clock, config=files.folder) as world:
        yield world


@pytest.fixture
async def sqlite_world(sqlite_url: str, tmp_path: Path, clock: FakeClock, files: Files) -> AsyncIterator[World]:
    async with running_world(sqlite_url, tmp_path, clock, config=files.folder) as world:
        yield world


async def reloaded(world: World) -> None:
    """What SIGHUP does."""
    await world.bot.rooms.following.look(at_once=True)
    await world.settled()


async def said(world: World) -> list[str]:
    """What the ops channel read of configurations."""
    return [text for text in await world.sandbox.channel("ops").texts() if "configuration" in text]


async def story(world: World) -> str:
    """The incident's timeline."""
    async with world.bot.database.read() as tx:
        return "\n".join(entry.text for entry in await timeline.entries(tx, 1))


async def configuration(world: World) -> tuple[bool, str]:
    """What `/readyz` says of it; the bot is ready whatever that is."""
    status, answer = await probed(world, "/readyz")
    assert (status, answer["ready"]) == (200, True)
    check = answer["checks"]["configuration"]
    return check["ok"], check["says"]


async def test_an_edited_rotation_takes_effect_at_the_next_handoff_and_the_ops_channel_reads_who_differs(
    world: World, files: Files
) -> None:
    files.edit("teams", PAYMENTS, PAYMENTS.replace("[ana]", "[kim]"))
    await reloaded(world)
    assert await primary(world, "payments") == "ana", "her week has begun"
    assert await primary_then(world, "payments", days=7) == "kim"
    [text] = await said(world)
    assert text.startswith("*A changed configuration is in force*: 6 people, 4 teams, 8 services, ")
    assert "Who is on call differs in the next 8 weeks:" in text
    assert "payments-primary: Mon 2026-03-09 09:00 to Mon 2026-04-27 09:00 UTC: kim instead of ana" in text
    assert await configuration(world) == (True, "is in force")

    await reloaded(world)
    await world.stop()
    await world.start()
    assert len(await said(world)) == 1, "nothing has changed since"


async def test_what_is_not_sound_is_refused_with_its_lines_until_it_is_mended(sqlite_world: World, files: Files) -> None:
    world, before = sqlite_world, files.copy()
    files.edit("teams", "[kim, lee]\n    lead: kim", "[kim, zoe]\n    lead: kimm")
    await reloaded(world)
    await reloaded(world)
    [text] = await said(world)
    line = before["teams.yaml"].splitlines().index("  db:") + 3
    assert "The changed configuration is not sound and was not taken: the one before it stays in force." in text
    assert f"{files.folder}/teams.yaml:{line}: " in text and "'zoe'" in text and f"teams.yaml:{line + 1}: " in text and "'kimm'" in text
    is_well, says = await configuration(world)
    assert not is_well and "teams.yaml" in says and "'kimm'" in says
    await world.user("ana").command("/inc sev1 batch reports do not start")
    await world.settled()
    assert "batch reports" in world.phone("kim").last_sms, "paging goes on by what was in force"

    files.edit("teams", "zoe", "lee")
    await reloaded(world)
    files.edit("teams", "kimm", "kim")
    await reloaded(world)
    texts = await said(world)
    assert len(texts) == 3
    assert "'kimm'" in texts[1] and "'zoe'" not in texts[1]
    assert texts[2].startswith("*The configuration is sound again and in force*") and SAME in texts[2]
    assert await configuration(world) == (True, "is in force")


async def test_a_bot_that_starts_beside_unsound_files_pages_by_what_was_in_force_and_says_so(world: World, files: Files) -> None:
    files.edit("teams", PAYMENTS, PAYMENTS.replace("[ana]", "[kim]"))
    await reloaded(world)
    await world.stop()
    files.edit("teams", "lead: kim", "lead: kimm")
    await world.start()
    await reloaded(world)
    assert await primary_then(world, "payments", days=7) == "kim"
    assert "was not taken: the one before it stays in force" in (await said(world))[-1] and "'kimm'" in (await said(world))[-1]
    is_well, says = await configuration(world)
    assert not is_well and "'kimm'" in says
    await world.user("ana").command("/inc sev1 batch reports do not start")
    await world.settled()
    assert "batch reports" in world.phone("kim").last_sms

    files.edit("teams", "kimm", "kim")
    await reloaded(world)
    assert (await said(world))[-1].startswith("*The configuration is sound again and in force*")


async def test_a_first_start_beside_unsound_files_ends_with_every_problem(
    sqlite_world: World, files: Files, empty_database_url: str
) -> None:
    await sqlite_world.stop()
    files.edit("teams", "lead: kim", "lead: kimm")
    with pytest.raises(ConfigInvalid, match="'kimm'"):
        await sqlite_world.start(DATABASE_URL=empty_database_url)


async def test_the_same_mistake_made_again_is_told_again(sqlite_world: World, files: Files) -> None:
    for times in (1, 2):
        files.edit("teams", "lead: kim", "lead: kimm")
        await reloaded(sqlite_world)
        files.edit("teams", "lead: kimm", "lead: kim")
        await reloaded(sqlite_world)
        assert len(await said(sqlite_world)) == 2 * times


async def test_new_people_and_teams_work_at_once_and_are_looked_up_in_slack(sqlite_world: World, files: Files) -> None:
    world = sqlite_world
    files.edit("people", "    slack: U0LEE000000\n", "")
    files.edit("teams", "rotations:", "  search: {name: Search, members: [lee], oncall: {primary: search}}\nrotations:")
    files.edit("teams", "rotations:", "rotations:\n  search: {start: 2026-01-05 09:00, participants: [lee]}")
    files.edit("services", "services:", "services:\n  search:\n    name: Search\n    owner: search")
    await reloaded(world)
    assert "search: Mon 2026-03-02 09:00 to Mon 2026-04-27 09:00 UTC: lee instead of nobody" in (await said(world))[0]
    assert "*Search primary* (search)\n• Lee O'Hara" in await ask(world, "kim", "search")
    await world.user("kim").command("/inc sev1 search finds nothing")
    await world.settled()
    assert "search finds nothing" in world.phone("lee").last_sms
    async with world.bot.database.read() as tx:
        assert await world.bot.directory.slack_user_of(tx, "lee") == "U0LEE000000", "found by the address"


async def test_names_of_slash_commands_wait_for_a_restart_and_it_says_so(sqlite_world: World, files: Files) -> None:
    files.edit("company", "company: Example", "company: Other\ncommands: {oncall: /duty}")
    await reloaded(sqlite_world)
    [text] = await said(sqlite_world)
    assert "The names of slash commands are others now, too: those follow at a restart" in text and SAME in text
    assert "`/oncall override" in await ask(sqlite_world, "kim", "help")
    assert sqlite_world.bot.directory.config.company == "Other"


async def test_a_page_in_flight_goes_on_by_its_frozen_ladder_and_says_what_became_of_whom_it_names(world: World, files: Files) -> None:
    await world.user("lee").command("/inc sev1 checkout is down")
    await world.settled()
    link = page_link(world, "ana")
    files.cut("people", "  bo:\n", "  kim:\n")
    files.edit("services", "experts: [bo]", "experts: [lee]")
    files.edit("services", "owner: payments", "owner: platform")
    files.cut("teams", "  payments:\n", "  platform:\n")
    files.cut("teams", "  payments-primary:\n", "  platform-primary:\n")
    for old, new in (("[bo, kim, lee]", "[kim, lee]"), ("[bo, kim]", "[kim]"), ("[kim, bo]", "[kim]")):
        files.edit("teams", old, new)
    files.edit("company", "company: Example", "company: Example\npolicies: {sev1: {steps: [{after: 0m, targets: [executive]}]}}")
    await reloaded(world)
    assert "payments-primary: Mon 2026-03-02 09:00 to Mon 2026-04-27 09:00 UTC: nobody instead of ana" in (await said(world))[0]
    await world.advance(minutes=3)
    assert "skipped secondary: there is no team payments" in await story(world)
    _, page = await opened(link)
    assert "checkout is down" in page
    await world.advance(minutes=20)
    assert "checkout is down" in world.phone("max").last_sms, "the ladder went on to its end"
    await opened(link, "POST", action="acknowledge")
    await world.settled()
    assert "Ana Silva" in await world.card(1) or "U0ANA000000" in await world.card(1)


async def test_a_policy_edited_under_a_running_page_is_offered_on_the_card_and_applied_by_a_click(
    sqlite_world: World, files: Files
) -> None:
    world = sqlite_world
    await world.user("lee").command("/inc sev1 checkout is down")
    await world.settled()
    files.edit("company", "company: Example", "company: Example\npolicies: {sev1: {steps: [{after: 0m, targets: ['person:lee']}]}}")
    await reloaded(world)
    assert "policy sev1 was edited; the page goes on by the steps it began with" in await story(world)
    assert "Policy sev1 has changed since this page began." in await world.card(1)
    assert world.phone("lee").received == []
    await world.user("kim").press("Apply the new one", await world.channel_name(1))
    await world.settled()
    assert "checkout is down" in world.phone("lee").last_sms
    told = await story(world)
    assert "applied policy sev1 as it is now; its ladder begins anew: person:lee at once" in told
    assert "called off: secondary, manager and expert, executive" in told
    assert "has changed since" not in await world.card(1)


async def test_a_change_is_found_without_being_told(sqlite_world: World, files: Files) -> None:
    files.edit("company", "company: Example", "company: Other")
    await sqlite_world.sandbox.until(lambda: sqlite_world.bot.directory.config.company == "Other", 60)
