"""A runbook, from the request in the incident's channel to what it did: real Ansible, on hosts that are this machine."""

import asyncio
import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sqlalchemy import select
from sqlmodel import col

from bot.incidents import timeline
from bot.runbooks.models import RunLock
from bot.slack.text import escape
from bot.work.models import WorkItem
from bot.work.orders import WorkState
from tests.journeys.roads import direct
from tests.journeys.runbooks import PLAYBOOK, declared, press_again, pressed, released, written
from tests.journeys.stories import calls, incident, lines, slack_as, told, whispered
from tests.journeys.stories import run_card as card
from tests.world import World

TWO_PEOPLE = {"approvals": [{"needs": 2}], "check_mode": False, "approval_expires": "10m"}


@pytest.fixture
def config(runbook_config: Path) -> Path:
    """A configuration of this test's own."""
    return runbook_config


@pytest.fixture
def world(runbook_world: World) -> World:
    """A bot with a runbook; the databases make no difference to it, Ansible does."""
    return runbook_world


async def test_asked_for_rehearsed_approved_by_another_run_and_taken_back(world: World) -> None:
    kim, ana, channel = world.user("kim"), world.user("ana"), await declared(world)
    await kim.command("/inc run release to=v41", channel)
    shown = await card(world, 1, "waiting")
    assert "What would change, by the dry run" in shown
    assert "nothing → v41" in shown
    assert "2 hosts (web1, web2)" in shown
    assert released(world) == {}
    await kim.press("Approve", channel)
    await world.settled()
    assert "You asked for it, so somebody else must approve it." in (await whispered(world, "kim", channel))[-1].shown
    await ana.press("Approve", channel)
    shown = await card(world, 1, "succeeded")
    assert released(world) == {"web1": "v41", "web2": "v41"}
    assert "Approved by" in shown
    await kim.press("Take back: Write a release", channel)
    await card(world, 2, "waiting")
    await ana.press("Approve", channel)
    await card(world, 2, "succeeded")
    assert released(world) == {"web1": "v1", "web2": "v1"}


async def test_what_is_wrong_is_told_at_once_and_nothing_runs(world: World) -> None:
    kim, channel = world.user("kim"), await declared(world)
    await kim.command("/inc run release to=../etc slow=99999 colour=red", channel)
    shown = await card(world, 1, "refused")
    for words in ("`colour` is no parameter of release", "'../etc' is no version", "'99999' is no whole number from 0 to 9999"):
        assert words.replace("`", "") in shown.replace("`", "")
    assert released(world) == {}


async def test_what_is_missing_is_asked_for_in_a_form(world: World) -> None:
    kim, channel = world.user("kim"), await declared(world)
    await kim.command("/inc run", channel)
    await kim.submit({"runbook": {"value": "release"}})
    await kim.submit({"to": {"value": "v7"}, "slow": {"value": "0"}})
    assert "v7" in await card(world, 1, "waiting")


async def test_a_runbook_that_fits_stands_on_the_card_and_asks_for_what_it_needs(world: World) -> None:
    kim, channel = world.user("kim"), await declared(world)
    await kim.press("Roll back to a release that was good", channel)
    view = await kim.view()
    assert view["callback_id"] == "run.fill:rollback"
    assert "One host at a time is drained" in lines(view)
    await kim.submit({"to": {"value": "v41"}})
    assert "the inventory" in await card(world, 1, "refused")  # this world has no fleet yet


async def test_a_fleet_that_has_grown_since_is_shown_and_approved_again(world: World, config: Path) -> None:
    kim, ana, channel = world.user("kim"), world.user("ana"), await declared(world)
    await kim.command("/inc run release to=v41", channel)
    await card(world, 1, "waiting")
    written(config, ("web1", "web2", "web3"))
    await ana.press("Approve", channel)
    await card(world, 1, "it would also run on web3")
    assert released(world) == {}
    await ana.press("Approve", channel)
    await card(world, 1, "succeeded")
    assert sorted(released(world)) == ["web1", "web2", "web3"]


async def test_an_edited_playbook_is_not_what_was_approved(world: World, config: Path) -> None:
    kim, ana, channel = world.user("kim"), world.user("ana"), await declared(world)
    await kim.command("/inc run release to=v41", channel)
    await card(world, 1, "waiting")
    (config / "playbooks" / "release.yml").write_text(PLAYBOOK.replace("{{ rb.to }}", "evil"))
    await ana.press("Approve", channel)
    await card(world, 1, "its playbooks were edited")
    assert released(world) == {}


async def test_stopping_ends_it_what_was_done_stays_done_and_its_output_is_read_wherever_it_ran(world: World, tmp_path: Path) -> None:
    kim, ana, channel = world.user("kim"), world.user("ana"), await declared(world)
    await kim.command("/inc run release to=v41 slow=600", channel)
    await card(world, 1, "waiting")
    await ana.press("Approve", channel)
    [link] = re.findall(r"<(http[^|>]+)\|whole output>", await card(world, 1, "Now: Wait"))
    assert "TASK [Write the release]" in await page(link)
    await kim.press("Stop", channel)
    shown = await card(world, 1, "cancelled")
    assert "Stopped by Kim Ji-woo. A command on another machine may still be at work." in shown
    assert released(world) == {"web1": "v41", "web2": "v41"}
    [home] = (tmp_path / "runs").iterdir()
    assert list(home.iterdir()) == []
    await world.stop()
    await world.start(TOCSIN_RUNS=str(tmp_path / "elsewhere"))
    assert "TASK [Write the release]" in await page(link)


async def page(link: str) -> str:
    """What the page behind a link says."""
    async with ClientSession() as browser, browser.get(link) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_others_on_the_same_hosts_wait_for_the_first_and_name_it_and_can_be_cancelled_while_they_do(world: World) -> None:
    kim, ana, channel = world.user("kim"), world.user("ana"), await declared(world)
    for number, words in ((1, "to=v1 slow=600"), (2, "to=v2"), (3, "to=v3")):
        await kim.command(f"/inc run release {words}", channel)
        await card(world, number, "waiting")
        await ana.press("Approve", channel)
        await card(world, number, "Now: Wait" if number == 1 else "is held by run 1 (Write a release, asked for by Kim Ji-woo)")
    await kim.command("/inc run diagnostics environment=production", channel)  # it only looks, so it waits for nobody
    await card(world, 4, "succeeded")
    await kim.press("Cancel", channel)  # the newest that waits
    assert "Cancelled by Kim Ji-woo." in await card(world, 3, "cancelled")
    assert set(released(world).values()) == {"v1"}
    await ana.press("Stop", channel)  # what is at work
    await card(world, 2, "succeeded")
    assert set(released(world).values()) == {"v2"}


async def is_ordered(world: World, key: str) -> bool:
    """Does this work wait?"""
    async with world.bot.database.read() as tx:
        found = select(WorkItem).where(col(WorkItem.key) == key, col(WorkItem.state) == WorkState.WAITING)
        return (await tx.session.execute(found)).first() is not None


def edits(world: World, run: int) -> int:
    """How often a run's card was edited."""
    return sum(f"Run {run}:" in str(call["args"]) for call in calls(world, "chat.update"))


async def test_a_card_is_edited_every_two_seconds_with_what_was_just_seen_until_a_time_out_stops_the_run(world: World) -> None:
    kim, ana, channel = world.user("kim"), world.user("ana"), await declared(world)
    await kim.command("/inc run release to=v41 slow=6000", channel)
    await card(world, 1, "waiting")
    await ana.press("Approve", channel)
    await card(world, 1, "Now: Wait")
    await world.advance(seconds=2)
    before = edits(world, 1)
    for _ in range(20):
        await world.advance(seconds=0.5)
        assert not await is_ordered(world, "run:1:card"), "ahead of the look whose picture it shows"
    assert edits(world, 1) - before == 5
    world.clock.advance(timedelta(minutes=10))  # at once: a look a second would be an edit every two, and Slack's pace is real
    await world.advance(seconds=2)
    assert "Stopped after 600 s, its time-out." in await card(world, 1, "failed")


async def test_what_prints_without_end_is_stopped(world: World, config: Path) -> None:
    kim, ana, channel = world.user("kim"), world.user("ana"), await declared(world)
    loop = "{{ range(120) | list }}"  # 120 MB, if nobody stopped it
    chatter = (
        f"    - ansible.builtin.debug: {{msg: \"{{{{ 'x' * 1000000 }}}}\"}}\n      loop: '{loop}'\n      when: not ansible_check_mode\n"
    )
    (config / "playbooks" / "release.yml").write_text(PLAYBOOK.replace("    - name: Wait", f"{chatter}    - name: Wait"))
    await kim.command("/inc run release to=v41 slow=6000", channel)
    await card(world, 1, "waiting")
    await ana.press("Approve", channel)
    assert "Stopped: it printed more than 20 MB." in await card(world, 1, "failed")


async def test_going_alone_needs_three_minutes_and_a_reason(world: World) -> None:
    kim, channel = world.user("kim"), await declared(world)
    await kim.command("/inc run release to=v41", channel)
    assert "Go alone" not in await card(world, 1, "waiting")
    await world.advance(minutes=3, seconds=1)
    await kim.press("Go alone", channel)
    await kim.submit({"because": {"value": "everybody sleeps"}})
    shown = await card(world, 1, "succeeded")
    assert "Nobody else looked at it" in shown
    assert "everybody sleeps" in shown
    assert any("goes without a second person" in text for text in await world.channel_texts(1))


async def test_a_request_that_nobody_approves_expires(world: World) -> None:
    await world.user("kim").command("/inc run release to=v41", await declared(world))
    await card(world, 1, "waiting")
    await world.advance(minutes=31)
    assert "Nobody approved it in time" in await card(world, 1, "expired")
    assert released(world) == {}


async def test_a_bot_that_was_away_finds_its_run_again_and_never_runs_it_twice(world: World, config: Path) -> None:
    kim, ana, channel = world.user("kim"), world.user("ana"), await declared(world)
    (config / "playbooks" / "release.yml").write_text(
        PLAYBOOK + "    - ansible.builtin.shell: echo once >> '{{ place }}/count'\n      when: inventory_hostname == 'web1'\n"
    )
    await kim.command("/inc run release to=v41 slow=2", channel)
    await card(world, 1, "waiting")
    await ana.press("Approve", channel)
    await card(world, 1, "Now: Wait")
    await world.stop()
    await asyncio.sleep(1)
    await world.start()
    await card(world, 1, "succeeded")
    assert released(world)["count"] == "once\n"


@pytest.mark.parametrize("runbook_config", [TWO_PEOPLE], indirect=True)
async def test_an_approval_counts_once_for_exactly_what_was_shown_and_two_are_two_people(world: World, config: Path) -> None:
    kim, ana, bo, channel = world.user("kim"), world.user("ana"), world.user("bo"), await declared(world)
    await kim.command("/inc run release to=v41", channel)
    assert "Waits for 2 other people to approve it" in await card(world, 1, "waiting")
    await ana.press("Approve", channel)
    first = pressed(world)
    await asyncio.gather(press_again(world, first), press_again(world, first, is_new=True))
    await world.settled()
    assert "You approved it already; it waits for another person." in (await whispered(world, "ana", channel))[-1].shown
    assert "Approved by <@U0ANA000000>. Waits for another person" in await card(world, 1, "Waits for another person")

    written(config, ("web1", "web2", "web3"), **TWO_PEOPLE)
    await bo.press("Approve", channel)
    second = pressed(world)
    assert "Waits for 2 other people" in await card(world, 1, "it would also run on web3")
    for payload, name in ((first, "ana"), (second, "bo")):
        await press_again(world, payload, is_new=True)
        await world.settled()
        assert "Run 1 has changed since this was shown, so nothing was approved." in (await whispered(world, name, channel))[-1].shown
    assert released(world) == {}

    await asyncio.gather(ana.press("Approve", channel), bo.press("Approve", channel))
    third = pressed(world)
    await card(world, 1, "succeeded")
    assert sorted(released(world)) == ["web1", "web2", "web3"]
    await press_again(world, third, is_new=True)
    await world.settled()
    assert "Run 1 is succeeded" in (await whispered(world, third["user"]["username"], channel))[-1].shown

    await kim.command("/inc run release to=v42", channel)
    await card(world, 2, "waiting")
    await ana.press("Approve", channel)
    await world.advance(minutes=10, seconds=1)
    await card(world, 2, "expired")
    await press_again(world, pressed(world), is_new=True)
    await world.settled()
    assert "Run 2 is expired" in (await whispered(world, "ana", channel))[-1].shown
    assert set(released(world).values()) == {"v41"}


async def test_half_of_the_hosts_fail_and_the_others_are_left_alone_when_those_are_run_again(world: World, config: Path) -> None:
    hosts = [f"web{number}" for number in range(1, 7)]
    written(config, tuple(hosts))
    (config / "hosts.ini").write_text(
        (config / "hosts.ini").read_text().replace("web5 ansible_connection=local", "web5 ansible_host=127.0.0.1 ansible_port=1")
    )
    stumbles = (
        "    - ansible.builtin.fail: {msg: 'no room on {{ inventory_hostname }}'}\n      when: inventory_hostname in ['web2', 'web4']\n"
    )
    (config / "playbooks" / "release.yml").write_text(PLAYBOOK.replace("    - name: Write", f"{stumbles}    - name: Write"))
    kim, ana, channel = world.user("kim"), world.user("ana"), await declared(world)
    await kim.command("/inc run release to=v41", channel)
    assert "The dry run did not succeed" in await card(world, 1, "waiting")
    await ana.press("Approve", channel)
    shown = await card(world, 1, "production · failed")
    assert "It failed on web2, web4, web5." in shown
    assert re.findall(r"`.{8}` (web\d)(?: · \*(failed|cannot be reached)\*)?", shown) == [
        *(("web2", "failed"), ("web4", "failed"), ("web5", "cannot be reached")), *((host, "") for host in ("web1", "web3", "web6")),
    ]  # fmt: skip
    assert "no room on web2" in shown and "no room on web4" in shown
    async with world.bot.database.read() as tx:
        written_down = [entry.text for entry in await timeline.entries(tx, 1)]
    assert (
        "run 1 failed: It failed on web2, web4, web5. (failed: web2, web4; out of reach: web5; changed: web1, web3, web6)" in written_down
    )
    assert released(world) == dict.fromkeys(("web1", "web3", "web6"), "v41")
    assert await locked(world) == set()

    written(config, tuple(hosts))
    place = config.parent / "released"
    (place / "web1").write_text("by hand")
    await kim.press("Run again on web2, web4, web5", channel)
    assert "on 3 hosts (web2, web4, web5)" in await card(world, 2, "waiting")
    await ana.press("Approve", channel)
    await card(world, 2, "succeeded")
    assert released(world) == {"web1": "by hand", **dict.fromkeys(hosts[1:], "v41")}
    assert await locked(world) == set()


async def locked(world: World) -> set[str]:
    """What a run works on, or may have left half done."""
    async with world.bot.database.read() as tx:
        return set((await tx.session.execute(select(col(RunLock.target)))).scalars())


async def test_what_failed_is_run_again_where_it_failed_and_a_card_that_cannot_be_shown_is_told_to_people(
    world: World, config: Path
) -> None:
    stumbles = "    - ansible.builtin.stat: {path: '{{ place }}/mended'}\n      register: found\n"
    stumbles += "    - ansible.builtin.fail: {msg: not yet}\n      when: inventory_hostname == 'web2' and not found.stat.exists\n"
    (config / "playbooks" / "release.yml").write_text(PLAYBOOK.replace("    - name: Wait", f"{stumbles}    - name: Wait"))
    kim, ana, channel = world.user("kim"), world.user("ana"), await declared(world)
    await kim.command("/inc run release to=v41", channel)
    await card(world, 1, "waiting")
    await ana.press("Approve", channel)
    await card(world, 1, "It failed on web2.")
    place = config.parent / "released"
    (place / "mended").touch()
    (place / "web1").write_text("by hand")
    await kim.press("Run again on web2", channel)
    assert "on 1 host (web2)" in await card(world, 2, "waiting")
    await ana.press("Approve", channel)
    await card(world, 2, "succeeded")
    assert released(world) == {"mended": "", "web1": "by hand", "web2": "v41"}

    await slack_as(world, "lee").conversations_archive(channel=str((await incident(world)).channel_id))
    await kim.command("/inc #1 run release to=v42")
    await world.settled()
    for place in (await direct(world, "kim"), "ops"):
        assert any("The card of run 3 (Write a release) cannot be shown" in text for text in await world.sandbox.channel(place).texts())


def made(mark: str, below: Path) -> list[Path]:
    """Where there is a file of this name that something executed would have made."""
    return [*below.rglob(mark), *(place / mark for place in (Path.cwd(), Path.home(), Path("/")) if (place / mark).exists())]


async def test_what_people_and_machines_write_around_a_run_is_executed_nowhere(world: World, config: Path, tmp_path: Path) -> None:
    mark = f"hostile-{uuid.uuid4().hex[:8]}"
    hostile = f"{{{{ lookup('pipe', 'touch {mark}') }}}}$(touch {mark})`touch {mark}`;touch {mark} <!channel> <script>"
    (versions := tmp_path / "versions").mkdir()
    spaceless = f"{{{{lookup('pipe','touch${{IFS}}{mark}')}}}}`touch${{IFS}}{mark}`".replace("'", "")
    for name in ("v41", spaceless):
        (versions / name).touch()
    await world.stop()
    written(config, parameters={"to": {"type": "version", "lookup": str(versions)}}, reverse=None)
    (config / "playbooks" / "release.yml").write_text(PLAYBOOK.partition("    - name: Wait")[0])
    await world.start()
    kim, channel = world.user("kim"), await declared(world)
    said = told(await kim.command(f"/inc run release to=v41 environment={hostile.split(' ')[0]}", channel))
    assert "release does not run in" in said
    await kim.command(f"/inc run release to={spaceless}", channel)
    assert "is no version" in await card(world, 1, "refused")

    await kim.command("/inc run release to=v41", channel)
    await card(world, 2, "waiting")
    await world.advance(minutes=3, seconds=1)
    await kim.press("Go alone", channel)
    await kim.submit({"because": {"value": hostile}})
    shown = await card(world, 2, "succeeded")
    assert escape(hostile) in shown and "<!channel>" not in shown
    [link] = re.findall(r"<(http[^|>]+)\|whole output>", shown)
    assert "<script>" not in await page(link)
    assert set(released(world).values()) == {"v41"}

    (config / "hosts.ini").write_text((config / "hosts.ini").read_text().replace("web2", "~web"))
    await kim.command("/inc run release to=v41", channel)
    assert "'~web' in the inventory of production is no plain name of one host" in await card(world, 3, "refused")
    assert made(mark, tmp_path) == []
