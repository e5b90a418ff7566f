"""What somebody may do in a browser. The one place where that is decided."""

from collections.abc import Mapping
from enum import IntEnum


class Access(IntEnum):
    """Each includes those before it."""

    VIEWER = 1
    RESPONDER = 2
    COMMANDER = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """As people read it."""
        return self.name.lower()


MEANS: Mapping[Access, str] = {
    Access.VIEWER: "You are a viewer: you read what the company may read.",
    Access.RESPONDER: "You are a responder: you write postmortems, comment on them and review them.",
    Access.COMMANDER: "You are a commander: you write and review postmortems, and publish or withdraw those of others, too.",
    Access.ADMIN: "You are an admin: you do what commanders do, and sign others out.",
}


def access_of(*, is_known: bool, may_command: bool, is_admin: bool) -> Access:
    """The access of somebody of the workspace: whether the directory knows them, their standing suffices, they are named an admin."""
    if is_admin:
        return Access.ADMIN
    if not is_known:
        return Access.VIEWER
    return Access.COMMANDER if may_command else Access.RESPONDER
