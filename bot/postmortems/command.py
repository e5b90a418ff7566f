"""What `/inc postmortem …` asks for, read from the words and nothing else."""

import re
from dataclasses import dataclass

from bot.errors import InvalidInput


@dataclass(frozen=True)
class Show:
    """Where is it?"""


@dataclass(frozen=True)
class Give:
    """Somebody owns it."""


@dataclass(frozen=True)
class AskReview:
    """Somebody is to review it."""


@dataclass(frozen=True)
class Approve:
    """It is right as it is."""


@dataclass(frozen=True)
class AskChanges:
    """Something is to be changed before."""

    why: str


@dataclass(frozen=True)
class Publish:
    """Everybody may read it."""


@dataclass(frozen=True)
class Withdraw:
    """Nobody is to read it any more."""

    why: str


@dataclass(frozen=True)
class Edit:
    """Change a part of it."""


@dataclass(frozen=True)
class TakeFacts:
    """Let what became known since stand in it."""


@dataclass(frozen=True)
class History:
    """Which versions are there?"""


@dataclass(frozen=True)
class Restore:
    """Bring a version back."""

    number: int


@dataclass(frozen=True)
class Meet:
    """People meet about it; without a time, one is suggested."""

    when: str


@dataclass(frozen=True)
class CallOff:
    """Nobody meets after all."""


Asked = Show | Give | AskReview | Approve | AskChanges | Publish | Withdraw | Edit | TakeFacts | History | Restore | Meet | CallOff
PLAIN: dict[str, Asked] = {
    **dict.fromkeys(("", "open", "show", "draft"), Show()),
    **dict.fromkeys(("approve", "approved", "lgtm"), Approve()),
    "publish": Publish(),
    "edit": Edit(),
    "facts": TakeFacts(),
    **dict.fromkeys(("history", "versions"), History()),
}
USAGE = (
    "I know `owner @kim`, `review @ana @bo`, `approve`, `changes what is wrong`, `publish`, `withdraw why`, `edit`, `facts`, `history`, "
    "`restore 3`, `tag deploy`, `untag deploy`, `tags`, `template vendor` and `meeting tue 14:00` after `postmortem`."
)


def parse(words: str, *, has_people: bool = False) -> Asked:
    """What was asked; raises `InvalidInput` for what it is not. Mentions are taken out of the words already (`has_people`)."""
    verb, _, rest = (part.strip() for part in (words.strip() + " ").partition(" "))
    verb = verb.lower().rstrip(":.!")
    match verb:
        case "owner" | "assign" | "review":
            _refuse_unknown(verb, rest)
            return AskReview() if verb == "review" else _given(has_people)
        case "changes" | "change":
            return AskChanges(rest)
        case "withdraw":
            return Withdraw(rest)
        case "meeting" | "meet":
            return CallOff() if rest.lower() in {"cancel", "off"} else Meet(rest)
        case "restore":
            return _restored(rest)
    if verb not in PLAIN or rest:
        said = f"`{verb[:40]}`" if verb not in PLAIN else f"what follows `{verb}`"
        raise InvalidInput(f"I do not know {said} of a postmortem, so nothing has happened. {USAGE}")
    return PLAIN[verb]


def _given(has_people: bool) -> Give:
    if not has_people:
        raise InvalidInput("Say who owns it: `/inc postmortem owner @kim`, or `@me`.")
    return Give()


def _restored(rest: str) -> Restore:
    if not re.fullmatch(r"v?(?:ersion )?[1-9]\d{0,8}", rest, re.IGNORECASE):
        raise InvalidInput("Say which version: `/inc postmortem restore 3`. `/inc postmortem history` lists them.")
    return Restore(int(re.sub(r"\D", "", rest)))


def _refuse_unknown(verb: str, rest: str) -> None:
    if rest:
        raise InvalidInput(
            f"I know nobody called “{rest[:60]}”, so nothing has happened. Mention people as Slack completes them: `{verb} @kim`."
        )
