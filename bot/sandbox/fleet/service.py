"""One instance of the fleet's service. A program of its own: `python service.py NAME REGION PORT HOME FLAGS STORE`.

It serves the release that `HOME/current` points at when it starts. `/` is the path that people use, and `/large` one that takes long;
`/healthz` is green as long as the process lives, which is what makes a bad release bad; `/metrics` counts in Prometheus's format; `/cache`
tells what is cached, and a DELETE of `/cache/NAMESPACE` forgets it. SIGHUP makes it read its configuration again; SIGUSR1 lets a release
that leaks grow as old as it would be in a week.
"""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

from bot.sandbox.fleet.stock import Stock

FLAG = "new-checkout"
LARGE_TAKES_S = 0.4
LEAK_BYTES, OLD = 20_000, 300
SLOWEST_S = 2.5
"""What an answer takes once `OLD` pieces have leaked; it grows with the square."""


class Shop:
    """What all requests share."""

    def __init__(self, name: str, region: str, home: Path, flags: Path, store: int) -> None:
        self.name, self.region, self.flags, self.home = name, region, flags, home
        self.stock = Stock(home, store)
        self.release = json.loads((home / "current" / "release.json").read_text())
        self.lock, self.counts = threading.Lock(), {200: 0, 500: 0}
        self.took_s = 0.0
        self.leaked: list[bytes] = []

    def answer(self, is_large: bool) -> tuple[int, dict[str, object]]:
        """The real path: what a customer would get."""
        began = time.monotonic()
        status = 200 if not self.is_broken() and self.stock.sell() else 500
        if is_large:
            time.sleep(LARGE_TAKES_S)
        if self.release.get("leaks"):
            self.leak(1)
            time.sleep(SLOWEST_S * min(1.0, len(self.leaked) / OLD) ** 2)
        if status != 200:
            print(f"{time.strftime('%H:%M:%S')} {self.name} answers {status}", flush=True)
        with self.lock:
            self.counts[status] += 1
            self.took_s += time.monotonic() - began
        body = {"host": self.name, "region": self.region, "version": self.release["version"]}
        return status, {**body, "config": self.stock.configuration["version"]}

    def leak(self, pieces: int) -> None:
        """Keep what nobody needs any more, and get slower by it."""
        if self.release.get("leaks"):
            self.leaked += (os.urandom(LEAK_BYTES) for _ in range(pieces))

    def is_broken(self) -> bool:
        """A bad release breaks every request; a wrong configuration and the new checkout's flag do so wherever they are on."""
        if self.release.get("broken") or (self.home / "broken").exists():
            return True
        if self.release.get("fails_sometimes") and sum(self.counts.values()) % 3 == 2:
            return True
        try:
            flag = json.loads(self.flags.read_text())["flags"][FLAG]
        except (OSError, ValueError, KeyError):
            return False
        return bool(flag["defaultVariant"] == "on" and self.release.get("breaks_with_flag"))

    def metrics(self) -> str:
        """Requests by status, how long they took, and the memory that is held."""
        lines = ["# TYPE shop_requests_total counter"]
        lines += [f'shop_requests_total{{host="{self.name}",status="{status}"}} {count}' for status, count in self.counts.items()]
        of = f'{{host="{self.name}"}}'
        lines += ["# TYPE shop_request_seconds summary", f"shop_request_seconds_sum{of} {self.took_s:.3f}"]
        lines += [f"shop_request_seconds_count{of} {sum(self.counts.values())}"]
        lines += ["# TYPE shop_leaked_bytes gauge", f"shop_leaked_bytes{of} {len(self.leaked) * LEAK_BYTES}"]
        lines += ["# TYPE process_resident_memory_bytes gauge", f"process_resident_memory_bytes{of} {resident()}"]
        return "\n".join(lines) + "\n"


def resident() -> int:
    """The memory of this process, in bytes."""
    return psutil.Process().memory_info().rss


def handler(shop: Shop) -> type[BaseHTTPRequestHandler]:
    """Requests of one shop."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/healthz":
                self.say(200, "ok\n")
            elif self.path == "/metrics":
                self.say(200, shop.metrics())
            elif self.path == "/cache":
                self.say(200, json.dumps(shop.stock.cached()) + "\n")
            else:
                status, body = shop.answer(self.path == "/large")
                self.say(status, json.dumps(body) + "\n")

        def do_DELETE(self) -> None:
            self.say(200 if shop.stock.forget(self.namespace()) else 404, "")

        def do_PUT(self) -> None:
            length = int(self.headers["Content-Length"])
            shop.stock.keep(self.namespace(), json.loads(self.rfile.read(length)))
            self.say(200, "")

        def namespace(self) -> str:
            return self.path.removeprefix("/cache/")

        def say(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Nobody reads it."""

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main(name: str, region: str, port: str, home: str, flags: str, store: str) -> None:
    """Serve until killed."""
    shop = Shop(name, region, Path(home), Path(flags), int(store))
    signal.signal(signal.SIGHUP, lambda *_: shop.stock.read_configuration())
    signal.signal(signal.SIGUSR1, lambda *_: shop.leak(OLD))
    Server(("127.0.0.1", int(port)), handler(shop)).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
