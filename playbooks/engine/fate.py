# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it is part of what imports ansible-core.
"""Named points at which a process of the engine can be made to die, as by `kill -9`: a part of `bot/faultpoints.py`, which arms them."""

import os
import signal

FATE = {"point": "", "times": 1}


def arm(spec):
    """Die at the point that `spec` names, with `#2` at its end the second time that it is reached; "" never."""
    FATE["point"], _, times = spec.partition("#")
    FATE["times"] = int(times or 1)


def reached(point, pid=None):
    """A process (this one, unless `pid` names another) has come to `point`."""
    if FATE["point"] != point:
        return
    FATE["times"] -= 1
    if FATE["times"] == 0:
        os.kill(pid or os.getpid(), signal.SIGKILL)
