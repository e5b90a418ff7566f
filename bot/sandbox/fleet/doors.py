"""The fleet's control doors: how it stands, breaking it, mending it. It starts with its first fault: who wants none pays nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from bot.errors import Unavailable
from bot.sandbox.doors import answering, fields_of
from bot.sandbox.fleet import capacity, state

if TYPE_CHECKING:
    from bot.sandbox.fleet.customers import Customers
    from bot.sandbox.fleet.fleet import Fleet

FAULTS = ("bad_release", "dead_region", "bad_flag", *capacity.FAULTS, *state.FAULTS)


class FleetDoors:
    """Starts, breaks and mends the fleet in `folder`; None: this sandbox has none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._fleet: Fleet | None = None
        self._customers: Customers | None = None
        self._one_at_a_time = asyncio.Lock()
        self.fault: str | None = None
        """What it was broken by last, until it is mended from here; a runbook may have mended it before."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/control/fleet", answering(self.tell)),
            web.post("/control/fleet", answering(self.break_by)),
            web.delete("/control/fleet", answering(self.mend)),
        ]

    async def tell(self, request: web.Request) -> web.Response:
        """How it stands, and what customers got in each of the last seconds."""
        if self._fleet is None or self._customers is None:
            return web.json_response({"running": False})
        return web.json_response(
            {
                "running": True,
                "fault": self.fault,
                "entrance": f"http://127.0.0.1:{self._fleet.layout.entrance}/",
                "releases": self._fleet.releases(),
                "serving": await state.serving(self._fleet),
                "store": state.leading(self._fleet.layout),
                "seconds": self._customers.seconds(),
            }
        )

    async def break_by(self, request: web.Request) -> web.Response:
        """Body {fault?}: start the fleet if need be, and make that go wrong."""
        fields = await fields_of(request)
        fault = fields.choice("fault", FAULTS) if "fault" in fields.values else None
        async with self._one_at_a_time:
            fleet = await self._started()
            if fault is not None:
                await fleet.break_by(fault)
                self.fault = fault
        return await self.tell(request)

    async def mend(self, request: web.Request) -> web.Response:
        """All as it was at the beginning."""
        async with self._one_at_a_time:
            if self._fleet is not None:
                await self._fleet.mend()
            self.fault = None
        return await self.tell(request)

    async def close(self) -> None:
        """End its processes."""
        async with self._one_at_a_time:
            if self._customers is not None:
                await self._customers.stop()
            if self._fleet is not None:
                await self._fleet.stop()

    async def _started(self) -> Fleet:
        if self._folder is None:
            raise Unavailable("This sandbox has no fleet; `tocsin sandbox` has one.")
        if self._fleet is None:
            from bot.sandbox.fleet.customers import Customers
            from bot.sandbox.fleet.fleet import Fleet

            fleet = Fleet(self._folder)
            try:
                await fleet.start()
            except BaseException:
                await fleet.stop()
                raise
            self._fleet = fleet
            self._customers = Customers(f"http://127.0.0.1:{fleet.layout.entrance}/")
            self._customers.start()
        return self._fleet
