"""What people wrote, in Slack and back, harmless and never too long."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.text import clamp, escape, link, permalink, plain, unescape, when

WRITTEN = st.text(alphabet=st.sampled_from("ab <>&;|!@#lt gt amp\n…"), max_size=60)


@given(WRITTEN)
def test_nothing_written_pings_or_links(text: str) -> None:
    assert not set("<>") & set(escape(text))


@given(WRITTEN)
def test_what_was_escaped_comes_back_as_it_was(text: str) -> None:
    assert unescape(escape(text)) == text


@given(WRITTEN, st.integers(min_value=1, max_value=70))
def test_cut_text_is_short_and_has_no_broken_escape(text: str, limit: int) -> None:
    cut = clamp(escape(text), limit)
    assert len(cut) <= limit
    whole = cut if len(escape(text)) <= limit else cut[:-1]
    assert text.startswith(unescape(whole))  # a half escape would have come back as other characters


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("short", 10, "short"),
        ("0123456789", 5, "0123…"),
        ("abc <@U123|kim> d", 10, "abc …"),
        ("abc <@U123|kim> d", 16, "abc <@U123|kim>…"),
        ("abcd&lt;x", 7, "abcd…"),
    ],
)
def test_where_it_is_cut(text: str, limit: int, cut: str) -> None:
    assert clamp(text, limit) == cut


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("page <@U123|kim> now", "page @kim now"),
        ("<@U123>", "@U123"),
        ("see <#C1|ops>", "see #ops"),
        ("<!channel> <!subteam^S1|@payments>", "@channel @payments"),
        ("<https://example.com/a?b=1|example.com>", "https://example.com/a?b=1"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&lt;!channel&gt;", "<!channel>"),
    ],
)
def test_what_slack_sent_read_as_people_do(sent: str, read: str) -> None:
    assert plain(sent) == read


def test_links_and_moments() -> None:
    assert link("https://x.example", "a <b> | c") == "<https://x.example|a &lt;b&gt; ¦ c>"
    assert when(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) == "<!date^1772442000^{date_short_pretty} {time}|2026-03-02 09:00 UTC>"
    assert permalink("https://acme.slack.com/", "C1", "1772442000.000100") == "https://acme.slack.com/archives/C1/p1772442000000100"
    assert permalink("https://acme.slack.com/", "C1", "2.2", "1.1").endswith("/archives/C1/p22?thread_ts=1.1&cid=C1")
    assert "thread_ts" not in permalink("https://acme.slack.com/", "C1", "1.1", "1.1")


@given(WRITTEN, WRITTEN)
def test_no_address_gets_out_of_its_link(address: str, label: str) -> None:
    made = link(f"https://{address}", label)
    assert made[0] + made[-1] == "<>"
    assert not set("<>") & set(made[1:-1])
    assert made.count("|") == 1
