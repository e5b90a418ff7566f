"""Named points between two steps at which the process can be made to die, as by `kill -9`: what is left must be enough to go on from.

Costs one comparison unless `TOCSIN_DIE_AT` names a point when the process starts: `card: posted, not stored`, or the same with
`#2` at its end for the second time it is reached. tests/faults goes through them all.
"""

import os
import signal
from dataclasses import dataclass


@dataclass
class Fate:
    """Where this process dies, and how often it will have been there by then."""

    point: str = ""
    times: int = 1

    @property
    def spec(self) -> str:
        """What armed it, for other processes of ours."""
        return f"{self.point}#{self.times}" if self.point else ""


FATE = Fate()


def arm(spec: str) -> None:
    """Die at the point that `spec` names; "" never."""
    point, _, times = spec.partition("#")
    FATE.point, FATE.times = point.strip(), int(times or 1)


def reached(point: str) -> None:
    """The process has come to `point`. It may not come back."""
    if FATE.point != point:
        return
    FATE.times -= 1
    if FATE.times == 0:
        os.kill(os.getpid(), signal.SIGKILL)
