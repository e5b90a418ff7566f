"""What follows `task`, line by line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incidents.tasks import Add, Apart, Change, Finish, ListItems, Reopen, Task, parse, take_apart


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


@given(st.text(max_size=200) | st.lists(st.sampled_from(["@kim", "fri", "by", "for", "7", "done", "alarm", "dec 5"])).map(" ".join))
def test_nothing_typed_is_lost(typed: str) -> None:
    apart = take_apart(typed, known)
    kept = f"{apart.text} {apart.who} {apart.due}"
    lost = set(re.findall(r"\w+", typed)) - set(re.findall(r"\w+", kept))
    assert {word.lower() for word in lost} <= {"by", "due", "until", "till", "on", "for"}
    parse(apart.text, has_more=bool(apart.who or apart.due))
