"""One instant query of Prometheus, or of anything that speaks its API (Thanos, Mimir, VictoriaMetrics)."""

import json
import math
from collections.abc import Mapping

import aiohttp

ANSWERS_WITHIN_S = 5
LARGEST = 1_000_000
"""Bytes of an answer. Whoever asks for so many series does not ask what could be good or bad."""
LONGEST_TROUBLE = 300


class QueryFailed(Exception):
    """There is no answer; `str` is a sentence that says why."""


async def values(url: str, query: str, authorization: str | None = None) -> tuple[float, ...]:
    """The value of every series that the query finds now; none where it finds nothing, or nothing that is a number."""
    headers = {"Authorization": authorization} if authorization else {}
    timeout = aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.post(f"{url.rstrip('/')}/api/v1/query", data={"query": query}) as answer,
        ):
            body = await answer.content.read(LARGEST)
            status, is_all = answer.status, answer.content.at_eof()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise QueryFailed(f"Prometheus does not answer ({type(error).__name__}).") from None
    if not is_all:
        raise QueryFailed("Prometheus answers with more series than can be judged; sum them up.")
    try:
        said = json.loads(body)
    except ValueError:
        raise QueryFailed(f"Prometheus answers {status}, and not in JSON.") from None
    return numbers(said, status)


def numbers(said: object, status: int = 200) -> tuple[float, ...]:
    """The numbers of an answer. Raises `QueryFailed` for one that is an error, or of another form."""
    if not isinstance(said, Mapping) or said.get("status") != "success":
        why = said.get("error") if isinstance(said, Mapping) else None
        raise QueryFailed(f"Prometheus refuses the query: {str(why)[:LONGEST_TROUBLE]}" if why else f"Prometheus answers {status}.")
    data = said.get("data")
    try:
        match data:
            case {"resultType": "scalar", "result": [_, value]}:
                found = [float(value)]
            case {"resultType": "vector", "result": [*series]}:
                found = [float(one["value"][1]) for one in series if "value" in one]  # a native histogram has none
            case {"resultType": str(kind)}:
                raise QueryFailed(f"The query gives a {kind}, not a number; ask for an instant value.")
            case _:
                raise ValueError(data)
    except (TypeError, ValueError, KeyError, IndexError):
        raise QueryFailed("Prometheus answers in a form that is not its API's.") from None
    return tuple(value for value in found if not math.isnan(value))  # 0 of 0 requests is no answer
