"""A configuration's files in one piece, so that a process can start with the last ones that were sound."""

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.config.loader import all_files, digest, load
from bot.config.models import Config


def packed(directory: Path, known_as: str) -> bytes | None:
    """The files of a directory; `None` when they do not hold `known_as` (any more)."""
    try:
        content = {str(path.relative_to(directory)): path.read_text() for path in all_files(directory)}
    except (OSError, ValueError):
        return None
    return zlib.compress(json.dumps(content).encode()) if digest(directory) == known_as else None


def unpacked(content: bytes, environ: Mapping[str, str]) -> Config:
    """What was packed, read again. Raises `ConfigInvalid` when this version of Tocsin, or this environment, finds it unsound."""
    with TemporaryDirectory() as folder:
        for name, text in json.loads(zlib.decompress(content)).items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return load(Path(folder), environ)
