"""A process that has imported the bot once and forks a fresh one whenever it is asked: real processes to kill, without a second of
imports each. Spoken to in lines of JSON: `{"environ": {…}, "log": "path"}` comes in; `{"born": pid}` and `{"died": pid, "code": -9}`
go out. When its input ends, it and all its children end.
"""

import contextlib
import gc
import json
import os
import selectors
import signal
import sys
from typing import Never

from bot import __main__ as command_line
from bot import app  # loaded here, once for all
from bot.sandbox.process import die_with_parent

WHAT_COMES_LATE = ("apscheduler.triggers.cron", "asyncpg", "bot.sqlite", "twilio.request_validator")


def main() -> None:
    """Serve until the input ends."""
    assert app
    for module in WHAT_COMES_LATE:
        __import__(module)
    gc.freeze()  # what is shared stays shared
    orders = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 – what is buffered here would not wake the selector
    waiting = selectors.DefaultSelector()
    waiting.register(orders, selectors.EVENT_READ)
    children: dict[int, int] = {}
    while True:
        for key, _ in waiting.select():
            if key.data is None:
                line = orders.readline()
                if not line:
                    end(list(children))
                    return
                pid = bear(json.loads(line))
                children[pid] = os.pidfd_open(pid)
                waiting.register(children[pid], selectors.EVENT_READ, pid)
                say({"born": pid})
            else:
                waiting.unregister(key.fd)
                os.close(children.pop(key.data))
                _, status = os.waitpid(key.data, 0)
                say({"died": key.data, "code": os.waitstatus_to_exitcode(status)})


def bear(order: dict[str, object]) -> int:
    """Fork a bot; returns its process id."""
    pid = os.fork()
    if pid == 0:
        become(order)
    return pid


def become(order: dict[str, object]) -> Never:
    """In the child: what `tocsin run` does, in the environment that was ordered."""
    code = 1
    try:
        die_with_parent()
        os.setsid()
        log = os.open(str(order["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for there, here in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(there, here)
        os.environ.clear()
        os.environ.update(dict(order["environ"]))  # type: ignore[call-overload]
        sys.argv = ["tocsin", "run"]
        command_line.main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stderr.flush()
        os._exit(code)


def end(children: list[int]) -> None:
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def say(line: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
