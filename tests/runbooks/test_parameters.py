"""What may be typed for each type of parameter, and what is said of the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.runbooks import Runbook
from bot.errors import InvalidInput
from bot.runbooks.parameters import Known, typed

RUNBOOK = Runbook.model_validate(
    {
        "id": "reroute",
        "title": "Reroute traffic",
        "playbook": "reroute.yml",
        "group": "lb",
        "parameters": {
            "region": {"type": "choice", "values": ["eu", "us"], "help": "where it hurts"},
            "weight": {"type": "integer", "min": 0, "max": 100, "default": 0},
            "lasting": {"type": "duration", "min": "1m", "max": "2h", "required": False},
            "to": {"type": "version", "lookup": "/releases", "required": False},
            "host": {"type": "host", "group": "web", "required": False},
            "service": {"type": "service", "required": False},
            "ticket": {"type": "text", "pattern": "[A-Z]+-[0-9]+", "required": False},
        },
    }
)
KNOWN = Known({"all": ("lb1", "web1", "web2"), "web": ("web1", "web2")}, ("checkout",), {"to": ("v41", "v42")})


def test_each_type_takes_what_is_of_it() -> None:
    words = {"region": "eu", "weight": "30", "lasting": "1h30m", "to": "v41", "host": "web2", "service": "checkout", "ticket": "OPS-7"}
    expected = {"region": "eu", "weight": 30, "lasting": 5400, "to": "v41", "host": "web2", "service": "checkout", "ticket": "OPS-7"}
    assert typed(RUNBOOK, words, KNOWN) == expected


def test_what_is_not_given_is_its_default_or_left_out() -> None:
    assert typed(RUNBOOK, {"region": "us"}, KNOWN) == {"region": "us", "weight": 0}


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("region", "ue", "'ue' is no choice here (known: eu, us)."),
        ("region", "eu us", "is no choice here"),
        ("weight", "101", "no whole number from 0 to 100"),
        ("weight", "1e2", "no whole number"),
        ("lasting", "3h", "no duration from 1m to 2h"),
        ("lasting", "soon", "no duration"),
        ("to", "v43", "is no version here"),
        ("to", "-v41", "is no version; letters"),
        ("to", "v41;reboot", "is no version; letters"),
        ("host", "web*", "is no host here"),
        ("host", "all", "is no host here"),
        ("host", "web1,web2", "is no host here"),
        ("host", "!web1", "is no host here"),
        ("host", "lb1", "is no host here"),
        ("service", "chekout", "did you mean 'checkout'?"),
        ("ticket", "ops-7", "is not of the form [A-Z]+-[0-9]+"),
        ("ticket", "OPS-7\nreboot", "more than one line"),
        ("ticket", "A" * 201, "longer than 200 characters"),
    ],
)
def test_what_is_not_of_its_type_is_refused_with_what_would_be(name: str, given: str, says: str) -> None:
    with pytest.raises(InvalidInput, match="Nothing was run") as refused:
        typed(RUNBOOK, {"region": "eu", name: given}, KNOWN)
    assert says in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        typed(RUNBOOK, {"weight": "x", "colour": "red"}, KNOWN)
    said = str(refused.value).splitlines()
    assert said[0] == "Nothing was run."
    assert [line.split("`")[1] for line in said[1:]] == ["colour", "region", "weight"]
    assert "where it hurts, eu or us" in said[2]


@given(st.text(max_size=60))
def test_whatever_is_typed_for_a_host_only_an_exact_name_is_one(text: str) -> None:
    try:
        values = typed(RUNBOOK, {"region": "eu", "host": text}, KNOWN)
    except InvalidInput:
        return
    assert values.get("host") in ("web1", "web2", None)
