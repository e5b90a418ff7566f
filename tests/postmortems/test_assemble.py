"""From what happened to a postmortem."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.incidents.lifecycle import IncidentState, Milestone, MilestoneKind
from bot.incidents.severity import Severity
from bot.postmortems.assemble import assemble
from bot.postmortems.document import ActionItem, Document, Facts, Responder
from bot.postmortems.lines import Entry
from bot.postmortems.selection import Message

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
FACTS = Facts(
    number=42,
    title="Checkout is down",
    state=IncidentState.RESOLVED,
    severity=Severity.SEV1,
    reason="at least 50 % of users of a tier-0/1 service (62 % of users, tier 0)",
    declared_by="Kim",
    declared_at=START,
    service="checkout",
)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def stone(kind: MilestoneKind, minutes: float, recorded: float | None = None) -> Milestone:
    return Milestone(kind, at(minutes), at(minutes if recorded is None else recorded))


def entry(text: str, minutes: float, recorded: float | None = None, kind: str = "note", url: str | None = None) -> Entry:
    return Entry(kind, text, "Ana", at(minutes), at(minutes if recorded is None else recorded), url)


def message(text: str, minutes: float, **flags: object) -> Message:
    return Message(at(minutes).timestamp(), "Bo", text, url=f"https://x.invalid/p{minutes:g}", **flags)  # type: ignore[arg-type]


def said_of(document: Document) -> str:
    return " ".join(sentence.text for sentence in document.summary)


K = MilestoneKind
STONES = [
    stone(K.IMPACT_STARTED, -10, recorded=60),
    stone(K.DETECTED, -4),
    stone(K.DECLARED, 0),
    stone(K.PAGED, 0),
    stone(K.PAGED, 3),
    stone(K.ACKNOWLEDGED, 2),
    stone(K.MITIGATED, 30),
    stone(K.RESOLVED, 3054),
]


def test_durations_are_right_beyond_a_day() -> None:
    lines = {line.name: line.text for line in assemble(FACTS, STONES, []).durations}
    assert lines == {
        "Time to detect": "6 min",
        "Time to acknowledge": "2 min",
        "Time to mitigate": "40 min",
        "Time to resolve": "51 h 04 min (2 d 3 h 04 min)",
    }


def test_what_is_not_known_says_so() -> None:
    assert {line.text for line in assemble(FACTS, [], []).durations} == {"not known"}


def test_the_timeline_is_in_the_order_things_happened_not_in_which_they_were_told() -> None:
    found = assemble(FACTS, [], [entry("first told", 20), entry("told late", 5, recorded=40)], [message("in between", 10)])
    assert [line.what for line in found.timeline] == ["told late", "in between", "first told"]
    assert found.timeline[0].remarks == ("recorded 35 min later",)
    assert found.timeline[1].url == "https://x.invalid/p10"


def test_a_message_that_became_a_note_stands_there_once() -> None:
    found = assemble(FACTS, [], [entry("failover began", 5, url="https://x.invalid/p5")], [message("failover began", 5)])
    assert [(line.kind, line.url) for line in found.timeline] == [("note", "https://x.invalid/p5")]


def test_replies_edits_deletions_and_reactions_show() -> None:
    messages = [
        message("restarting", 1, thread="1", is_edited=True, reacted=("eyes", "rocket")),
        message("my password is hunter2", 2, is_deleted=True, is_edited=True),
        message("deploy finished", 3, by_bot=True),
        message("root cause", 4, is_pinned=True),
    ]
    found = assemble(FACTS, [], [], messages)
    assert [(line.what, line.remarks) for line in found.timeline] == [
        ("restarting", ("in a thread", "edited", "reactions: :eyes: :rocket:")),
        ("(deleted)", ()),
        ("root cause", ("pinned",)),
    ]
    assert found.notes == ("1 message of other apps is left out.", "1 message was deleted; the words are not repeated here.")


def test_milestones_are_said_once_with_when_they_were_told() -> None:
    lines = assemble(FACTS, STONES, []).milestones
    assert [line.what for line in lines] == [
        "impact started",
        "detected",
        "declared",
        "first page",
        "acknowledged",
        "mitigated",
        "resolved",
    ]
    assert lines[0].remark == "recorded 1 h 10 min later"


def test_the_summary_is_true_as_it_stands() -> None:
    found = assemble(FACTS, STONES, [entry("config rolled back", 3054, kind="resolved")])
    assert [(sentence.text, [source.url for source in sentence.sources]) for sentence in found.summary] == [
        ("SEV1 in checkout: Checkout is down.", []),
        ("Kim told of it.", []),
        ("The harm had stopped 40 min after impact began.", ["#milestones"]),
        ("It was over 51 h 04 min (2 d 3 h 04 min) after impact began.", ["#milestones"]),
        ("What resolved it: config rolled back.", ["#t-0303-115400"]),
    ], "what has no source says so"


def test_a_reopened_incident_is_not_resolved_until_it_is_again() -> None:
    reopened = replace(FACTS, reopened_at=at(4000))
    assert "It was over" not in said_of(assemble(reopened, STONES, []))
    again = assemble(reopened, [*STONES, stone(K.RESOLVED, 4100)], [])
    assert "It was over 68 h 30 min (2 d 20 h 30 min) after impact began." in said_of(again)
    assert "It was reopened in between" in said_of(again)


def test_the_severity_comes_with_its_reason() -> None:
    assert assemble(FACTS, [], []).reason == FACTS.reason
    assert assemble(replace(FACTS, is_confirmed=False), [], []).reason.endswith("(never confirmed)")


def test_updates_responders_and_action_items() -> None:
    people = [Responder("Bo", ("scribe",), at(5)), Responder("Zoe"), Responder("Ana", ("commander",), at(1))]
    items = [ActionItem("done", is_done=True), ActionItem("alarm", owner="Kim", due="Fri")]
    found = assemble(FACTS, [], [entry("rolling back", 7, kind="update"), entry("x", 8)], responders=people, action_items=items)
    assert [person.name for person in found.people] == ["Ana", "Bo", "Zoe"]
    assert [item.text for item in found.action_items] == ["alarm", "done"]
    assert [update.line.what for update in found.updates] == ["rolling back"]


def test_wording_that_looks_for_who_is_listed_but_not_what_was_said_on_the_way() -> None:
    notes = [entry("Bo forgot the flag", 5), entry("the flag was off", 6)]
    items = [ActionItem("we should have an alarm"), ActionItem("Bo should have asked")]
    found = assemble(FACTS, [], notes, [message("Bo broke it", 7)], [Responder("Bo")], items)
    assert [(line.where, line.words) for line in found.wording] == [
        ("note of 2026-03-01 09:05 UTC", "Bo forgot"),
        ("action item", "Bo should"),
        ("action item", "should have asked"),
    ]


entries = st.lists(
    st.builds(entry, st.text(max_size=5), st.integers(0, 9), st.integers(0, 9), st.sampled_from(["note", "update", "resolved"])), max_size=8
)
messages = st.lists(st.builds(message, st.text(max_size=5), st.integers(0, 9), is_deleted=st.booleans(), by_bot=st.booleans()), max_size=8)


@given(entries, messages, st.integers())
def test_the_order_in_which_things_are_handed_in_does_not_matter(some: list[Entry], said: list[Message], seed: int) -> None:
    found = assemble(FACTS, STONES, some, said)
    shuffle = Random(seed).shuffle
    stones, some, said = list(STONES), list(some), list(said)
    for rows in (stones, some, said):
        shuffle(rows)
    again = assemble(FACTS, stones, some, said)
    assert (again.timeline, again.milestones, again.durations) == (found.timeline, found.milestones, found.durations)
    assert [line.at for line in found.timeline] == sorted(line.at for line in found.timeline)


def test_how_paging_went_on_is_told_in_sentences_each_with_its_evidence() -> None:
    entries = [
        Entry("paged", "paged Ana by SMS (primary)", "Tocsin", at(0), at(0)),
        Entry("escalated", "escalated to step 2", "Tocsin", at(3), at(3)),
        Entry("escalated", "no step of its ladder finds anybody; the fallback is paged: Max", "Tocsin", at(4), at(4)),
        Entry("escalated", "escalated to step 3", "Kim", at(5), at(5)),
        Entry("acknowledged", "acknowledged the page", "Bo", at(6), at(6)),
    ]
    found = assemble(FACTS, [stone(K.PAGED, 0), stone(K.ACKNOWLEDGED, 6)], entries)
    assert [sentence.text for sentence in found.response] == [
        "The first page went to Ana by SMS (primary).",
        "Paging escalated to step 2.",
        "No step of its ladder finds anybody; the fallback is paged: Max.",
        "Kim escalated to step 3.",
        "Bo was the first to answer after 6 min.",
    ]
    assert all(sentence.sources for sentence in (*found.response, *found.lessons.badly, *found.lessons.lucky) if sentence.text)
    assert "A page needed 3 steps before anybody answered." in [sentence.text for sentence in found.lessons.badly]
    assert "Bo, who was the first to answer, had not been paged." in [sentence.text for sentence in found.lessons.lucky]
