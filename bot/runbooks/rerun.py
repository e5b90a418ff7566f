"""Running again on the hosts on which a run came to grief, and on no other."""

from collections.abc import Collection, Sequence

from bot.errors import InvalidInput
from bot.runbooks.progress import Progress


def failed_hosts(progress: Progress) -> tuple[str, ...]:
    """The hosts on which it failed, or that it could not reach, by name."""
    return tuple(sorted(name for name, host in progress.hosts.items() if host.failed or host.unreachable))


def narrowed(hosts: Sequence[str], only: Collection[str]) -> tuple[str, ...]:
    """Of a run's hosts, those it is narrowed to; all of them where it is not. `InvalidInput` when one of those has gone meanwhile."""
    if gone := sorted(set(only) - set(hosts)):
        raise InvalidInput(f"Nothing was run: what it was to run again on has left the inventory's group: {', '.join(gone)}.")
    return tuple(host for host in hosts if not only or host in only)
