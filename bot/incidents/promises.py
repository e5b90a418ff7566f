"""What an update promises: "rollback done, watching next 30m" promises the next one in half an hour."""

import re
from datetime import timedelta

LONGEST = timedelta(days=1)
NEXT = re.compile(
    r"\bnext(?:\s+update)?(?:\s+in)?\s+(?:(?P<hours>\d{1,2})\s*h(?:ours?)?)?\s*(?:(?P<minutes>\d{1,3})\s*m(?:in|ins|inutes?)?)?[\s.!]*$",
    re.IGNORECASE,
)


def promised(text: str) -> timedelta | None:
    """How soon the end of an update promises the next one; None when it says nothing of it, or more than a day."""
    found = NEXT.search(text[-80:])
    if found is None:
        return None
    wait = timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))
    return wait if timedelta(0) < wait <= LONGEST else None
