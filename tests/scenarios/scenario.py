"""A scenario: what happens to people at night, told to the whole bot, and the timetable of everything that left the house meanwhile.

    scenario = await play(CONFIGURATION)            # it is Monday, 03:00
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:04")
    await scenario.text("bo", "ack")
    scenario.sent_exactly('''
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        03:03 bo sms: SEV1 #1
        03:04 ana sms: #1: handled by Bo Lindqvist. You are no longer needed. Thank you.
        03:04 bo sms: #1 is yours.
    ''')

The timetable is complete: every text, call, push, mail, webhook and message in Slack since the bot began, also those that reached
nobody. It leaves out answers to whoever acts in Slack and edits of what stands there, which ring nowhere.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from difflib import ndiff
from itertools import groupby
from pathlib import Path
from textwrap import shorten

from aiohttp import ClientSession

from bot.incidents import timeline
from bot.sandbox.testing import HeldPhone
from tests.scenarios import house
from tests.world import Json, World

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
"""A Monday, at the hour at which nobody thinks."""
METHODS = ("", "slack", "sms", "voice", "push", "email", "webhook")
PAGE = re.compile(r"(?P<page>SEV[1-4] #\d+)\b.*?(?P<remark> \((?:late by|possible|flapping)[^)]*\))?(?:\. .*)?")
"""The first line of a page. Its title is known; that it comes late, twice or again and again is worth a word."""

LONGEST = 72
LINK = re.compile(r"<[^|>]+\|([^>]+)>")


@dataclass(frozen=True)
class Sent:
    """One thing that left the house. What stands in a channel went to nobody by name: it has no `how`."""

    at: datetime
    who: str
    how: str
    words: str

    @property
    def when(self) -> str:
        """`03:04`, `03:04:30` or, on another day, `tue 03:04`. A channel takes one message a second, so only its minute says something."""
        day = "" if self.at.date() == START.date() else f"{self.at:%a} ".lower()
        return day + (f"{self.at:%H:%M:%S}".removesuffix(":00") if self.how else f"{self.at:%H:%M}")


class Scenario:
    """A running bot, and the hands of the people around it."""

    def __init__(self, world: World, config: Path) -> None:
        self.world, self.config = world, config

    async def at(self, moment: str) -> None:
        """Let time pass until the next `03:04`, `03:04:30` or `tue 03:04`."""
        clock, now = moment.split()[-1], self.world.clock.now()
        until = datetime.combine(now.date(), time.fromisoformat(clock), UTC)
        while until < now or f"{until:%a} {clock}".lower() not in (moment, f"{now:%a} {moment}".lower()):
            until += timedelta(days=1)
        await self.world.advance(seconds=(until - now).total_seconds())

    async def inc(self, words: str, by: str = "kim", channel: str = "general") -> Json:
        """Type `/inc` and these words."""
        answer = await self.world.user(by).command(f"/inc {words}", channel)
        await self.world.settled()
        return answer

    async def text(self, person: str, words: str) -> None:
        """Write a text to the bot."""
        await self.phone(person).reply(words)
        await self.world.settled()

    async def edit(self, changes: str) -> None:
        """Have somebody edit the configuration's files: the house with these changes instead. The bot follows."""
        house.write(self.config, changes)
        await self.world.bot.rooms.following.look(at_once=True)
        await self.world.settled()

    async def alert(self, name: str, *services: str, fires: bool = True) -> None:
        """Have the monitoring tell of each service that a critical alert fires, or no longer does."""
        now = self.world.clock.now().isoformat()
        async with ClientSession(self.world.sandbox.url) as monitoring:
            posts = [monitoring.post("/hooks/alertmanager/monitor", json=webhook(name, one, now, fires)) for one in services]
            assert {answer.status for answer in await asyncio.gather(*posts)} == {202}
        await self.world.settled()

    def phone(self, person: str) -> HeldPhone:
        """Somebody's phone."""
        return self.world.phone(person)

    async def told_of(self, incident: int) -> str:
        """What the incident's timeline says."""
        async with self.world.bot.database.read() as tx:
            return "\n".join(entry.text for entry in await timeline.entries(tx, incident))

    def sent_exactly(self, timetable: str) -> None:
        """This left the house until now, and nothing else."""
        expected, sent = [line.strip() for line in timetable.strip().splitlines()], self._timetable()
        assert sent == expected, "\n".join(["this was sent (+), or was not (-):", *ndiff(expected, sent)])

    def _timetable(self) -> list[str]:
        """In the order of time, one line for what says the same to the same person at the same moment."""
        everything = sorted(self._everything(), key=lambda one: (one.at.date(), one.when, one.who, one.words, METHODS.index(one.how)))
        grouped = groupby(everything, key=lambda one: (one.when, one.who, one.words))
        return [line(when, who, [one.how for one in same], words) for (when, who, words), same in grouped]

    def _everything(self) -> Iterator[Sent]:
        yield from self._by_phone()
        yield from self._in_slack()
        for mail in self.world.sandbox.outside.mailbox.mails:
            words = mail.text if mail.subject.startswith("Re: ") else mail.subject
            yield Sent(mail.at, mail.recipient.partition("@")[0], "email", gist(words))
        for post in self.world.sandbox.outside.hooks.heard:
            yield Sent(post.at, post.name, "webhook", gist(str(json.loads(post.body).get("text", post.body))))

    def _by_phone(self) -> Iterator[Sent]:
        phones = self.world.sandbox.outside.phones
        owner = {phone.number: name for name, phone in phones.phones.items()}
        for sms in phones.messages.values():
            if sms.direction == "in":
                yield Sent(sms.at, owner[sms.to], "sms", gist(sms.body) + (" (undelivered)" if sms.status == "undelivered" else ""))
        for call in phones.voice.calls.values():
            yield Sent(call.at, owner[call.to], "voice", "")
        for name, phone in phones.phones.items():
            for push in phone.pushes:
                yield Sent(push.at, name, "push", gist(push.title))

    def _in_slack(self) -> Iterator[Sent]:
        outside = self.world.sandbox.outside
        there, team = outside.workspace.team.world, outside.workspace.team.world.users
        for call in outside.calls.calls:
            if call.method not in ("chat.postMessage", "chat.postEphemeral") or not (call.result or {}).get("ok"):
                continue
            channel = there.channels[str((call.result or {}).get("channel") or call.args["channel"])]
            alone = next((team[one].name for one in channel.members if team[one].name != "tocsin"), "")
            who, how = (alone, "slack") if channel.kind == "im" else ("#" + "-".join(channel.name.split("-")[:2]), "")
            yield Sent(call.at, who, how, gist(re.sub(r"<@(\w+)>", lambda found: f"@{team[found[1]].name}", str(call.args["text"]))))


def webhook(name: str, service: str, now: str, fires: bool) -> Json:
    """What Alertmanager posts of one alert in a group of its own."""
    labels, status = {"alertname": name, "service": service, "severity": "critical"}, "firing" if fires else "resolved"
    times = {"startsAt": now, "endsAt": "0001-01-01T00:00:00Z" if fires else now}
    alert = {"status": status, "labels": labels, "annotations": {}, "generatorURL": "", "fingerprint": f"{name} {service}", **times}
    group = {"groupKey": f"{name} {service}", "groupLabels": labels, "commonLabels": labels, "commonAnnotations": {}}
    return {"version": "4", "receiver": "tocsin", "status": status, "alerts": [alert], "externalURL": "", "truncatedAlerts": 0, **group}


def gist(text: str) -> str:
    """What a message says in a timetable: its first line, of a page only what it is about and what it says of itself."""
    first = LINK.sub(r"\1", text.splitlines()[0])
    page = PAGE.fullmatch(first)
    return page["page"] + (page["remark"] or "") if page else shorten(first, LONGEST, placeholder=" …")


def line(when: str, who: str, how: list[str], words: str) -> str:
    """`03:00 ana slack, sms: SEV1 #1`."""
    return f"{when} {who}" + (f" {', '.join(how)}" if any(how) else "") + (f": {words}" if words else "")
