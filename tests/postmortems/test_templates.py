"""Templates of postmortems: by type, by choice, or the company's own, of which a broken one costs nothing but itself."""

from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

import pytest

from bot.clock import FakeClock
from bot.config.check import check
from bot.config.loader import digest, load
from bot.db import Database
from bot.errors import InvalidInput
from bot.events import Listeners
from bot.incidents.actions import Call
from bot.incidents.severity import Severity
from bot.postmortems.material import Material
from bot.postmortems.models import Postmortem
from bot.postmortems.render import SHIPPED, rendered, to_markdown
from bot.postmortems.templates import Templates, doubts, sample
from bot.web.markdown import to_html
from tests.postmortems.house import KIM, House

IMPACT = dict.fromkeys(Severity, "an outage")
OURS = """{% extends "default" %}
{% block more %}
## Money

*To be written: what did it cost?*
{% endblock %}
"""


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """The sandbox's, with templates of its own to come."""
    for file in Path("bot/sandbox/config").glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "postmortems").mkdir()
    return tmp_path


@pytest.mark.parametrize("name", SHIPPED)
def test_every_type_has_all_that_the_default_has_and_asks_for_more(name: str) -> None:
    plain = rendered(sample(), "default", IMPACT, UTC, {})
    text = rendered(sample(), name, IMPACT, UTC, {})
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert [line for line in plain.splitlines() if line.startswith("## ") and line not in headings] == []
    assert len(headings) == len(set(headings)) and "<h2" in to_html(text)
    assert name == "default" or text.count("*To be written") > plain.count("*To be written")


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ({"ours": "# A\n\n{% block %}\n"}, 3),
        ({"ours": '{% extends "default" %}\n{% block more %}\n{{ doc.nonsense.more }}\n{% endblock %}'}, 3),
        ({"ours": "{% include 'other' %}"}, 1),
        ({"ours": "\n{{ ''.__class__.__mro__ }}"}, 2),
        ({"ours": "{{ 1 / 0 }}"}, 1),
    ],
)
def test_a_broken_one_is_told_with_its_line_and_the_default_is_used(own: Mapping[str, str], line: int, company: Path) -> None:
    material = Material(sample().document, "ours")
    text = to_markdown(material, IMPACT, UTC, own)
    assert f"**The template 'ours' cannot be used \\(line {line}: " in text and "## What happened" in text
    (company / "postmortems" / "ours.md.j2").write_text(own["ours"])
    report = check(company, {}, doubts)
    assert report.is_sound, "it must not keep the bot from starting"
    assert [warning for warning in report.warnings if f"ours.md.j2:{line}: the template 'ours' breaks" in warning]


def test_a_template_that_there_is_not_is_told_where_it_is_named(company: Path) -> None:
    text = (company / "services.yaml").read_text().replace("    name: Checkout\n", "    name: Checkout\n    postmortem_template: outage\n")
    (company / "services.yaml").write_text(text)
    line = text.splitlines().index("    postmortem_template: outage") + 1
    assert any(f"services.yaml:{line}: there is no template 'outage'" in warning for warning in check(company, {}, doubts).warnings)


async def test_the_companys_own_is_chosen_and_is_part_of_what_is_reloaded(
    company: Path, sqlite_database: Database, clock: FakeClock, listeners: Listeners
) -> None:
    before = digest(company)
    (company / "postmortems" / "money.md.j2").write_text(OURS)
    assert digest(company) != before
    house = House(load(company, {}), sqlite_database, clock, listeners)
    await house.declare()
    await house.do("resolve", "done")
    await house.drafted()
    templates = Templates(house.directory, house.postmortems)

    async def choose(words: str) -> Postmortem | None:
        async with house.database.begin(actor=KIM) as tx:
            await templates.choose(tx, Call(await house.incidents.get(tx, 1), words=words))
        return await house.drafted()

    draft = await choose("money")
    assert draft is not None and "## Money" in draft.markdown
    draft = await choose("Vendor")
    assert draft is not None and "## The vendor" in draft.markdown and "## Money" not in draft.markdown
    with pytest.raises(InvalidInput, match="/inc postmortem template money"):
        await choose("outage")


async def test_what_was_private_from_its_first_second_asks_what_security_asks(sqlite_house: House) -> None:
    await sqlite_house.declare(is_private=True)
    await sqlite_house.do("resolve", "keys replaced")
    draft = await sqlite_house.drafted()
    assert draft is not None and "## Duties to tell" in draft.markdown
