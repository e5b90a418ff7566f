"""Whatever a room orders, somebody does, once the bot is put together; and each kind of work says what it is."""

import importlib
from pathlib import Path

from bot import wiring
from bot.clock import FakeClock
from bot.config.loader import load
from bot.config.settings import read
from bot.config.watch import Watch
from bot.db import Database
from bot.directory.service import Directory
from bot.events import Listeners
from bot.web.front import Check
from bot.work.orders import Order
from bot.work.worker import Worker

HOUSE = Path(__file__).parents[2]


def orders() -> set[type[Order]]:
    """Every kind of due work that the rooms define."""
    for path in (HOUSE / "bot").rglob("*.py"):
        if "(Order)" in path.read_text():
            importlib.import_module(".".join(path.relative_to(HOUSE).with_suffix("").parts))
    return {kind for kind in Order.__subclasses__() if kind.__module__.startswith("bot.")}


async def no_checks() -> dict[str, Check]:
    return {}


async def test_every_order_has_somebody_who_does_it(sqlite_database: Database, clock: FakeClock, listeners: Listeners) -> None:
    environ = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "signing secret",
        "SLACK_API_URL": "http://127.0.0.1:1/api/",
        "TOCSIN_URL": "http://127.0.0.1:1",
        "TOCSIN_SECRET": "a secret of sixteen or more",
        "TOCSIN_CONFIG": str(HOUSE / "bot" / "sandbox" / "config"),
    }
    settings, worker = read(environ), Worker(sqlite_database, clock)
    config = load(settings.config, environ)
    watch = Watch(settings.config, environ, config.digest)
    rooms = await wiring.build_rooms(settings, Directory(config), watch, clock, sqlite_database, worker, listeners, no_checks, environ)
    await rooms.close()
    assert len(orders()) > 10
    assert sorted(order.__name__ for order in orders() if order.kind() not in worker.kinds) == []


def test_every_order_says_what_shall_happen() -> None:
    silent = [order.__name__ for order in orders() if not order.__doc__ or order.__doc__.startswith(f"{order.__name__}(")]
    assert sorted(silent) == []  # a dataclass without a docstring is given its signature


def test_no_two_orders_share_a_name_in_the_table() -> None:
    kinds = [order.kind() for order in orders()]
    assert sorted(kinds) == sorted(set(kinds))
