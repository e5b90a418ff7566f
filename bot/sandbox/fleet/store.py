"""One half of the fleet's store: orders, kept by a primary and copied by a standby. `python store.py NAME PORT HOME PEER [serve|status]`.

Which half leads stands in `HOME/role`: whoever writes that file promotes it, fences it or lets it follow; the process reads it before each
order. It survives kill -9 and a restart. Each promotion is a new epoch, so that a primary that was away finds that it was replaced. The
standby asks the other half for what it does not have; `HOME/paused` keeps it from asking, which is how a lag is made.
"""

import http.client
import json
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROLES = ("primary", "standby", "fenced")
LOOKS_EVERY_S = 0.1
ANSWERS_WITHIN_S = 1.0
KEPT = 10_000
"""Times of the last orders: what a lag is told by."""
PRICES = {"basket": 5, "express": 9}


@dataclass
class Kept:
    """What a half has on disk. `forked_at` is how many orders there were when it was promoted last."""

    epoch: int = 1
    position: int = 0
    forked_at: int = 0


@dataclass(frozen=True)
class Status:
    """How a half stands. `lag_s`: how old the first order is that it lacked when it last heard of the primary, `heard_s` seconds ago."""

    role: str
    is_running: bool
    epoch: int
    position: int
    lag_s: float = 0.0
    heard_s: float = 0.0
    says: str = ""


def role_of(home: Path) -> str:
    """What it was told to be. Whoever was told nothing leads nobody."""
    with suppress(OSError):
        if (found := (home / "role").read_text().strip()) in ROLES:
            return found
    return "fenced"


def kept_in(home: Path) -> Kept:
    """What it had when it was last seen."""
    try:
        return Kept(**json.loads((home / "kept.json").read_text()))
    except (OSError, ValueError, TypeError):
        return Kept()


def replaced(path: Path, text: str) -> None:
    """Write a file so that nobody reads half of it."""
    draft = path.with_suffix(".new")
    draft.write_text(text)
    draft.replace(path)


class Store:
    """What all requests share."""

    def __init__(self, home: Path, peer: int) -> None:
        self.home, self.peer = home, peer
        self.lock = threading.Lock()
        self.kept, self.role = kept_in(home), role_of(home)
        self.times: dict[int, float] = {}
        self.lag_s, self.heard_at, self.says = 0.0, time.time(), ""
        self.newest_epoch = self.kept.epoch

    def turned(self) -> str:
        """Its role now. Who begins to lead begins an epoch. Called with the lock."""
        wanted = role_of(self.home)
        if wanted == "primary" != self.role:
            self.newest_epoch = self.kept.epoch = max(self.newest_epoch, self.kept.epoch) + 1
            self.kept.forked_at = self.kept.position
            self.save()
        self.role = wanted
        return wanted

    def save(self) -> None:
        replaced(self.home / "kept.json", json.dumps(asdict(self.kept)))

    def order(self) -> int | None:
        """Take an order; its number. None: this half does not lead."""
        with self.lock:
            if self.turned() != "primary":
                return None
            self.kept.position += 1
            self.times[self.kept.position] = time.time()
            self.times.pop(self.kept.position - KEPT, None)
            self.save()
            return self.kept.position

    def log(self, after: int) -> dict[str, object]:
        """What whoever follows has to know, who has the orders up to `after`."""
        with self.lock:
            oldest = self.times.get(after + 1, time.time()) if self.kept.position > after else None
            return {"role": self.turned(), **asdict(self.kept), "oldest_missing": oldest}

    def status(self) -> Status:
        with self.lock:
            role = self.turned()
            follows = role == "standby"
            lag, heard = (self.lag_s, time.time() - self.heard_at) if follows else (0.0, 0.0)
            return Status(role, True, self.kept.epoch, self.kept.position, round(lag, 3), round(heard, 3), self.says)

    def follow(self) -> None:
        """Look at the other half, for ever: copy what it has, or give way to it."""
        line = http.client.HTTPConnection("127.0.0.1", self.peer, timeout=ANSWERS_WITHIN_S)
        while True:
            if not (self.home / "paused").exists():
                try:
                    line.request("GET", f"/log?after={self.kept.position}")
                    self.heard(json.loads(line.getresponse().read()))
                except (OSError, http.client.HTTPException, ValueError):
                    line.close()
            time.sleep(LOOKS_EVERY_S)

    def heard(self, other: dict[str, object]) -> None:
        """What the other half told of itself."""
        epoch, position, forked_at = (int(str(other[name])) for name in ("epoch", "position", "forked_at"))
        with self.lock:
            role, mine, self.says = self.turned(), self.kept, ""
            self.newest_epoch = max(self.newest_epoch, epoch)
            if other["role"] != "primary" and not (role == "standby" and other["role"] == "fenced"):
                return
            if epoch > mine.epoch and mine.position > forked_at:
                self.says = f"it has {mine.position - forked_at} orders that the new primary never got"
                self.give_way()
            elif role == "primary" and epoch > mine.epoch:
                self.give_way()
            elif role == "standby" and epoch >= mine.epoch:
                oldest = other["oldest_missing"]
                self.lag_s = time.time() - float(str(oldest)) if oldest is not None else 0.0
                self.heard_at = time.time()
                if (epoch, position) != (mine.epoch, mine.position):
                    mine.epoch, mine.position = epoch, position
                    self.save()

    def give_way(self) -> None:
        """Lead no more: the other half does."""
        if self.role != "fenced":
            replaced(self.home / "role", "fenced")
            self.role = "fenced"


def handler(store: Store) -> type[BaseHTTPRequestHandler]:
    """Requests of one half."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?after=")
            match path:
                case "/primary":  # what the load balancer asks
                    leads = role_of(store.home) == "primary"
                    self.say(200 if leads else 503, {"leads": leads})
                case "/log":
                    self.say(200, store.log(int(query)))
                case "/prices":
                    self.say(200, PRICES)
                case _:
                    self.say(200, asdict(store.status()))

        def do_POST(self) -> None:
            number = store.order()
            self.say(503 if number is None else 200, {"order": number})

        def say(self, status: int, what: object) -> None:
            body = json.dumps(what).encode() + b"\n"
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


def status_of(port: int, home: Path) -> Status:
    """How a half stands, also when its process does not run."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWERS_WITHIN_S)
    try:
        line.request("GET", "/")
        return Status(**json.loads(line.getresponse().read()))
    except (OSError, http.client.HTTPException, ValueError, TypeError):
        kept = kept_in(home)
        return Status(role_of(home), False, kept.epoch, kept.position)
    finally:
        line.close()


def main(name: str, port: str, home: str, peer: str, verb: str = "serve") -> None:
    """Serve until killed, or tell how it stands."""
    if verb == "status":
        print(json.dumps(asdict(status_of(int(port), Path(home)))))
        return
    store = Store(Path(home), int(peer))
    threading.Thread(target=store.follow, name=f"{name} follows", daemon=True).start()
    Server(("127.0.0.1", int(port)), handler(store)).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
