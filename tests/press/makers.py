"""Makers that behave as they must not, for the tests of the press."""

import os
import time
from pathlib import Path


def sleep(path: str) -> None:
    """Say who it is, and never end."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)


def devour(_: None) -> int:
    """Take more memory than there may be."""
    return len(bytearray(3 << 30))


def environment(_: None) -> dict[str, str]:
    """What it knows of the environment."""
    os.write(1, b"said in passing")
    return dict(os.environ)
