"""What follows `task`, line by line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incidents.tasks import Add, Apart, Change, Finish, ItemKind, ItemPriority, ListItems, Reopen, Task, overdue_of, parse, take_apart

P1, DETECT = ItemPriority.P1, ItemKind.DETECT


def known(word: str) -> bool:
    return re.fullmatch(r"@kim|<@U1>", word) is not None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("add canary alarm @kim fri", Apart("add canary alarm", "@kim", "fri")),
        ("add canary alarm fri @kim", Apart("add canary alarm", "@kim", "fri")),
        ("add canary alarm for @kim by friday!", Apart("add canary alarm", "@kim", "friday")),
        ("@kim: add canary alarm, due 12 march", Apart("add canary alarm", "@kim", "12 march")),
        ("<@U1> add canary alarm 2026-03-12", Apart("add canary alarm", "<@U1>", "2026-03-12")),
        ("rotate the keys in 2 weeks", Apart("rotate the keys", due="in 2 weeks")),
        ("rotate the keys by dec 5", Apart("rotate the keys", due="dec 5")),
        ("rotate the keys tomorrow", Apart("rotate the keys", due="tomorrow")),
        ("ask @kim about the limits", Apart("ask @kim about the limits")),
        ("fri is no day for deploys", Apart("fri is no day for deploys")),
        ("see what we may", Apart("see what we may")),
        ("watch the market 5", Apart("watch the market 5")),
        ("two\nlines  kept @kim", Apart("two\nlines  kept", "@kim")),
        ("7 @kim fri", Apart("7", "@kim", "fri")),
        ("no alarm for &lt;!here&gt; @kim", Apart("no alarm for &lt;!here&gt;", "@kim")),
        ("add an alarm; @kim", Apart("add an alarm", "@kim")),
        ("add canary alarm @kim fri p1 detect", Apart("add canary alarm", "@kim", "fri", P1, DETECT)),
        ("add canary alarm Detect P1 for @kim by friday", Apart("add canary alarm", "@kim", "friday", P1, DETECT)),
        ("p1 detect: add canary alarm @kim", Apart("add canary alarm", "@kim", "", P1, DETECT)),
        ("detect: @kim p1: add canary alarm", Apart("add canary alarm", "@kim", "", P1, DETECT)),
        ("make it easier to detect", Apart("make it easier to detect")),
        ("make it easier to detect prevent", Apart("make it easier to detect", kind=ItemKind.PREVENT)),
        ("detect slow queries", Apart("detect slow queries")),
        ("lower p99 of p1 pages", Apart("lower p99 of p1 pages")),
        ("7 p0", Apart("7", priority=ItemPriority.P0)),
        ("@kim", Apart("", "@kim")),
        ("check @zoe", Apart("check @zoe")),
    ],
)
def test_who_and_by_when_stand_at_the_ends(typed: str, meant: Apart) -> None:
    assert take_apart(typed, known) == meant


@pytest.mark.parametrize(
    ("text", "has_more", "meant"),
    [
        ("add canary alarm", False, Add("add canary alarm")),
        ("list", False, ListItems()),
        ("List", False, ListItems()),
        ("list", True, Add("list")),
        ("done 7", False, Finish(7)),
        ("#7 is done.", False, Finish(7)),
        ("close 7", False, Finish(7)),
        ("done 7", True, Add("done 7")),
        ("reopen 7", False, Reopen(7)),
        ("7 undo", False, Reopen(7)),
        ("7", True, Change(7)),
        ("7", False, Add("7")),
        ("7 pods are done", False, Add("7 pods are done")),
        ("done", False, Add("done")),
        ("done 99999999999999999999", False, Add("done 99999999999999999999")),
    ],
)
def test_a_line_means(text: str, has_more: bool, meant: Task) -> None:
    assert parse(text, has_more=has_more) == meant


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["@kim", "fri", "by", "for", "7", "done", "alarm", "dec 5", "p1", "P2", "detect", "prevent:", "to"])).map(
        " ".join
    )
)
def test_nothing_typed_is_lost(typed: str) -> None:
    apart = take_apart(typed, known)
    kept = f"{apart.text} {apart.who} {apart.due} {apart.priority} {apart.kind}"
    lost = {word.lower() for word in re.findall(r"\w+", typed)} - {word.lower() for word in re.findall(r"\w+", kept)}
    assert lost <= {"by", "due", "until", "till", "on", "for"}
    parse(apart.text, has_more=apart.has_more)


@pytest.mark.parametrize(
    ("typed", "whose"),
    [
        ("overdue", ""),
        ("Overdue?", ""),
        ("overdue @payments", "payments"),
        ("overdue of payments", "payments"),
        ("overdue bills of ours", None),
    ],
)
def test_what_is_overdue_is_asked_for_by_team(typed: str, whose: str | None) -> None:
    assert overdue_of(typed) == whose
