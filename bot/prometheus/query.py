"""Queries of Prometheus, or of anything that speaks its API (Thanos, Mimir, VictoriaMetrics): of now, and of a stretch of time."""

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta

import aiohttp

ANSWERS_WITHIN_S = 5
LARGEST = 1_000_000
"""Bytes of an answer. Whoever asks for so many series does not ask what could be good or bad."""
LONGEST_TROUBLE = 300


class QueryFailed(Exception):
    """There is no answer; `str` is a sentence that says why."""


async def values(url: str, query: str, authorization: str | None = None, at: datetime | None = None) -> tuple[float, ...]:
    """The value of every series that the query finds (`at` a moment, else now); none where it finds nothing, or no number."""
    form = {"query": query} | ({"time": f"{at.timestamp():.3f}"} if at else {})
    return numbers(*await _asked(f"{url.rstrip('/')}/api/v1/query", form, authorization))


async def curve(
    url: str, query: str, start: datetime, end: datetime, step: timedelta, authorization: str | None = None
) -> tuple[tuple[datetime, float | None], ...]:
    """The query's one series from start to end, a value each step (whole seconds); None where there was none.

    Raises `QueryFailed`, also when the query finds several series.
    """
    form = {"query": query, "start": f"{start.timestamp():.0f}", "end": f"{end.timestamp():.0f}", "step": f"{step.total_seconds():.0f}"}
    found = dict(points(*await _asked(f"{url.rstrip('/')}/api/v1/query_range", form, authorization)))
    count = (end - start) // step
    return tuple((start + step * n, found.get(round((start + step * n).timestamp()))) for n in range(count + 1))


async def _asked(address: str, form: Mapping[str, str], authorization: str | None) -> tuple[object, int]:
    headers = {"Authorization": authorization} if authorization else {}
    timeout = aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.post(address, data=form) as answer,
        ):
            status, body = answer.status, b""
            while len(body) <= LARGEST and (more := await answer.content.read(LARGEST + 1 - len(body))):
                body += more  # one reading gives what has come so far
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise QueryFailed(f"Prometheus does not answer ({type(error).__name__}).") from None
    if len(body) > LARGEST:
        raise QueryFailed("Prometheus answers with more series than can be judged; sum them up.")
    try:
        return json.loads(body), status
    except ValueError:
        raise QueryFailed(f"Prometheus answers {status}, and not in JSON.") from None


def numbers(said: object, status: int = 200) -> tuple[float, ...]:
    """The numbers of an answer. Raises `QueryFailed` for one that is an error, or of another form."""
    try:
        match answered(said, status):
            case {"resultType": "scalar", "result": [_, value]}:
                found = [float(value)]
            case {"resultType": "vector", "result": [*series]}:
                found = [float(one["value"][1]) for one in series if "value" in one]  # a native histogram has none
            case {"resultType": str(kind)}:
                raise QueryFailed(f"The query gives a {kind}, not a number; ask for an instant value.")
            case _:
                raise ValueError(said)
    except (TypeError, ValueError, KeyError, IndexError):
        raise QueryFailed("Prometheus answers in a form that is not its API's.") from None
    return tuple(value for value in found if not math.isnan(value))  # 0 of 0 requests is no answer


def points(said: object, status: int = 200) -> tuple[tuple[int, float], ...]:
    """The points (Unix seconds, value) of the one series in an answer about a stretch of time; none where it found nothing."""
    try:
        match answered(said, status):
            case {"resultType": "matrix", "result": []}:
                return ()
            case {"resultType": "matrix", "result": [{"values": [*values]}]}:
                found = [(round(float(at)), float(value)) for at, value in values]
            case {"resultType": "matrix", "result": [_, _, *_]}:
                raise QueryFailed("The query finds several series, and one is drawn; sum them up.")
            case _:
                raise ValueError(said)
    except (TypeError, ValueError):
        raise QueryFailed("Prometheus answers in a form that is not its API's.") from None
    return tuple((at, value) for at, value in found if math.isfinite(value))


def answered(said: object, status: int) -> object:
    """What an answer holds. Raises `QueryFailed` for one that is an error."""
    if not isinstance(said, Mapping) or said.get("status") != "success":
        why = said.get("error") if isinstance(said, Mapping) else None
        raise QueryFailed(f"Prometheus refuses the query: {str(why)[:LONGEST_TROUBLE]}" if why else f"Prometheus answers {status}.")
    return said.get("data")
