"""One instance of the fleet's service. A program of its own: `python service.py NAME REGION PORT HOME FLAGS`.

It serves the release that `HOME/current` points at when it starts. `/` is the path that people use; `/healthz` is green as long as the
process lives, which is what makes a bad release bad; `/metrics` counts in Prometheus's format.
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FLAG = "new-checkout"


class Shop:
    """What all requests share."""

    def __init__(self, name: str, region: str, home: Path, flags: Path) -> None:
        self.name, self.region, self.flags, self.home = name, region, flags, home
        self.release = json.loads((home / "current" / "release.json").read_text())
        self.lock, self.counts = threading.Lock(), {200: 0, 500: 0}
        self.leaked: list[bytes] = []

    def answer(self) -> tuple[int, dict[str, object]]:
        """The real path: what a customer would get."""
        status = 500 if self.is_broken() else 200
        if self.release.get("leaks"):
            self.leaked.append(os.urandom(100_000))
            time.sleep(min(0.5, len(self.leaked) / 500))
        with self.lock:
            self.counts[status] += 1
        return status, {"host": self.name, "region": self.region, "version": self.release["version"]}

    def is_broken(self) -> bool:
        """A bad release breaks every request; a wrong configuration and the new checkout's flag do so wherever they are on."""
        if self.release.get("broken") or (self.home / "broken").exists():
            return True
        try:
            flag = json.loads(self.flags.read_text())["flags"][FLAG]
        except (OSError, ValueError, KeyError):
            return False
        return bool(flag["defaultVariant"] == "on" and self.release.get("breaks_with_flag"))

    def metrics(self) -> str:
        """Requests by status, and bytes that are never given back."""
        lines = ["# TYPE shop_requests_total counter"]
        lines += [f'shop_requests_total{{host="{self.name}",status="{status}"}} {count}' for status, count in self.counts.items()]
        lines += ["# TYPE shop_leaked_bytes gauge", f'shop_leaked_bytes{{host="{self.name}"}} {len(self.leaked) * 100_000}']
        return "\n".join(lines) + "\n"


def handler(shop: Shop) -> type[BaseHTTPRequestHandler]:
    """Requests of one shop."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/healthz":
                self.say(200, "ok\n")
            elif self.path == "/metrics":
                self.say(200, shop.metrics())
            else:
                status, body = shop.answer()
                self.say(status, json.dumps(body) + "\n")

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


def main(name: str, region: str, port: str, home: str, flags: str) -> None:
    """Serve until killed."""
    Server(("127.0.0.1", int(port)), handler(Shop(name, region, Path(home), Path(flags)))).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
