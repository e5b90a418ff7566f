"""What a report is made of, read on both databases: what counts, for whom, and what became of alerts."""

from datetime import timedelta

import pytest

from bot.alerts.quality import Firings, Outcome, firings
from bot.clock import FakeClock
from bot.db import Database
from bot.events import Listeners
from bot.incidents.lifecycle import IncidentState
from bot.incidents.models import ActionItem, Incident
from bot.learning.gathering import told
from bot.learning.report import Noisy
from bot.learning.service import Learning
from bot.postmortems.messages import PostmortemPublished, PostmortemWithdrawn
from tests.learning.house import KIM, House
from tests.learning.quarters import Maker, Random

STATES = {
    1: (IncidentState.RESOLVED, True), 2: (IncidentState.CANCELLED, True), 3: (IncidentState.RESOLVED, False),
    4: (IncidentState.TRIAGE, False),
    5: (IncidentState.MERGED, False), 6: (IncidentState.RESOLVED, True), 7: (IncidentState.INVESTIGATING, True),
}  # fmt: skip


@pytest.fixture
async def house(database: Database, clock: FakeClock) -> House:
    """Seven incidents of an hour ago; the sixth is a drill, the seventh private and of another team. An alert fired for each, and alone."""
    at = clock.now() - timedelta(hours=1)
    async with database.begin(actor=KIM) as tx:
        maker = Maker(Random(3), tx)
        for number, (state, is_touched) in STATES.items():
            tx.session.add(
                Incident(
                    id=number, title=f"thing {number} broke", state=state, severity=2, rule="", is_confirmed=True, origin="alert",
                    declared_by="kim", declared_at=at, is_touched=is_touched, team="db" if number == 7 else "payments",
                    is_drill=number == 6, is_private=number == 7,
                )
            )  # fmt: skip
            await tx.session.flush()
            tx.session.add(ActionItem(incident_id=number, text="mend it", made_by="kim", made_at=at, changed_at=at))
        for number in (*STATES, None):
            await maker.alert(f"Alert{number or 0}", at, number)
    return House(database, clock)


async def test_what_nobody_accepted_what_was_none_and_drills_do_not_count(house: House) -> None:
    async with house.database.read() as tx:
        quarter = house.reports.quarter("", tx.now)
        found = await house.reports.of(tx, quarter, None)
        assert (found.total.now, found.private, found.still_open) == (3, 1, 1)
        assert (found.items.open, found.scope, found.team) == (6, "Example", None), "no drill's"
        of_payments = await house.reports.of(tx, quarter, house.directory.team("payments"))
        assert (of_payments.total.now, of_payments.private, of_payments.items.open, of_payments.scope) == (2, 0, 5, "Payments")
        assert (await house.reports.of(tx, house.reports.before(quarter), None)).total.now == 0


async def test_what_was_published_counts_from_the_first_time_until_it_is_withdrawn(
    house: House, clock: FakeClock, listeners: Listeners
) -> None:
    Learning(house.directory, house.incidents).listen(listeners)

    async def reviewed() -> tuple[int, int, timedelta | None]:
        async with house.database.read() as tx:
            found = (await house.reports.of(tx, house.reports.quarter("", tx.now), None)).reviews
        return found.over, found.published, found.took.middle

    assert await reviewed() == (2, 0, None)
    for _ in range(2):
        clock.advance(timedelta(hours=1))
        async with house.database.begin(actor=KIM) as tx:
            await tx.announce(PostmortemPublished(1, 1))
    assert await reviewed() == (2, 1, timedelta(hours=2))
    async with house.database.begin(actor=KIM) as tx:
        await tx.announce(PostmortemWithdrawn(1))
    assert await reviewed() == (2, 0, None)


async def test_a_firing_is_told_by_what_became_of_its_incident(house: House) -> None:
    async with house.database.read() as tx:
        rows = await firings(tx, tx.now - timedelta(days=1), tx.now)
        assert {(row.name, row.outcome, row.times) for row in rows} == {
            ("Alert1", Outcome.ACTED_ON, 1), ("Alert2", Outcome.NOISE, 1), ("Alert3", Outcome.NOISE, 1), ("Alert4", Outcome.UNDECIDED, 1),
            ("Alert5", Outcome.ACTED_ON, 1), ("", Outcome.ACTED_ON, 1), ("Alert0", Outcome.ALONE, 1),
        }, "no drill's, and no name that only a private incident knows"  # fmt: skip
        assert await firings(tx, tx.now, tx.now + timedelta(days=1)) == []
        theirs = await firings(tx, tx.now - timedelta(days=1), tx.now, team="db")
        assert [row.times for row in theirs] == [1]
        assert len(await firings(tx, tx.now - timedelta(days=1), tx.now, team="db", services=["checkout"])) == 7


def test_an_alert_is_named_when_mostly_nobody_acted_on_it() -> None:
    rows = [
        Firings("noisy", Outcome.NOISE, 2), Firings("noisy", Outcome.ALONE, 2), Firings("noisy", Outcome.ACTED_ON, 1),
        Firings("good", Outcome.NOISE, 4), Firings("good", Outcome.ACTED_ON, 4), Firings("rare", Outcome.NOISE, 2),
        Firings("", Outcome.NOISE, 9),
    ]  # fmt: skip
    found = told(rows)
    assert found.noisiest == (Noisy("noisy", 5, 1),)
    assert (found.fired, found.alone, found.noise, found.acted_on, found.undecided) == (24, 2, 17, 5, 0)
