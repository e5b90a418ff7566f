"""What a room above has to say about an incident, in a form in which its neighbours can tell it."""

from datetime import datetime
from typing import NamedTuple


class Account(NamedTuple):
    """When, what (in plain text), and where that is to be seen: an address, or a path of our own site; "" where nowhere.

    `went_well` is what it says for itself, such as a check afterwards; None: nothing. `gist` is that in a few words.
    """

    at: datetime
    text: str
    url: str = ""
    went_well: bool | None = None
    gist: str = ""
