"""What follows `/oncall`, understood: words in, an intent out. Times stay words here; `times` reads them with the reader's clock."""

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass

MENTION = re.compile(r"<@(?P<user>[A-Z0-9]+)(?:\|[^>]*)?>,?")
RETURN = re.compile(r"\s+(?:against|in return(?: for)?|and i take|for theirs?)\s+", re.IGNORECASE)
BETWEEN = frozenset({"and", "then"})
HOW_TEMPORARY = "Name each with their time: `temporary payments @kim sat 9:00 +12h, @bo +12h`."
LINKING = frozenset({"for", "on", "in", "of", "with", "to", "by"})
GLUED = re.compile(r"[,;](?=[@<])")
INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))


@dataclass(frozen=True)
class Somebody:
    """A person named: by Slack user id, by configured id, or oneself."""

    slack: str = ""
    id: str = ""
    is_me: bool = False


@dataclass(frozen=True)
class Known:
    """The words that name something here, in lower case: teams, services, schedules (rotations too), people."""

    teams: Collection[str] = ()
    services: Collection[str] = ()
    schedules: Collection[str] = ()
    people: Collection[str] = ()


@dataclass(frozen=True)
class Mine:
    """What is mine, and who is on call now and next: `/oncall`."""


@dataclass(frozen=True)
class Show:
    """Now and next of a team, service or schedule."""

    target: str


@dataclass(frozen=True)
class Shifts:
    """Somebody's next shifts."""

    person: Somebody


@dataclass(frozen=True)
class Override:
    """Let somebody stand in at a time; `target` names the team or schedule where it was named."""

    person: Somebody
    when: str
    target: str = ""


@dataclass(frozen=True)
class Temporary:
    """Shifts that stand in place of a schedule for a while: who, and when in words, as they were typed."""

    shifts: tuple[tuple[Somebody, str], ...]
    target: str = ""


@dataclass(frozen=True)
class Swap:
    """Ask somebody to take my shifts in a time (without words: my next shift), perhaps for theirs `in_return`."""

    person: Somebody
    when: str = ""
    in_return: str = ""
    target: str = ""


@dataclass(frozen=True)
class Cover:
    """Ask the team who takes my shifts in a time (without words: my next shift)."""

    when: str = ""
    target: str = ""


@dataclass(frozen=True)
class Off:
    """I cannot: show who could take it."""

    when: str = ""
    target: str = ""


@dataclass(frozen=True)
class Report:
    """How fair a quarter was: "", "last" or "2026q3"."""

    quarter: str = ""


@dataclass(frozen=True)
class Addresses:
    """Where calendar and feeds are; `target` names a team or schedule."""

    target: str = ""


@dataclass(frozen=True)
class Help:
    """The list of what can be typed."""


@dataclass(frozen=True)
class Unclear:
    """Not understood: the sentence says what to type."""

    why: str


Intent = Mine | Show | Shifts | Override | Temporary | Swap | Cover | Off | Report | Addresses | Help | Unclear

VERBS = {
    "override": "override", "overrides": "override", "replace": "override",
    "temporary": "temporary", "temp": "temporary",
    "swap": "swap", "trade": "swap", "ask": "swap",
    "cover": "cover", "coverage": "cover",
    "off": "off", "cannot": "off", "can't": "off", "cant": "off", "away": "off",
    "report": "report", "fairness": "report", "stats": "report",
    "calendar": "calendar", "feed": "calendar", "feeds": "calendar", "ical": "calendar", "ics": "calendar", "link": "calendar",
    "links": "calendar",
    "me": "me", "mine": "me", "i": "me", "shifts": "me",
    "now": "now", "all": "now", "list": "now", "who": "now",
    "help": "help", "?": "help",
}  # fmt: skip

HELP = """*{root}*: what is yours, and who is on call now and next
`{root} payments`: a team's or schedule's now and next, with the hand-off in your time; what was changed there can be taken back
`{root} @kim`: somebody's next shifts
`{root} override @kim sat 18:00 +8h`: Kim stands in then; you see the times in full and confirm
`{root} temporary payments @kim sat 9:00 +12h, @bo +12h`: these shifts stand in place of the whole schedule meanwhile; \
one without a beginning follows the one before
`{root} swap @kim sat 18:00 +8h`: ask Kim to take your shift; with `against sun 9:00 +8h` you take theirs in return
`{root} cover`: ask the team for your next shift, or `cover sat 18:00 +8h`; who takes it first has it
`{root} off`: you cannot; see who could take it, least lately on call first
`{root} report`: hours, nights, weekends and pages of the quarter; `report last`, `report 2026q3`
`{root} calendar`: the calendar's page, and feeds for your own
Times are yours: `fri 18:00 +8h`, `tomorrow 9:00 to 17:00`, `18:00–22:00`, `until mon 9:00`. A day alone is all of it; \
with a length it begins at 09:00."""


def parse(text: str, known: Known) -> Intent:
    """What a line means. Never raises."""
    words = _words(text)
    if not words:
        return Mine()
    first = words[0].lower().rstrip(":,")
    verb = VERBS.get(first)
    if verb is None or (len(words) == 1 and _is_target(first, known)):  # a team may be called "cover"
        return _named(words, known)
    rest = words[1:]
    match verb:
        case "override":
            return _override(rest, known)
        case "temporary":
            return _temporary(rest, known)
        case "swap":
            return _swap(rest, known)
        case "cover" | "off":
            target, rest = _target(rest, known)
            return Cover(" ".join(rest), target) if verb == "cover" else Off(" ".join(rest), target)
        case "report":
            return _report(rest)
        case "calendar":
            target, rest = _target(rest, known)
            return Addresses(target) if not rest else _unknown(" ".join(rest), known)
        case "me":
            return Shifts(Somebody(is_me=True))
        case "now":
            return Mine() if not rest else _named([word for word in rest if word.lower() not in ("is", "for", "on")] or rest, known)
    return Help()


def somebody(word: str, known: Known) -> Somebody | None:
    """The person a word names."""
    if found := MENTION.fullmatch(word):
        return Somebody(slack=found["user"])
    bare = word.lower().removeprefix("@").rstrip(",:")
    if bare in ("me", "myself"):
        return Somebody(is_me=True)
    return Somebody(id=bare) if bare in known.people else None


def _named(words: list[str], known: Known) -> Intent:
    whole = " ".join(words).lower().removeprefix("@").rstrip("?")
    if _is_target(whole, known):
        return Show(whole)
    if len(words) == 1 and (person := somebody(words[0], known)):
        return Shifts(person)
    return _unknown(whole, known)


def _unknown(word: str, known: Known) -> Unclear:
    names = sorted({*VERBS, *known.teams, *known.services, *known.schedules, *known.people})
    near = difflib.get_close_matches(word[:80], names, n=1, cutoff=0.7)
    meant = f" Did you mean `{near[0]}`?" if near else f" Teams: {', '.join(sorted(known.teams)[:12]) or 'none'}."
    return Unclear(
        f"There is no command, team, schedule or person `{_shown(word)}`.{meant} Nothing has happened; `help` lists the commands."
    )


def _override(words: list[str], known: Known) -> Intent:
    person, rest = _person(words, known)
    target, rest = _target(rest, known)
    if person is None:
        return Unclear(f"{_nobody(words)} Name who stands in, then when: `override @kim sat 18:00 +8h`.")
    if not rest:
        return Unclear("From when until when? Write it like `override @kim sat 18:00 +8h` or `override @kim until mon 9:00`.")
    return Override(person, " ".join(rest), target)


def _temporary(words: list[str], known: Known) -> Intent:
    """Each person with the words after them, until the next person: one that is marked as such, or named after a comma."""
    target, rest = _target(words, known)
    shifts: list[tuple[Somebody, list[str]]] = []
    is_next = True
    for word in rest:
        is_marked = word.startswith(("@", "<@"))
        person = somebody(word.rstrip(";"), known) if is_marked or is_next else None
        if person:
            shifts.append((person, []))
        elif is_marked or not shifts:
            return Unclear(f"{_nobody([word])} {HOW_TEMPORARY}")
        else:
            shifts[-1][1].append(word)
        is_next = word.endswith((",", ";")) or word.lower() in BETWEEN
    found = tuple((person, _without_between(when)) for person, when in shifts)
    if not found or not all(when for _, when in found):
        return Unclear(f"{'From when until when is each of them?' if found else 'Who, and when?'} {HOW_TEMPORARY}")
    return Temporary(found, target)


def _without_between(words: list[str]) -> str:
    """The words of one shift, without what leads over to the next."""
    while words and words[-1].lower() in BETWEEN:
        words = words[:-1]
    return " ".join(words).strip(",; ")


def _swap(words: list[str], known: Known) -> Intent:
    person, rest = _person(words, known)
    target, rest = _target(rest, known)
    if person is None:
        return Unclear(f"{_nobody(words)} Name whom to ask: `swap @kim` (your next shift) or `swap @kim sat 18:00 +8h`.")
    if person.is_me:
        return Unclear("A swap needs somebody else: `swap @kim sat 18:00 +8h`. To ask the whole team: `cover`.")
    mine, *theirs = RETURN.split(" " + " ".join(rest) + " ", maxsplit=1)
    if theirs and not (mine.strip() and theirs[0].strip()):
        return Unclear("A swap against something needs both times: `swap @kim sat 18:00 +8h against sun 9:00 +8h`.")
    return Swap(person, mine.strip(), theirs[0].strip() if theirs else "", target)


def _report(words: list[str]) -> Intent:
    asked = "".join(words).lower()
    if asked in ("", "now", "this", "thisquarter"):
        return Report()
    if asked in ("last", "lastquarter", "previous"):
        return Report("last")
    found = re.fullmatch(r"(?:(?P<year>20\d\d)[-/]?)?q(?P<n>[1-4])(?:[-/]?(?P<after>20\d\d))?", asked)
    if found is None or (found["year"] and found["after"]):
        return Unclear("Name a quarter like `report`, `report last` or `report 2026q3`.")
    return Report(f"{found['year'] or found['after'] or ''}q{found['n']}")


def _person(words: list[str], known: Known) -> tuple[Somebody | None, list[str]]:
    """The first word that names a person, and the words without it (and without a "with" before it)."""
    for at, word in enumerate(words):
        if found := somebody(word, known):
            before = words[:at]
            if before and before[-1].lower() in LINKING:
                before = before[:-1]
            return found, before + words[at + 1 :]
    return None, words


def _target(words: list[str], known: Known) -> tuple[str, list[str]]:
    """The first word that names a team or schedule, and the words without it (and without a "for" before it)."""
    for at, word in enumerate(words):
        name = word.lower().removeprefix("@").rstrip(",:")
        if _is_target(name, known):
            before = words[:at]
            if before and before[-1].lower() in LINKING:
                before = before[:-1]
            return name, before + words[at + 1 :]
    return "", words


def _is_target(name: str, known: Known) -> bool:
    return name in known.teams or name in known.services or name in known.schedules


def _nobody(words: list[str]) -> str:
    named = next((word for word in words if word.startswith("@")), "")
    return f"I know nobody called `{_shown(named)}`." if named else "I see nobody's name in that."


def _words(text: str) -> list[str]:
    return GLUED.sub(", ", text.translate(INVISIBLE).replace("\u2019", "'")).split()


def _shown(text: str) -> str:
    return text.replace("`", "'").replace("<", "‹").replace(">", "›")[:60]
