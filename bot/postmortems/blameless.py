"""Language that looks for who instead of what: hindsight, judgements, people named as causes; each with what to write instead."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

NOT_KNOWN_THEN = "This was known only afterwards. Say what was known then, and what would have made the other way the easier one."
JUDGES = "This judges. Say what happened, and what made it possible."
ABOUT_A_PERSON = "A person is no cause. Say what made it easy to do and hard to notice, whoever was there."

_PAST = "been|known|seen|done|gone|had|made|taken|told|run|read|set|put|caught|found|kept|thought|[a-z]+ed|[a-z]+en"
_HINDSIGHT = rf"\b(?:should|could|must|ought to)(?:n't| not)?(?: have|'ve) (?:[a-z]+ly )?(?:{_PAST})\b|\bin hindsight\b|\bif only\b"
_JUDGEMENT = (
    r"\b(?:human|operator|user) error\b|\bcareless(?:ly|ness)?\b|\bnegligen(?:t|tly|ce)\b|\bsloppy\b|\bstupid(?:ly)?\b"
    r"|\bobviously\b|\bcommon sense\b|\bto blame\b|\b(?:his|her|their|your|my) (?:own )?(?:fault|mistake)\b|\bnobody bothered\b"
    r"|\bincompeten(?:t|ce)\b|\blaz(?:y|iness)\b|\bguilty\b|\bavoidable\b|\beasily (?:have )?been (?:avoided|prevented|caught)\b"
)
_RULES = ((re.compile(_HINDSIGHT, re.IGNORECASE), NOT_KNOWN_THEN), (re.compile(_JUDGEMENT, re.IGNORECASE), JUDGES))
_DID = r"(?:broke|forgot|caused|missed|ignored|overlooked|failed to|did not|didn't|should|neglected|messed)"
_WHY = r"(?:because of|because|caused by|due to|blame|blames|fault of|thanks to)"


@dataclass(frozen=True)
class Finding:
    """Words, and what to think of in their place."""

    words: str
    instead: str


def look(text: str, people: Iterable[str] = ()) -> tuple[Finding, ...]:
    """What in the text looks for who, in the order in which it stands there. `people` are names by which it may name them."""
    found = [(match.start(), Finding(match[0], instead)) for rule, instead in _RULES for match in rule.finditer(text)]
    for rule in _named(people):
        found += [(match.start(), Finding(match[0], ABOUT_A_PERSON)) for match in rule.finditer(text)]
    return tuple(finding for _, finding in sorted(found, key=lambda one: (one[0], one[1].words)))


def _named(people: Iterable[str]) -> Iterable[re.Pattern[str]]:
    """Somebody as a cause, by full or first name."""
    names = {name for person in people for name in (person, person.partition(" ")[0]) if len(name) > 1}
    if names:
        who = "@?(?:" + "|".join(map(re.escape, sorted(names, key=lambda name: (-len(name), name)))) + r")(?!\w)"
        yield re.compile(rf"(?<!\w){who}(?: \w+)? {_DID}\b|\b{_WHY} {who}", re.IGNORECASE)
