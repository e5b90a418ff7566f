"""L1: a search in an archive of 10,000 incidents with long postmortems, against reading all of their texts."""

import sqlite3
import time
from datetime import UTC, timedelta
from pathlib import Path
from random import Random
from statistics import median

from bench.table import Row
from bot.clock import FakeClock
from bot.db import Database
from bot.events import Listeners
from bot.learning import archive
from bot.learning.query import typed
from bot.learning.words import words
from bot.migrate import migrate

INCIDENTS, WORDS_EACH, LANGUAGE = 10_000, 600, 20_000
SYLLABLES = ("re", "do", "ka", "mi", "lo", "ter", "san", "vi", "pu", "ne", "gra", "sto", "bel", "cu", "fi", "wa")
ROUNDS = 7
LINES = ("redis failover", "reka", "errors cache page to", "errors failover by:best", "cache sev2 since:2026-05", "neverwritten")
"""A rare pair, a beginning of many words, four words that all of them have, by the title, narrowed down, and nothing."""


async def measure(folder: Path) -> list[Row]:
    """The median over the lines, and the slowest of them."""
    file = folder / "l1.db"
    clock = FakeClock()
    database = Database(f"sqlite+inline:///{file}", clock, Listeners())
    await migrate(database)
    fill(file, clock)
    took: dict[str, list[float]] = {line: [] for line in LINES}
    plain = []
    for _ in range(ROUNDS):
        plain.append(read_all(file))
        for line in LINES:
            began = time.process_time()
            async with database.read() as tx:
                await archive.search(tx, typed(line), UTC)
            took[line].append((time.process_time() - began) * 1000)
    await database.close()
    each = [median(times) for times in took.values()]
    reference, spread = f"{median(plain):.0f} ms", f"{min(each):.1f} to {max(each):.1f}"
    return [
        Row("L1", f"a search among {INCIDENTS:,} incidents, ms", f"{median(each):.1f} ms", reference, median(each), spread, 100, 20),
        Row("L1", "the slowest kind of search, ms", f"{max(each):.1f} ms", reference, max(each), spread, 100, 50),
    ]


def read_all(file: Path) -> float:
    """Look for a word in every text, as a database without an index does; in milliseconds."""
    connection = sqlite3.connect(file)
    began = time.process_time()
    connection.execute("SELECT count(*) FROM archive_entry WHERE text LIKE '%redis%'").fetchone()
    took = (time.process_time() - began) * 1000
    connection.close()
    return took


def fill(file: Path, clock: FakeClock) -> None:
    """Incidents and their entries, the words of a language by how often such are used."""
    random = Random(1)
    language = ["".join(random.choices(SYLLABLES, k=random.randint(2, 4))) for _ in range(LANGUAGE)]
    language[:4] = ["errors", "cache", "page", "to"]
    weights = [1 / (number + 1) for number in range(LANGUAGE)]
    connection = sqlite3.connect(file)
    incident = (
        "INSERT INTO incident (id, title, state, severity, rule, is_confirmed, is_private, is_drill, origin, declared_by, declared_at, "
        "is_touched, version) VALUES (?, ?, 'resolved', ?, '', 1, 0, 0, 'slack', 'kim', ?, 1, 0)"
    )
    for number in range(1, INCIDENTS + 1):
        said = random.choices(language, weights, k=WORDS_EACH)
        title = f"{said[0]} {said[1]} {'redis failover' if number % 500 == 0 else ''}"
        at = (clock.now() + timedelta(hours=number)).strftime("%Y-%m-%d %H:%M:%S.%f")
        connection.execute(incident, (number, title, number % 4 + 1, at))
        text = " ".join([title, *said])
        connection.execute("INSERT INTO archive_entry VALUES (?, ?, ?)", (number, text, at))
        in_title = set(words(title))
        rows = [(word.encode(), number, word in in_title) for word in set(words(text))]
        connection.executemany("INSERT INTO archive_word (word, incident_id, in_title) VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()
