"""Tags: how they are spelled, told apart in a line, and suggested."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.learning import Learning
from bot.errors import InvalidInput
from bot.learning.tags import LONGEST, Told, Written, apart, normalised, suggested

VOCABULARY = Learning().tags


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("Deploy", "deploy"), ("  #monitoring_gap. ", "monitoring gap"), ("“CI/CD”", "ci/cd"), ("Überlast", "überlast"), ("c++", "c++")],
)
def test_what_people_type_is_kept_in_one_spelling(typed: str, kept: str) -> None:
    assert normalised(typed) == kept


@pytest.mark.parametrize("typed", ["", " # ", "--", "<!channel>", "a`b", "{{ 7*7 }}", "x" * 41])
def test_what_is_no_tag_is_refused_in_a_sentence(typed: str) -> None:
    with pytest.raises(InvalidInput, match="tag"):
        normalised(typed)


@given(st.text(max_size=60))
def test_a_tag_is_the_same_when_it_is_typed_again(typed: str) -> None:
    try:
        kept = normalised(typed)
    except InvalidInput:
        return
    assert normalised(kept) == kept and 0 < len(kept) <= LONGEST and not set(kept) & set("<>`*_|&;\n") - {"&"}


def test_known_tags_of_several_words_stay_whole_in_a_line() -> None:
    assert apart("deploy monitoring gap cache", VOCABULARY) == ("deploy", "monitoring gap", "cache")
    assert apart("Human Process, cold cache, deploy, deploy", VOCABULARY) == ("human process", "cold cache", "deploy")
    assert apart("deploy deploy", ()) == ("deploy",)


def told(*texts: str, **more: object) -> Told:
    return Told(tuple(Written("a note", text) for text in texts), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("rolled back v42", {"deploy": "“rolled back” in a note"}),
        ("Feature flag left on, config reverted", {"deploy": "“reverted” in a note", "configuration": "“Feature flag” in a note"}),
        ("postgres replica lags, disk full", {"capacity": "“disk full” in a note", "database": "“postgres” in a note"}),
        ("the TLS cert expired", {"certificate": "“TLS” in a note"}),
        ("reconfigured-by-nobody; undeployable; certified", {}),
        ("Checkout is down", {}),
    ],
)
def test_what_fits_is_suggested_with_its_evidence(text: str, tags: dict[str, str]) -> None:
    assert {one.tag: one.why for one in suggested(told(text), VOCABULARY)} == tags


def test_what_nobody_was_alarmed_of_for_long_is_a_gap() -> None:
    late = timedelta(minutes=40)
    assert [(one.tag, one.why) for one in suggested(told(noticed_after=late), VOCABULARY)] == [
        ("monitoring gap", "people noticed it, 40 min after it began")
    ]
    assert suggested(told(noticed_after=late, found_by_alert=True), VOCABULARY) == ()
    assert suggested(told(noticed_after=timedelta(minutes=3)), VOCABULARY) == ()


def test_nothing_is_suggested_that_is_set_already_or_is_no_word_of_the_company() -> None:
    both = told("rolled back, dns was wrong")
    assert [one.tag for one in suggested(both, VOCABULARY)] == ["deploy", "network"]
    assert [one.tag for one in suggested(both, VOCABULARY, present=["deploy"])] == ["network"]
    assert [one.tag for one in suggested(both, ["network", "weather"])] == ["network"]
