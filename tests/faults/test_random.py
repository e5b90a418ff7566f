"""A hundred kills in a row at moments that nobody chose, while people and monitoring go about an incident's business."""

import asyncio
import itertools
import re
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession
from sqlalchemy import select
from sqlmodel import col

from bench.load import fingerprints, webhook
from bot.alerts.models import Alert, AlertEvent
from bot.incidents.models import Incident, TimelineEntry
from bot.paging.models import Page, PageAttempt
from bot.paging.states import PageState
from bot.slack.desk import STILL_WORKING
from bot.work.models import WorkItem
from bot.work.orders import WorkState
from tests.faults.conftest import Build
from tests.faults.house import House
from tests.faults.story import LABEL, direct_messages, incident_channels

pytestmark = pytest.mark.asyncio(loop_scope="module")

KILLS = 100
MANY_KILLS = 10_000
A_STORY_EVERY = 12
"""Kills between one incident's beginning and the next one's."""
SHORTEST_S, LONGEST_S = 0.1, 0.8
"""How long a bot lives: some die before they are ready."""
AGAIN_S = 0.05
PAGED = "max"
"""Nobody owns what these incidents are about, so the ladder has only its executive."""


@dataclass
class Outside:
    """What people and monitoring did, as far as they were told that it was done."""

    declared: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)
    """How often each update was typed until it was taken."""
    accepted: list[str] = field(default_factory=list)
    """Fingerprints of the alerts whose webhook was answered 202."""


async def until(does: Callable[[], Awaitable[bool]]) -> int:
    """Do it until it works; how often that was."""
    for count in itertools.count(1):
        if await does():
            return count
        await asyncio.sleep(AGAIN_S)
    raise AssertionError


async def an_incident(house: House, outside: Outside, title: str) -> None:
    """Kim declares, Max answers by SMS, Kim says how it goes; each does it again until it has worked."""
    kim, phone = house.sandbox.user("kim"), house.sandbox.phone(PAGED)

    async def types(line: str) -> bool:
        outcome = await kim.command(line)
        return outcome["ok"] is True and outcome["response"]["text"] != STILL_WORKING

    def the_page() -> re.Match[str] | None:
        return next(filter(None, (re.search(rf"(?s)#(\d+) {title}\b.*Reply (\d+)a", text) for text in phone.received)), None)

    async def is_paged() -> bool:
        return the_page() is not None

    async def answers() -> bool:
        found = the_page()
        return found is not None and not (await phone.reply(f"{found[2]}a"))["sms"]["error"]

    await until(lambda: types(f"/inc sev2 {title}"))
    outside.declared.append(title)
    await until(is_paged)
    await until(answers)
    outside.taken.append(title)
    page = the_page()
    assert page is not None
    for step in ("first", "second"):
        words = f"{step} look at {title}"
        outside.said[words] = await until(lambda words=words: types(f"/inc #{page[1]} update {words}"))  # type: ignore[misc]


async def alerts(house: House, outside: Outside, times: int) -> None:
    """Monitoring sends new alerts of one group, and each webhook again until it is accepted."""
    for _ in range(times):
        body = webhook(2, 7, service="storage", severity="critical")
        await until(lambda body=body: is_accepted(house, body))  # type: ignore[misc]
        outside.accepted += fingerprints(body)


async def is_accepted(house: House, body: bytes) -> bool:
    try:
        async with ClientSession() as client, client.post(f"{house.sandbox.url}/hooks/alertmanager/sandbox", data=body) as answer:
            return answer.status == 202
    except (ClientError, OSError):
        return False


async def many_deaths(house: House, kills: int, seed: int) -> Outside:
    """Kill the bot so often, let the last one live, and wait until everybody has done what they wanted."""
    chance, outside = Random(seed), Outside()
    (house.config / "calm.yaml").write_text("paging: {together_after: 0}\n")  # each page by itself, so that each can be counted
    stories: list[asyncio.Task[None]] = []
    for count in range(kills):
        if count % A_STORY_EVERY == 0:
            stories.append(asyncio.create_task(an_incident(house, outside, f"trouble {count}")))
            stories.append(asyncio.create_task(alerts(house, outside, 3)))
        life = await house.start(is_waited_for=False)
        await asyncio.sleep(chance.uniform(SHORTEST_S, LONGEST_S))
        assert await life.kill() == -signal.SIGKILL, house.last_words()
    await house.start()
    _, unfinished = await asyncio.wait(stories, timeout=60)
    assert not unfinished, f"{outside}\n{[sms.to_json() for sms in house.sandbox.phone(PAGED).sms]}\n{house.last_words()}"
    await asyncio.gather(*stories)
    assert await house.settled(within_s=90)
    return outside


@dataclass
class Stored:
    """What the database holds at the end."""

    incidents: list[Incident]
    pages: dict[int, Page]
    attempts: dict[int, list[PageAttempt]]
    """By the incident's number."""
    fingerprints: list[str]
    events: Counter[str]
    declarations: Counter[int]
    given_up: list[str]


async def stored(house: House) -> Stored:
    """Read it all."""
    async with house.database.read() as tx:

        async def rows(table: Any) -> list[Any]:
            return list((await tx.session.execute(select(table))).scalars())

        dead = select(col(WorkItem.key)).where(col(WorkItem.state) == WorkState.DEAD)
        pages, attempts = {page.incident_id: page for page in await rows(Page)}, await rows(PageAttempt)
        return Stored(
            await rows(Incident),
            pages,
            {number: [attempt for attempt in attempts if attempt.page_id == page.id] for number, page in pages.items()},
            [alert.fingerprint for alert in await rows(Alert)],
            Counter(event.fingerprint for event in await rows(AlertEvent)),
            Counter(entry.incident_id for entry in await rows(TimelineEntry) if entry.kind == "declared"),
            list((await tx.session.execute(dead)).scalars()),
        )


async def check(house: House, outside: Outside) -> None:
    """Nothing lost, nothing doubled, everything as if nobody had died."""
    found = await stored(house)
    assert found.given_up == []

    assert sorted(found.fingerprints) == sorted(outside.accepted)
    assert set(found.events.values()) == {1}

    by_people = [incident for incident in found.incidents if incident.origin == "slack"]
    by_alerts = [incident for incident in found.incidents if incident.origin == "alert"]
    assert sorted(incident.title for incident in by_people) == sorted(outside.declared) == sorted(outside.taken)
    assert len(by_alerts) == 1
    assert {incident.state for incident in found.incidents} == {"investigating"}
    assert set(found.declarations.values()) == {1}
    assert [found.pages[incident.number].acknowledged_by for incident in by_people] == [PAGED] * len(by_people)
    assert {found.pages[incident.number].state for incident in by_people} == {PageState.ACKNOWLEDGED}

    await check_channels(house, outside, found)
    for incident in by_people:
        await check_pages(house, PAGED, incident, found.attempts[incident.number])
    await check_pages(house, "bea", by_alerts[0], found.attempts[by_alerts[0].number])


async def check_channels(house: House, outside: Outside, found: Stored) -> None:
    channels = await incident_channels(house)
    assert sorted(channel["id"] for channel in channels) == sorted(str(incident.channel_id) for incident in found.incidents)
    for channel in channels:
        incident = next(incident for incident in found.incidents if incident.channel_id == channel["id"])
        messages = [one for one in await house.sandbox.channel(channel["id"]).messages() if "subtype" not in one.raw]
        cards = [message.ts for message in messages if f"#{incident.number} SEV" in message.shown.splitlines()[0]]
        assert cards == [incident.card_ts]
        assert channel["pins"] == 1
        assert f"SEV{incident.severity}" in channel["topic"]["value"]
        expected = {"U0TOCSIN000", "U0BEA000000"} if incident.origin == "alert" else {"U0TOCSIN000", "U0KIM000000", "U0MAX000000"}
        assert expected <= set(channel["members"])
        for words in (words for words in outside.said if words.endswith(f"at {incident.title}")):
            told = sum(words in message.shown for message in messages if message.ts not in cards)
            assert 1 <= told <= outside.said[words], (words, outside.said[words], [message.shown for message in messages])


async def check_pages(house: House, person: str, incident: Incident, attempts: list[PageAttempt]) -> None:
    """At least one page by each way that was not overtaken by the answer; each beyond the first says that it may be a repetition."""
    named = f"SEV{incident.severity} #{incident.number} "
    marked = f"*{named.strip()}*"
    pages = {
        "sms": [text for text in house.sandbox.phone(person).received if text.startswith(named)],
        "email": [mail.subject for mail in house.sandbox.mailbox(person) if mail.subject.startswith(named)],
        "slack": [page["text"] for page in await direct_messages(house, person) if marked in page["text"]],
    }
    answered_before = {attempt.method for attempt in attempts if attempt.accepted_at is None}  # by another way, so never sent or not again
    for method, sent in pages.items():
        assert sent or (method in answered_before and method != "sms"), f"{person} was not paged by {method} for #{incident.number}"
        assert len(sent) <= 1 + sum(LABEL in text for text in sent), (person, method, sent)
        assert len(sent) <= 1 or method == "email", (person, method, sent)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_hundred_random_kills_in_a_row(build: Build, kind: str) -> None:
    async with build(kind) as house:
        await check(house, await many_deaths(house, KILLS, seed=2026))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(MANY_KILLS // KILLS))
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_ten_thousand_random_kills(build: Build, kind: str, seed: int) -> None:
    """The same, a hundred times over, each with other moments."""
    async with build(kind) as house:
        await check(house, await many_deaths(house, KILLS, seed))
