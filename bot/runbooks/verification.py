"""Whether a run helped: what a check said before it and since, and what follows from that."""

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

NOTICEABLE = 0.1
"""A value counts as worse when it is so much (a tenth) further from being good than before the run: less is noise."""


class Verdict(StrEnum):
    RECOVERED = "recovered"
    WELL = "well before and after"
    NOT_RECOVERED = "not recovered"
    WORSE = "worse"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Reading:
    """One answer. Not known: the check itself could not be asked, which says nothing about what it looks at."""

    is_good: bool
    says: str
    value: float | None = None
    is_known: bool = True


@dataclass(frozen=True)
class Watch:
    """A verification so far. Whatever is in a row is counted from the newest answer back."""

    before: Reading | None = None
    last: Reading | None = None
    asked: int = 0
    good: int = 0
    """Good answers in a row."""
    worse: int = 0
    """Answers in a row that were worse than before the run."""


def noted(watch: Watch, reading: Reading, *, less_is_better: bool = True) -> Watch:
    """The watch after one more answer."""
    worse = watch.before is not None and is_worse(watch.before, reading, less_is_better)
    return replace(
        watch,
        last=reading,
        asked=watch.asked + 1,
        good=watch.good + 1 if reading.is_good else 0,
        worse=watch.worse + 1 if worse else 0,
    )


def is_worse(before: Reading, now: Reading, less_is_better: bool) -> bool:
    """Whether things stand noticeably worse than before: what was good is bad, or what was bad is further from good."""
    if now.is_good or not (before.is_known and now.is_known):
        return False
    if before.is_good:
        return True
    if before.value is None or now.value is None:
        return False
    further = now.value - before.value if less_is_better else before.value - now.value
    return further > NOTICEABLE * abs(before.value)


def is_worse_so_far(watch: Watch, times: int) -> bool:
    """Whether it has been worse for long enough to say so while it is still being watched."""
    return watch.worse >= times


def verdict(watch: Watch, times: int, *, is_over: bool) -> Verdict | None:
    """What can be said; None while it must be watched further. `is_over`: the time to recover is."""
    if watch.good >= times:
        # What was well before says nothing about what the run mended. One good answer of an address may be one host's of many.
        return Verdict.WELL if watch.before is not None and watch.before.is_good else Verdict.RECOVERED
    if not is_over:
        return None
    if 0 < min(times, watch.asked) <= watch.worse:
        return Verdict.WORSE
    return Verdict.NOT_RECOVERED if watch.last is not None and watch.last.is_known else Verdict.UNKNOWN


def sentence(found: Verdict, watch: Watch) -> str:
    """The verdict for people."""
    last = watch.last.says if watch.last else "it was never asked"
    before = f", before the run: {watch.before.says}" if watch.before else ""
    match found:
        case Verdict.RECOVERED:
            return f"Recovered: {last}, {watch.good} times in a row{before}."
        case Verdict.WELL:
            return f"Well, as it was before the run: {last}. So this does not show what the run mended."
        case Verdict.NOT_RECOVERED:
            return f"Not recovered: {last}{before}."
        case Verdict.WORSE:
            return f"Worse: {last}{before}."
        case Verdict.UNKNOWN:
            return f"Not known whether it helped: {last}"


def number(value: float) -> str:
    """A value as people read it."""
    return f"{value:.4g}"


def judged(values: tuple[float, ...], below: float | None, above: float | None) -> Reading:
    """What the values of a query mean: of several series the worst counts, and none is no answer."""
    if not values:
        return Reading(is_good=False, says="the query finds nothing", is_known=False)
    if below is not None:
        worst = max(values)
        return Reading(worst < below, f"{number(worst)} (good: below {below:g})", worst)
    worst = min(values)
    return Reading(above is not None and worst > above, f"{number(worst)} (good: above {above:g})", worst)


def written(watch: Watch) -> str:
    """The watch as JSON text, for the run's row."""
    return json.dumps(asdict(watch))


def read(text: str) -> Watch:
    """The watch back from a run's row; an empty one where nothing was written yet."""
    if not text:
        return Watch()
    raw = json.loads(text)
    before, last = (Reading(**found) if (found := raw.pop(name)) else None for name in ("before", "last"))
    return Watch(before, last, **raw)
