"""What runs print and leave: kept in the database, and cleared from the machine."""

from datetime import timedelta
from pathlib import Path

from bot.clock import FakeClock
from bot.db import BOT, Database
from bot.incidents.lifecycle import IncidentState
from bot.incidents.models import Incident
from bot.runbooks import output
from bot.runbooks.ansible import LocalRunner
from bot.runbooks.leftovers import Leftovers
from bot.runbooks.models import Run
from bot.runbooks.output import Piece
from bot.runbooks.records import run_id
from bot.runbooks.states import RunState
from tests.runbooks.engine import Engine


async def a_run(database: Database, state: RunState = RunState.RUNNING) -> Run:
    """A run of an incident."""
    async with database.begin(actor=BOT) as tx:
        incident = Incident(
            title="checkout is down", state=IncidentState.INVESTIGATING, severity=1, rule="typed", is_confirmed=True, origin="slack",
            declared_by="kim", declared_at=tx.now,
        )  # fmt: skip
        tx.session.add(incident)
        await tx.session.flush()
        run = Run(
            incident_id=incident.number, runbook="x", title="X", environment="here", words="{}", requested_by="kim", requested_at=tx.now,
            state=state, ended_at=tx.now if state == RunState.SUCCEEDED else None,
        )  # fmt: skip
        tx.session.add(run)
        await tx.session.flush()
        return run


async def test_output_is_read_back_as_it_was_printed_and_what_came_late_twice_counts_once(database: Database) -> None:
    run = await a_run(database)
    for after, pieces in ((0, [Piece(0, 6, "first\n")]), (6, [Piece(6, 13, "second\n")]), (6, [Piece(6, 20, "second\nthird\n")])):
        async with database.begin(actor=BOT) as tx:
            await output.keep(tx, run.number, after, pieces)
    async with database.read() as tx:
        assert await output.position(tx, run.number) == 13
        assert await output.kept(tx, run.number) == "first\nsecond\n"
        assert await output.kept(tx, run.number, 7) == "\n… 6 bytes are not shown here …\n\nsecond\n"


async def test_the_middle_of_too_much_is_left_out_and_said(database: Database) -> None:
    run, size = await a_run(database), 50_000
    for number in range(100):
        piece = Piece(number * size, (number + 1) * size, f"{number:049999}\n")
        async with database.begin(actor=BOT) as tx:
            await output.keep(tx, run.number, piece.start, [piece])
    async with database.read() as tx:
        text = await output.kept(tx, run.number)
    assert text.startswith("0000")
    assert text.rstrip().endswith("099")
    assert "… 3,000,000 bytes are not shown here …" in text
    assert len(text) < output.HEAD + output.TAIL + 100


async def test_output_goes_when_no_link_to_its_page_opens_any_more(sqlite_database: Database, clock: FakeClock) -> None:
    run = await a_run(sqlite_database, RunState.SUCCEEDED)
    async with sqlite_database.begin(actor=BOT) as tx:
        await output.keep(tx, run.number, 0, [Piece(0, 6, "first\n")])
    for days, left in ((89, "first\n"), (2, "")):
        clock.advance(timedelta(days=days))
        async with sqlite_database.begin(actor=BOT) as tx:
            await output.forget_old(tx)
            assert await output.kept(tx, run.number) == left


async def test_a_sweep_removes_what_ended_runs_left_and_nothing_else(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> None:
    over, lost, at_work = [await a_run(sqlite_database, state) for state in (RunState.SUCCEEDED, RunState.LOST, RunState.RUNNING)]
    homes = {name: tmp_path / name for name in (*map(run_id, (over, lost, at_work)), f"{run_id(over)}-dry-ab12", "run-99-1", "mine")}
    for home in homes.values():
        (home / "artifacts").mkdir(parents=True)
    leftovers = Leftovers(sqlite_database, LocalRunner(tmp_path), timedelta(hours=1))
    await leftovers.ended(run_id(over))
    await leftovers.sweep()
    assert sorted(await LocalRunner(tmp_path).kept()) == sorted(set(homes) - {f"{run_id(over)}-dry-ab12"})
    assert all((homes[name] / "artifacts").exists() for name in homes if "-dry-" not in name), "an hour is not over"
    clock.advance(timedelta(hours=1))
    await leftovers.sweep()
    assert list(homes[run_id(over)].iterdir()) == [], "what stays is the mark that it was begun"
    assert all((homes[name] / "artifacts").exists() for name in (run_id(lost), run_id(at_work), "run-99-1", "mine"))


async def test_a_run_that_was_cleared_is_never_begun_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path, LocalRunner(tmp_path / "runs"))
    (engine.home("run-1-1") / "artifacts").mkdir(parents=True)
    await engine.runner.clear("run-1-1")
    await engine.start(engine.spec("- ansible.builtin.debug: {msg: again}\n", run_id="run-1-1"))
    assert list(engine.home("run-1-1").iterdir()) == []
    assert list(await engine.runner.kept()) == ["run-1-1"]
    await engine.runner.forget("run-1-1")
    assert await engine.runner.kept() == {}
