"""The account under which playbooks run, where it is not the bot's own: it may do less, and the bot lends it nothing.

Only root can start something as somebody else. What stands in a run's directory is that account's work, and a link there could lead
anywhere: it is read, changed and removed with the account's own rights.
"""

import ctypes
import os
import platform
import pwd
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

SETGROUPS = {"x86_64": 116, "aarch64": 159}.get(platform.machine())
"""The system call, which is for one thread; what the C library offers is for all of them."""


class As(TypedDict, total=False):
    """How a program is started as somebody else."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """An account of this machine; without a name, the bot's own. `trouble` says why nothing can be run under it; "" when it can."""

    name: str = ""
    uid: int = -1
    gid: int = -1
    groups: tuple[int, ...] = ()
    home: str = ""
    trouble: str = ""

    @property
    def starts(self) -> As:
        """For whoever starts a program under it."""
        return {"user": self.uid, "group": self.gid, "extra_groups": list(self.groups)} if self.name else {}

    def given(self, path: Path) -> None:
        """Let it have what was just made for it."""
        if self.name:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def cannot_read(self, path: Path) -> str:
        """Why it cannot read this file or directory, in a sentence; "" when it can."""
        if not self.name:
            return ""
        try:
            with self.rights():
                if path.is_dir():
                    next(path.iterdir(), None)
                else:
                    path.open("rb").close()
        except OSError as error:
            return f"{self.name}, under which runs work, cannot read {path} ({error.strerror or error})."
        return ""

    @contextmanager
    def rights(self) -> Iterator[None]:
        """What this thread does with files meanwhile, it does with this account's rights and no others. Nobody may wait in here."""
        if not self.name:
            yield
            return
        own = os.getgroups()
        try:
            _become(self.uid, self.gid, self.groups)
            yield
        finally:
            _become(os.geteuid(), os.getegid(), own)


OWN = Account()


def account(name: str | None) -> Account:
    """The account of this name; the bot's own where there is none."""
    if name is None:
        return OWN
    try:
        known = pwd.getpwnam(name)
    except KeyError:
        return Account(name, trouble=f"Nothing is run: there is no account {name} here, which TOCSIN_RUNS_USER names. Make it.")
    groups = tuple(os.getgrouplist(name, known.pw_gid))
    return Account(name, known.pw_uid, known.pw_gid, groups, known.pw_dir, _trouble(known))


def _trouble(known: pwd.struct_passwd) -> str:
    if sys.platform != "linux" or SETGROUPS is None or os.geteuid() != 0:
        why = f"only root, on Linux, can start something as {known.pw_name}, which TOCSIN_RUNS_USER wants"
        return f"Nothing is run: {why}. Leave that out, or let a `tocsin worker` do the runs."
    if known.pw_uid == 0:
        return f"Nothing is run: TOCSIN_RUNS_USER is {known.pw_name}, which is root. Name an account that may do less."
    if not Path(known.pw_dir).is_dir():
        return f"Nothing is run: {known.pw_name}, which TOCSIN_RUNS_USER names, has no home directory, and Ansible needs one. Make it."
    return ""


def _become(uid: int, gid: int, groups: tuple[int, ...] | list[int]) -> None:
    """Take these rights on files, for this thread."""
    library = ctypes.CDLL(None)
    library.syscall(SETGROUPS, len(groups), (ctypes.c_uint32 * len(groups))(*groups))
    library.setfsgid(gid)
    library.setfsuid(uid)
    if (library.setfsuid(-1), library.setfsgid(-1)) != (uid, gid):
        raise PermissionError(f"the rights of account {uid} cannot be taken")
