"""Reading from Slack's JSON without trusting its shape."""

from collections.abc import Mapping


def text(source: object, *path: str) -> str:
    """The text (or number, as text) at `path`; "" when there is none. What no database can store is taken out."""
    for name in path:
        source = source.get(name) if isinstance(source, dict | Mapping) else None
    if source is None or isinstance(source, bool) or not isinstance(source, str | int | float):
        return ""
    found = str(source)
    return found if found.isascii() and found.isprintable() else found.replace("\x00", "").encode("utf-8", "replace").decode()


def number(source: object, *path: str) -> float:
    """The number at `path`; 0 when there is none."""
    try:
        return float(text(source, *path))
    except ValueError:
        return 0.0


def items(source: object, *path: str) -> list[Mapping[str, object]]:
    """The list of objects at `path`."""
    for name in path:
        source = source.get(name) if isinstance(source, Mapping) else None
    return [item for item in source if isinstance(item, Mapping)] if isinstance(source, list) else []


def flag(source: object, *path: str) -> bool:
    """Is there a true at `path`?"""
    for name in path:
        source = source.get(name) if isinstance(source, Mapping) else None
    return source is True
