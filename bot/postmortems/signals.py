"""What a message's words say about an incident: that something is broken, was done, was decided, was found out, is well again.

Plain words of the field, looked up one by one and two by two: no language model, the same answer each time.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from types import MappingProxyType


class Signal(StrEnum):
    """What a message does, in the words in which people read the reason for an entry."""

    WELL = "says that something is well"
    ACTION = "tells of an action"
    CAUSE = "speaks of the cause"
    PROBLEM = "says what is wrong"
    DECISION = "decides or plans"
    EVIDENCE = "brings evidence"
    FIGURES = "has figures"
    ACCOUNT = "begins with what was done or seen"
    QUESTION = "only asks"
    CHATTER = "is chatter"
    NOTICE = "says who came or went"


PHRASES: Mapping[Signal, str] = MappingProxyType(
    {
        Signal.WELL: """
            fixed, resolved, recovered, recovering, recovers, recovery, healthy, healthier, worked, works, working, restored, stable,
            stabilised, stabilized, verified, confirmed, mitigated, green, succeeded, successful, successfully, done, completed, normal,
            unblocked, back up, up again, up now, is up, are up, all clear, looks good, look good, be fine, is fine, are fine, is good,
            all good, no more, back online, goes down, going down
        """,
        Signal.ACTION: """
            rollback, roll back, rolled, rolling, reverted, reverting, revert, restarted, restarting, restart, rebooted, rebooting,
            deployed, deploying, redeployed, redeploying, merged, merging, applied, applying, deleted, deleting, removed, removing,
            disabled, disabling, enabled, enabling, upgraded, upgrading, downgraded, bumped, bumping, migrated, migrating, drained,
            draining, scaled, scaling, resized, resizing, increased, increasing, doubled, doubling, switched, switching, rerouted,
            rerouting, failover, failing over, failed over, paused, pausing, suspended, suspending, stopped, stopping, killed, killing,
            cleaned, cleaning, flushed, flushing, patched, patching, pushed, pushing, released, releasing, shipped, opened, filed,
            created, creating, updated, updating, escalated, escalating, paged, paging, silenced, replaced, replacing, bringing,
            brought, moved, moving, shifting, ran, kicked, bounced, bouncing, recreated, cordoned, renewed, rotated, spun, hotfix,
            requested
        """,
        Signal.CAUSE: """
            because, cause, caused, causes, causing, culprit, root cause, regression, bug, typo, introduced, misconfigured,
            misconfiguration, found, looks like, look like, turns out, turned out, due to, related to, suspect, suspected, suspecting,
            guess, theory, hypothesis, realised, realized, noticed, determined, explains, traced, tracked, narrowed, since the,
            after the, the problem, the issue, figured, suspicious, seems like, seems to, reproduced, investigation
        """,
        Signal.PROBLEM: """
            down, outage, broken, breaks, broke, failing, fails, fail, failed, failure, failures, error, errors, timeout, timeouts,
            timing out, crash, crashed, crashing, crashes, crashloop, crashlooping, stuck, slow, slowly, slower, degraded, unhealthy,
            unavailable, unreachable, unresponsive, oom, oomkilled, panic, panics, overloaded, throttled, throttling, exhausted,
            blocked, wedged, pending, worse, missing, lost, corrupted, corrupt, wrong, issue, issues, problem, problems, incident,
            alerts, alerting, firing, spike, spiking, latency, died, dead, fire, expired, hanging, hung, leaking, worrying, worrisome,
            weird, odd, strange, unusual, abnormal, evicted, not working, isn't working, doesn't work, didn't work, not work, no effect,
            not fixed, not healthy, not recovered, not responding
        """,
        Signal.DECISION: """
            let's, lets, decided, decision, plan, shall, should, i'll, we'll, going to, gonna, will, need to, have to, trying, try, hold,
            abort, proceed, instead, working on, looking into, taking over, i can, we can, want to
        """,
        Signal.CHATTER: """
            lol, lmao, haha, heh, thanks, thank, thx, ok, okay, ack, yup, yep, yes, yeah, no, nope, cool, nice, sweet, hmm, hm, ah, oh,
            sorry, wow, kudos, congrats, np, sure, sgtm, lgtm, man, welcome, fun, funny
        """,
    }
)
WORTH: Mapping[Signal, int] = MappingProxyType(
    {
        Signal.WELL: 4,
        Signal.ACTION: 4,
        Signal.CAUSE: 3,
        Signal.PROBLEM: 3,
        Signal.DECISION: 2,
        Signal.EVIDENCE: 2,
        Signal.ACCOUNT: 2,
        Signal.FIGURES: 1,
        Signal.QUESTION: -2,
        Signal.CHATTER: -3,
        Signal.NOTICE: -20,
    }
)
READ = 600
"""Characters of a message that are looked at: what is further down is pasted."""
SHORT = 4
"""With fewer words and nothing said by them, a message is chatter."""

_BIT = {signal: 1 << place for place, signal in enumerate(Signal)}
_BY_PHRASE = {" ".join(phrase.split()): _BIT[signal] for signal in reversed(tuple(PHRASES)) for phrase in PHRASES[signal].split(",")}
"""Of a phrase's two meanings the one that comes first. Bits, since ten thousand messages are read in one go."""
_BEGINS_PAIR = frozenset(phrase.split()[0] for phrase in _BY_PHRASE if " " in phrase)
_EVIDENCE, _FIGURES, _ACCOUNT = _BIT[Signal.EVIDENCE], _BIT[Signal.FIGURES], _BIT[Signal.ACCOUNT]
_QUESTION, _CHATTER, _NOTICE = _BIT[Signal.QUESTION], _BIT[Signal.CHATTER], _BIT[Signal.NOTICE]

_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_LINK = re.compile(r"https?://\S+")
_EMOJI = re.compile(r":[a-z0-9_+-]+:")
_WORD = re.compile(r"[a-z][a-z']*|\?")
_DIGIT = re.compile(r"\d")
_FIGURE = re.compile(r"\d\s?(?:%|ms\b|s\b|[kmg]b?\b|min\b|x\b|rps\b|errors?\b|req)|\b\d{3,}\b")
_MANY = frozenset({"dozens", "hundreds", "thousands", "millions"})
_CAME_OR_WENT = re.compile(r"(?:has )?(?:joined|left|archived|unarchived|renamed|pinned|set the channel|was added to) ", re.IGNORECASE)
_DOING = re.compile(r"(?!(?:no|any|every|some)thing|morning|evening|during|string|indeed)[a-z]{3,}(?:ed|ing)")
_PEOPLE = frozenset({"i", "i'm", "i've", "we", "we're", "we've"})


def signals(text: str) -> frozenset[Signal]:
    """What the text says."""
    if _CAME_OR_WENT.match(text):
        return _named(_NOTICE)
    found = 0
    if "```" in text:
        found = _EVIDENCE
        text = _CODE.sub(" ", text)
    said = text[:READ].lower().replace("’", "'")
    if "://" in said or "[file: " in said:
        found |= _EVIDENCE
        said = _LINK.sub(" ", said)
    if _DIGIT.search(said) and _FIGURE.search(said):
        found |= _FIGURES
    words = _WORD.findall(_EMOJI.sub(" ", said) if ":" in said else said)
    return _named(found | _said_by(words, is_bare=not found))


def _said_by(words: Sequence[str], is_bare: bool) -> int:
    """What the words alone say; `is_bare` when nothing else speaks for them."""
    found = _terms(words)
    if words and _DOING.fullmatch(words[len(words) > 1 and words[0] in _PEOPLE]):
        found |= _ACCOUNT
    is_chatter = is_bare and (found == _CHATTER or (not found and len(words) < SHORT))
    question = _QUESTION if words and words[-1] == "?" else 0
    return found & ~_CHATTER | question | (_CHATTER if is_chatter else 0)


def _terms(words: Sequence[str]) -> int:
    """The meanings of what is known among the words; two words together mean what they mean together alone."""
    found = 0
    known = _BY_PHRASE.get
    before = ""
    for word in words:
        pair = known(f"{before} {word}") if before else None
        if pair is not None:
            found |= pair
            before = ""
            continue
        if before:
            found |= known(before, 0)
        if word in _BEGINS_PAIR:
            before = word
        else:
            found |= known(word, 0)
            before = ""
    return found | known(before, 0) | (_FIGURES if not _MANY.isdisjoint(words) else 0)


@cache
def _named(bits: int) -> frozenset[Signal]:
    return frozenset(signal for signal, bit in _BIT.items() if bits & bit)
