"""P13: a process is killed in the middle of a storm, and another begins. From its first answer: how soon what was overdue has left, and
whether anything goes out again that was marked as sent. And "ack": how long a text that takes a page waits for its answer, in a storm.
"""

import asyncio
import time
from pathlib import Path
from statistics import median

from sqlalchemy import select
from sqlmodel import col
from twilio.request_validator import RequestValidator

from bench.contestants import Contestant
from bench.crowd import ACCOUNT, PEOPLE, Crowd, crowd, percentile, phone
from bench.table import Row
from bot.paging.models import PageAttempt
from bot.paging.states import AttemptState
from bot.work.models import WorkItem
from bot.work.orders import WorkState
from tests import postgres

ROUNDS = 3
STORM = 300
ANSWERS = 100
PROVIDER_S = 0.1


async def measure(folder: Path) -> list[Row]:
    """Both."""
    with postgres.running() as server:
        async with crowd(folder, server.url(await asyncio.to_thread(server.create)), replicas=0) as stage:
            await stage.delays(Messages=PROVIDER_S, Calls=PROVIDER_S)
            rows = await after_kills(stage)
            async with stage.bot() as bot:
                return [*rows, await answers(stage, bot)]


async def after_kills(stage: Crowd) -> list[Row]:
    """Kill it when a third has gone out; what waits then is overdue and unleased."""
    waits, doubled = [], 0
    for turn in range(ROUNDS):
        since = len(await stage.arrivals())
        async with stage.bot() as bot:
            await stage.pages_due(STORM, first=turn * STORM)
            await stage.until(STORM // 3, since, within_s=120)
            bot.process.kill()
        sent, waiting = await marked_as_sent(stage), await still_waiting(stage)
        mark = len(await stage.arrivals())
        async with stage.bot():
            began = time.time()
            waits.append(await last_of(stage, waiting, mark) - began)
            await stage.until(STORM, since, within_s=120)
        doubled += sum(to in sent for _, to, _ in await stage.arrivals(mark))
    slowest = max(waits)
    spread = f"{min(waits):.1f} to {slowest:.1f} s"
    return [
        Row("P13", f"overdue steps of {STORM} have left after a kill, s", f"{median(waits):.1f} s", "", median(waits), spread, 5, 1),
        Row("P13", "sent again of what was marked as sent", str(doubled), "0", float(doubled), "exact", 0, 0),
    ]


async def last_of(stage: Crowd, people: set[str], since: int) -> float:
    """When the last of these numbers was reached."""
    async with asyncio.timeout(120):
        while True:
            came = {to: at for _, to, at in await stage.arrivals(since)}
            if people <= came.keys():
                return max(came[to] for to in people)
            await asyncio.sleep(0.1)


async def marked_as_sent(stage: Crowd) -> set[str]:
    """The numbers whose page is written down as taken by the provider."""
    async with stage.database.read() as tx:
        taken = select(col(PageAttempt.person)).where(col(PageAttempt.state) == AttemptState.ACCEPTED)
        return {phone(int(person[1:])) for person in (await tx.session.execute(taken)).scalars()}


async def still_waiting(stage: Crowd) -> set[str]:
    """The numbers whose page is due, and nobody holds it."""
    async with stage.database.read() as tx:
        free = (
            select(col(PageAttempt.person))
            .join(WorkItem, col(WorkItem.key) == "attempt:" + col(PageAttempt.id).cast(col(WorkItem.key).type))
            .where(col(WorkItem.state) == WorkState.WAITING, col(WorkItem.due_at) <= tx.now)
        )
        return {phone(int(person[1:])) for person in (await tx.session.execute(free)).scalars()}


async def answers(stage: Crowd, bot: Contestant) -> Row:
    """People who were paged answer by text, one after the other, while others are being paged."""
    since, first = len(await stage.arrivals()), PEOPLE - ANSWERS
    await stage.pages_due(ANSWERS, first=first)
    await stage.until(ANSWERS, since, within_s=120)
    await stage.pages_due(STORM, first=5_000)
    took, url = [], f"{bot.url.removesuffix('/readyz')}/hooks/twilio/sms"
    for number in range(first, PEOPLE):
        form = {"From": phone(number), "To": ACCOUNT["TWILIO_FROM"], "Body": "a", "MessageSid": f"SM{number}"}
        signature = RequestValidator(ACCOUNT["TWILIO_AUTH_TOKEN"]).compute_signature(url, form)
        began = time.perf_counter()
        async with stage.client.post(url, data=form, headers={"X-Twilio-Signature": signature}) as answer:
            assert answer.status == 200, await answer.text()
        took.append(time.perf_counter() - began)
    async with stage.database.read() as tx:
        answered = select(col(PageAttempt.id)).where(col(PageAttempt.state) == AttemptState.ANSWERED)
        assert len((await tx.session.execute(answered)).all()) == ANSWERS
    worst = percentile(took, 0.99)
    return Row("R1", "ack stored, p99 in s, while 300 are paged", f"{worst:.3f} s", "", worst, f"p50 {median(took):.3f} s", 0.5, 0.1)
