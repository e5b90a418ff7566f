"""One incident told in chapters, and what is to be seen at the end of each, whatever happened on the way."""

import asyncio
import json
import os
import re
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import ClientError, ClientSession
from sqlalchemy import func, select
from sqlmodel import col

from bot.errors import NotFound
from bot.handoffs.models import Handoff
from bot.incidents.models import ActionItem, Incident, Invitation, MilestoneRow, Role, TimelineEntry
from bot.oncall.models import OnCallEpoch, OnCallOverride, OnCallSwap
from bot.paging.models import Page, PageAttempt
from bot.paging.states import AttemptState
from bot.reloads.models import Reading
from bot.runbooks.models import Run
from bot.sandbox.testing import Json, elements, words
from bot.sandbox.workspace.model import readable_id
from bot.work.models import Alarm, WorkItem
from bot.work.orders import WorkState
from tests.faults.house import LEASES_END, House

LABEL = "possible duplicate"
LABELS = {"alertname": "Trouble", "service": "«service»", "severity": "«severity»"}
PAYLOAD = {
    "version": "4", "groupKey": "{}:{alertname=\"Trouble\"}", "truncatedAlerts": 0, "status": "firing", "receiver": "tocsin",
    "groupLabels": LABELS, "commonLabels": LABELS, "commonAnnotations": {}, "externalURL": "http://alertmanager.example.com",
    "alerts": [{
        "status": "firing", "labels": LABELS, "annotations": {"summary": "there is trouble"}, "fingerprint": "00000000000000ff",
        "startsAt": "2026-11-22T09:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prometheus.example.com/graph",
    }],
}  # fmt: skip
ANSWERS = ("Done: ", "The team was asked: ")
"""To whoever pressed: a process that dies before it has answered leaves them to be told directly, or not at all."""
REACHED = frozenset({AttemptState.ACCEPTED, AttemptState.DELIVERED, AttemptState.SEEN, AttemptState.ANSWERED})
Act = Callable[[House], Awaitable[bool]]
"""What a person or time does. False: who did it saw that it failed, and will do it again."""


async def declare(house: House) -> bool:
    """Kim declares."""
    return (await house.sandbox.user("kim").command("/inc sev1 checkout is down"))["ok"] is True


async def three_minutes(house: House) -> bool:
    """Ana does not answer, so Bo's step comes."""
    await house.moves_on(timedelta(minutes=3, seconds=1))
    return True


async def declare_small(house: House) -> bool:
    """Kim declares what one other has to read about."""
    return (await house.sandbox.user("kim").command("/inc sev3 checkout is slow"))["ok"] is True


async def ask_for_review(house: House) -> bool:
    """Kim owns the postmortem, and asks Ana."""
    await in_channel(house, "/inc postmortem owner @kim")
    return await in_channel(house, "/inc postmortem review @ana")


async def agree(house: House) -> bool:
    """Ana approves it."""
    return await in_channel(house, "/inc postmortem approve", "ana")


async def publish(house: House) -> bool:
    """Kim publishes it, everywhere."""
    return await in_channel(house, "/inc postmortem publish")


async def a_minute(house: House) -> bool:
    """Things settle."""
    await house.moves_on(timedelta(minutes=1))
    return True


async def acknowledge(house: House) -> bool:
    """Ana answers by SMS."""
    answered = await house.sandbox.phone("ana").reply("1a")
    return not answered["sms"]["error"]


async def acknowledge_by_mail(house: House) -> bool:
    """Ana answers by replying to the mail; what is not taken her mail program sends again, the very same."""
    return await house.sandbox.mail("ana", "ack", 0, Message_ID="<ana@phone.sandbox>") == ""


async def press_ack(house: House) -> bool:
    """Ana answers by the button of her direct message; where it is gone, she has."""
    [card] = await direct_messages(house, "ana")
    if "Acknowledge" not in card["text"].splitlines():
        return True
    return (await house.sandbox.user("ana").click("page.acknowledge", card["channel"], card["ts"]))["ok"] is True


async def update(house: House) -> bool:
    """Kim says how it goes."""
    return await in_channel(house, "/inc update rollback started")


async def resolve(house: House) -> bool:
    """Kim ends it."""
    return await in_channel(house, "/inc resolve rolled back")


async def meet(house: House) -> bool:
    """Kim calls a meeting about it."""
    return await in_channel(house, "/inc postmortem meeting tomorrow 14:00")


async def alert(house: House) -> bool:
    """Monitoring finds that storage is in trouble; what is not accepted is sent again."""
    return await post(house, "storage", "critical")


async def small_alert(house: House) -> bool:
    """Monitoring finds something that wakes nobody."""
    return await post(house, "queue", "warning")


async def reload(house: House) -> bool:
    """Somebody puts kim in ana's place, and says so to the bot."""
    path = house.config / "teams.yaml"
    path.write_text(path.read_text().replace("participants: [ana]", "participants: [kim]"))
    assert house.life is not None
    os.kill(house.life.pid, signal.SIGHUP)
    while not house.life.is_over and await readings(house) < 2:  # noqa: ASYNC110 – another process writes them
        await asyncio.sleep(0.02)
    return True


async def readings(house: House) -> int:
    """How often the configuration was found to be another."""
    async with house.database.read() as tx:
        return int((await tx.session.execute(select(func.count()).select_from(Reading))).scalar_one())


def tuesday(house: House) -> None:
    """Let it be Tuesday, 09:00 UTC: Kim in Seoul is awake and stays so for hours, and no hand-off of others is near."""
    now = house.clock.now()
    morning = now.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=(1 - now.weekday()) % 7)
    house.passes((morning if morning > now else morning + timedelta(days=7)) - now)


async def stand_in(house: House) -> bool:
    """Ana lets Kim stand in for her, at once: a hand-off."""
    return await typed(house, "/oncall override @kim payments +8h", "Confirm")


async def half_an_hour(house: House) -> bool:
    """Kim has not said that she has it."""
    await house.moves_on(timedelta(minutes=31))
    return True


async def an_hour(house: House) -> bool:
    """Nor has she after the nudge."""
    await house.moves_on(timedelta(minutes=61))
    return True


async def ask_for_cover(house: House) -> bool:
    """Ana asks her team."""
    return await typed(house, "/oncall cover +8h payments", "Ask the team")


async def take_it(house: House) -> bool:
    """Kim takes it; where the button is gone, she has."""
    asked = [one for one in await house.sandbox.channel("payments").messages() if "asks the team" in one.shown]
    if "I take it" not in asked[-1].shown:
        return True
    return (await house.sandbox.user("kim").click(asked[-1].button("I take it"), "payments", asked[-1].ts))["ok"] is True


async def ask_for_run(house: House) -> bool:
    """Kim asks for a runbook to be run."""
    return await in_channel(house, "/inc run count")


async def approve(house: House) -> bool:
    """Ana approves it; where the button is gone, she has."""
    [channel] = await incident_channels(house)
    try:
        return (await house.sandbox.user("ana").press("Approve", channel["name"]))["ok"] is True
    except NotFound:
        return True


async def declare_checkout(house: House) -> bool:
    """Kim declares, about a service whose action items become issues."""
    return (await house.sandbox.user("kim").command("/inc sev1 checkout is down service:checkout"))["ok"] is True


async def add_item(house: House) -> bool:
    """Kim writes down what is to be done."""
    return await in_channel(house, "/inc task add canary alarm @kim")


async def raise_item(house: House) -> bool:
    """It is urgent. What is refused a second time was done the first."""
    return await in_channel(house, "/inc task 1 p0")


async def close_issue(house: House) -> bool:
    """Zoe closes its issue on GitHub."""
    github = house.sandbox.outside.github
    place = github.repositories["example/checkout"]
    github.change(place, place.issues[1], "zoe", state="closed")
    await github.settled()
    return True


async def five_minutes(house: House) -> bool:
    """GitHub delivers no webhook twice: should it have been lost, the poll finds out."""
    await house.moves_on(timedelta(minutes=5, seconds=1))
    return True


async def typed(house: House, line: str, label: str) -> bool:
    """Ana types a line and confirms it. What is refused a second time was done the first."""
    ana = house.sandbox.user("ana")
    answer = await ana.command(line)
    if not answer["ok"]:
        return False
    if "already" in json.dumps(answer):
        return True
    shown = [one for one in await ana.sees("general") if label in one.shown.splitlines()][-1]
    value = next(str(one["value"]) for one in elements(shown.blocks) if label in words(one))
    return (await ana.click(shown.button(label), "general", shown.ts, value=value))["ok"] is True


CHAPTERS: Mapping[str, tuple[Act, ...]] = {
    "declared": (declare,),
    "alerted": (alert,),
    "noted": (small_alert,),
    "escalated": (declare, three_minutes),
    "acknowledged": (declare, acknowledge),
    "mailed": (declare, acknowledge_by_mail),
    "pressed": (declare, press_ack),
    "updated": (declare, update),
    "resolved": (declare, three_minutes, resolve),
    "drawn": (declare, resolve, a_minute, meet),
    "published": (declare_small, resolve, ask_for_review, agree, publish),
    "reloaded": (reload,),
    "handed over": (stand_in, half_an_hour, an_hour),
    "covered": (ask_for_cover, take_it),
    "ran": (declare, ask_for_run, approve),
    "tracked": (declare_checkout, acknowledge, add_item, raise_item, close_issue, five_minutes),
}


BEGINS: Mapping[str, Callable[[House], None]] = {"handed over": tuesday, "ran": House.add_runbook, "published": House.add_places}
"""When a chapter begins, where that matters."""


async def tell(house: House, chapter: str, die_at: str = "") -> list[int]:
    """Let a chapter happen. When the bot dies on the way another is started; the exit codes of those that died."""
    deaths: list[int] = []
    if chapter in BEGINS:
        BEGINS[chapter](house)
    await house.start(die_at)
    await rise(house, deaths)
    for act in CHAPTERS[chapter]:
        for _ in range(3):
            is_done = await act(house)
            await rise(house, deaths)
            if is_done:
                break
        else:
            raise AssertionError(f"{act.__name__} failed again and again:\n{house.last_words()}")
    return deaths


async def rise(house: House, deaths: list[int]) -> None:
    """Wait until the bot has done what there is to do; when it dies over it, start another, after the dead one's leases ended."""
    while not await house.settled():
        assert house.life is not None
        deaths.append(await house.life.died)
        house.died_at = house.clock.now()
        house.passes(LEASES_END)
        await house.start()


@dataclass
class End:
    """What there is to see and what is stored, without times and ids."""

    channels: list[str] = field(default_factory=list)
    ops: Counter[str] = field(default_factory=Counter)
    """What stands in the ops channel."""
    posts: Counter[str] = field(default_factory=Counter)
    """What stands in the channels, by the first words of each."""
    members: set[str] = field(default_factory=set)
    copies: Counter[str] = field(default_factory=Counter)
    """Where the postmortem was published, each copy and each commit."""
    pins: int = 0
    topic: str = ""
    reached: set[tuple[str, str]] = field(default_factory=set)
    """Who got the page, and how."""
    extra: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Pages beyond one for each of these."""
    labelled: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Pages that say that they may be a repetition."""
    late: timedelta = timedelta(0)
    """How late the latest page was taken by its provider, counted from its time or from the death of the bot."""
    stood_down: Counter[str] = field(default_factory=Counter)
    replies: Counter[str] = field(default_factory=Counter)
    """What was written back to answers by mail."""
    incident: dict[str, object] = field(default_factory=dict)
    links: dict[str, bool] = field(default_factory=dict)
    pages: list[tuple[object, ...]] = field(default_factory=list)
    attempts: dict[tuple[str, str, int], str] = field(default_factory=dict)
    timeline: Counter[str] = field(default_factory=Counter)
    milestones: Counter[str] = field(default_factory=Counter)
    roles: set[tuple[str, str]] = field(default_factory=set)
    invited: set[str] = field(default_factory=set)
    letters: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What people were told directly that is no page, numbers aside."""
    team: Counter[str] = field(default_factory=Counter)
    """What stands in a team's channel, its topic first."""
    oncall: Counter[str] = field(default_factory=Counter)
    """Hand-offs, overrides and swaps, by how they stand."""
    ran: Counter[str] = field(default_factory=Counter)
    """Runs by how they ended, and what they did on each host."""
    items: list[tuple[object, ...]] = field(default_factory=list)
    """Action items, and the issues that there are of them."""
    given_up: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    epochs: Counter[str] = field(default_factory=Counter)


async def end_of(house: House) -> End:
    """The end of a story."""
    end = End()
    await see_channels(house, end)
    end.copies.update(house.copies())
    for person in ("ana", "bo", "kim", "bea", "max", "lee"):
        await see_pages(house, person, end)
    await see_team(house, end)
    await read_database(house, end)
    return end


async def see_team(house: House, end: End) -> None:
    channel = next(one for one in await house.sandbox.channels() if one.get("name") == "payments")
    end.team["topic: " + channel["topic"]["value"]] += 1
    for message in await house.sandbox.channel("payments").messages():
        if "subtype" not in message.raw:
            end.team[re.sub(r"\d+", "…", message.shown)] += 1


async def see_channels(house: House, end: End) -> None:
    for text in await house.sandbox.channel("ops").texts():
        end.ops[bare(house, text)] += 1
    for channel in await incident_channels(house):
        end.channels.append(bare(house, channel["name"]))
        end.members |= {member.strip("U0") for member in channel["members"]}
        end.pins += channel["pins"]
        end.topic = channel["topic"]["value"]
        end.copies.update(f"canvas {one['title']}" for one in (await house.sandbox.get(f"/channels/{channel['id']}"))["canvases"])
        for message in await house.sandbox.channel(channel["id"]).messages():
            if message.raw.get("subtype") not in ("channel_join", "channel_topic", "pinned_item"):
                end.posts[bare(house, message.shown).splitlines()[0]] += 1


async def see_pages(house: House, person: str, end: End) -> None:
    texts, told = house.sandbox.phone(person).received, await direct_messages(house, person)
    letters = [one["text"] for one in told if not one["is_page"] and not one["text"].startswith(ANSWERS)]
    end.letters.update((person, re.sub(r"\d+", "…", re.sub(r"\?k=[^|>\s]+", "", text))) for text in letters)
    pages = {
        "sms": [text for text in texts if "a to take it" in text],
        "slack": [one["text"] for one in told if one["is_page"]],
        "email": [mail.subject for mail in house.sandbox.mailbox(person) if not mail.subject.startswith("Re: ")],
        "voice": ["rings"] * len(house.sandbox.phone(person).calls),
    }
    for method, sent in pages.items():
        if sent:
            end.reached.add((person, method))
            end.extra[person, method] += len(sent) - 1
            end.labelled[person, method] += sum(LABEL in text for text in sent)
    replies = {dict(mail.headers)["Message-ID"] for mail in house.sandbox.mailbox(person) if mail.subject.startswith("Re: ")}
    end.replies[person] += len(replies)  # one that comes twice carries the same id, and is shown once
    end.stood_down[person] += sum("no longer needed" in text for text in texts)


async def read_database(house: House, end: End) -> None:
    async with house.database.read() as tx:

        async def rows(table: Any) -> list[Any]:
            return list((await tx.session.execute(select(table))).scalars())

        for incident in await rows(Incident):
            kept = ("title", "state", "severity", "is_confirmed", "service", "team", "declared_by", "channel_trouble")
            end.incident |= {name: getattr(incident, name) for name in kept}
            end.links |= {"channel": incident.channel_id is not None, "card": incident.card_ts is not None}
        end.pages = [(page.severity, page.state, page.taken, page.acknowledged_by) for page in await rows(Page)]
        for attempt in await rows(PageAttempt):
            if attempt.accepted_at is not None:
                end.late = max(end.late, attempt.accepted_at - max(attempt.due_at, house.died_at or attempt.due_at))
            end.attempts[attempt.person, attempt.method, attempt.step] = "reached" if attempt.state in REACHED else attempt.state.value
        end.timeline = Counter(entry.kind for entry in await rows(TimelineEntry))
        end.items = [(item.text, item.owner, item.priority, item.done_by) for item in await rows(ActionItem)]
        places = house.sandbox.outside.github.repositories.values()
        issues = [issue for place in places for issue in place.issues.values()]
        end.items += [(one.number, one.title, one.state, tuple(one.assignees), tuple(sorted(one.labels))) for one in issues]
        end.milestones = Counter(stone.kind.value for stone in await rows(MilestoneRow))
        end.roles = {(role.person, role.role) for role in await rows(Role)}
        end.invited = {invitation.actor for invitation in await rows(Invitation)}
        dead = select(col(WorkItem.key)).where(col(WorkItem.state) == WorkState.DEAD)
        end.given_up = list((await tx.session.execute(dead)).scalars())
        end.oncall = Counter(f"{one.schedule} {one.incoming} {one.state.value}" for one in await rows(Handoff))
        end.oncall.update(f"{one.schedule} {one.kind.value} {one.person}" for one in await rows(OnCallOverride))
        end.oncall.update(f"{one.schedule} swap {one.state.value} {one.taker}" for one in await rows(OnCallSwap))
        end.ran = Counter(run.state.value for run in await rows(Run))
        end.ran.update(house.counted.read_text().split() if house.counted.exists() else ())
        end.epochs = Counter(epoch.schedule for epoch in await rows(OnCallEpoch))
        end.alarms = [alarm.sentence for alarm in await rows(Alarm)]


async def incident_channels(house: House) -> list[Json]:
    """Every incident's channel there is."""
    return [channel for channel in await house.sandbox.channels() if str(channel.get("name", "")).startswith("inc-")]


def is_page(text: str) -> bool:
    """A message of the bot's that wakes somebody, and not one about a postmortem."""
    return "SEV" in text and "postmortem" not in text


async def direct_messages(house: House, person: str) -> list[Json]:
    """Somebody's direct messages, as Slack shows them, each with its channel; the pages among them are marked."""
    found: list[Json] = []
    for channel in await house.sandbox.channels():
        if channel.get("is_im") and readable_id("U", person) in channel["members"]:
            messages = await house.sandbox.channel(channel["id"]).messages()
            found += [
                message.raw | {"channel": channel["id"], "text": message.shown, "is_page": is_page(message.shown)} for message in messages
            ]
    return found


def bare(house: House, text: str) -> str:
    """A text without what differs from house to house: address, signatures, times, files' ids, numbers (a rollback uses one up)."""
    return re.sub(
        r"(?<=inc-)\d+|(?<=/)F0[0-9A-Z]+|(?<=#)\d+|\?k=[^|>]*|(?<=date\^)\d+|\d\d:\d\d(?= UTC)", "…", text.replace(house.sandbox.url, "")
    )


async def post(house: House, service: str, severity: str) -> bool:
    body = json.dumps(PAYLOAD, ensure_ascii=False).replace("«service»", service).replace("«severity»", severity)
    try:
        async with ClientSession() as client, client.post(f"{house.sandbox.url}/hooks/alertmanager/sandbox", data=body) as answer:
            return answer.status == 202
    except ClientError:
        return False


async def in_channel(house: House, line: str, person: str = "kim") -> bool:
    [channel] = await incident_channels(house)
    return (await house.sandbox.user(person).command(line, channel["name"]))["ok"] is True
