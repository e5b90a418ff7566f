"""Asking Prometheus: a real one, and everything that something in its place may answer."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.prometheus.query import QueryFailed, curve, numbers, points, values
from bot.sandbox.process import free_port
from tests.prometheus.server import exporter, prometheus


async def test_a_real_prometheus_tells_the_value_of_every_series(tmp_path: Path) -> None:
    async with prometheus(tmp_path, {}) as address:
        series = 'label_replace(vector(0.5), "region", "eu", "", "") or label_replace(vector(2), "region", "us", "", "")'
        assert sorted(await values(address, series)) == [0.5, 2]
        assert await values(f"{address}/", f"sum({series})", "Bearer not asked for") == (2.5,)
        assert await values(address, f"scalar(sum({series})) * 2") == (5,)
        assert await values(address, "no_such_series") == ()
        assert await values(address, "0 / 0") == ()
        assert await values(address, "vector(1) / 0") == (float("inf"),)
        with pytest.raises(QueryFailed, match=r"Prometheus refuses the query: .*parse error"):
            await values(address, "sum(")
        with pytest.raises(QueryFailed, match="The query gives a matrix, not a number"):
            await values(address, "up[1m]")
        with pytest.raises(QueryFailed, match="The query gives a string"):
            await values(address, '"text"')

        start, second = datetime(2026, 3, 2, 9, tzinfo=UTC), timedelta(seconds=1)
        late = f"vector(time()) - {start.timestamp():.0f} > 1"
        assert await curve(address, late, start, start + second * 3, second) == (
            (start, None), (start + second, None), (start + second * 2, 2), (start + second * 3, 3),
        )  # fmt: skip
        assert await curve(address, "no_such_series", start, start + second, second) == ((start, None), (start + second, None))
        assert await curve(address, "vector(0) / 0", start, start, second) == ((start, None),)
        long = await curve(address, "vector(1)", start, start + second * 9_000, second)
        assert len(long) == 9_001 and {value for _, value in long} == {1}, "an answer that comes in many pieces is whole"
        with pytest.raises(QueryFailed, match="several series, and one is drawn"):
            await curve(address, series, start, start + second, second)
        with pytest.raises(QueryFailed, match="refuses the query"):
            await curve(address, "sum(", start, start + second, second)


async def test_what_is_no_prometheus_is_told_in_a_sentence() -> None:
    with pytest.raises(QueryFailed, match="does not answer"):
        await values(f"http://127.0.0.1:{free_port()}", "up")
    async with exporter({}) as port:
        with pytest.raises(QueryFailed, match="answers 404, and not in JSON"):
            await values(f"http://127.0.0.1:{port}", "up")


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {"status": "error"},
        {"status": "success"},
        {"status": "success", "data": {"resultType": "vector", "result": None}},
        {"status": "success", "data": {"resultType": "vector", "result": [7]}},
        {"status": "success", "data": {"resultType": "vector", "result": [{"value": [1]}]}},
        {"status": "success", "data": {"resultType": "vector", "result": [{"value": [1, "much"]}]}},
        {"status": "success", "data": {"resultType": "scalar", "result": []}},
        {"status": "success", "data": {"resultType": "scalar", "result": [1, {}]}},
    ],
)
def test_an_answer_of_another_form_is_no_value(said: object) -> None:
    with pytest.raises(QueryFailed):
        numbers(said)


@pytest.mark.parametrize(
    "data", [{}, {"resultType": "vector", "result": []}, {"resultType": "matrix", "result": [{"values": [[1]]}]}, {"resultType": "matrix"}]
)
def test_an_answer_of_another_form_is_no_curve(data: object) -> None:
    with pytest.raises(QueryFailed):
        points({"status": "success", "data": data})


def test_a_native_histogram_has_no_value_and_is_passed_over() -> None:
    said = {"status": "success", "data": {"resultType": "vector", "result": [{"histogram": [1, {}]}, {"value": [1, "3"]}]}}
    assert numbers(said) == (3,)
