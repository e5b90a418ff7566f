"""Words as they are searched, and snippets that show where they stand."""

from hypothesis import given
from hypothesis import strategies as st

from bot.learning.words import SNIPPET, Piece, fits, folded, plain, snippet, words

LOOKED_FOR = ["a", "abab", "ab", "ae", "e", "fi", "x", "1"]
TEXT = st.text(st.sampled_from("ab Äéﬁß x_-.·\n\u0301#*`[]()<>&|12"), max_size=400)


def test_case_accents_and_punctuation_are_no_part_of_a_word() -> None:
    assert list(words("Übergabe_EU-West: naïve ﬁle v42, e\u0301te!")) == ["ubergabe", "eu", "west", "naive", "file", "v42", "ete"]
    assert list(words("…!?")) == []


def test_a_document_is_read_without_its_markup() -> None:
    markdown = (
        "---\ntitle: x\n---\n# Postmortem of #1: down\n\n## Summary\n\n"
        '- [09:00](https://a.example/x "weight 3") it **was** `p99` \\*odd\\*\n'
        "1. one\n> quoted\n\n| a | b |\n|---|---|\n| c &amp; d | e_f |\n<!-- not said -->\n"
    )
    assert " ".join(plain(markdown).split()) == "Summary 09:00 it was p99 *odd* one quoted a b c & d e_f"


def test_a_snippet_shows_the_part_that_has_most_of_the_words() -> None:
    text = "redis " + "lorem ipsum " * 60 + "the REDIS failover hung\nand then " + "dolor sit " * 60
    found = snippet(text, ["redis", "fail"])
    assert [piece.text for piece in found if piece.is_marked] == ["REDIS", "failover"]
    assert found[0].text == "… " and found[-1].text == " …" and "hung · and then" in "".join(piece.text for piece in found)
    assert snippet("Redis", ["redis"]) == (Piece("Redis", True),)
    assert snippet("nothing here", ["redis"]) == snippet("redis", []) == ()


@given(TEXT, st.lists(st.sampled_from(LOOKED_FOR), max_size=3))
def test_a_snippet_is_a_part_of_the_text_and_marks_what_was_looked_for_and_nothing_else(text: str, wanted: list[str]) -> None:
    found = snippet(text, wanted)
    line = " · ".join(" ".join(part.split()) for part in text.splitlines() if part.strip())
    shown = "".join(piece.text for piece in found)
    assert shown.removeprefix("… ").removesuffix(" …") in line and len(shown) <= SNIPPET + 100
    for piece in found:
        assert not piece.is_marked or any(fits(folded(piece.text), one) for one in wanted)
    assert bool(found) == any(fits(word, one) for word in words(line) for one in wanted)


@given(TEXT)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert [folded(word) for word in words(text)] == list(words(text))
    plain(text)
