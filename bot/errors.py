"""The one family of errors.

    TocsinError
    ├── Refusal                  what a person asked for cannot be done; the message is the sentence they read
    │   ├── InvalidInput         a value does not parse, or is out of range
    │   ├── NotFound             there is no such incident, page, person …
    │   ├── NotAllowed           this person, or this place, may not do that
    │   │   └── SignInNeeded     nobody is known to ask: they sign in first
    │   ├── InvalidTransition    a state machine forbids the move
    │   └── AlreadyDone          somebody was first; says who and when
    ├── ConfigInvalid            configuration or environment is wrong: every problem, with file and line
    └── Unavailable              something outside, or our own database, cannot be used right now

A refusal is raised in a service and answered at the door (Slack, web, SMS). Anything else is a bug and rises.
"""


class TocsinError(Exception):
    """Anything that Tocsin itself raises."""


class Refusal(TocsinError):
    """A request that is declined. `str(refusal)` is a whole sentence for the person who asked."""


class InvalidInput(Refusal):
    """A value does not parse or is out of range."""


class NotFound(Refusal):
    """What the request names does not exist, or is not visible to who asked."""


class NotAllowed(Refusal):
    """This person, or this place, may not do that."""


class SignInNeeded(NotAllowed):
    """Nobody is known to ask. The sentence says how to sign in."""


class InvalidTransition(Refusal):
    """A state machine forbids the move; the sentence offers the legal ones."""


class AlreadyDone(Refusal):
    """Somebody was first. The sentence says who and when."""


class ConfigInvalid(TocsinError):
    """Configuration or environment is wrong. `problems` lists every one, as `file:line: sentence`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Unavailable(TocsinError):
    """Something outside, or our own database, cannot be used right now; trying again later may help."""
