"""The other side of the press: `python -m bot.press.child module:function`, a process that makes one thing and ends.

It has no network to speak of, takes no more memory than it may, and stands back for whatever else this machine has to do.
"""

import importlib
import os
import pickle
import resource
import sys

MEMORY = 2 << 30
CPU_S = 60


def bounded() -> None:
    """Take no more than one may have: what is made of an endless document ends with a sentence, not with the machine."""
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    if sys.platform == "linux":  # elsewhere it counts what is only mapped
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main(maker: str) -> int:
    """Read a value, make something of it, write that; or say on stderr why not."""
    bounded()
    module, _, function = maker.partition(":")
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no part of what is made
    try:
        made = getattr(importlib.import_module(module), function)(pickle.load(sys.stdin.buffer))
    except MemoryError:
        sys.stderr.write(f"It takes more than the {MEMORY >> 30} GB of memory that it may have.")
        return 1
    except CannotMake as cannot:
        sys.stderr.write(str(cannot))
        return 1
    with out:
        out.write(pickle.dumps(made))
    return 0


class CannotMake(Exception):
    """A maker's sentence: what is missing, and what to do."""


if __name__ == "__main__":
    from bot.press import child  # by its own name, so that a maker's `CannotMake` is this one

    sys.exit(child.main(sys.argv[1]))
