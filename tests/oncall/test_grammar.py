"""What follows `/oncall`, line by line: what is typed, what it means."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.oncall.grammar import (
    HELP,
    VERBS,
    Addresses,
    Cover,
    Help,
    Intent,
    Known,
    Mine,
    Off,
    Override,
    Report,
    Shifts,
    Show,
    Somebody,
    Swap,
    Temporary,
    Unclear,
    parse,
)

HERE = Known(
    teams={"payments", "platform"}, services={"checkout", "api gateway"}, schedules={"payments-primary", "db-primary"}, people={"kim", "bo"}
)
KIM, BO, ME, U1 = Somebody(id="kim"), Somebody(id="bo"), Somebody(is_me=True), Somebody(slack="U1")

GOLDEN: list[tuple[str, Intent]] = [
    # ── looking
    ("", Mine()),
    ("  \u200b ", Mine()),
    ("now", Mine()),
    ("who", Mine()),
    ("me", Shifts(ME)),
    ("mine", Shifts(ME)),
    ("payments", Show("payments")),
    ("@Payments", Show("payments")),
    ("payments?", Show("payments")),
    ("API gateway", Show("api gateway")),
    ("who is on checkout", Show("checkout")),
    ("now payments", Show("payments")),
    ("db-primary", Show("db-primary")),
    ("<@U1|kim>", Shifts(U1)),
    ("@kim", Shifts(KIM)),
    ("kim", Shifts(KIM)),
    # ── standing in
    ("override @kim sat 18:00 +8h", Override(KIM, "sat 18:00 +8h")),
    ("override <@U1|kim> sat 18:00 +8h", Override(U1, "sat 18:00 +8h")),
    ("override <@U1>, sat 18:00 +8h", Override(U1, "sat 18:00 +8h")),
    ("Override: @Kim 18:00–22:00", Override(KIM, "18:00–22:00")),
    ("override me until mon 9:00", Override(ME, "until mon 9:00")),
    ("override sat 18:00 +8h by @kim", Override(KIM, "sat 18:00 +8h")),
    ("override payments @kim sat 18:00 +8h", Override(KIM, "sat 18:00 +8h", "payments")),
    ("override @kim for payments sat 18:00 +8h", Override(KIM, "sat 18:00 +8h", "payments")),
    ("override @kim sat 18:00 for 8h on db-primary", Override(KIM, "sat 18:00 for 8h", "db-primary")),
    # ── a plan of its own
    ("temporary payments @kim sat 9:00 +12h", Temporary(((KIM, "sat 9:00 +12h"),), "payments")),
    ("temp @kim sat 9:00 +12h, @bo +12h", Temporary(((KIM, "sat 9:00 +12h"), (BO, "+12h")))),
    ("temporary @kim sat 9:00 +12h,@bo until mon 9:00", Temporary(((KIM, "sat 9:00 +12h"), (BO, "until mon 9:00")))),
    (
        "temporary kim 28 nov, 9:00 +12h; bo +12h and then me +2h for payments",
        Temporary(((KIM, "28 nov, 9:00 +12h"), (BO, "+12h"), (ME, "+2h")), "payments"),
    ),
    ("temporary <@U1> sat and <@U1|kim> sun", Temporary(((U1, "sat"), (U1, "sun")))),
    # ── asking one
    ("swap @kim", Swap(KIM)),
    ("swap with @kim", Swap(KIM)),
    ("swap <@U1|kim> sat 18:00 +8h", Swap(U1, "sat 18:00 +8h")),
    ("swap @kim payments sat 18:00 +8h", Swap(KIM, "sat 18:00 +8h", target="payments")),
    ("swap @kim sat 18:00 +8h against sun 9:00 +8h", Swap(KIM, "sat 18:00 +8h", "sun 9:00 +8h")),
    ("swap @kim sat for theirs sun", Swap(KIM, "sat", "sun")),
    ("swap @kim fri 18:00 for 8h", Swap(KIM, "fri 18:00 for 8h")),
    # ── asking all
    ("cover", Cover()),
    ("cover tomorrow", Cover("tomorrow")),
    ("cover payments fri 18:00 +8h", Cover("fri 18:00 +8h", "payments")),
    ("off", Off()),
    ("can’t", Off()),
    ("off sat–sun for payments", Off("sat–sun", "payments")),
    # ── the rest
    ("report", Report()),
    ("report last", Report("last")),
    ("report Q3", Report("q3")),
    ("report 2026 Q3", Report("2026q3")),
    ("report 2026-q3", Report("2026q3")),
    ("report q3 2026", Report("2026q3")),
    ("calendar", Addresses()),
    ("feed payments", Addresses("payments")),
    ("help", Help()),
    ("?", Help()),
]


@pytest.mark.parametrize(("typed", "meant"), GOLDEN)
def test_a_line_means(typed: str, meant: Intent) -> None:
    assert parse(typed, HERE) == meant


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("paymnts", "Did you mean `payments`?"),
        ("overide @kim sat 18:00 +8h", "Nothing has happened"),
        ("overide", "Did you mean `override`?"),
        ("sjdkfh", "Teams: payments, platform."),
        ("override", "Name who stands in"),
        ("override sat 18:00 +8h", "I see nobody's name in that. Name who stands in"),
        ("override @zoe sat 18:00 +8h", "I know nobody called `@zoe`."),
        ("override @kim", "From when until when?"),
        ("override @kim payments", "From when until when?"),
        ("temporary", "Who, and when? Name each with their time"),
        ("temporary payments sat 9:00 +8h", "I see nobody's name in that. Name each with their time"),
        ("temporary sat 9:00 +8h @kim", "I see nobody's name in that."),
        ("temporary @kim sat 9:00 +8h @zoe +8h", "I know nobody called `@zoe`."),
        ("temporary @kim, @bo sat", "From when until when is each of them?"),
        ("swap", "Name whom to ask"),
        ("swap me sat", "A swap needs somebody else"),
        ("swap @kim against sun", "needs both times"),
        ("report soon", "`report 2026q3`"),
        ("report 2026q3 2027", "Name a quarter"),
        ("calendar nowhere", "There is no command, team, schedule or person `nowhere`"),
    ],
)
def test_what_is_not_understood_says_what_to_type(typed: str, says: str) -> None:
    meant = parse(typed, HERE)
    assert isinstance(meant, Unclear)
    assert says in meant.why


def test_a_team_called_like_a_verb_is_found_by_its_name_alone() -> None:
    known = Known(teams={"cover"})
    assert parse("cover", known) == Show("cover")
    assert parse("cover sat", known) == Cover("sat")


@given(
    st.text(max_size=200) | st.lists(st.sampled_from([*VERBS, "@kim", "<@U1>", "payments", "sat", "+8h", "against", "for"])).map(" ".join)
)
@example("swap kim against against")
@example("override `<!channel>` @kim `x`")
def test_any_line_has_a_meaning_and_its_answer_pings_nobody(typed: str) -> None:
    meant = parse(typed, HERE)
    if isinstance(meant, Unclear):
        assert "<" not in meant.why
        assert meant.why[0].isupper() and meant.why.endswith((".", "`."))


def test_help_names_every_verb() -> None:
    for verb in ("override", "temporary", "swap", "cover", "off", "report", "calendar"):
        assert f"{{root}} {verb}" in HELP
