"""The fleet of a sandbox as the bot reaches it: which drills there are, breaking it for one, mending it."""

from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.errors import Unavailable

TIMEOUT = ClientTimeout(total=120)
"""It starts with its first drill, and every process of it must answer before customers come."""


@dataclass(frozen=True)
class Exercise:
    """A drill by its names. `title` says what people notice, never what is behind it."""

    name: str
    also: str
    title: str
    service: str

    def is_called(self, words: str) -> bool:
        """Whether somebody who types these words means this one."""
        return _plain(words) in (_plain(self.name), _plain(self.also))


class Fleet:
    """The doors at the sandbox's `address`. What does not work raises `Unavailable` with a sentence."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def exercises(self) -> list[Exercise]:
        """The drills that it knows."""
        told = await self._call("GET", "/control/drills")
        rows = told if isinstance(told, list) else []
        return [Exercise(*(str(row.get(field, "")) for field in ("name", "also", "title", "service"))) for row in rows]

    async def break_by(self, name: str) -> None:
        """Let that go wrong. Breaking it twice is no more than once."""
        await self._call("POST", "/control/fleet", {"fault": name})

    async def mend(self) -> None:
        """All as it was at the beginning."""
        await self._call("DELETE", "/control/fleet")

    async def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> object:
        try:
            async with ClientSession(self._address, timeout=TIMEOUT) as client, client.request(method, path, json=body) as answer:
                told: object = await answer.json()
        except (ClientError, TimeoutError, OSError, ValueError) as broken:
            raise Unavailable(f"The sandbox's fleet does not answer ({type(broken).__name__}).") from None
        if answer.status >= 400:
            why = told.get("error") if isinstance(told, dict) else None
            raise Unavailable(str(why or f"The sandbox's fleet answered {answer.status}."))
        return told


def _plain(words: str) -> str:
    return "-".join(words.lower().replace("_", " ").replace("-", " ").split())
