"""How it was found out and how people answered: pages, escalations, who came when."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from bot.incidents.accounts import Account
from bot.incidents.lifecycle import Durations, humane
from bot.postmortems.citing import MILESTONES, PAGED, Record, cite, sentence
from bot.postmortems.document import Attempt, Facts, PersonLine, Responder, Sentence, Source
from bot.postmortems.lines import Entry, counted

UNREACHED = "could not reach "
DONE = ("escalated ", "snoozed ", "applied ")
OURS = "Tocsin"
MOST_ALERTS = 8


def detection(facts: Facts, times: Durations, record: Record, alerts: Sequence[Account]) -> tuple[Sentence, ...]:
    """How anybody came to know."""
    return tuple(_detection(facts, times, record, alerts))


def _detection(facts: Facts, times: Durations, record: Record, alerts: Sequence[Account]) -> Iterator[Sentence]:
    declared = cite(record.first("declared"))
    before = [alert for alert in alerts if alert.at <= facts.declared_at]
    if facts.by_alert:
        yield Sentence("An alert told of it, before any person did.", declared)
    elif before:
        yield Sentence(sentence(f"{facts.declared_by} declared it, when an alert had fired already"), (*declared, *_seen(before[0])))
    else:
        yield Sentence(sentence(f"{facts.declared_by} told of it, and no alert had"), declared)
    if times.mttd is not None:
        yield Sentence(f"That was {humane(times.mttd)} after impact began.", (MILESTONES,))
    for alert in alerts[:MOST_ALERTS]:
        yield Sentence(sentence(alert.text), _seen(alert), alert.at)
    if len(alerts) > MOST_ALERTS:
        yield Sentence(f"{counted(len(alerts) - MOST_ALERTS, 'more alert')} fired.", _seen(alerts[MOST_ALERTS]))


def _seen(account: Account) -> tuple[Source, ...]:
    return (Source(account.url, label="alert"),) if account.url else ()


def response(times: Durations, record: Record, attempts: Sequence[Attempt]) -> tuple[Sentence, ...]:
    """How people were called, and how long it took until somebody came."""
    found = list(_response(times, record, attempts))
    told = [one for one in found if one.at is not None]
    return (*sorted(told, key=lambda one: one.at.timestamp() if one.at else 0), *(one for one in found if one.at is None))


def _response(times: Durations, record: Record, attempts: Sequence[Attempt]) -> Iterator[Sentence]:
    page, answer = record.first_page, record.first("acknowledged")
    if page is not None:
        yield Sentence(sentence(f"the first page went to {page.text.removeprefix(PAGED)}"), cite(page), page.happened_at)
    if answer is not None:
        took = f" after {humane(times.mtta)}" if times.mtta is not None else ""
        yield Sentence(sentence(f"{answer.actor} was the first to answer{took}"), cite(page, answer), answer.happened_at)
    elif page is not None:
        yield Sentence("Nobody answered a page.", cite(record.last("exhausted") or page))
    for entry in record.of("escalated", "exhausted", "snoozed"):
        yield Sentence(sentence(called(entry)), cite(entry), entry.happened_at)
    people = list(dict.fromkeys(attempt.person for attempt in attempts))
    if len(people) > 1:
        ends = [one for one in record.of("paged") if one.text.startswith(PAGED)]
        yield Sentence(
            f"{len(people)} people were paged, in {counted(len(attempts), 'message')}.", cite(*dict.fromkeys([*ends[:1], *ends[-1:]]))
        )


def called(entry: Entry) -> str:
    """How paging went on: by somebody's hand or, where its time had come, by itself. Some entries are whole sentences already."""
    if not entry.text.startswith(DONE):
        return entry.text
    return f"{'paging' if entry.actor == OURS else entry.actor} {entry.text}"


def people(responders: Iterable[Responder], attempts: Iterable[Attempt], record: Record) -> tuple[PersonLine, ...]:
    """Everybody who had a part or was paged, in the order in which they came."""
    paged: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        paged.setdefault(attempt.person, []).append(attempt)
    parts = {one.name: one for one in responders}
    lines = [
        PersonLine(
            name,
            parts[name].roles if name in parts else (),
            parts[name].since if name in parts else None,
            _how(paged.get(name, [])),
            cite(*_evidence(record, name, parts[name].since if name in parts else None)),
        )
        for name in dict.fromkeys([*parts, *paged])
    ]
    came = sorted((line.since, line.name, place) for place, line in enumerate(lines) if line.since)
    return (*(lines[place] for _, _, place in came), *(line for line in lines if line.since is None))


def _how(attempts: Sequence[Attempt]) -> str:
    """`paged by Slack and SMS (primary on call for Payments), answered`."""
    if not attempts:
        return ""
    methods = list(dict.fromkeys(one.method for one in attempts))
    how = " and ".join([", ".join(methods[:-1]), methods[-1]] if len(methods) > 1 else methods)
    outcome = next((one.outcome for one in attempts if one.outcome == "answered"), "")
    troubles = list(dict.fromkeys(one.outcome for one in attempts if one.outcome and one.outcome != "answered"))
    remarks = list(dict.fromkeys(one.remark for one in attempts if one.remark))
    return "; ".join([f"paged by {how} ({attempts[0].why})", *filter(None, [outcome, *troubles, *remarks])])


def _evidence(record: Record, name: str, since: datetime | None) -> Iterator[Entry]:
    came = next((one for one in record.of("role") if one.actor == name and one.happened_at == since), None)
    begins = (f"{PAGED}{name} by", f"{UNREACHED}{name} by")
    page = next((one for one in record.of("paged") if one.text.startswith(begins)), None)
    yield from (one for one in (came, page) if one is not None)
