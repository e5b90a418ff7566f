"""Action items that are issues, too. It is Monday 2 March 2026, 09:00 UTC, and nobody has to press anything twice."""

import json
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from bot.sandbox.github import Issue, Repository
from tests.journeys.test_commands import NAME, do
from tests.journeys.test_oncall import letters
from tests.world import World

PLACE = "example/checkout"


def repository(world: World, name: str = PLACE) -> Repository:
    found = world.sandbox.outside.github.repository(name)
    assert found is not None
    return found


def issue(world: World, number: int = 1) -> Issue:
    return repository(world).issues[number]


async def on_github(world: World, user: str, action: str, value: str = "", number: int = 1) -> None:
    """Somebody does something with an issue; its webhook arrives, and the rest settles."""
    await world.sandbox.post(f"/github/{PLACE}/{number}", user=user, action=action, value=value)
    await world.settled()


async def said(world: World, number: int = 1) -> str:
    await world.advance(seconds=5)
    return "\n".join(await world.channel_texts(number))


def requests(world: World, method: str) -> int:
    """How many requests of a method GitHub has had."""
    passages = world.sandbox.outside.github.traffic.passages
    return sum(one.kind == "github" and one.what.startswith(f"{method} ") for one in passages)


@pytest.fixture
async def channel(world: World) -> str:
    """The channel of an incident in Checkout."""
    await world.user("kim").command("/inc sev1 checkout is down service:checkout")
    await world.settled()
    return NAME


async def test_an_item_becomes_an_issue_and_what_is_done_on_either_side_is_done_on_both(world: World, channel: str) -> None:
    await do(world, "kim", "/inc task add canary alarm for <!here> @bo fri p1 detect")
    made = issue(world)
    assert (made.title, made.assignees, made.labels) == ("add canary alarm for <!here>", ["bo"], ["sev1", "p1", "detect"])
    assert "&lt;!here>" in made.body and "Action item 1 of incident [#1 (SEV1)]" in made.body and "tocsin action item 1 of" in made.body
    assert f"issues/1|{PLACE}#1>." in await said(world)
    listed = await do(world, "ana", "/inc task list")
    assert f"/sandbox/github/{PLACE}/issues/1|{PLACE}#1>" in listed

    async with ClientSession(world.sandbox.url) as browser:
        shown = await (await browser.get("/sandbox/github")).text()
        assert "add canary alarm for &lt;!here&gt;" in shown and f"{PLACE}#1" in shown, "people see it in the sandbox"
        shown = await (await browser.post(f"/sandbox/github/{PLACE}/issues/1", data={"user": "kim", "action": "close"})).text()
        assert "closed by kim" in shown and "Reopen" in shown
    await world.settled()
    assert "*Action item 1* done by <@U0KIM000000>: add canary alarm" in await said(world)
    assert "Kim Ji-woo finished yours" in await letters(world, "bo")
    closed = world.sandbox.outside.github.deliveries[-1]

    await do(world, "ana", "/inc task reopen 1")
    assert issue(world).state == "open"
    assert await world.sandbox.outside.github.redeliver(closed) == 200, "a webhook that came before"
    closed.id = "another delivery of the old news"
    assert await world.sandbox.outside.github.redeliver(closed) == 202, "and one that comes late, out of order"
    await world.settled()
    assert "1: add canary alarm for &lt;!here&gt; (p1, detect, Bo Lindqvist, due Fri 6 Mar)" in await do(world, "ana", "/inc task list")

    await on_github(world, "zoe", "rename", "add two canary alarms")
    await on_github(world, "zoe", "assign", "kim")
    assert "1: add two canary alarms (p1, detect, Kim Ji-woo, due Fri 6 Mar)" in await do(world, "ana", "/inc task list")
    assert "@zoe on GitHub gave it to Kim Ji-woo" in await letters(world, "bo")
    await on_github(world, "zoe", "assign", "")
    assert "@zoe on GitHub gave it to nobody: *add two canary alarms*" in await letters(world, "kim")
    await do(world, "ana", "/inc task 1 @lee p0")
    await on_github(world, "zoe", "label", "good first issue")
    assert issue(world).assignees == ["lee"]
    assert set(issue(world).labels) == {"sev1", "p0", "detect", "good first issue"}
    await do(world, "kim", "/inc sev 2 half of them get through")
    assert set(issue(world).labels) == {"sev2", "p0", "detect", "good first issue"}
    changes = requests(world, "PATCH")
    await world.advance(minutes=16)
    assert requests(world, "PATCH") == changes, "and then there is peace"
    await on_github(world, "zoe", "not planned")
    assert "*Action item 1* done by @zoe on GitHub (not planned)" in await said(world)


async def test_without_webhooks_the_poll_finds_out_and_a_dispute_is_told_on_both_sides(sqlite_world: World) -> None:
    world = sqlite_world
    github = world.sandbox.outside.github
    await world.user("kim").command("/inc sev1 checkout is down service:checkout")
    await world.settled()
    for words in ("add canary alarm @bo", "rotate the keys", "raise the limit"):
        await do(world, "kim", f"/inc #1 task {words}", "general")
    github.sends_webhooks = False
    await on_github(world, "zoe", "rename", "add two canary alarms", 1)
    await on_github(world, "zoe", "close", number=3)
    await world.advance(minutes=6)
    listed = await do(world, "kim", "/inc #1 task list", "general")
    assert "1: add two canary alarms (Bo Lindqvist)" in listed and "~raise the limit~ (done by @zoe on GitHub)" in listed

    await on_github(world, "zoe", "assign", "kim")
    world.clock.advance(timedelta(seconds=2))
    await do(world, "ana", "/inc #1 task 1 @lee", "general")
    assert issue(world).assignees == ["lee"], "ours is the later one"
    assert "(who does it). The later change, made here, counts: “lee”, not “kim”." in await said(world)
    world.sandbox.fault(service="github", status=503, count=2)  # GitHub is away for the moment
    await do(world, "ana", "/inc #1 task 1 @bo", "general")
    world.clock.advance(timedelta(seconds=1))
    await on_github(world, "zoe", "assign", "ana")
    await world.advance(minutes=1)
    assert issue(world).assignees == ["ana"] and "(Ana Silva)" in await do(world, "kim", "/inc #1 task list", "general"), "theirs is"
    await world.advance(minutes=11)
    assert [one.body.splitlines()[0] for one in issue(world).comments] == [
        "This was changed here and in Tocsin (who does it). The later change, made in Tocsin, counts: `lee`, not `kim`.",
        "This was changed here and in Tocsin (who does it). The later change, made here, counts: `ana`, not `bo`.",
    ], "each told once, on both sides"
    assert issue(world).assignees == ["ana"]


async def test_what_github_will_not_do_is_told_and_goes_on_once_it_is_mended(sqlite_world: World) -> None:
    world = sqlite_world
    github = world.sandbox.outside.github
    right, github.token = github.token, "another"
    await world.user("kim").command("/inc sev1 checkout is down service:checkout")
    await world.settled()
    await do(world, "kim", "/inc #1 task add canary alarm @max", "general")
    ops = "\n".join(await world.sandbox.channel("ops").texts())
    assert ops.count("Action items and issues of example/checkout are not in step. GitHub does not accept the token.") == 1
    assert ":warning: GitHub does not accept the token." in await do(world, "kim", "/inc #1 task list", "general")
    github.token = right
    await world.advance(minutes=61)
    assert issue(world).title == "add canary alarm"
    assert "GitHub does not let @max be assigned" in await do(world, "kim", "/inc #1 task list", "general")

    world.sandbox.fault(service="github", reset="after", method="POST")  # it was made, and we never heard of it
    await do(world, "kim", "/inc #1 task rotate the keys", "general")
    await world.advance(seconds=5)
    assert [one.title for one in repository(world).issues.values()] == ["add canary alarm", "rotate the keys"], (
        "asked first, and not made twice"
    )

    await on_github(world, "zoe", "transfer", "example/platform")
    assert "example/checkout#1, the issue of action item 1, is example/platform#1 now" in await said(world)
    await do(world, "kim", "/inc #1 task done 1", "general")
    assert repository(world, "example/platform").issues[1].state == "closed"
    await on_github(world, "zoe", "delete", number=2)
    assert "Action item 2 goes on without its issue example/checkout#2. The issue was deleted in example/checkout." in await said(world)
    await do(world, "kim", "/inc #1 task done 2", "general")
    assert "~rotate the keys~ (done by Kim Ji-woo)" in await do(world, "kim", "/inc #1 task list", "general")


async def test_words_of_a_private_incident_and_unsigned_webhooks_change_nothing(sqlite_world: World) -> None:
    world = sqlite_world
    await do(world, "lee", "/inc", "general")
    form = {"title": {"value": "cards leaked"}, "service": {"value": "checkout"}, "private": {"value": ["private"]}}
    await world.user("lee").submit(form)
    await world.settled()
    await do(world, "lee", "/inc #1 task revoke the tokens", "general")
    assert not repository(world).issues and "revoke" not in json.dumps(await world.sandbox.get("/github"))
    await do(world, "kim", "/inc sev1 checkout is down service:checkout", "general")
    await world.settled()
    await do(world, "kim", "/inc #2 task add canary alarm", "general")
    delivery = world.sandbox.outside.github.deliveries[-1]
    delivery.body = delivery.body.replace(b"opened", b"closed")
    unsigned = {"X-Hub-Signature-256": "sha256=0", "X-GitHub-Event": "issues"}
    async with ClientSession(world.sandbox.url) as stranger, stranger.post("/hooks/github", data=delivery.body, headers=unsigned) as answer:
        assert answer.status == 403
