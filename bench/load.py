"""Pre-rendered webhooks, and bursts of them."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp

from bench.contestants import Contestant

CONNECTIONS = 8
PATH = "/hooks/alertmanager/sandbox"
numbers = itertools.count()


def alert(fingerprint: str, service: str, severity: str, group: int) -> dict[str, object]:
    """One firing alert as Alertmanager words it."""
    return {
        "status": "firing",
        "labels": {
            "alertname": f"Backlog{group}", "instance": f"10.0.0.{group}:9100", "job": "demo", "service": service, "severity": severity,
            "shard": fingerprint, "cluster": "prod", "region": "eu-west-1",
        },
        "annotations": {"summary": f"Queue {fingerprint} backlog 500", "description": "the backlog has grown for ten minutes"},
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example.com/graph?g0.expr=backlog",
        "fingerprint": fingerprint,
    }  # fmt: skip


def webhook(alerts: int, group: int, *, service: str = "queue", severity: str = "warning") -> bytes:
    """A webhook of new alerts of one group, every fingerprint new in this run."""
    rendered = [alert(f"{next(numbers):016x}", service, severity, group) for _ in range(alerts)]
    labels = {"alertname": f"Backlog{group}"}
    body = {
        "version": "4", "groupKey": f'{{}}:{{alertname="Backlog{group}"}}', "truncatedAlerts": 0, "status": "firing", "receiver": "tocsin",
        "groupLabels": labels, "commonLabels": labels, "commonAnnotations": {}, "externalURL": "http://alertmanager.example.com",
        "alerts": rendered,
    }  # fmt: skip
    return json.dumps(body).encode()


def fingerprints(body: bytes) -> list[str]:
    """The alerts in a webhook."""
    return [str(one["fingerprint"]) for one in json.loads(body)["alerts"]]


@dataclass(frozen=True)
class Burst:
    """What a burst achieved."""

    webhooks: int
    seconds: float
    cpu_s: float
    latencies_s: tuple[float, ...]

    def percentile(self, share: float) -> float:
        """A latency in seconds."""
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def burst(target: Contestant, bodies: Sequence[bytes], seconds: float, connections: int = CONNECTIONS) -> Burst:
    """Send bodies over several connections until they are used up or the time is over; every answer must be a 202."""
    waiting: Iterator[bytes] = iter(bodies)
    latencies: list[float] = []
    cpu, began = target.cpu_s(), time.perf_counter()

    async def send(session: aiohttp.ClientSession) -> None:
        for body in waiting:
            started = time.perf_counter()
            async with session.post(target.url + PATH, data=body) as answer:
                if answer.status != 202:
                    raise RuntimeError(f"{target.name} answered {answer.status}: {await answer.text()}")
                await answer.read()
            latencies.append(time.perf_counter() - started)
            if time.perf_counter() - began >= seconds:
                return

    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(send(session) for _ in range(connections)))
    return Burst(len(latencies), time.perf_counter() - began, target.cpu_s() - cpu, tuple(latencies))
