"""The control doors of scenarios and of the clock's face."""

from __future__ import annotations

from collections import Counter

from aiohttp import ClientSession, ClientTimeout, web

from bot.clock import Clock, FakeClock
from bot.errors import NotFound, Refusal
from bot.sandbox import drills, scenarios
from bot.sandbox.doors import answering, fields_of
from bot.sandbox.faults import Fault, FaultBoard
from bot.sandbox.fleet.doors import FleetDoors
from bot.sandbox.phones import Phones
from bot.sandbox.scenarios import Scenario, Step

WITHIN_S = 120.0


class Stage:
    """Starts and ends scenarios, each by the calls that it consists of, made over HTTP like anybody's. `address` is told at the start."""

    def __init__(self, clock: Clock, faults: FaultBoard, phones: Phones, fleet: FleetDoors) -> None:
        self.clock, self.faults, self.phones, self.fleet = clock, faults, phones, fleet
        self.address = ""
        self.turns: Counter[str] = Counter()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/control/clock", answering(self.tell_time)),
            web.get("/control/scenarios", answering(self.list_scenarios)),
            web.post("/control/scenarios/{name}", answering(self.switch)),
            web.get("/control/drills", answering(self.list_drills)),
        ]

    async def tell_time(self, request: web.Request) -> web.Response:
        """What time it is for the bot and the phones, and whether it goes on by itself."""
        return web.json_response({"now": self.clock.now().isoformat(), "runs": not isinstance(self.clock, FakeClock)})

    async def list_scenarios(self, request: web.Request) -> web.Response:
        return web.json_response([self.shape(scenario) for scenario in scenarios.ALL])

    async def list_drills(self, request: web.Request) -> web.Response:
        """What `/inc drill` can play: the title says what people notice, as their alert would."""
        known = (*drills.ALL, *drills.OF_2023)
        return web.json_response([{"name": one.name, "also": one.also, "title": one.summary, "service": one.service} for one in known])

    async def switch(self, request: web.Request) -> web.Response:
        """Body {on?}: a scenario that lasts is ended with false. Answers when all of it was done."""
        scenario = scenarios.BY_NAME.get(request.match_info["name"])
        if scenario is None:
            raise NotFound(f"There is no such scenario. There are {', '.join(scenarios.BY_NAME)}.")
        wanted = (await fields_of(request)).flag("on", True)
        people = tuple(self.phones.phones)
        if not wanted and not scenario.lasts:
            raise Refusal(f"“{scenario.title}” happens once and cannot be ended.")
        if not wanted:
            await self.play(scenarios.steps_off(scenario.name, people))
        elif not self.is_on(scenario):
            turn = self.turns[scenario.name]
            self.turns[scenario.name] += 1
            await self.play(scenarios.steps_on(scenario.name, self.clock.now(), turn, people))
        return web.json_response({"ok": True, **self.shape(scenario)})

    def shape(self, scenario: Scenario) -> dict[str, object]:
        about = {name: getattr(scenario, name) for name in ("name", "title", "says", "lasts", "menu")}
        return about | {"on": self.is_on(scenario)}

    def is_on(self, scenario: Scenario) -> bool:
        """Whether a scenario that lasts is in force, by what is in force and not by what was clicked."""
        if scenario.name == "nobody_answers":
            return all(phone.ringing == "voicemail" for phone in self.phones.phones.values())
        if scenario.name in drills.ALERTS:
            return self.fleet.fault == scenario.name
        return scenario.name in scenarios.FAULTS and Fault.parse(scenarios.FAULTS[scenario.name]) in self.faults.faults

    async def play(self, steps: list[Step]) -> None:
        """Make the calls, one after the other. Raises `Refusal` with the sentence of the one that was refused."""
        async with ClientSession(self.address, timeout=ClientTimeout(total=WITHIN_S)) as client:
            for step in steps:
                async with client.request(step.method, step.path, json=step.body) as answer:
                    if answer.status >= 400:
                        raise Refusal(f"{step.path} answered {answer.status}: {(await answer.text())[:300]}")
