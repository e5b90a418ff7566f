"""Facts are logged where they become true: after the commit, once, with the numbers of what they are about."""

from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from bot.db import BOT, Database
from bot.errors import AlreadyDone


@dataclass(frozen=True)
class PageTaken:
    page_id: int
    incident_id: int
    by: str
    late: float | None = None


FACT = PageTaken(7, 42, "ana")


async def test_a_fact_is_logged_once_it_is_committed(sqlite_database: Database) -> None:
    with capture_logs() as lines:
        async with sqlite_database.begin(actor=BOT) as tx:
            await tx.announce(FACT)
            assert lines == []
    assert lines == [{"event": "page taken", "page": 7, "incident": 42, "by": "ana", "log_level": "info"}]


async def test_what_was_undone_was_never_true(sqlite_database: Database) -> None:
    with capture_logs() as lines:
        with pytest.raises(AlreadyDone):
            async with sqlite_database.begin(actor=BOT) as tx:
                await tx.announce(FACT)
                raise AlreadyDone("Bo took it.")
        async with sqlite_database.begin(actor=BOT) as tx:
            with pytest.raises(AlreadyDone):
                async with tx.savepoint():
                    await tx.announce(FACT)
                    raise AlreadyDone("Bo took it.")
            await tx.announce(PageTaken(8, 43, "bo"))
    assert [line["page"] for line in lines] == [8]
