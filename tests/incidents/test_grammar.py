"""The grammar of the root command, line by line: where it is typed, what is typed, what it means."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.incidents.grammar import parse
from bot.incidents.intents import Act, Ask, Declare, Intent, Look, Mention, MentionKind, OpenForm, Place, Unknown
from bot.incidents.lifecycle import IncidentState
from bot.incidents.severity import Severity
from bot.incidents.verbs import SPELLINGS, VERBS, Argument, letters_apart, nearest_verbs

SEV1, SEV2, SEV3, SEV4 = Severity
BEA, KIM = Mention(MentionKind.PERSON, "bea"), Mention(MentionKind.PERSON, "kim")
PAYMENTS = Mention(MentionKind.TEAM, "payments")
U1, S1 = Mention(MentionKind.SLACK_USER, "U1"), Mention(MentionKind.SLACK_GROUP, "S1")
ME = Mention(MentionKind.ME, "me")
MIN = timedelta(minutes=1)

OUT = Place(
    open=frozenset({41, 42, 43}),
    people=frozenset({"bea", "kim"}),
    teams=frozenset({"payments"}),
    services=frozenset({"checkout", "search"}),
    runbooks=frozenset({"rollback", "restart"}),
)  # in some channel; no incident is mine
ONE = replace(OUT, mine=(42,))  # the same, and #42 is the only open one of mine
TWO = replace(OUT, mine=(42, 43))
IN = replace(OUT, incident=42, mine=(42,))  # in the channel of #42


def ask(declare: str, instead: Act | OpenForm | Look | Declare, **declared: object) -> Ask:
    return Ask("", Declare(declare, **declared), instead)  # type: ignore[arg-type]


CHECKOUT = "checkout"  # what a title merely names is a hint

GOLDEN: list[tuple[Place, str, Intent]] = [
    # ── nothing but the command: the form, anywhere
    (OUT, "", OpenForm()),
    (IN, "", OpenForm()),
    (OUT, "  \u200b\u2060 ", OpenForm()),
    # ── declare at once
    (OUT, "sev1 checkout is down", Declare("checkout is down", SEV1, service_hint=CHECKOUT)),
    (OUT, "sev 1 checkout is down", Declare("checkout is down", SEV1, service_hint=CHECKOUT)),
    (OUT, "SEV-1 checkout is down", Declare("checkout is down", SEV1, service_hint=CHECKOUT)),
    (OUT, "Sev2: login fails", Declare("login fails", SEV2)),
    (OUT, "[SEV3] login fails", Declare("login fails", SEV3)),
    (OUT, "severity 4 one host is slow", Declare("one host is slow", SEV4)),
    (ONE, "sev2 only EU affected", Declare("only EU affected", SEV2)),
    (OUT, "ＳＥＶ１　ログインできない", Declare("ログインできない", SEV1)),
    (OUT, "\u00a0sev1\u00a0\u3000db  is   down ", Declare("db  is   down", SEV1)),
    (OUT, "\u200bsev1 db is down", Declare("db is down", SEV1)),
    (OUT, "sev1 🔥 checkout 🔥", Declare("🔥 checkout 🔥", SEV1, service_hint=CHECKOUT)),
    (OUT, "sev1", OpenForm(severity=SEV1)),
    (OUT, "sev 2", OpenForm(severity=SEV2)),
    (OUT, "new checkout is slow", Declare("checkout is slow", service_hint=CHECKOUT)),
    (IN, "new search is slow", Declare("search is slow", service_hint="search")),
    (IN, "new sev1 search is slow", Declare("search is slow", SEV1, service_hint="search")),
    (OUT, "new SEV-2 search is slow", Declare("search is slow", SEV2, service_hint="search")),
    (OUT, "declare db is slow", Declare("db is slow")),
    (IN, "New: db is slow", Declare("db is slow")),
    (OUT, "new", OpenForm()),
    (OUT, "new sev1", OpenForm(severity=SEV1)),
    (OUT, "new status page is down", Declare("status page is down")),
    (OUT, "checkout is down", Declare("checkout is down", service_hint=CHECKOUT)),
    (OUT, "api is slow", Declare("api is slow")),
    (OUT, "login broken", Declare("login broken")),
    (OUT, "500 errors on checkout", Declare("500 errors on checkout", service_hint=CHECKOUT)),
    (OUT, "42 users cannot pay", Declare("42 users cannot pay")),
    (OUT, "99 resolve says the cache", Declare("99 resolve says the cache")),  # 99 is not open
    (OUT, '"status page is down"', Declare("status page is down")),
    (OUT, "“status page” is down", Declare("“status page” is down")),
    (OUT, "sev1 “checkout is down”", Declare("checkout is down", SEV1, service_hint=CHECKOUT)),
    (OUT, "don’t page: it’s a drill", Declare("don’t page: it’s a drill")),
    (OUT, ":fire: site on fire", Declare(":fire: site on fire")),
    # ── whom and what it is about
    (OUT, "checkout slow for EU @payments service:checkout", Declare("checkout slow for EU", service=CHECKOUT, people=(PAYMENTS,))),
    (OUT, "sev1 slow service:Checkout", Declare("slow", SEV1, service=CHECKOUT)),
    (OUT, "slow again service:“checkout”", Declare("slow again", service=CHECKOUT)),
    (OUT, "slow again service:chekout", Declare("slow again service:chekout", unknown_service="chekout")),
    (OUT, "carts vanish <@U1|bea> <!subteam^S1>", Declare("carts vanish", people=(U1, S1))),
    (OUT, "asked @kim and <@U1>, carts vanish", Declare("asked @kim and <@U1>, carts vanish", people=(KIM, U1))),
    (OUT, "mail to @nobody is lost", Declare("mail to @nobody is lost")),
    (OUT, "checkout and search down", Declare("checkout and search down")),  # two services: no hint
    # ── hostile text stays as it is and becomes nobody's mention
    (OUT, "sev1 <!channel> <script>alert(1)</script>", Declare("<!channel> <script>alert(1)</script>", SEV1)),
    (OUT, "pay {{ 7*7 }} \u202e down", Declare("pay {{ 7*7 }} \u202e down")),
    (OUT, "sev1 <!here|here> *bold* `x` &amp;", Declare("<!here|here> *bold* `x` &amp;", SEV1)),
    # ── in an incident's channel
    (IN, "sev2 only EU affected", Act(42, "sev", "only EU affected", severity=SEV2)),
    (IN, "sev 2 only EU affected", Act(42, "sev", "only EU affected", severity=SEV2)),
    (IN, "SEV-3", Act(42, "sev", "", severity=SEV3)),
    (IN, "sev", OpenForm("sev", 42)),
    (IN, "lead @bea", Act(42, "lead", "@bea", mentions=(BEA,))),
    (IN, "lead <@U1|bea>", Act(42, "lead", "<@U1|bea>", mentions=(U1,))),
    (IN, "lead me", Act(42, "lead", "me", mentions=(ME,))),
    (IN, "lead", OpenForm("lead", 42)),
    (IN, "page next", Act(42, "page", "next")),
    (IN, "page Next 3!", Act(42, "page", "next")),
    (IN, "page next three", Act(42, "page", "next")),
    (OUT, "#42 page next", Act(42, "page", "next")),
    (ONE, "page next", Act(42, "page", "next", implied=True)),
    (TWO, "page next", ask("page next", OpenForm("page", None, "next"))),
    (IN, "page next week's lead", ask("page next week's lead", OpenForm("page", 42, "next week's lead"))),
    (IN, "join", Act(42, "join")),
    (IN, "status Monitoring", Act(42, "status", "Monitoring", state=IncidentState.MONITORING)),
    (IN, "update rollback done, watching next 30m", Act(42, "update", "rollback done, watching next 30m")),
    (IN, "UPDATE: two\nlines  kept", Act(42, "update", "two\nlines  kept")),
    (IN, "update", OpenForm("update", 42)),
    (IN, "mitigate traffic rerouted", Act(42, "mitigated", "traffic rerouted")),
    (IN, "mitigated", OpenForm("mitigated", 42)),
    (IN, "resolve config rolled back", Act(42, "resolve", "config rolled back")),
    (IN, "resolve", OpenForm("resolve", 42)),
    (IN, "reopen errors are back", Act(42, "reopen", "errors are back")),
    (IN, "cancel it was a test", Act(42, "cancel", "it was a test")),
    (IN, "merge #41", Act(42, "merge", "#41", other=41)),
    (IN, "merge into inc-41", Act(42, "merge", "into inc-41", other=41)),
    (IN, "page @payments db failover needs you", Act(42, "page", "db failover needs you", mentions=(PAYMENTS,))),
    (IN, "page <!subteam^S1|@dba> <@U1>", Act(42, "page", "", mentions=(S1, U1))),
    (IN, "page bea", Act(42, "page", "", mentions=(BEA,))),
    (IN, "escalate", Act(42, "escalate")),
    (IN, "ack", Act(42, "ack")),
    (IN, "Ack!", Act(42, "ack")),
    (IN, "snooze 30m", Act(42, "snooze", "30m", wait=30 * MIN)),
    (IN, "snooze 1h 30", Act(42, "snooze", "1h 30", wait=90 * MIN)),
    (IN, "note failover started", Act(42, "note", "failover started")),
    (IN, "impact users 4,000 in EU", Act(42, "impact", "users 4,000 in EU")),
    (OUT, "#42 impact since 08:40", Act(42, "impact", "since 08:40")),
    (IN, "impact", OpenForm("impact", 42)),
    (IN, "task add canary alarm @kim fri", Act(42, "task", "add canary alarm", mentions=(KIM,), due="fri")),
    (IN, "task", OpenForm("task", 42)),
    (IN, "tasks list", Act(42, "task", "list")),
    (IN, "task <@U1> check the limits of @payments", Act(42, "task", "check the limits of @payments", mentions=(U1,))),
    (IN, "task 7 @kim", Act(42, "task", "7", mentions=(KIM,))),
    (IN, "run rollback service=checkout to=v41", Act(42, "run", "rollback service=checkout to=v41")),
    (IN, "catchup", Act(42, "catchup")),
    (IN, "timeline", Act(42, "timeline")),
    (IN, "handoff @bea", Act(42, "handoff", "", mentions=(BEA,))),
    (IN, "postmortem", Act(42, "postmortem")),
    (IN, "postmortem owner me", Act(42, "postmortem", "owner", mentions=(ME,))),
    (IN, "postmortem review <@U1|bea> @payments @nobody", Act(42, "postmortem", "review @nobody", mentions=(U1, PAYMENTS))),
    (IN, "postmortem changes ask @bea first", Act(42, "postmortem", "changes ask @bea first")),
    (OUT, "postmortem of the outage", ask("postmortem of the outage", OpenForm("postmortem", None, "of the outage"))),
    (IN, "private", OpenForm("private", 42)),
    (IN, "private customer data in a log", Act(42, "private", "customer data in a log")),
    (OUT, "#42 private customer data in a log", Act(42, "private", "customer data in a log")),
    (ONE, "private beta is down", ask("private beta is down", Act(42, "private", "beta is down"))),
    (IN, "find redis failover", Look("find", "redis failover")),
    (IN, "status page is down", ask("status page is down", OpenForm("status", 42, "page is down"))),
    (IN, "merge queue stuck", ask("merge queue stuck", OpenForm("merge", 42, "queue stuck"))),
    (IN, "lead the way", ask("lead the way", OpenForm("lead", 42, "the way"))),
    (IN, "page is broken", ask("page is broken", OpenForm("page", 42, "is broken"))),
    (IN, "snooze for ever", ask("snooze for ever", OpenForm("snooze", 42, "for ever"))),
    (IN, "sev 7 it is bad", ask("sev 7 it is bad", OpenForm("sev", 42, "7 it is bad"))),
    (IN, "run away now", ask("run away now", OpenForm("run", 42, "away now"))),
    (IN, "db is down", ask("db is down", Act(42, "note", "db is down"))),
    (IN, "reslove config", Unknown("reslove", ("resolve",), Declare("reslove config"), 42)),
    # ── an incident by its number, anywhere
    (OUT, "#42 resolve config rolled back", Act(42, "resolve", "config rolled back")),
    (OUT, "inc-42 update halfway", Act(42, "update", "halfway")),
    (OUT, "INC-42: note seen", Act(42, "note", "seen")),
    (OUT, "＃42 ack", Act(42, "ack")),
    (OUT, "<#C1|inc-42-checkout-is-down> ack", Act(42, "ack")),
    (OUT, "#42 sev2 only EU", Act(42, "sev", "only EU", severity=SEV2)),
    (OUT, "#42 decline duplicate of 41", Act(42, "decline", "duplicate of 41")),
    (OUT, "#42 merge 41", Act(42, "merge", "41", other=41)),
    (IN, "#43 resolve done", Act(43, "resolve", "done")),
    (OUT, "#7 resolve done", Act(7, "resolve", "done")),  # not open: the service says so
    (OUT, "42 resolve config rolled back", Act(42, "resolve", "config rolled back")),
    (OUT, "42 sev 3", Act(42, "sev", "", severity=SEV3)),
    (OUT, "#42 resolve", OpenForm("resolve", 42)),
    (
        OUT,
        "#99999999999 note far too many digits",
        Act(99999999999, "note", "far too many digits"),
    ),
    (OUT, "#42", Look("list", "#42")),
    (OUT, "#42 status page is down", ask("#42 status page is down", OpenForm("status", 42, "page is down"))),
    (OUT, "#42 new customers affected", ask("customers affected", Act(42, "note", "new customers affected"))),
    (OUT, "#42 is worse now", ask("#42 is worse now", Act(42, "note", "is worse now"))),
    (OUT, "#42 reslove done", Unknown("reslove", ("resolve",), Declare("#42 reslove done"), 42)),
    # ── outside, and exactly one open incident is mine
    (ONE, "status monitoring", Act(42, "status", "monitoring", implied=True, state=IncidentState.MONITORING)),
    (ONE, "lead @bea", Act(42, "lead", "@bea", implied=True, mentions=(BEA,))),
    (ONE, "ack", Act(42, "ack", implied=True)),
    (ONE, "run rollback to=v41", Act(42, "run", "rollback to=v41", implied=True)),
    (ONE, "page @payments we need you", Act(42, "page", "we need you", implied=True, mentions=(PAYMENTS,))),
    (ONE, "merge #41", Act(42, "merge", "#41", implied=True, other=41)),
    (ONE, "postmortem publish", Act(42, "postmortem", "publish", implied=True)),
    (ONE, "update", OpenForm("update", 42)),
    (TWO, "ack", OpenForm("ack", None)),
    (OUT, "catchup", OpenForm("catchup", None)),
    # ── outside, a verb that may be a title: nothing happens
    (OUT, "status page is down", ask("status page is down", OpenForm("status", None, "page is down"))),
    (ONE, "status page is down", ask("status page is down", OpenForm("status", 42, "page is down"))),
    (ONE, "update server is down", ask("update server is down", Act(42, "update", "server is down"))),
    (OUT, "update server is down", ask("update server is down", OpenForm("update", None, "server is down"))),
    (ONE, "merge queue stuck", ask("merge queue stuck", OpenForm("merge", 42, "queue stuck"))),
    (ONE, "resolve config rolled back", ask("resolve config rolled back", Act(42, "resolve", "config rolled back"))),
    (ONE, "cancel button is broken", ask("cancel button is broken", Act(42, "cancel", "button is broken"))),
    (ONE, "note taking app down", ask("note taking app down", Act(42, "note", "taking app down"))),
    (ONE, "changes to DNS broke mail", ask("changes to DNS broke mail", Act(42, "changes", "to DNS broke mail"))),
    (ONE, "join fails for guests", ask("join fails for guests", Act(42, "join", "fails for guests"))),
    (TWO, "status monitoring", ask("status monitoring", OpenForm("status", None, "monitoring"))),
    (TWO, "lead @bea", ask("lead", OpenForm("lead", None, "@bea"), people=(BEA,))),
    (ONE, "page load takes 30 s", ask("page load takes 30 s", OpenForm("page", 42, "load takes 30 s"))),
    (ONE, "sev high on search", ask("sev high on search", OpenForm("sev", 42, "high on search"), service_hint="search")),
    (OUT, "private key leaked", ask("private key leaked", Declare("key leaked", private=True))),
    (OUT, "list view is broken", ask("list view is broken", Look("list", "view is broken"))),
    (OUT, "help desk is down", ask("help desk is down", Look("help", "desk is down"))),
    (OUT, "convert this channel", ask("convert this channel", Act(None, "convert", "this channel"))),
    (ONE, "convert sev1 db is down", ask("convert sev1 db is down", Act(None, "convert", "sev1 db is down"))),
    (IN, "convert db is down", Act(None, "convert", "db is down")),  # refused there, with the reason
    (OUT, "#42 convert db is down", ask("#42 convert db is down", Act(None, "convert", "db is down"))),
    # ── reading, and verbs that need no incident
    (OUT, "help", Look("help")),
    (OUT, "?", Look("help")),
    (OUT, "help resolve", Look("help", "resolve")),
    (OUT, "list", Look("list")),
    (OUT, "rules", Look("rules")),
    (OUT, "rules pause we mend it by hand", Look("rules", "pause we mend it by hand")),
    (IN, "rules off restart-leaky", Look("rules", "off restart-leaky")),
    (OUT, "rules engine is down", ask("rules engine is down", Look("rules", "engine is down"))),
    (OUT, "list mine", Look("list", "mine")),
    (OUT, "find redis", Look("find", "redis")),
    (OUT, "report", Look("report", "")),
    (OUT, "report 2026Q3 payments", Look("report", "2026Q3 payments")),
    (IN, "report last", Look("report", "last")),
    (OUT, "report export is stuck", ask("report export is stuck", Look("report", "export is stuck"))),
    (OUT, "find my phone is down", Look("find", "my phone is down", Declare("find my phone is down"))),
    (OUT, "find", OpenForm("find")),
    (OUT, "drill checkout-outage", Act(None, "drill", "checkout-outage")),
    (IN, "drill checkout-outage", Act(None, "drill", "checkout-outage")),
    (ONE, "#42 drill bad-release", Act(None, "drill", "bad-release")),
    (IN, "drill", OpenForm("drill")),
    (OUT, "drill press is on fire", ask("drill press is on fire", OpenForm("drill", None, "press is on fire"))),
    (OUT, "convert", OpenForm("convert")),
    # ── one unknown word, or a near miss
    (OUT, "reslove", Unknown("reslove", ("resolve",), Declare("reslove"))),
    (OUT, "reslove config rolled back", Unknown("reslove", ("resolve",), Declare("reslove config rolled back"))),
    (OUT, "udpate halfway there", Unknown("udpate", ("update",), Declare("udpate halfway there"))),
    (OUT, "statsu monitoring", Unknown("statsu", ("status",), Declare("statsu monitoring"))),
    (OUT, "sev5 all is lost", Unknown("sev5", ("sev",), Declare("sev5 all is lost"))),
    (OUT, "checkout", Unknown("checkout", (), Declare("checkout", service_hint=CHECKOUT))),
    (OUT, "42", Unknown("42", (), Declare("42"))),
    (IN, "frobnicate", Unknown("frobnicate", (), Declare("frobnicate"), 42)),
]


def without_words(intent: Intent) -> Intent:
    return replace(intent, text="") if isinstance(intent, Ask) else intent


@pytest.mark.parametrize(("place", "line", "expected"), GOLDEN, ids=[f"{number}: {line}" for number, (_, line, _) in enumerate(GOLDEN)])
def test_golden(place: Place, line: str, expected: Intent) -> None:
    assert without_words(parse(line, place)) == expected


def test_the_golden_lines_are_many_and_every_verb_is_among_them() -> None:
    assert len(GOLDEN) >= 90
    typed = {word for _, line, _ in GOLDEN for word in line.lower().replace(":", " ").split()}
    silent = {"comms", "scribe", "leave", "unack", "accept", "similar"}  # each behaves as its neighbour in the table
    assert set(VERBS) - typed <= silent


def test_what_is_asked_says_that_nothing_has_happened() -> None:
    for place, line, expected in GOLDEN:
        found = parse(line, place)
        if isinstance(expected, Ask):
            assert isinstance(found, Ask)
            assert "Nothing has happened yet" in found.text


anything = st.text(max_size=60)
first_words = st.sampled_from(
    [*SPELLINGS, "sev1", "sev", "#42", "42", "inc-42", "checkout", "@bea", "<@U1>", "service:checkout", '"', "?", "#0"]
)
lines = anything | st.lists(first_words | anything, min_size=1, max_size=5).map(" ".join)
places = st.sampled_from([OUT, ONE, TWO, IN, Place(), Place(incident=7)])


@given(lines, places)
@example("new", IN)
@example("#42 new", OUT)
@example("@kim", OUT)
@example("new @kim", OUT)
@example('""', OUT)
@example("service:", OUT)
@example("\ud800 \ud800", OUT)
def test_any_text_means_something_and_a_declaration_always_has_a_title(line: str, place: Place) -> None:
    found = parse(line, place)
    declares = [found] if isinstance(found, Declare) else [getattr(found, "declare", None), getattr(found, "instead", None)]
    for declare in declares:
        if isinstance(declare, Declare):
            assert declare.title.strip()
            assert declare.title in line


@given(lines)
def test_outside_and_with_nothing_open_no_incident_is_touched_unless_its_number_is_typed(line: str) -> None:
    found = parse(line, replace(OUT, open=frozenset()))
    if isinstance(found, Act) and found.incident is not None:
        assert str(found.incident) in line


@given(st.sampled_from([verb for verb in VERBS.values() if verb.is_free_text and verb.needs_incident]), anything)
def test_free_text_outside_its_channel_never_acts_without_a_number(verb: object, text: str) -> None:
    found = parse(f"{verb.name} {text}", ONE)  # type: ignore[attr-defined]
    assert not isinstance(found, Act)


@given(st.sampled_from(sorted(SPELLINGS)), places.filter(lambda place: place.incident is None), st.text("abc ", min_size=3))
def test_nothing_that_begins_with_a_verb_is_declared_at_once(spelling: str, place: Place, text: str) -> None:
    if SPELLINGS[spelling].name != "new":
        assert not isinstance(parse(f"{spelling} {text}", place), Declare)


def test_forty_thousand_characters_are_read_to_their_end() -> None:
    found = parse("sev1 " + "a@b: " * 8000, OUT)
    assert isinstance(found, Declare)
    assert len(found.title) == 39_999


@pytest.mark.parametrize(
    ("one", "other", "apart"), [("ack", "ack", 0), ("akc", "ack", 1), ("reslove", "resolve", 1), ("", "run", 3), ("notes", "note", 1)]
)
def test_letters_apart(one: str, other: str, apart: int) -> None:
    assert letters_apart(one, other) == letters_apart(other, one) == apart


@pytest.mark.parametrize("word", ["api", "web", "db", "eu", "site", "disk", "login", "checkout", "payments", "users", "storage"])
def test_ordinary_first_words_of_a_title_are_no_near_miss(word: str) -> None:
    assert nearest_verbs(word) == ()


def test_spellings_are_unique_and_each_verb_has_a_line_for_help() -> None:
    assert len(SPELLINGS) == sum(1 + len(verb.aliases) for verb in VERBS.values())
    for verb in VERBS.values():
        assert verb.does
        assert verb.example.startswith(verb.name)
        assert verb.acts_alone is (verb.argument in {Argument.NONE, Argument.OPTIONAL, Argument.DOCUMENT})
