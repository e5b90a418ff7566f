"""Programs at the HTTP API: which one asks, who that is in records, and under which key of its own."""

from aiohttp import web

from bot.config.programs import Program
from bot.db import ActorId
from bot.directory.service import PROGRAM, Directory
from bot.errors import InvalidInput, NotAllowed

NO_KEY = "Send a key of the configuration's `programs`: Authorization: Bearer …"


def program(directory: Directory, request: web.Request) -> Program:
    """The program whose key a request carries; raises `NotAllowed`."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    found = directory.config.program(key.strip()) if scheme == "Bearer" else None
    if found is None:
        raise NotAllowed(NO_KEY)
    return found


def actor(program: Program) -> ActorId:
    """Who acts."""
    return ActorId(f"{PROGRAM}{program.id}")


def idempotency_key(request: web.Request) -> str:
    """What makes a retry the same request; raises `InvalidInput`."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key.isprintable() or not 1 <= len(key) <= 200:
        raise InvalidInput(
            "Send an Idempotency-Key of 1 to 200 characters, new for each thing that is told or wanted: so a retry counts once."
        )
    return key
