"""Instances for more than the usual: spares of the shop's and its canary, which stand by, and pay, which has two colours.

They are in HAProxy's configuration from the start, but in maintenance; supervisord knows them, and starts none but pay's blue ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.sandbox.fleet.fleet import Fleet
    from bot.sandbox.fleet.layout import Layout

SPARES: Mapping[str, tuple[str, ...]] = {"eu": ("web6", "web7"), "us": ("web8",)}
CANARY = "canary1"
COLOURS: Mapping[str, tuple[str, ...]] = {"blue": ("blue1", "blue2"), "green": ("green1", "green2")}
STAND_BY = (*(host for hosts in SPARES.values() for host in hosts), CANARY, *COLOURS["green"])
"""Those that do not run until somebody asks for them."""
PLACES: Mapping[str, str] = {
    **{host: region for region, hosts in SPARES.items() for host in hosts},
    CANARY: "eu",
    **{host: colour for colour, hosts in COLOURS.items() for host in hosts},
}
"""Where each of them is; of pay's, its colour."""
BACKENDS = {host: "pay" for hosts in COLOURS.values() for host in hosts}
"""HAProxy's backend of those that are not the shop's."""
MINIMUM = 5
"""As many of the shop's instances as must serve, whoever scales in."""

FAULTS = ("leak", "overloaded_backend", "bad_canary")


async def break_by(fleet: Fleet, fault: str) -> None:
    """Make something go wrong: one of `FAULTS`."""
    match fault:
        case "leak":  # it grows, and answers slower and slower; two instances have run long enough to feel it
            await fleet.release("v43")
            await fleet.programs.signal(["web1", "web2"], "USR1")
        case "overloaded_backend":  # more large orders at once than five instances can take
            fleet.rush.start()
        case "bad_canary":  # it has a tenth of the traffic, says that it is healthy, and answers 500
            fleet.point(CANARY, "v42")
            await fleet.programs.start([CANARY])
            await fleet.haproxy(f"set server shop/{CANARY} weight 56; set server shop/{CANARY} state ready")


async def mend(fleet: Fleet) -> None:
    """What HAProxy and supervisord were told, as it was at the beginning."""
    await fleet.rush.stop()
    if said := (await fleet.haproxy("; ".join(balance(fleet.layout)))).strip():
        raise RuntimeError(f"HAProxy: {said}")
    await fleet.programs.stop(STAND_BY)


def balance(layout: Layout) -> Iterator[str]:
    """What gives HAProxy's servers the weights and states of its configuration."""
    for host in layout.instances:
        server = f"{BACKENDS.get(host, 'shop')}/{host}"
        yield f"set server {server} weight {0 if host == CANARY else 100}"
        yield f"set server {server} state {'maint' if host in STAND_BY else 'ready'}"
        yield f"enable health {server}"


def shop_servers(ports: Mapping[str, int]) -> list[str]:
    """The shop's servers that wait in maintenance."""
    spare = [server(host, ports[host], "weight 100 disabled") for hosts in SPARES.values() for host in hosts]
    return [*spare, server(CANARY, ports[CANARY], "weight 0 disabled")]


def pay(entrance: int, ports: Mapping[str, int]) -> str:
    """HAProxy's sections for pay: all traffic goes to one of its colours."""
    blue = [server(host, ports[host], "weight 100") for host in COLOURS["blue"]]
    green = [server(host, ports[host], "weight 100 disabled") for host in COLOURS["green"]]
    head = f"frontend payers\n    bind 127.0.0.1:{entrance}\n    default_backend pay\nbackend pay\n    balance random(1)\n"
    return head + "    option httpchk GET /healthz\n" + "\n".join([*blue, *green]) + "\n"


def server(host: str, port: int, more: str) -> str:
    """One server's line: looked at five times a second, and more often while it is not well; given two requests at once, for more it cannot
    take. Others wait at HAProxy, a second at most."""
    return f"    server {host} 127.0.0.1:{port} check inter 200ms downinter 50ms fall 2 rise 1 maxconn 2 {more}"


def groups(entrance: int, hosts: Mapping[str, object]) -> dict[str, object]:
    """The inventory's groups of these instances; `hosts` has what Ansible knows of each."""
    colours = {name: {"hosts": {host: hosts[host] for host in members}} for name, members in COLOURS.items()}
    own = {"haproxy_backend": "pay", "entrance_url": f"http://127.0.0.1:{entrance}/"}
    return {
        "spare": {"hosts": {host: None for members in SPARES.values() for host in members}},
        "canary": {"hosts": {CANARY: hosts[CANARY]}},
        "shop": {"children": {"web": None, "canary": None}},
        "colours": {"vars": own, "children": colours},
    }
