"""Whose approval counts, and whether there are enough."""

from collections.abc import Collection


def lacks(approvers: Collection[str], owner: str | None, authors: Collection[str], needed: int) -> int:
    """How many more have to approve a version that `approvers` agree with.

    The owner's does not count, and one at least is of somebody who wrote nothing of it.
    """
    return max(needed - len(counted(approvers, owner)), 0 if has_fresh_eyes(approvers, owner, authors) else 1)


def has_fresh_eyes(approvers: Collection[str], owner: str | None, authors: Collection[str]) -> bool:
    """Whether somebody among them wrote nothing of it."""
    return bool(counted(approvers, owner) - set(authors))


def counted(approvers: Collection[str], owner: str | None) -> set[str]:
    """Those whose approval counts."""
    return {person for person in approvers if person != owner}
