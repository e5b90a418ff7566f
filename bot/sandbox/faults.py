"""Faults on demand: what the sandbox's services are told to do wrong, and for how many requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from aiohttp import web

Service = Literal["slack", "socket", "events", "sms", "voice", "smtp", "push", "webhook", "github"]
Reset = Literal["before", "after"]

SERVICES: tuple[str, ...] = get_args(Service)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong. `delay_s` and `retry_after_s` are seconds; `count` 0 means until cleared."""

    service: Service
    method: str | None = None
    error: str | None = None
    status: int | None = None
    delay_s: float | None = None
    reset: Reset | None = None
    retry_after_s: int | None = None
    count: int = 1

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> Fault:
        """Read the body of POST /control/fault. Raises ValueError with a sentence."""
        unknown = sorted(set(body) - set(cls.__dataclass_fields__))
        if unknown:
            raise ValueError(f"A fault has no {', '.join(unknown)}. Known are {', '.join(cls.__dataclass_fields__)}.")
        service, reset = body.get("service"), body.get("reset")
        if service not in SERVICES:
            raise ValueError(f"The service of a fault is one of {', '.join(SERVICES)}, not {service!r}.")
        if reset not in (None, "before", "after"):
            raise ValueError("A reset comes 'before' or 'after' the request is accepted.")
        fault = cls(
            service=cast(Service, service),
            method=text_or_none(body, "method"),
            error=text_or_none(body, "error"),
            status=whole_or_none(body, "status"),
            delay_s=number_or_none(body, "delay_s"),
            reset=reset,
            retry_after_s=whole_or_none(body, "retry_after_s"),
            count=1 if body.get("count") is None else whole_or_none(body, "count") or 0,
        )
        if not (fault.error or fault.status or fault.delay_s or fault.reset or fault.retry_after_s is not None):
            raise ValueError("Say what goes wrong: error, status, delay_s, reset or retry_after_s.")
        if fault.count < 0 or (fault.delay_s or 0) < 0:
            raise ValueError("count and delay_s are not negative.")
        return fault

    @property
    def http_status(self) -> int | None:
        """The HTTP status it answers with, if any; a bare retry_after_s means 429."""
        return self.status if self.status is not None else 429 if self.retry_after_s is not None else None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of that answer: a 429 always says when to come back."""
        if self.retry_after_s is not None:
            return {"Retry-After": str(self.retry_after_s)}
        return {"Retry-After": "1"} if self.status == 429 else {}

    def to_json(self) -> dict[str, object]:
        """The same shape that POST /control/fault takes, without what is not set."""
        return {name: value for name in self.__dataclass_fields__ if (value := getattr(self, name)) is not None}


class FaultBoard:
    """The faults in force. The oldest that fits is taken first, so faults of one service queue up."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._cleared = asyncio.Event()

    @property
    def faults(self) -> tuple[Fault, ...]:
        return tuple(self._faults)

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def remove(self, fault: Fault) -> None:
        """Forget the faults that are just like this one; what they hold up goes on being held."""
        self._faults = [one for one in self._faults if one != fault]

    def clear(self) -> None:
        """Forget every fault and let go of whatever a delay is holding up."""
        self._faults.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()

    def take(self, service: Service, method: str | None = None) -> Fault | None:
        """The fault that meets this request, counted down; None when all is well. A fault without a method meets every method."""
        for at, fault in enumerate(self._faults):
            if fault.service == service and fault.method in (None, method):
                if fault.count == 1:
                    del self._faults[at]
                elif fault.count > 1:
                    self._faults[at] = replace(fault, count=fault.count - 1)
                return fault
        return None

    async def hold(self, fault: Fault | None) -> None:
        """Wait for the fault's delay, or until all faults are cleared."""
        if fault is None or not fault.delay_s:
            return
        try:
            async with asyncio.timeout(fault.delay_s):
                await self._cleared.wait()
        except TimeoutError:
            return

    async def meet(self, request: web.Request, service: Service, method: str | None = None) -> Fault | None:
        """Take the fault of an HTTP request and wait its delay. The caller answers `refusal(...)`, and `cut` after accepting if so told."""
        fault = self.take(service, method)
        await self.hold(fault)
        return fault


def refusal(request: web.Request, fault: Fault | None) -> web.Response | None:
    """The answer that replaces the service's own: a connection reset before acceptance, or an HTTP status. None: carry on."""
    if fault is None:
        return None
    if fault.reset == "before":
        return cut(request)
    if fault.http_status is not None:
        return web.Response(status=fault.http_status, headers=fault.headers, text=fault.error or "the sandbox was told to fail here")
    return None


def cut(request: web.Request) -> web.Response:
    """Drop the connection without an answer. The response returned is only for the handler's signature; nobody receives it."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def text_or_none(body: Mapping[str, object], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is a text, not {value!r}.")
    return value


def number_or_none(body: Mapping[str, object], name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise ValueError(f"{name} is a number of seconds, not {value!r}.")


def whole_or_none(body: Mapping[str, object], name: str) -> int | None:
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError(f"{name} is a whole number, not {value!r}.")
    return value
