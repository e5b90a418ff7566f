"""The press: PDF and pictures are made in a process of their own, from what is handed in and from nothing else."""

import asyncio
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest
from aiohttp import web

from bot.press import press as door
from bot.press.press import CannotPress, Press
from tests.web.conftest import Serve

SQUARE = b"<svg xmlns='http://www.w3.org/2000/svg' width='400' height='400'><rect width='400' height='400' fill='#ff0000'/></svg>"
HERE = "tests.press.makers"


def red(pdf: bytes) -> int:
    """How many points of the first page are red."""
    image = pypdfium2.PdfDocument(pdf)[0].render().to_pil().convert("RGB")
    return sum(count for count, colour in image.getcolors(1 << 24) or () if colour == (255, 0, 0))


async def test_a_page_shows_what_is_handed_in_and_fetches_nothing(serve: Serve) -> None:
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=SQUARE, content_type="image/svg+xml")

    app = web.Application()
    app.router.add_get("/{name}", answer)
    outside = str((await serve(app)).server.make_url(""))
    secret = Path(__file__).as_uri()
    page = (
        f'<link rel="stylesheet" href="{outside}style.css"><p style="background: url({outside}back.svg)">words'
        f'<img src="{outside}square.svg"><img src="{secret}"><object data="{outside}object.svg"></object>'
    )
    without = await Press().pdf(page)
    shown = await Press().pdf(page + '<img src="handed:square.svg">', {"square.svg": SQUARE})
    assert asked == []
    assert red(without) == 0
    assert red(shown) > 10_000


async def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(CannotPress, match=r"not made within 0\.3 s"):
        await Press(made_within_s=0.3).make(f"{HERE}:sleep", str(tmp_path / "pid"))


async def test_a_maker_that_nobody_waits_for_any_more_ends(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pid")  # reading it waits until the maker has said who it is
    waiting = asyncio.create_task(Press().make(f"{HERE}:sleep", str(tmp_path / "pid")))
    maker = int(await asyncio.to_thread((tmp_path / "pid").read_text))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(ProcessLookupError):
        os.kill(maker, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux alone")
async def test_whoever_takes_too_much_memory_ends_with_a_sentence() -> None:
    with pytest.raises(CannotPress, match="more than the 2 GB of memory"):
        await Press().make(f"{HERE}:devour", None)


async def test_a_maker_knows_nothing_of_the_environment_and_what_it_prints_is_no_part_of_what_it_makes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    made = await Press().make(f"{HERE}:environment", None)
    assert isinstance(made, dict)
    assert set(made) <= {*door.environment(), "LC_CTYPE"}


@pytest.mark.skipif(sys.platform != "linux", reason="by the way in which Linux finds libraries")
def test_without_pango_the_package_to_install_is_named(tmp_path: Path) -> None:
    for name in ("libpango-1.0.so.0", "libpango-1.0-0"):
        (tmp_path / name).write_bytes(b"no library")  # found first, and of no use: as good as missing
    command = [sys.executable, "-m", "bot.press.child", door.PDF]
    environ = {**door.environment(), "LD_LIBRARY_PATH": str(tmp_path)}
    said = subprocess.run(command, input=pickle.dumps(("<p>", {})), env=environ, capture_output=True, check=False)
    assert said.returncode == 1
    assert "apt-get install libpango-1.0-0" in said.stderr.decode()
