"""What an instance of the service needs besides its release: a configuration, prices that it caches, and the store that takes orders."""

import http.client
import json
import threading
import time
from pathlib import Path

ANSWERS_WITHIN_S = 2.0
PRICES = "prices"
"""The namespace of the cache in which prices stand."""


class Stock:
    """Of one instance. `store` is the port at which its region reaches the store."""

    def __init__(self, home: Path, store: int) -> None:
        self.home, self.store = home, store
        self.lock = threading.Lock()
        self.cache: dict[str, dict[str, object]] = {PRICES: {}}
        self.configuration: dict[str, object] = {}
        self.read_configuration()

    def read_configuration(self) -> None:
        """Take up the configuration that `HOME/config/current` points at: at the start, and when told by SIGHUP."""
        self.configuration = json.loads((self.home / "config" / "current" / "shop.json").read_text())

    def sell(self) -> bool:
        """Look a price up and order at it. Whether that went well; a wrong configuration makes it take long."""
        time.sleep(float(str(self.configuration.get("origin_wait_s", 0))))
        try:
            is_known = isinstance(self.price("basket"), int)
            return is_known and self.ask("POST", "/orders") is not None
        except (OSError, http.client.HTTPException, ValueError):
            return False

    def price(self, name: str) -> object:
        """From the cache, or from the store and then in the cache."""
        with self.lock:
            if name in self.cache[PRICES]:
                return self.cache[PRICES][name]
        found = self.ask("GET", "/prices")
        if found is None:
            return None
        with self.lock:
            self.cache[PRICES].update(found)
        return found.get(name)

    def ask(self, method: str, path: str) -> dict[str, object] | None:
        """What the store answers; None when it refuses."""
        line = http.client.HTTPConnection("127.0.0.1", self.store, timeout=ANSWERS_WITHIN_S)
        try:
            line.request(method, path)
            answer = line.getresponse()
            said = answer.read()
            return dict(json.loads(said)) if answer.status == 200 else None
        finally:
            line.close()

    def cached(self) -> dict[str, int]:
        """How many entries each namespace of the cache has."""
        with self.lock:
            return {name: len(entries) for name, entries in self.cache.items()}

    def keep(self, namespace: str, entries: dict[str, object]) -> None:
        """Put entries into the cache; whether they are right is not asked."""
        with self.lock:
            self.cache.setdefault(namespace, {}).update(entries)

    def forget(self, namespace: str) -> bool:
        """Empty a namespace of the cache. False: there is none of that name."""
        with self.lock:
            if namespace not in self.cache:
                return False
            self.cache[namespace].clear()
            return True
