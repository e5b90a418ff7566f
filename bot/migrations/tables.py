"""Every table of every room, and how Alembic is told about them."""

import importlib
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import MetaData
from sqlmodel import SQLModel

import bot
from bot.db import EnumText, UtcDateTime


def metadata() -> MetaData:
    """The tables of all `bot/**/models.py`."""
    root = Path(bot.__path__[0])
    for path in sorted(root.rglob("models.py")):
        importlib.import_module(".".join(("bot", *path.relative_to(root).with_suffix("").parts)))
    return SQLModel.metadata


def plain_type(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Write our column types into revisions as what they are in the database, so that history does not depend on today's code."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, EnumText) or type(item).__name__ == "AutoString":
        return "sa.String()"
    return False
