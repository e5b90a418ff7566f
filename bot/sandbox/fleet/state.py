"""What the fleet keeps between requests: configurations with a `current` link, a cache in each instance, and a store of two halves."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from bot.sandbox.fleet.store import role_of

if TYPE_CHECKING:
    from bot.sandbox.fleet.fleet import Fleet
    from bot.sandbox.fleet.layout import Layout

CONFIGURATIONS: Mapping[str, Mapping[str, object]] = {
    "c7": {},
    "c8": {"origin_wait_s": 3.5},  # an origin that does not answer: whatever is asked for waits for longer than customers do
}
GOOD_CONFIGURATION = "c7"
PRIMARY, STANDBY = STORES = ("db1", "db2")
READY_WITHIN_S = 20.0
LOOKS_EVERY_S = 0.05
POISON = {"basket": "five"}
FAULTS = (
    *("wrong_configuration", "poisoned_cache", "hung_instance", "dead_primary"),
    *("network_split_2023", "memory_leak_2023", "power_failure_2023", "cdn_configuration_2023"),
)
PROGRAM = Path(__file__).with_name("store.py")


def lay_out(layout: Layout, hosts: Mapping[str, int]) -> None:
    """Each host's configurations, and the store's homes."""
    for host in hosts:
        for version, settings in CONFIGURATIONS.items():
            release = layout.home(host) / "config" / "releases" / version
            release.mkdir(parents=True)
            (release / "shop.json").write_text(json.dumps({"version": version, **settings}))
        (layout.home(host) / "config" / "current").symlink_to(f"releases/{GOOD_CONFIGURATION}")
    for name in STORES:
        layout.home(name).mkdir(parents=True)
    roles(layout)


async def break_by(fleet: Fleet, fault: str) -> None:
    """Make something go wrong: one of `FAULTS`."""
    match fault:
        case "wrong_configuration" | "cdn_configuration_2023":  # every instance takes it up at once, as a careless deployment does it
            await configure(fleet, "c8")
        case "poisoned_cache":  # something wrote what no price is
            await asyncio.gather(*(poison(port) for port in fleet.layout.ports.values()))
        case "hung_instance":  # it runs, and does nothing
            await fleet.programs.signal(["web1"], "STOP")
        case "dead_primary":
            await fleet.programs.stop([PRIMARY])
        case "network_split_2023":  # region us reaches the store no more
            await fleet.haproxy("disable frontend store_us")
        case "power_failure_2023":  # the data centre of region us, in which the store's primary stands
            await fleet.programs.stop([PRIMARY, *fleet.regions["us"]])
        case "memory_leak_2023":
            await fleet.break_by("leak")
        case _:
            raise ValueError(f"there is no fault {fault!r}")


async def mend(fleet: Fleet) -> None:
    """All as it was at the beginning."""
    layout = fleet.layout
    await fleet.haproxy("enable frontend store_us")
    await fleet.programs.stop(STORES)
    for name in STORES:
        for left in ("kept.json", "paused"):
            (layout.home(name) / left).unlink(missing_ok=True)
    roles(layout)
    await fleet.programs.start(STORES)
    await fleet.haproxy(f"set server store/{PRIMARY} state ready; set server store/{STANDBY} state maint")
    await configure(fleet, GOOD_CONFIGURATION)
    await until_ready(layout)


async def serving(fleet: Fleet) -> list[str]:
    """The shop's instances that HAProxy sends customers to: in rotation, and well by its own checks."""
    try:
        told = await fleet.haproxy("show servers state shop")
    except OSError:  # it is just being restarted
        return []
    rows = [line.split() for line in told.splitlines()[2:] if line.strip()]
    return [name for _, _, _, name, _, operation, admin, *_ in rows if operation == "2" and admin == "0"]


def leading(layout: Layout) -> str:
    """Which half of the store was told to lead; "" when neither was."""
    return next((name for name in STORES if role_of(layout.home(name)) == "primary"), "")


async def configure(fleet: Fleet, version: str) -> None:
    """Every instance gets this configuration, and is told to read it."""
    for host in fleet.layout.ports:
        home = fleet.layout.home(host) / "config"
        draft = home / ".current.new"
        draft.symlink_to(f"releases/{version}")
        draft.replace(home / "current")
    await fleet.programs.signal(list(fleet.layout.ports), "HUP")


async def poison(port: int) -> None:
    """Put what is no price into an instance's cache."""
    async with aiohttp.ClientSession() as session, session.put(f"http://127.0.0.1:{port}/cache/prices", json=POISON) as answer:
        answer.raise_for_status()


async def until_ready(layout: Layout) -> None:
    """Wait until every region reaches whoever leads."""
    async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession() as session:
        for port in layout.ways.values():
            for _ in range(int(READY_WITHIN_S / LOOKS_EVERY_S)):
                if await answers(session, port):
                    break
                await asyncio.sleep(LOOKS_EVERY_S)


async def answers(session: aiohttp.ClientSession, port: int) -> bool:
    """Does somebody who leads answer there?"""
    try:
        async with session.get(f"http://127.0.0.1:{port}/primary") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, OSError):
        return False


def roles(layout: Layout) -> None:
    """Who leads and who follows at the beginning."""
    (layout.home(PRIMARY) / "role").write_text("primary")
    (layout.home(STANDBY) / "role").write_text("standby")


def half(layout: Layout, name: str, verb: str) -> str:
    """The command line of one half of the store."""
    [other] = [one for one in STORES if one != name]
    return f"{sys.executable} -E -s {PROGRAM} {name} {layout.stores[name]} {layout.home(name)} {layout.stores[other]} {verb}"


def programs(layout: Layout) -> dict[str, str]:
    """What supervisord runs for it, by name."""
    return {name: half(layout, name, "serve") for name in STORES}


def becoming(layout: Layout, name: str, role: str) -> str:
    """The command that gives a half of the store its role."""
    home = layout.home(name)
    return f"printf {role} > {home}/role.new && mv {home}/role.new {home}/role"


def group(layout: Layout) -> dict[str, object]:
    """The store in the inventory. How a half is asked and told is said there: another store has other commands."""
    hosts = {
        name: {
            "store_status": half(layout, name, "status"),
            "store_promote": becoming(layout, name, "primary"),
            "store_follow": becoming(layout, name, "standby"),
            "store_fence": becoming(layout, name, "fenced"),
            "log_files": [str(layout.root / f"{name}.log")],
        }
        for name in STORES
    }
    return {"hosts": hosts, "vars": {"haproxy_backend": "store"}}


def haproxy(layout: Layout) -> str:
    """The ways to the store: one for each region, and behind both whichever half leads. The standby waits in maintenance."""
    ways = "".join(
        f"frontend store_{region}\n    bind 127.0.0.1:{port}\n    default_backend store\n" for region, port in layout.ways.items()
    )
    servers = "\n".join(
        f"    server {name} 127.0.0.1:{port} check inter 200ms fall 2 rise 1 on-marked-down shutdown-sessions"
        + (" disabled" if name == STANDBY else "")
        for name, port in layout.stores.items()
    )
    return f"{ways}backend store\n    option httpchk GET /primary\n{servers}\n"
