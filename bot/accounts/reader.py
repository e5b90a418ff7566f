"""Who reads."""

from dataclasses import dataclass

from bot.accounts.access import Access
from bot.db import ActorId
from bot.errors import NotAllowed, SignInNeeded

NOBODY = ActorId("nobody")
"""Acts for a reader who is not known: sees no private incident, and is never written down."""


@dataclass(frozen=True)
class Reader:
    """Somebody who looks at a page. `person` is None for whoever holds a link that names nobody."""

    person: ActorId | None
    name: str
    access: Access
    csrf: str = ""
    """What each form and each write of a signed-in reader carries; "" where the address itself is the authority."""
    holds_link: bool = False
    """The page's own link was shown: what it is about may be seen, private or not."""
    can_sign_in: bool = False

    @property
    def actor(self) -> ActorId:
        """Who acts in a transaction."""
        return self.person or NOBODY

    @property
    def is_signed_in(self) -> bool:
        return bool(self.csrf)

    def may(self, needed: Access) -> bool:
        """Whether this reader may do what needs that access. Nobody in particular may only look."""
        return self.access >= needed if self.person else needed <= Access.VIEWER

    def must(self, needed: Access) -> ActorId:
        """Who acts, if they may; raises `SignInNeeded` or `NotAllowed`."""
        if self.person is None:
            how = "Sign in with Slack" if self.can_sign_in else "Ask Tocsin in Slack for a link of your own"
            raise SignInNeeded(f"This link names nobody, so with it things can only be looked at. {how}.")
        if not self.may(needed):
            raise NotAllowed(
                f"That takes {article(needed.word)}; you are {article(self.access.word)}. The configuration says who is what (`access`)."
            )
        return self.person


def article(word: str) -> str:
    """`a viewer`, `an admin`."""
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
