"""Files of incidents' channels: what their bytes are, and what they may be called."""

import pytest

from bot.incidents.files import is_page, kind_of, safe_name


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        ("ü, a log".encode(), "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "text/plain"),
        (b"<!DOCTYPE html><script>", "text/plain"),
        (b"a\x00b", "application/octet-stream"),
        (b"\xfe\xff\x80", "application/octet-stream"),
        (b"", "text/plain"),
    ],
)
def test_bytes_say_what_they_are_and_nothing_that_would_run_has_a_kind_of_its_own(content: bytes, kind: str) -> None:
    assert kind_of(content) == kind


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../Graph of p99.PNG", "Graph_of_p99.png"),
        ("<script>.html", "script.html"),
        (".htaccess", "htaccess"),
        ("снимок", "file"),
        ("a" * 300 + ".log", "a" * 60 + ".log"),
        ('x"; filename="y.exe', "x_filename_y.exe"),
    ],
)
def test_names_are_safe_in_an_address_and_in_a_header(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_what_slack_answers_to_strangers_is_known_for_a_page() -> None:
    assert is_page(b"\n <!DOCTYPE html><html>") and is_page(b"<HTML lang=en>") and not is_page(b"errors < 5 %")
