"""A real Prometheus for tests: it scrapes what a test counts, and is asked over its API."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox.process import free_port

BINARY = shutil.which("prometheus")
CONFIG = """
global: {{scrape_interval: 100ms, scrape_timeout: 100ms}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@asynccontextmanager
async def prometheus(folder: Path, gauges: Mapping[str, float]) -> AsyncIterator[str]:
    """A Prometheus in `folder` that reads `gauges` (name with labels: value) ten times a second, as they then are; its address."""
    if BINARY is None:
        assert not os.environ.get("TOCSIN_CI"), "Prometheus must be installed here: apt-get install prometheus"
        pytest.skip("no Prometheus on this machine: apt-get install prometheus")
    async with exporter(gauges) as watched:
        (folder / "prometheus.yml").write_text(CONFIG.format(port=watched))
        port = free_port()
        arguments = ("--config.file=prometheus.yml", f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.path=data")
        with (folder / "prometheus.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(BINARY, *arguments, cwd=folder, stdout=log, stderr=log)
            try:
                address = f"http://127.0.0.1:{port}"
                await until(address, "vector(1)", folder)
                yield address
            finally:
                process.terminate()
                await process.wait()


@asynccontextmanager
async def exporter(gauges: Mapping[str, float]) -> AsyncIterator[int]:
    """Shows the gauges in Prometheus's format; its port."""

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text="".join(f"{name} {value}\n" for name, value in gauges.items()))

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def until(address: str, query: str, folder: Path) -> None:
    """Wait until a query finds something. It begins to read gauges five seconds after its start."""
    async with aiohttp.ClientSession() as session:
        for _ in range(600):
            try:
                async with session.get(f"{address}/api/v1/query", params={"query": query}) as answer:
                    if answer.status == 200 and (await answer.json())["data"]["result"]:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
    raise AssertionError((folder / "prometheus.log").read_text()[-2000:])
