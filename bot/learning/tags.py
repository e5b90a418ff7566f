"""Tags: what contributed to an incident, in one word or two. A vocabulary makes them countable; free ones are allowed, too.

What fits is suggested by plain rules from what was written down, each with its evidence. Only people set a tag.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from bot.errors import InvalidInput
from bot.incidents.lifecycle import humane

LONGEST = 40
MOST = 12
"""Tags of one postmortem: with more, none of them says anything."""
LATE = timedelta(minutes=15)
"""Noticed so long after it began, and by people: something that should have rung did not."""

_SAYS: Mapping[str, str] = MappingProxyType(
    {
        "deploy": r"deploy(?:s|ed|ment|ments)?|roll(?:ed|ing)?[ -]?back|rollbacks?|releases?|released|canary|reverted",
        "configuration": r"config(?:s|uration)?|misconfigured|(?:feature )?flags?|settings?|environment variable",
        "capacity": r"capacity|overload(?:ed)?|saturat(?:ed|ion)|out of memory|oom|disk (?:is )?full|full disk|quotas?|scaled? (?:up|out)"
        r"|rate[ -]limit(?:ed|s)?|traffic spike|exhausted",
        "dependency": r"third[ -]part(?:y|ies)|upstream|vendor|provider|dependency|partner api|payment gateway",
        "database": r"databases?|postgres(?:ql)?|mysql|replicas?|replication|deadlocks?|migration|slow quer(?:y|ies)|connection pool"
        r"|failover",
        "network": r"networks?|dns|packet loss|bgp|partition(?:ed)?|load balancer|vpn|firewall|routing|latency between",
        "certificate": r"certificates?|certs?|tls|ssl|expired (?:cert|key|token)|x509",
        "hardware": r"hardware|power (?:failure|loss|outage)|dis[ck]s? (?:failed|died|failure)|memory module|data ?cent(?:er|re)",
        "code defect": r"bugs?|memory leak|null pointer|race condition|exception|regression|off by one|stack trace",
        "human process": r"runbook was|by hand|wrong (?:host|cluster|region|environment)|hand-?over|miscommunicat\w+|nobody knew|typo",
        "security": r"breach|leaked|exposed|intrusion|ddos|credential|vulnerabilit(?:y|ies)|attack",
    }
)
_RULES = {tag: re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE) for tag, pattern in _SAYS.items()}
GAP = "monitoring gap"
_SPACES = re.compile(r"[\s_]+")


@dataclass(frozen=True)
class Written:
    """Something that was written down about an incident: "the title", "the resolution", "a note" …, and its words."""

    where: str
    text: str


@dataclass(frozen=True)
class Told:
    """What is known of an incident that bears on why it happened."""

    written: tuple[Written, ...]
    found_by_alert: bool = False
    noticed_after: timedelta | None = None
    """From the start of impact to detection; None when nobody knows."""


@dataclass(frozen=True)
class Suggestion:
    """A tag that may fit, and what speaks for it."""

    tag: str
    why: str


def normalised(typed: str) -> str:
    """A tag as it is kept: one spelling of what people type. Raises `InvalidInput` for what is none."""
    tag = _SPACES.sub(" ", unicodedata.normalize("NFKC", typed)).strip(" #,;.\"'“”").casefold()
    if not tag or not any(letter.isalnum() for letter in tag):
        raise InvalidInput("A tag is a word or two, like `deploy` or `monitoring gap`.")
    if len(tag) > LONGEST:
        raise InvalidInput(f"A tag has at most {LONGEST} characters. Say it shorter: the postmortem has room for the rest.")
    if not all(letter.isalnum() or letter in " -/.+&'" for letter in tag):
        raise InvalidInput(f"`{typed.strip()[:LONGEST]}` is no tag: use letters, digits and hyphens.")
    return tag


def apart(line: str, vocabulary: Collection[str]) -> tuple[str, ...]:
    """The tags of a line. Commas part them; without any, known tags of several words stay whole and every other word is one."""
    if "," in line:
        return _once(normalised(part) for part in line.split(",") if part.strip())
    words, found = [normalised(word) for word in line.split()], []
    longest = max((len(tag.split()) for tag in vocabulary), default=1)
    while words:
        size = next((n for n in range(min(longest, len(words)), 1, -1) if " ".join(words[:n]) in vocabulary), 1)
        found.append(" ".join(words[:size]))
        words = words[size:]
    return _once(found)


def suggested(told: Told, vocabulary: Sequence[str], present: Collection[str] = ()) -> tuple[Suggestion, ...]:
    """Tags of the vocabulary that may fit and are not set, in its order, each with its first evidence."""
    found: dict[str, Suggestion] = {}
    for tag, rule in _RULES.items():
        for part in told.written:
            if tag not in found and (match := rule.search(part.text)):
                found[tag] = Suggestion(tag, f"“{match[0]}” in {part.where}")
    if not told.found_by_alert and told.noticed_after is not None and told.noticed_after >= LATE:
        found[GAP] = Suggestion(GAP, f"people noticed it, {humane(told.noticed_after)} after it began")
    return tuple(found[tag] for tag in vocabulary if tag in found and tag not in present)


def _once(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))
