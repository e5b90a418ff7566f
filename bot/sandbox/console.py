"""The console: whatever passed between Tocsin and the outside, in one list, with its time, its error and the incidents it is about."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from bot.errors import InvalidInput, NotFound
from bot.sandbox.calls import Call, CallLog, Passage, Traffic
from bot.sandbox.doors import answering
from bot.sandbox.workspace.delivery import Attempt
from bot.sandbox.workspace.team import Team

LONGEST_S = 300.0
"""Nothing is under way for longer; so what began earlier than this before a moment has not changed since."""
MOST_LINES = 2000
MOST_KNOWN = 50_000
KINDS = {"events_api": "event", "slash_commands": "command", "interactive": "action"}
NAMED = re.compile(r"(?<![\w&])#(\d{1,6})\b|\binc-(\d{1,6})\b|\b[Ii]ncident (\d{1,6})\b|/(?:i|postmortems)/(\d{1,6})\b")
CHANNEL = re.compile(r"\b[CGD]0[0-9A-Z]{9}\b")


@dataclass(frozen=True)
class Line:
    """One line. Times are wall-clock seconds; `end` is None while it is under way."""

    number: int
    kind: str
    what: str
    who: str
    start: float
    end: float | None
    error: str | None
    detail: dict[str, object]

    def to_json(self, incidents: Iterable[int]) -> dict[str, object]:
        ms = None if self.end is None else round((self.end - self.start) * 1000, 1)
        shown = {name: getattr(self, name) for name in ("number", "kind", "what", "who", "start", "end", "error")}
        return shown | {"ms": ms, "incidents": sorted(incidents)}


class Console:
    """Reads the logs that others keep."""

    def __init__(self, calls: CallLog, team: Team, traffic: Traffic) -> None:
        self.calls, self.team, self.traffic = calls, team, traffic
        self._about: dict[int, frozenset[int]] = {}
        self._of_sid: dict[str, set[int]] = defaultdict(set)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/control/console", answering(self.list_lines)), web.get("/control/console/{number}", answering(self.show_line))]

    async def list_lines(self, request: web.Request) -> web.Response:
        """What began or ended since a moment (`since`, wall-clock seconds), the newest 2,000 lines at most, oldest first."""
        now = time.time()
        since, incident, kind = number_in(request, "since"), number_in(request, "incident"), request.query.get("kind")
        channels = self.incident_channels()
        found = list(self.lines(since or 0.0))
        for line in found:
            self.note(line, channels)
        shown = []
        for line in found:
            about = self.about(line)
            if kind in (None, line.kind) and (incident is None or incident in about):
                shown.append(line.to_json(about))
        shown.sort(key=lambda line: (line["start"], line["number"]))
        return web.json_response({"now": now, "lines": shown[-MOST_LINES:]})

    async def show_line(self, request: web.Request) -> web.Response:
        """One line with everything that was said on both sides."""
        number = request.match_info["number"]
        line = next((line for line in self.lines(0.0) if str(line.number) == number), None)
        if line is None:
            raise NotFound(f"The console has no line {number} (any more).")
        self.note(line, self.incident_channels())
        return web.json_response(line.to_json(self.about(line)) | {"detail": line.detail})

    def note(self, line: Line, channels: Mapping[str, int]) -> None:
        """Find out which incidents a line names; those of one text or call stand for all that concerns it."""
        if line.number in self._about:
            return
        found = incidents_in(json.dumps([line.what, line.detail], ensure_ascii=False, default=str), channels)
        for sid in sids_of(line):
            self._of_sid[sid] |= found
        if line.end is not None:
            if len(self._about) > MOST_KNOWN:
                self._about.clear()
            self._about[line.number] = found

    def about(self, line: Line) -> frozenset[int]:
        """The incidents that a line is about."""
        return self._about.get(line.number, frozenset()).union(*(self._of_sid[sid] for sid in sids_of(line)))

    def lines(self, since: float) -> Iterator[Line]:
        for call in recent(self.calls.calls, since):
            yield of_call(call)
        for attempt in recent(self.team.delivery.attempts, since):
            yield of_attempt(attempt)
        for passage in recent(self.traffic.passages, since):
            yield of_passage(passage)

    def incident_channels(self) -> dict[str, int]:
        """Which channel belongs to which incident, by the name it has or had."""
        found = {}
        for channel in self.team.world.channels.values():
            for name in (*channel.previous_names, channel.name):
                if match := re.match(r"inc-(\d+)", name):
                    found[channel.id] = int(match[1])
        return found


def incidents_in(text: str, channels: Mapping[str, int]) -> frozenset[int]:
    """The incidents that a text names, by number or by their channel."""
    named = {int(number) for groups in NAMED.findall(text) for number in groups if number}
    return frozenset(named | {channels[id_] for id_ in CHANNEL.findall(text) if id_ in channels})


def sids_of(line: Line) -> set[str]:
    """Which texts and calls a line of the carrier's concerns."""
    answer = line.detail.get("answer")
    found = {line.detail.get("MessageSid"), line.detail.get("CallSid"), answer.get("sid") if isinstance(answer, dict) else None}
    return {sid for sid in found if isinstance(sid, str)}


def of_call(call: Call) -> Line:
    result = call.result or {}
    error = None if call.end is None or result.get("ok") else str(result.get("error") or "cut off")
    return Line(call.number, "api", call.method, call.caller, call.start, call.end, error, {"args": call.args, "result": call.result})


def of_attempt(attempt: Attempt) -> Line:
    what = f"{attempt.what} (try {attempt.retry + 1})" if attempt.retry else attempt.what
    detail: dict[str, object] = {"payload": attempt.payload, "retry": attempt.retry}
    return Line(attempt.number, KINDS[attempt.kind], what, attempt.app, attempt.start, attempt.end, attempt.error, detail)


def of_passage(passage: Passage) -> Line:
    return Line(passage.number, passage.kind, passage.what, passage.who, passage.start, passage.end, passage.error, passage.detail)


def number_in(request: web.Request, name: str) -> float | None:
    """A number of the query; None when it is left out. Raises `InvalidInput`."""
    given = request.query.get(name)
    try:
        return None if given is None else float(given)
    except ValueError:
        raise InvalidInput(f"{name} is a number, not {given!r}.") from None


Logged = TypeVar("Logged", Call, Attempt, Passage)


def recent(logged: deque[Logged], since: float) -> Iterator[Logged]:
    """What began or ended since then, newest first."""
    for one in reversed(logged):
        if one.start < since - LONGEST_S:
            return
        if one.end is None or one.end >= since:
            yield one
