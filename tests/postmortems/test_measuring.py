"""The harm that an incident did, as Prometheus measured it: a real one is asked."""

from pathlib import Path

from bot.clock import FakeClock
from bot.config.loader import load
from bot.db import Database
from bot.events import Listeners
from tests.postmortems.house import House
from tests.prometheus.server import prometheus

QUERIES = """    impact:
      requests: sum(vector(10000)) + 0 * sum(count_over_time(vector(1)[{window}:1m]))
      users: sum(vector(5200))
      budget: vector(0.123)
      support: absent(vector(1))
"""


def company(folder: Path, address: str, queries: str) -> Path:
    """The sandbox's, with a Prometheus and queries at checkout."""
    for file in Path("bot/sandbox/config").glob("*.yaml"):
        (folder / file.name).write_text(file.read_text().replace("    name: Checkout\n", f"    name: Checkout\n{queries}"))
    (folder / "places.yaml").write_text(
        f"environments:\n  production:\n    inventory: {folder}/hosts.ini\n    prometheus:\n      url: {address}\n"
    )
    (folder / "hosts.ini").write_text("[web]\nweb1\n")
    return folder


async def drafted(house: House) -> str:
    await house.declare(service="checkout")
    house.later(minutes=10)
    await house.do("resolve", "done")
    draft = await house.drafted()
    assert draft is not None
    return draft.markdown


async def test_a_prometheus_that_is_away_costs_nothing_but_the_numbers_and_is_asked_again_about_the_time_that_it_lasted(
    tmp_path: Path, sqlite_database: Database, clock: FakeClock, listeners: Listeners
) -> None:
    queries = "    impact:\n      requests: sum(increase(errors_total[{window}]))\n"
    house = House(load(company(tmp_path, "http://127.0.0.1:9", queries), {}), sqlite_database, clock, listeners)
    document = await drafted(house)
    assert "| Requests failed | *not known* (Prometheus does not answer" in document
    (tmp_path / "prometheus").mkdir()
    async with prometheus(tmp_path / "prometheus", {}) as address:
        house.directory.config = load(company(tmp_path, address, QUERIES), {})
        await house.act("postmortem")
        draft = await house.drafted()
    assert draft is not None
    assert "| Requests failed | 10,000, as measured *([query](" in draft.markdown
    text = draft.markdown.replace("\\", "")
    assert "| Users affected | 5,200, as measured *([query](" in text
    assert "2026-03-02+09%3A10%3A00" in text and "%5B600s%3A1m%5D" in text, "the time that it lasted"
    assert "| Error budget spent | 12.3 %, as measured *([query](" in text
    assert "| Support | *not known* (the query of its service finds nothing); whoever knows: " in text
