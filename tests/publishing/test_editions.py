"""An edition as a file: what programs read of it, its name, and what it cites."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml

from bot.publishing.editions import Edition, path_of, slug
from bot.publishing.files import merge_files

T = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXT = "# Postmortem of #7\n\nSee [run 3](/runs/3) and ![a graph](/attachments/7/1-p99.png), not [/runs/](https://x.example/runs/1).\n"
EDITION = Edition(7, 'checkout: "down"\n---\n', 3, 1, "Checkout", T, None, T, TEXT, "https://tocsin.example/postmortems/7")


def test_what_programs_read_is_yaml_whatever_the_title_says() -> None:
    _, front, rest = EDITION.with_front_matter.split("---\n", 2)[0], *EDITION.with_front_matter.split("\n---\n", 1)
    read = yaml.safe_load(front.removeprefix("---\n"))
    assert read["title"] == 'Postmortem of #7: checkout: "down"\n---\n'
    assert (read["incident"], read["severity"], read["state"], read["version"]) == (7, "SEV1", "published", 3)
    assert "resolved" not in read and rest.startswith("\n# Postmortem of #7\n")
    assert (
        yaml.safe_load(replace(EDITION, is_withdrawn=True).with_front_matter.split("\n---\n")[0].removeprefix("---\n"))["state"]
        == "withdrawn"
    )


def test_what_it_cites_of_our_pages_leads_to_them_from_anywhere() -> None:
    assert "(https://tocsin.example/runs/3)" in EDITION.text
    assert "(https://tocsin.example/attachments/7/1-p99.png)" in EDITION.text
    assert "(https://x.example/runs/1)" in EDITION.text


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Größe & co: 100 % down!", "grosse-co-100-down"),
        ("日本", "incident"),
        ("../../etc/passwd", "etc-passwd"),
        ("a" * 80 + " b", "incident"),
    ],
)
def test_a_title_becomes_a_name_that_every_file_system_takes(title: str, name: str) -> None:
    assert slug(title) == name


def test_a_path_is_filled_in_from_what_is_known() -> None:
    scheme = "{service}/{year}-{month}/{severity}-{number}-{slug}.md"
    assert path_of(scheme, EDITION) == "checkout/2026-03/sev1-0007-checkout-down.md"
    assert path_of("{number}-{service}.md", replace(EDITION, service="")) == "0007-none.md"


def test_lines_that_people_add_for_programs_stay_and_ours_are_ours() -> None:
    base = "---\ntitle: a\nversion: 1\n---\n\n# A\n"
    theirs = "---\ntitle: renamed\nversion: 1\ntags:\n  - outage\nteam: sre\n---\n\n# A\n\nTheir word.\n"
    merged = merge_files(base, theirs, base.replace("version: 1", "version: 2"))
    assert merged.markdown == "---\ntitle: a\nversion: 2\ntags:\n  - outage\nteam: sre\n---\n\n# A\n\nTheir word.\n"
    assert merge_files("# A\n", "# A\n", "# B\n").markdown == "# B\n"
