"""The report in sentences: what page, PDF and Slack say of it, in the same words."""

from collections.abc import Iterator
from datetime import timedelta

from bot.incidents import completion
from bot.incidents.lifecycle import humane
from bot.learning.estimates import Change, Median
from bot.learning.report import AlertQuality, Bar, Report, Times

RESOLVE = "Time to resolve"


def headlines(report: Report) -> tuple[str, ...]:
    """The report in a few sentences, the most important first."""
    return tuple(_headlines(report))


def _headlines(report: Report) -> Iterator[str]:
    yield _counted(report)
    if report.causes:
        named = ", ".join(f"{bar.name} ({bar.now})" for bar in report.causes[:3])
        yield f"Most frequent causes: {named}; {report.tagged} of {report.total.now} incidents have a tag."
    if report.alike:
        first = report.alike[0]
        others = f"; {some(len(report.alike) - 1, 'more group')} below" if report.alike[1:] else ""
        yield f"What comes again: {first.total} incidents say {' '.join(f'“{word}”' for word in first.words)}{others}."
    for times in report.times:
        if times.now.n and times.name in (RESOLVE, "Time to acknowledge"):
            yield f"{times.name}: {median_text(times.now)}. {change_text(times)}"
    if report.reviews.over:
        yield reviews_text(report)
    if report.items.lives or report.items.open:
        yield items_text(report)
    if report.alerts.fired:
        yield alerts_text(report.alerts)


def _counted(report: Report) -> str:
    total = report.total
    if total.now == 0:
        before = f"{total.before} in the quarter before" if total.before else "none in the quarter before"
        return f"No incident{' so far' if report.is_running else ''}, and {before}."
    grave = ", ".join(f"{bar.now} {bar.name}" for bar in report.severities if bar.now)
    hidden = f" {report.private} of them {'is' if report.private == 1 else 'are'} private." if report.private else ""
    still = f" {report.still_open} {'is' if report.still_open == 1 else 'are'} not over yet." if report.still_open else ""
    than = f"{total.before} in all of the quarter before" if report.is_running else difference(total)
    return f"{some(total.now, 'incident')}{' so far' if report.is_running else ''} ({grave}), {than}.{hidden}{still}"


def difference(bar: Bar) -> str:
    """`3 fewer than the quarter before`."""
    if bar.now == bar.before:
        return "as many as the quarter before"
    more = "more" if bar.now > bar.before else "fewer"
    return f"{abs(bar.now - bar.before)} {more} than the quarter before"


def median_text(found: Median) -> str:
    """`median 48 min (31 min to 1 h 20 min) of 14`, or what can be said of fewer."""
    if found.middle is None:
        return "not known"
    if found.low is None or found.high is None:
        return f"median {rough(found.middle)} of {found.n}, too few to say how sure"
    return f"median {rough(found.middle)} ({rough(found.low)} to {rough(found.high)}) of {found.n}"


def change_text(times: Times) -> str:
    """Whether it became better, in a sentence that claims no more than is known."""
    before = rough(times.before.middle) if times.before.middle is not None else ""
    match times.change:
        case Change.SHORTER | Change.LONGER:
            return f"{times.change.value.capitalize()} than the quarter before ({before})."
        case Change.UNCLEAR:
            return f"No clear change from the quarter before ({before}): the intervals overlap."
        case _ if before:
            return f"The quarter before: {before} of {times.before.n}; too few to compare."
        case _:
            return "Nothing to compare it with." if times.now.n else ""


def reviews_text(report: Report) -> str:
    """What became of the postmortems."""
    reviews = report.reviews
    late = f"; {reviews.overdue} overdue" if reviews.overdue else ""
    took = f", {rough(reviews.took.middle)} after the end (median)" if reviews.took.middle is not None else ""
    in_time = f", {of(reviews.in_time, reviews.had_a_day)} in time" if reviews.had_a_day else ""
    return f"Postmortems: {of(reviews.published, reviews.over)} published{took}{in_time}{late}."


def items_text(report: Report) -> str:
    """What became of the action items."""
    items = report.items
    half = (
        f"half are done within {rough(items.half_life)}" if items.half_life is not None else "fewer than half of the recent ones are done"
    )
    return f"Action items due: {completion.said(items.counted)}. Of all, {half}; {items.open} open now."


def alerts_text(alerts: AlertQuality) -> str:
    """What became of the alerts."""
    acted, noise = of(alerts.acted_on, alerts.fired), percent(alerts.noise + alerts.alone, alerts.fired)
    return f"Alerts: {acted} firings were acted on; {noise} needed nobody."


def rough(span: timedelta) -> str:
    """A duration, no more exact than its size allows: `48 min`, `2 h 06 min`, `12 d`."""
    if span >= timedelta(days=3):
        return f"{round(span / timedelta(days=1))} d"
    if span >= timedelta(minutes=10):
        span = timedelta(minutes=round(span / timedelta(minutes=1)))
    return humane(timedelta(seconds=round(span.total_seconds())))


def of(part: int, whole: int) -> str:
    """`9 of 14 (64 %)`."""
    return f"{part} of {whole} ({percent(part, whole)})"


def percent(part: int, whole: int) -> str:
    """`64 %`, never rounded to all or nothing."""
    if not whole:
        return "–"
    share = round(part / whole * 100)
    return f"{min(max(share, 1), 99) if 0 < part < whole else share} %"


def often(number: int) -> str:
    """`never`, `once`, `3 times`."""
    return "never" if number == 0 else "once" if number == 1 else f"{number} times"


def some(number: int, noun: str) -> str:
    """`1 incident`, `2 incidents`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
