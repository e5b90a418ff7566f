"""Pages escape what people wrote, and their one stylesheet is found."""

import re

import pytest
from jinja2 import UndefinedError

from bot import resources
from bot.web import pages


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "{% raw %}", '" onload="x', "x" * 40_000, "\u202eevil 🔥"])
def test_hostile_text_is_only_text(hostile: str) -> None:
    html = pages.render("web/refusal.html", sentence=hostile)
    assert "<script" not in html
    assert 'onload="' not in html
    assert "49" not in html


def test_a_forgotten_value_is_a_bug_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        pages.render("web/refusal.html")


def test_the_layout_loads_nothing_that_the_policy_forbids() -> None:
    html = pages.render("web/refusal.html", sentence="No.")
    assert not re.search(r"<script|style=|https?://", html)
    assert 'content="width=device-width' in html


def test_the_stylesheet_knows_both_colour_schemes() -> None:
    css = (resources.path("templates") / "web" / "tocsin.css").read_text()
    assert "prefers-color-scheme: dark" in css
    assert "url(" not in css
