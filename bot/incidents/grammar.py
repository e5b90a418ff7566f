"""The grammar of `/inc`: what was typed and where goes in, what to do comes out. Nothing is looked up and nothing raises.

A verb with its argument acts at once; a verb alone opens a form; what is ambiguous does nothing and offers two buttons.
Text is passed through as typed (a title keeps its markup); mentions and `service:` at the end become data.
"""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.incidents.intents import Act, Ask, Declare, Intent, Look, Mention, MentionKind, OpenForm, Place, Unknown
from bot.incidents.lifecycle import state_named
from bot.incidents.severity import Severity
from bot.incidents.tasks import overdue_of, take_apart
from bot.incidents.verbs import NEXT, SPELLINGS, VERBS, Argument, Verb, nearest_verbs

__all__ = [
    "SPELLINGS",
    "VERBS",
    "Act",
    "Ask",
    "Declare",
    "Intent",
    "Look",
    "Mention",
    "MentionKind",
    "OpenForm",
    "Place",
    "Unknown",
    "parse",
]


LOOKS = frozenset({"find", "list", "help", "report", "rules"})
"""Verbs that are about no incident, also where one is named."""
ABOUT_PEOPLE = frozenset({"owner", "assign", "review"})
"""What is done with a document and people."""
SEVERITY_WORD = re.compile(r"sev(?:erity)?[-_:#]?(\d+)?")
INCIDENT_WORD = re.compile(r"(?:#(?:inc-?)?|inc-)([1-9]\d{0,99})")
CHANNEL_WORD = re.compile(r"<#[A-Z0-9]+\|#?inc-([1-9]\d{0,8})(?:-[^>]*)?>", re.IGNORECASE)
QUARTER = re.compile(r"last|(?:20\d\d)?q[1-4]")
DURATION = re.compile(r"(?:(\d{1,3})\s*h(?:ours?)?)?\s*(?:(\d{1,4})\s*(?:m|min|mins|minutes?)?)?", re.IGNORECASE)
SLACK_MENTION = re.compile(r"<(?:@([UW][A-Z0-9]+)|!subteam\^(S[A-Z0-9]+))(?:\|[^>]*)?>")
QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "„": "“", "«": "»"}


@dataclass(frozen=True)
class Line:
    """A typed line as words with their places, so that the rest of it can be taken as typed."""

    text: str
    spans: tuple[tuple[int, int], ...] = field(default=())

    @classmethod
    def of(cls, text: str) -> "Line":
        return cls(text, tuple(match.span() for match in re.finditer(r"\S+", text)))

    def __len__(self) -> int:
        return len(self.spans)

    def word(self, number: int) -> str:
        """Word `number` as typed, or nothing."""
        return self.text[slice(*self.spans[number])] if number < len(self.spans) else ""

    def key(self, number: int) -> str:
        """Word `number` as it is compared: in lower case, full-width and invisible characters and closing punctuation aside."""
        return key_of(self.word(number))

    def rest(self, number: int) -> str:
        """Everything from word `number` on, as typed."""
        return self.text[self.spans[number][0] :].strip() if number < len(self.spans) else ""

    def after(self, number: int) -> "Line":
        return Line.of(self.rest(number))


def parse(text: str, place: Place) -> Intent:
    """Decide what a line after the root command means, in the order of the decision table."""
    line = Line.of(text)
    if not any(unicodedata.category(letter)[0] not in "CZ" for letter in text):
        return OpenForm()
    if line.key(0) in {"new", "declare"}:
        return declared_or_form(line.after(1), place)
    named = incident_named(line, place)
    if named is not None:
        return on_incident(line.after(1), replace(place, incident=named), whole=line)
    if place.incident is not None:
        return on_incident(line, place, whole=line)
    return outside(line, place)


def outside(line: Line, place: Place) -> Intent:
    """A line typed where no incident is implied."""
    if severity_at(line)[0]:
        return declared_or_form(line, place)
    verb = verb_at(line)
    if verb is None:
        near = near_misses(line)
        if len(line) > 1 and not near:
            return declaration(line.text, place)
        return Unknown(line.word(0), near, declaration(line.text, place))
    argument = line.rest(1)
    if not verb.needs_incident:
        return general(verb, argument, line, place)
    if verb.name == "task" and overdue_of(argument) is not None:
        return Look(verb.name, argument)
    only = place.mine[0] if len(place.mine) == 1 else None
    if not argument:
        return Act(only, verb.name, implied=True) if verb.acts_alone and only else OpenForm(verb.name, only)
    act = None if verb.is_free_text or verb.argument is Argument.SEVERITY else filled(verb, argument, only, place)
    if act and only and not leftover(verb, argument):
        return replace(act, implied=True)
    return ask(verb, argument, line, place, only)


def on_incident(line: Line, place: Place, whole: Line) -> Intent:
    """A line about `place.incident`, which its channel or a number names."""
    number = place.incident
    if not line:
        return Look("list", f"#{number}")
    severity, taken = severity_at(line)
    if severity:
        return Act(number, "sev", line.rest(taken), severity=severity)
    verb = verb_at(line)
    if verb is None:
        near = near_misses(line)
        if len(line) == 1 or near:
            return Unknown(line.word(0), near, declaration(whole.text, place), number)
        text = f"That begins with no command. Nothing has happened yet: is it a new incident, or a note on #{number}?"
        return Ask(text, declaration(whole.text, place), Act(number, "note", line.text.strip()))
    argument = line.rest(1)
    if verb.name == "new" and not argument:
        return OpenForm()
    if verb.name == "new":
        return ask(verb, argument, whole, place, number)
    if verb.name in LOOKS or (verb.name == "task" and overdue_of(argument) is not None):
        return Look(verb.name, argument)
    if verb.makes_incident and argument and line is whole:  # its own channel: no question, but a refusal that says why
        return Act(None, verb.name, argument) if verb.argument is Argument.TEXT else general(verb, argument, whole, place)
    if verb.makes_incident:
        return general(verb, argument, whole, place)
    if not argument:
        return Act(number, verb.name) if verb.acts_alone else OpenForm(verb.name, number)
    act = filled(verb, argument, number, place)
    return act or ask(verb, argument, whole, place, number)


def general(verb: Verb, argument: str, line: Line, place: Place) -> Intent:
    """A verb that needs no incident, typed outside one."""
    titled = declaration(line.text, place)
    if verb.name == "find":
        return Look("find", argument, titled if len(line) > 2 else None) if argument else OpenForm("find")
    if verb.acts_alone:
        words = [key_of(word) for word in argument.split()]
        parses = set(words) <= (verb.words or set(SPELLINGS)) and len(words) <= 2
        if verb.name == "rules":  # names and reasons follow
            parses = set(words[:1]) <= verb.words
        if verb.name == "report":
            parses = all(is_quarter(word) or word.removeprefix("@") in place.teams for word in words)
        return Look(verb.name, argument) if parses else Ask(why(verb, False), titled, Look(verb.name, argument))
    if not argument:
        return OpenForm(verb.name)
    if verb.argument is Argument.NAME and len(argument.split()) == 1:
        return Act(None, verb.name, argument)
    if verb.name == "convert":
        return Ask(CONVERT, titled, Act(None, verb.name, argument))
    return Ask(why(verb, False), titled, OpenForm(verb.name, text=argument))


CONVERT = (
    "Nothing has happened yet: shall this channel become the incident's? Whoever is on call is paged and invited here, and what was said "
    "here today is part of it. When it is over, this is an ordinary channel again."
)


def ask(verb: Verb, argument: str, line: Line, place: Place, number: int | None) -> Ask:
    """Nothing happens: it may be a title that begins with a verb."""
    titled, instead = declaration(line.text, place), filled(verb, argument, number, place)
    text = why(verb, instead is None)
    if verb.name == "new":
        return Ask(text, declared(Line.of(argument), place), Act(number, "note", line.rest(1)))
    if verb.name == "private" and number is None:
        return Ask(text, titled, replace(declaration(argument, place), private=True))
    return Ask(text, titled, instead if instead and number else OpenForm(verb.name, number, text=argument))


NOT_OF_ITS_KIND = {
    Argument.SEVERITY: "A severity is a number from 1 to 4.",
    Argument.STATE: "That is no state of an incident.",
    Argument.PERSON: "That is nobody I know.",
    Argument.TARGET: "That is no person or team I know.",
    Argument.INCIDENT: "That is no incident's number.",
    Argument.DURATION: "That is no time to wait, like 30m or 1h.",
    Argument.RUNBOOK: "That is no runbook I know.",
}


def why(verb: Verb, misunderstood: bool) -> str:
    """The sentence above the two buttons."""
    reason = f'"{verb.name}" is also a command.'
    if misunderstood:
        reason = NOT_OF_ITS_KIND.get(verb.argument, reason)
    return f"{reason} Nothing has happened yet: which did you mean?"


def filled(verb: Verb, argument: str, number: int | None, place: Place) -> Act | None:
    """The verb with its argument understood, or `None` if the argument is not of its kind."""
    act = Act(number, verb.name, argument)
    words = argument.split()
    match verb.argument:
        case Argument.STATE:
            state = state_named(argument.strip(" .!"))
            return replace(act, state=state) if state else None
        case Argument.PERSON:
            person = mention(words[0], place, bare=True)
            fits = person and len(words) == 1 and person.kind not in {MentionKind.TEAM, MentionKind.SLACK_GROUP}
            return replace(act, mentions=(person,)) if person and fits else None
        case Argument.TASK:
            apart = take_apart(argument, lambda word: person_named(word, place) is not None)
            who = person_named(apart.who, place) if apart.who else None
            mentions = (who,) if who else ()
            return replace(act, argument=apart.text, mentions=mentions, due=apart.due, priority=apart.priority, kind=apart.kind)
        case Argument.DOCUMENT:
            return about_people(act, words, place) if key_of(words[0]) in ABOUT_PEOPLE else act
        case Argument.TARGET:
            return targeted(act, words, argument, place)
        case Argument.INCIDENT:
            found = re.fullmatch(r"(?:into\s+|with\s+)?(?:#|inc-)?([1-9]\d{0,8})", key_of(argument))
            return replace(act, other=int(found[1])) if found else None
        case Argument.DURATION:
            wait = duration(key_of(argument))
            return replace(act, wait=wait) if wait else None
        case Argument.RUNBOOK:
            known = key_of(words[0]) in place.runbooks
            return act if known and all("=" in word for word in words[1:]) else None
        case Argument.SEVERITY:
            return None
        case _:
            return act


def is_quarter(word: str) -> bool:
    """Whether a word names a quarter: `last`, `q3`, `2026q3`."""
    return QUARTER.fullmatch(word) is not None


def targeted(act: Act, words: list[str], argument: str, place: Place) -> Act | None:
    """A page: one or more people or teams, then what they are told; or whoever is next."""
    if NEXT not in place.people and re.fullmatch(rf"{NEXT}(?: 3| three)?", key_of(" ".join(words))):
        return replace(act, argument=NEXT)
    mentions = []
    for word in words:
        found = mention(word, place, bare=len(words) == 1)
        if found is None:
            break
        mentions.append(found)
    if not mentions:
        return None
    return replace(act, argument=Line.of(argument).rest(len(mentions)), mentions=tuple(mentions))


def about_people(act: Act, words: list[str], place: Place) -> Act:
    """What is to be done, and with whom; words that name nobody stay words."""
    found = [(word, mention(word, place, bare=True)) for word in words[1:]]
    left = [word for word, who in found if who is None]
    return replace(act, argument=" ".join([words[0], *left]), mentions=tuple(who for _, who in found if who is not None))


def leftover(verb: Verb, argument: str) -> bool:
    """Whether words follow a verb that takes none, so that outside its channel it may be a title."""
    if verb.argument is Argument.NONE:
        return True
    return verb.argument in (Argument.OPTIONAL, Argument.DOCUMENT) and not {key_of(word) for word in argument.split()} <= verb.words


def incident_named(line: Line, place: Place) -> int | None:
    """The incident that the first word names: `#42`, `inc-42`, its channel, or a bare `42` that is open with a verb behind it."""
    found = INCIDENT_WORD.fullmatch(line.key(0)) or CHANNEL_WORD.fullmatch(line.word(0))
    if found:
        return int(found[1])
    bare = re.fullmatch(r"[1-9]\d{0,8}", line.key(0))
    if bare and int(bare[0]) in place.open and (verb_at(line.after(1)) or severity_at(line.after(1))[0]):
        return int(bare[0])
    return None


def verb_at(line: Line) -> Verb | None:
    """The verb that the line begins with; a quoted word is a title's."""
    if line.word(0)[:1] in QUOTES:
        return None
    if line.word(0) == "?":
        return VERBS["help"]
    return SPELLINGS.get(line.key(0))


def near_misses(line: Line) -> tuple[str, ...]:
    """The verbs that the first word nearly is; a quoted word is a title's."""
    return () if line.word(0)[:1] in QUOTES else nearest_verbs(line.key(0))


def severity_at(line: Line) -> tuple[Severity | None, int]:
    """The severity that the line begins with (`sev1`, `SEV-1`, `sev 1`, `sev1:`) and how many words that took."""
    glued = SEVERITY_WORD.fullmatch(line.key(0).strip("[]()"))
    if not glued:
        return None, 0
    digits, taken = (glued[1], 1) if glued[1] else (line.key(1), 2)
    return (Severity(int(digits)), taken) if digits in {"1", "2", "3", "4"} else (None, 0)


def declared_or_form(line: Line, place: Place) -> Intent:
    """Declare what the line says, or open the form if it has no title."""
    severity, taken = severity_at(line)
    declare = declared(line, place)
    return declare if declare.title else OpenForm(severity=severity, text=line.rest(taken))


def declared(line: Line, place: Place) -> Declare:
    """A declaration, the severity taken from the front if it stands there."""
    severity, taken = severity_at(line)
    return replace(declaration(line.rest(taken), place), severity=severity)


def titled(text: str, place: Place) -> Declare:
    """What follows a verb that makes an incident, as a declaration."""
    return declared(Line.of(text), place)


def declaration(text: str, place: Place) -> Declare:
    """A declaration with this text as typed. Mentions and the service at the end are taken off; elsewhere they stay."""
    line = Line.of(text)
    end, people, service, unknown = len(line), list[Mention](), None, None
    trailing = True
    for number in range(len(line) - 1, -1, -1):
        word = line.word(number)
        named = service_named(word)
        who = mention(word, place)
        if who:
            people.append(who)
        if named and named in place.services:
            service = named
        elif named:
            unknown = named
        trailing = trailing and bool(who or (named and named in place.services))
        if trailing:
            end = number
    title = text[: line.spans[end - 1][1]].strip() if end else text.strip()
    hint = None if service else service_hint(title, place)
    return Declare(unquoted(title), None, service, tuple(reversed(people)), service_hint=hint, unknown_service=None if service else unknown)


def service_named(word: str) -> str | None:
    """The service of a `service:checkout` word."""
    if ":" not in word and "：" not in word:
        return None
    prefix, colon, name = key_of(word).partition(":")
    return name.strip("\"'“”‘’") or None if colon and prefix == "service" else None


def service_hint(title: str, place: Place) -> str | None:
    """The one known service that the title names, if it names exactly one."""
    words = {key_of(word).strip("\"'“”‘’()") for word in title.split()[:100]} if place.services else set()
    named = words & place.services
    return named.pop() if len(named) == 1 else None


def mention(word: str, place: Place, bare: bool = False) -> Mention | None:
    """Somebody named by Slack's markup or as `@name`; with `bare`, as a known name alone or "me" too."""
    if not bare and word[0] not in "<@＠":
        return None
    slack = SLACK_MENTION.fullmatch(word.rstrip(",.;:!"))
    if slack:
        return Mention(MentionKind.SLACK_USER, slack[1]) if slack[1] else Mention(MentionKind.SLACK_GROUP, slack[2])
    name = key_of(word)
    if bare and name == "me":
        return Mention(MentionKind.ME, "me")
    if not name.startswith("@") and not bare:
        return None
    name = name.removeprefix("@")
    if name in place.people:
        return Mention(MentionKind.PERSON, name)
    return Mention(MentionKind.TEAM, name) if name in place.teams else None


def person_named(word: str, place: Place) -> Mention | None:
    """Somebody who is mentioned: a person, no team or group."""
    found = mention(word, place)
    return None if found is None or found.kind in (MentionKind.TEAM, MentionKind.SLACK_GROUP) else found


def duration(text: str) -> timedelta | None:
    """How long to snooze: `30`, `30m`, `1h`, `1h30m`; up to a day."""
    found = DURATION.fullmatch(text)
    if not found or not text:
        return None
    wait = timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0))
    return wait if timedelta(0) < wait <= timedelta(days=1) else None


def unquoted(title: str) -> str:
    """The title without a pair of quotes around the whole of it."""
    inner = title[1:-1].strip()
    around = len(title) > 2 and QUOTES.get(title[0]) == title[-1]
    return inner if around and inner and title[0] not in inner and title[-1] not in inner else title


def key_of(word: str) -> str:
    """A word as it is compared: in lower case, without full-width or invisible characters and closing punctuation."""
    folded = unicodedata.normalize("NFKC", word[:200]).casefold()
    visible = "".join(letter for letter in folded if unicodedata.category(letter) != "Cf")
    return visible.replace("‐", "-").replace("–", "-").rstrip(":,;.!")
