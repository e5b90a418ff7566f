"""D2: a postmortem of 10,000 captured messages as PDF, from the database to the bytes: read, written, drawn and printed."""

import resource
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from bench.table import Row
from bench.telling import MESSAGES, fill
from bot.clock import FakeClock
from bot.config.loader import load
from bot.db import BOT, Database
from bot.directory.service import Directory
from bot.events import Listeners
from bot.incidents import timeline
from bot.incidents.action_items import ActionItems
from bot.incidents.lifecycle import MilestoneKind
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.migrate import migrate
from bot.oncall.service import OnCall
from bot.paging.climbing import Climbing
from bot.paging.service import Paging
from bot.postmortems.material import Gatherer
from bot.postmortems.models import PostmortemPicture
from bot.postmortems.paper import Paper
from bot.postmortems.picture import in_words
from bot.postmortems.pictures import MAKER
from bot.postmortems.sketch import Sketcher
from bot.postmortems.writing import Writer
from bot.press.press import Press

ROUNDS = 3


async def measure(folder: Path) -> list[Row]:
    """Each round does all of it; processes begin, too."""
    database = Database(f"sqlite+inline:///{folder / 'd2.db'}", FakeClock(), Listeners())
    await migrate(database)
    await fill(database)
    await live(database)
    directory = Directory(load(Path("bot/sandbox/config"), {}))
    paging = Paging(directory, Climbing(directory, OnCall(directory), ("slack", "sms")))
    writer = Writer(directory, Gatherer(directory, paging, ActionItems(Incidents(paging), directory)))
    sketcher, press = Sketcher(directory, paging), Press()
    took, worked = [], []
    for _ in range(ROUNDS):
        began, worked_before = time.perf_counter(), work_s()
        async with database.read() as tx:
            incident = await tx.session.get(Incident, 1)
            assert incident is not None
            material, sketch = await writer.gather(tx, incident), await sketcher.sketch(tx, incident)
        markdown, _ = await writer.write(material)
        shown = await sketcher.picture(sketch)
        assert shown is not None
        svg, png = await press.make(MAKER, shown)  # type: ignore[misc]
        picture = PostmortemPicture(incident_id=1, facts="", words=in_words(shown), svg=svg, png=png, drawn_at=incident.declared_at)
        made = await Paper(press).pdf(incident, "Draft", markdown, picture, "https://tocsin.example/postmortems/1")
        took.append(time.perf_counter() - began)
        worked.append(work_s() - worked_before)
        assert made.startswith(b"%PDF-")
    await database.close()
    value, spread = median(took), f"{min(took):.2f} to {max(took):.2f}"
    return [Row("D2", f"PDF of {MESSAGES:,} messages, all told", f"{value:.2f} s", f"{median(worked):.2f} s CPU", value, spread, 5, 3)]


async def live(database: Database) -> None:
    """Let the incident have begun and ended, so that there is something to draw."""
    async with database.begin(actor=BOT) as tx:
        incident = await tx.session.get(Incident, 1)
        assert incident is not None
        began = incident.declared_at
        await timeline.record(tx, 1, "declared", "declared SEV1: checkout is down", happened_at=began)
        for kind, at in ((MilestoneKind.DECLARED, began), (MilestoneKind.RESOLVED, began + timedelta(hours=9))):
            await timeline.reach(tx, 1, kind, source="person", happened_at=at)
        for n in range(50):
            await timeline.record(tx, 1, "update", f"still at it, {n}", happened_at=began + timedelta(minutes=10 * n))


def work_s() -> float:
    """Processor time of this process and of those that it waited for, in seconds: what a machine with nothing else to do takes."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
