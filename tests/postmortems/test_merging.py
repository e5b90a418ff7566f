"""Two people's changes of one document become one, and no word of either is lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.postmortems.merging import Kind, blocks, follow, join, merge, spliced, tidy

WORDS = st.sampled_from(
    ["cache", "was", "flushed", "deploy", "rolled", "back", "alert", "late", "the", "queue", "|", "#", "- x", "```", "1. a"]
)
LINES = st.lists(WORDS, max_size=3).map(" ".join)
PREFIXES = st.sampled_from(["", "", "- ", "| ", "## ", "  ", "> "])
TEXTS = st.lists(st.tuples(PREFIXES, LINES).map("".join), max_size=9).map("\n".join)
DOCUMENTS = TEXTS.map(tidy)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200) | TEXTS)
def test_every_text_is_its_blocks_and_nothing_else(text: str) -> None:
    kept = tidy(text)
    assert tidy(kept) == kept
    assert join(blocks(kept)) == kept
    assert [kept.split("\n")[one.line] for one in blocks(kept)] == [one.text.split("\n")[0] for one in blocks(kept)]
    written = re.sub(r"[\s\0]", "", kept)
    assert written.startswith(re.sub(r"[\s\0]", "", text))
    assert set(written[len(re.sub(r"[\s\0]", "", text)) :]) <= {"`", "~"}, "nothing is added but the end of open code"


@given(DOCUMENTS, DOCUMENTS)
def test_with_one_side_unchanged_the_other_side_is_the_result(base: str, changed: str) -> None:
    assert merge(base, base, changed).markdown == changed
    assert merge(base, changed, base).markdown == changed
    assert merge(base, changed, changed).markdown == changed
    assert not merge(base, base, changed).conflicts + merge(base, changed, base).conflicts + merge(base, changed, changed).conflicts


@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_whatever_either_side_wrote_is_in_the_result_or_in_a_conflict(base: str, standing: str, offered: str) -> None:
    merged = merge(base, standing, offered)
    before = {one.text for one in blocks(base)}
    result = {one.text for one in blocks(merged.markdown)}
    for text in {one.text for one in blocks(standing)} - before:
        assert text in result
    for text in {one.text for one in blocks(offered)} - before:
        assert text in result | {one.offered for one in merged.conflicts}
    assert result <= before | {one.text for side in (standing, offered) for one in blocks(side)}


@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_a_conflict_says_which_block_of_the_result_it_is_about(base: str, standing: str, offered: str) -> None:
    merged = merge(base, standing, offered)
    parts = blocks(merged.markdown)
    for conflict in merged.conflicts:
        assert conflict.standing != conflict.offered
        assert -1 <= conflict.block < len(parts)
        if conflict.standing:
            assert parts[conflict.block].text == conflict.standing


@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_to_assemble_the_same_again_changes_nothing(base: str, standing: str, offered: str) -> None:
    merged = merge(base, standing, offered)
    again = merge(offered, merged.markdown, offered)
    assert (again.markdown, again.conflicts) == (merged.markdown, ())


@given(DOCUMENTS, DOCUMENTS)
def test_blocks_are_followed_in_their_order_and_none_twice(before: str, after: str) -> None:
    old, new = blocks(before), blocks(after)
    places = [place for place in follow(old, new) if place is not None]
    assert places == sorted(set(places))
    assert follow(old, old) == tuple(range(len(old)))
    for one, place in zip(old, follow(old, new), strict=True):
        assert place is None or new[place].kind is one.kind


BASE = tidy("""
# Postmortem

The cache was flushed at nine.

## Causes

*To be written.*

## Timeline

- 09:00 alert fired
- 09:05 Ana took the page
- 09:40 resolved

## Action items

| What | Done |
| --- | --- |
| add canary | no |
""")


def changed(*pairs: tuple[str, str], text: str = BASE) -> str:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def test_newer_facts_come_between_what_people_wrote() -> None:
    by_hand = changed(
        ("*To be written.*", "A deploy flushed it.\n\nNobody was told."), ("- 09:05 Ana took", "- 09:05 Ana, on her way home, took")
    )
    assembled = changed(
        ("- 09:40 resolved", "- 09:40 resolved\n- 11:00 reopened"), ("| add canary | no |", "| add canary | yes |\n| page | no |")
    )
    merged = merge(BASE, by_hand, assembled)
    assert not merged.conflicts
    assert merged.markdown == changed(
        ("*To be written.*", "A deploy flushed it.\n\nNobody was told."),
        ("- 09:05 Ana took", "- 09:05 Ana, on her way home, took"),
        ("- 09:40 resolved", "- 09:40 resolved\n- 11:00 reopened"),
        ("| add canary | no |", "| add canary | yes |\n| page | no |"),
    )


def test_neighbours_are_no_conflict() -> None:
    merged = merge(BASE, changed(("09:00 alert", "08:59 alert")), changed(("09:05 Ana", "09:06 Ana")))
    assert not merged.conflicts
    assert "- 08:59 alert fired\n- 09:06 Ana took the page\n" in merged.markdown


def test_where_both_changed_one_sentence_the_standing_one_stays_and_the_other_is_shown() -> None:
    merged = merge(BASE, changed(("at nine", "by hand")), changed(("at nine", "at 09:20")))
    (conflict,) = merged.conflicts
    assert (conflict.standing, conflict.offered) == ("The cache was flushed by hand.", "The cache was flushed at 09:20.")
    assert blocks(merged.markdown)[conflict.block].text == conflict.standing
    assert "09:20" not in merged.markdown


def test_a_placeholder_that_two_people_filled_is_a_conflict_whatever_they_wrote() -> None:
    merged = merge(BASE, changed(("*To be written.*", "One thing.")), changed(("*To be written.*", "Quite another matter altogether.")))
    assert [(one.standing, one.offered) for one in merged.conflicts] == [("One thing.", "Quite another matter altogether.")]


def test_what_one_drops_and_the_other_changes_is_not_lost() -> None:
    dropped = changed(("- 09:05 Ana took the page\n", ""))
    told = changed(("09:05 Ana took", "09:04 Ana took"))
    kept = merge(BASE, told, dropped)
    assert "09:04" in kept.markdown and [(one.standing[:7], one.offered) for one in kept.conflicts] == [("- 09:04", "")]
    gone = merge(BASE, dropped, told)
    assert "Ana" not in gone.markdown and [(one.standing, one.offered[:7]) for one in gone.conflicts] == [("", "- 09:04")]


def test_news_under_a_heading_that_was_dropped_by_hand_waits_to_be_settled() -> None:
    start, end = BASE.index("## Timeline"), BASE.index("## Action items")
    merged = merge(BASE, BASE[:start] + BASE[end:], changed(("- 09:40 resolved", "- 09:40 resolved\n- 11:00 reopened")))
    assert "reopened" not in merged.markdown
    assert [(one.standing, one.offered) for one in merged.conflicts] == [("", "- 11:00 reopened")]


def test_what_both_add_at_one_place_is_taken_once_and_the_rest_of_both_stays() -> None:
    mine = changed(("- 09:40 resolved", "- 09:30 rollback\n- 09:31 mine\n- 09:40 resolved"))
    yours = changed(("- 09:40 resolved", "- 09:30 rollback\n- 09:32 yours\n- 09:40 resolved"))
    merged = merge(BASE, mine, yours)
    assert not merged.conflicts
    assert "- 09:30 rollback\n- 09:31 mine\n- 09:32 yours\n- 09:40 resolved\n" in merged.markdown


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("# a\nb\nc\n\n- d\n  e\n- f\n\n1. g\n| h |\n| - |\ni", "heading paragraph item item item row row paragraph"),
        ("```\n# no heading\n\n- no item\n```\n\nafter", "code paragraph"),
        ("~~~~\n~~~\nstill code, which nobody closed\n\n# so is this", "code"),
        ("> quoted\n> lines", "paragraph"),
    ],
)
def test_what_a_block_is(text: str, kinds: str) -> None:
    assert " ".join(one.kind for one in blocks(tidy(text))) == kinds


def test_a_block_is_replaced_in_its_place() -> None:
    parts = blocks(BASE)
    at = next(number for number, one in enumerate(parts) if "09:05" in one.text)
    assert "- 09:00 alert fired\n- 09:06 Bo\n- 09:40 resolved\n" in spliced(parts, at, at + 1, "- 09:06 Bo")
    assert "- 09:00 alert fired\n- 09:40 resolved\n" in spliced(parts, at, at + 1, "")
    assert "resolved\n\nA word.\n\n## Action" in spliced(parts, at + 2, at + 2, "A word.")
    assert spliced(parts, at, at + 1, parts[at].text) == BASE
    assert parts[at].kind is Kind.ITEM
