"""The press: what large libraries make (PDF, pictures) is made in a process of its own, never in the bot's.

They take hundreds of megabytes and hold the interpreter for seconds; a page must wait for neither. A maker is a function, named as
`module:function`, so that nobody here imports it. It gets one value and gives one, both pickled.
"""

import asyncio
import pickle
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bot import resources
from bot.config.values import clip
from bot.errors import Unavailable

MADE_WITHIN_S = 60
AT_ONCE = 2
LONGEST_TROUBLE = 300
PDF = "bot.press.printing:pdf"


class CannotPress(Unavailable):
    """It was not made; the sentence says why, and what to do."""


class Press:
    """Lets makers work, two at a time, each in a process of its own that is alive no longer than a minute."""

    def __init__(self, made_within_s: float = MADE_WITHIN_S) -> None:
        self._made_within_s = made_within_s
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def pdf(self, html: str, files: Mapping[str, bytes] | None = None) -> bytes:
        """A whole HTML page as PDF. It may show the `files` alone, as `handed:<name>`: nothing is fetched. Raises `CannotPress`."""
        made = await self.make(PDF, (html, dict(files or {})))
        assert isinstance(made, bytes)
        return made

    async def trouble(self) -> str:
        """Why no PDF can be made on this machine; "" when one can."""
        try:
            await self.pdf("<p>.</p>")
        except CannotPress as cannot:
            return str(cannot)
        return ""

    async def make(self, maker: str, value: object) -> object:
        """What the maker `module:function` makes of the value. Raises `CannotPress`."""
        async with self._turn:
            program = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot.press.child", maker),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env=environment(),
                cwd=resources.PACKAGE.parent,
            )
            try:
                async with asyncio.timeout(self._made_within_s):
                    made, trouble = await program.communicate(pickle.dumps(value))
            except TimeoutError:
                raise CannotPress(
                    f"It was not made within {self._made_within_s:g} s. Try again when this machine has less to do."
                ) from None
            finally:
                with suppress(ProcessLookupError):
                    program.kill()
                await program.wait()
        if program.returncode != 0:
            last = trouble.decode(errors="replace").strip().rpartition("\n")[2]
            raise CannotPress(clip(last, LONGEST_TROUBLE) or f"It was not made: its process ended with {program.returncode}.")
        return pickle.loads(made)


def environment() -> dict[str, str]:
    """What a maker knows of our environment: nothing but where fonts are remembered, so that they are not looked for each time."""
    return {
        "HOME": str(Path.home()),
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "DYLD_FALLBACK_LIBRARY_PATH": "/opt/homebrew/lib:/usr/local/lib:/usr/lib",  # where macOS has Pango, and does not look
    }
