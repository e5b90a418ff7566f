"""Facts that speak for what went well, what did not, and where it was luck. They prompt whoever writes; nothing is concluded from them."""

import re
from collections.abc import Iterator, Sequence

from bot.incidents.accounts import Account
from bot.incidents.lifecycle import Durations, humane
from bot.postmortems.citing import MILESTONES, Record, cite, sentence
from bot.postmortems.document import Facts, Lessons, Sentence, Source
from bot.postmortems.lines import Entry, counted
from bot.postmortems.updates import kept

CLIMBED = re.compile(r"escalated to step (\d+)")
FAILED = re.compile(r"could not reach (?P<who>.+?) by (?P<how>[^:]+): (?P<why>.*)", re.DOTALL)
CHANGED = re.compile(r"severity SEV(\d) → SEV(\d)")
RUN = "run"
SOON = 5
"""Minutes in which an alert that tells of impact is soon: the seed's goal for detection."""


def lessons(facts: Facts, times: Durations, record: Record, alerts: Sequence[Account], runs: Sequence[Account]) -> Lessons:
    """What the record says for itself."""
    return Lessons(
        tuple(_well(facts, times, record, runs)), tuple(_badly(facts, times, record, runs)), tuple(_lucky(facts, record, alerts))
    )


def _well(facts: Facts, times: Durations, record: Record, runs: Sequence[Account]) -> Iterator[Sentence]:
    if facts.by_alert and times.mttd is not None and times.mttd.total_seconds() <= SOON * 60:
        yield Sentence(f"An alert told of it {humane(times.mttd)} after impact began.", (MILESTONES, *cite(record.first("declared"))))
    answer = record.first("acknowledged")
    if answer and times.mtta is not None and facts.answer_within and times.mtta <= facts.answer_within:
        wanted = humane(facts.answer_within)
        yield Sentence(
            f"The first page was answered after {humane(times.mtta)}; a SEV{facts.severity} has {wanted}.",
            cite(record.first_page, answer),
        )
    yield from (Sentence(sentence(run.gist), _seen(run)) for run in runs if run.went_well is True)
    good, bad = kept(record)
    if good and not bad and not record.of("overdue"):
        yield Sentence(f"{counted(len(good), 'promised update')} came in time.", cite(*good))


def _badly(facts: Facts, times: Durations, record: Record, runs: Sequence[Account]) -> Iterator[Sentence]:
    answer = record.first("acknowledged")
    if answer and times.mtta is not None and facts.answer_within and times.mtta > facts.answer_within:
        wanted = humane(facts.answer_within)
        yield Sentence(
            f"The first page was answered after {humane(times.mtta)}; a SEV{facts.severity} has {wanted}.",
            cite(record.first_page, answer),
        )
    steps = [(int(found[1]), entry) for entry in record.of("escalated") if (found := CLIMBED.fullmatch(entry.text))]
    before = [one for one in steps if answer is None or one[1].happened_at <= answer.happened_at]
    if before:
        step, entry = max(before, key=lambda one: one[0])
        yield Sentence(f"A page needed {step} steps before anybody answered.", cite(entry, answer))
    yield from (Sentence(sentence(entry.text), cite(entry)) for entry in record.of("exhausted"))
    yield from _unreached(record)
    yield from (Sentence(sentence(run.gist), _seen(run)) for run in runs if run.went_well is False)
    late = [*record.of("overdue")] or [*kept(record)[1]]
    if late:
        yield Sentence(f"{counted(len(late), 'promised update')} did not come in time.", cite(*late))
    yield from _raised(record)
    again = record.of("reopened")
    if again:
        yield Sentence(f"It was reopened{'' if len(again) == 1 else f' {len(again)} times'}: it had not been over.", cite(*again))


def _unreached(record: Record) -> Iterator[Sentence]:
    """Who could not be reached, in which ways, each with its reason once."""
    failed: dict[tuple[str, str], list[tuple[str, Entry]]] = {}
    for entry in record.of("paged"):
        if found := FAILED.fullmatch(entry.text):
            failed.setdefault((found["who"], found["why"]), []).append((found["how"], entry))
    for (who, why), ways in failed.items():
        how = " and ".join(dict.fromkeys(way for way, _ in ways))
        yield Sentence(sentence(f"{who} could not be reached by {how}: {why}"), cite(*(entry for _, entry in ways)))


def _raised(record: Record) -> Iterator[Sentence]:
    """The severity was found to be graver than it was first taken for."""
    declared = record.first("declared")
    for entry in record.of("severity"):
        found = CHANGED.match(entry.text)
        if found and int(found[2]) < int(found[1]) and declared is not None:
            after = humane(entry.happened_at - declared.happened_at)
            yield Sentence(
                f"It was found to be a SEV{found[2]}, and no SEV{found[1]}, {after} after it was declared.", cite(declared, entry)
            )


def _lucky(facts: Facts, record: Record, alerts: Sequence[Account]) -> Iterator[Sentence]:
    declared, page, answer = record.first("declared"), record.first_page, record.first("acknowledged")
    if declared and not facts.by_alert and not any(alert.at <= facts.declared_at for alert in alerts):
        yield Sentence(sentence(f"{facts.declared_by} noticed it; no alert had fired"), cite(declared))
    called = {
        entry.text.removeprefix("paged ").partition(" by ")[0]
        for entry in record.of("paged")
        if answer and entry.happened_at <= answer.happened_at
    }
    if page and answer and answer.actor not in called:
        yield Sentence(sentence(f"{answer.actor}, who was the first to answer, had not been paged"), cite(answer))


def _seen(account: Account) -> tuple[Source, ...]:
    return (Source(account.url, label=RUN),) if account.url else ()
