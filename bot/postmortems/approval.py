"""Whose approval counts, and whether there are enough."""

from collections.abc import Collection


def lacks(approvers: Collection[str], owner: str | None, authors: Collection[str], needed: int) -> int:
    """How many more have to approve a version that `approvers` agree with.

    The owner's does not count, and one at least is of somebody who wrote nothing of it.
    """
    counted = {person for person in approvers if person != owner}
    has_fresh_eyes = bool(counted - set(authors))
    return max(needed - len(counted), 0 if has_fresh_eyes else 1)
