"""What is shown outside Slack: who may see it, what its address gives away, and what the log keeps of it."""

import json
import os
import re
from pathlib import Path

import aiohttp

from bot.paging.sink import INCIDENT as NOBODYS
from bot.sandbox.keys import ACCOUNT, APP_TOKEN, BOT_TOKEN
from bot.sandbox.launcher import Launcher
from tests.journeys import roads
from tests.world import World

LINK = re.compile(r"https?://[^\s|>\"\\]+")
PAGES = ("i", "p", "postmortems")


async def links_of(world: World) -> dict[str, str]:
    """The addresses that Slack and the phones carry of incident #1: its page, its postmortem, and the page on Ana's phone."""
    said = [json.dumps(message.raw) for message in await world.sandbox.channel(await world.channel_name(1)).messages()]
    found = [*LINK.findall("\n".join(said)), roads.page_link(world, "ana")]
    own = {address.removeprefix(world.sandbox.url).split("/")[1]: address for address in found if address.startswith(world.sandbox.url)}
    return {purpose: address for purpose, address in own.items() if purpose in PAGES}


async def lived_through(world: World, words: str = "checkout is down") -> None:
    """An incident, paged and resolved."""
    await world.user("kim").command(f"/inc sev1 {words}")
    await world.settled()
    await world.user("kim").command("/inc resolve restarted", await world.channel_name(1))
    await world.settled()


async def test_every_page_needs_its_own_link_and_sends_no_referrer(sqlite_world: World) -> None:
    world = sqlite_world
    await lived_through(world)
    links = await links_of(world)
    assert set(links) == set(PAGES)

    async with aiohttp.ClientSession() as browser:
        for purpose, address in links.items():
            async with browser.get(address) as answer:
                page = await answer.text()
            assert answer.status == 200
            assert "checkout is down" in page
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cache-Control"] == "no-store"
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            assert "<script" not in page
            bare, _, key = address.partition("?k=")
            of_another = next(other for name, other in links.items() if name != purpose).partition("?k=")[2]
            for wrong in (bare, f"{bare}?k={key[:-2]}", f"{bare}?k={of_another}", f"{bare}?as=ana"):
                async with browser.get(wrong) as answer:
                    assert answer.status in (401, 403)
                    assert "checkout is down" not in await answer.text()
                    assert answer.headers["Referrer-Policy"] == "no-referrer"
        _, page = await roads.opened(links["postmortems"])
        status, markdown = await roads.opened(next(found for found in LINK.findall(page.replace("&amp;", "&")) if ".md?k=" in found))
        assert status == 200
        assert markdown.startswith("# Postmortem of #1: checkout is down")
        for path in ("/", "/hooks/alertmanager/wrong", "/healthz", "/metrics", "/static/tocsin.css", "/nothing/here"):
            async with browser.get(f"http://127.0.0.1:{world.bot.port}{path}") as answer:
                assert answer.headers["Referrer-Policy"] == "no-referrer", path
        for purpose in ("i", "postmortems"):
            async with browser.post(links[purpose]) as answer:
                assert answer.status == 405


async def test_the_sandbox_opens_pages_without_a_key_but_no_private_incident(sqlite_world: World) -> None:
    world = sqlite_world
    await world.stop()
    await world.start(TOCSIN_SANDBOX_TOKEN="a token of the sandbox alone")
    await lived_through(world)
    for path in ("/i/1", "/postmortems/1", "/p/1?as=ana"):
        assert (await roads.opened(world.sandbox.url + path))[0] == 200

    await world.user("kim").command("/inc new")
    await world.user("kim").submit({"title": {"value": "a bucket is public"}, "private": {"value": ["private"]}})
    await world.settled()
    status, page = await roads.opened(f"{world.sandbox.url}/i/2")
    assert status == 403
    assert "a bucket is public" not in page
    assert "the link that was sent" in page


async def test_the_log_names_the_incident_and_no_secret(tmp_path: Path) -> None:
    launcher = Launcher(0, tmp_path, {**os.environ, "TOCSIN_LOG": "json"}, with_page=False)
    await launcher.start()
    url = launcher.outside.url
    try:
        async with aiohttp.ClientSession(url) as people:

            async def do(path: str, **body: object) -> dict[str, object]:
                async with people.post(f"/control/{path}", json=body) as answer:
                    done: dict[str, object] = await answer.json()
                    return done

            await do("command", user="kim", channel="general", text="/inc sev1 checkout is down")
            await do("clock", advance_s=121)
            ana = launcher.outside.phones.phone("ana")
            link = next(found[0] for sms in ana.sms if (found := re.search(r"http\S+/p/\S+", sms.body)))
            await do("phones/ana/keys", call=ana.calls[0].sid, digits="4")
            await people.post(link, data={"action": "acknowledge"})
            await do("phones/ana/reply", text="1a")
            channel = next(one.name for one in launcher.outside.workspace.team.world.channels.values() if one.name.startswith("inc-1"))
            await do("message", user="kim", channel=channel, text="the pool is empty")
            await do("command", user="kim", channel=channel, text="/inc note Drained the pool")
            await do("command", user="kim", channel=channel, text="/inc resolve restarted")
            alert = {"version": "4", "groupKey": "{}", "status": "firing", "alerts": []}
            await people.post("/hooks/alertmanager/sandbox", json=alert)
            await people.get("/hooks/alertmanager/sandbox/typo")
            await people.post("/hooks/twilio/sms", data={"Body": "hello"}, headers={"X-Twilio-Signature": "c2lnbmVk"})
            await do("clock", advance_s=1)
    finally:
        await launcher.close()

    written = (tmp_path / "bot.log").read_text()
    lines = [json.loads(line) for line in written.splitlines()]
    told = (
        "incident declared",
        "page started",
        "person paged",
        "page tried",
        "page acknowledged",
        "incident resolved",
        "postmortem drafted",
    )
    for event in told:  # the watchdog's own page, which is about no incident, begins meanwhile on a slow machine
        assert {line.get("incident") for line in lines if line["event"] == event} - {NOBODYS} == {1}, event
    paths = {line["path"] for line in lines if line["event"] == "request"}
    assert {"/p/1", "/hooks/alertmanager/…", "/hooks/…", "/hooks/twilio/sms"} <= paths
    assert lines[-1]["event"] == "tocsin stops"

    key = link.partition("?k=")[2]
    notes = launcher.book.notes
    secrets = (BOT_TOKEN, APP_TOKEN, ACCOUNT.token, notes.secret, notes.sandbox_token, "?k=", key, key[:20], "c2lnbmVk", "sandbox/typo")
    for secret in (*secrets, "/response/", "the pool is empty", "Drained the pool", "+1555010", ana.number):
        assert secret not in written, secret
