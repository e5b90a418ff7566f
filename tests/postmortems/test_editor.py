"""Writing in a browser: what is typed is kept, two who write are merged, and what cannot stand side by side is decided by somebody."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from yarl import URL

from bot.accounts.service import Accounts
from bot.db import ActorId
from bot.incidents.severity import Severity
from bot.postmortems.reading import marked
from bot.postmortems.unsaved import PRESENT_FOR
from tests.postmortems.house import ANA, KIM, House
from tests.postmortems.test_web import HTML, drafted, path
from tests.web.conftest import Client, Serve

BO = ActorId("bo")


class Writer:
    """Somebody at the editor, by a link of their own."""

    def __init__(self, house: House, client: Client, person: ActorId | None) -> None:
        self._client = client
        parts = urlsplit(house.postmortems.url(1, reader=person))
        self._path, self._key = parts.path, parts.query

    def at(self, tail: str = "", more: str = "") -> URL:
        return URL(f"{self._path}{f'/{tail}' if tail else ''}?{self._key}{more}", encoded=True)

    async def page(self, tail: str = "", more: str = "") -> str:
        answer = await self._client.get(self.at(tail, more), headers=HTML)
        assert answer.status == 200, await answer.text()
        return await answer.text()

    async def editor(self) -> tuple[str, str]:
        """What stands in the editor, and the version it began with."""
        page = await self.page("edit")
        text = page.split('spellcheck="true">\n')[1].split("</textarea>")[0]
        base = re.search(r'name="base" value="(\d+)"', page)
        assert base is not None
        return unescape(text), base[1]

    async def says(self, tail: str, **fields: object) -> dict[str, object]:
        answer = await self._client.post(self.at(tail), json=fields)
        found: dict[str, object] = await answer.json()
        return found | {"status": answer.status}

    async def sends(self, tail: str, **fields: str) -> str:
        """A form; where it leads, without the key."""
        answer = await self._client.post(self.at(tail), data=fields, headers=HTML, allow_redirects=False)
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"].partition("?")[0]


async def test_what_is_typed_is_kept_until_it_is_saved_or_dropped(house: House, serve: Serve) -> None:
    await drafted(house)
    client = await serve(house.web())
    kim, ana = Writer(house, client, KIM), Writer(house, client, ANA)
    text, base = await kim.editor()
    assert text.startswith("# Postmortem of #1") and base == "1"
    typed = text.replace("## Summary", "## Summary\n\nHalf a sen")
    kept = await kim.says("unsaved", base=base, markdown=typed)
    assert (kept["status"], kept["version"], kept["others"]) == (200, 1, [])
    assert (await kim.editor())[0] == typed, "the laptop was closed, and is opened again"
    assert "Half a sen" not in (await ana.editor())[0] and "Kim Ji-woo edits this, too." in await ana.page("edit")
    assert (await kim.says("unsaved", base=base))["others"] == ["Ana Silva"]
    house.clock.advance(PRESENT_FOR + timedelta(seconds=1))
    assert (await kim.says("unsaved", base=base))["others"] == [], "Ana has gone home"

    assert await kim.sends("drop", base=base, markdown=typed) == "/postmortems/1"
    assert (await kim.editor())[0] == text
    await kim.says("unsaved", base=base, markdown=typed)
    saved = await kim.says("edit", base=base, markdown=typed, as_json=1)
    assert str(saved["next"]).startswith("/postmortems/1?k=") and "Half a sen" in await ana.page()
    assert (await ana.says("unsaved", base=base))["by"] == "Kim Ji-woo", "who saved meanwhile"
    assert (await kim.editor())[1] == "2"


async def test_two_who_write_are_merged_and_what_both_changed_is_decided_side_by_side(house: House, serve: Serve) -> None:
    await drafted(house)
    client = await serve(house.web())
    kim, bo = Writer(house, client, KIM), Writer(house, client, BO)
    text, _ = await kim.editor()
    first = text.replace("*To be written: what had to come together for this to happen?*", "The config was pushed by hand.")
    assert first != text
    assert await kim.sends("edit", base="1", markdown=first) == "/postmortems/1"
    second = text.replace("*To be written: what had to come together for this to happen?*", "The config was not tested.").replace(
        "## Summary\n", "## Summary\n\nA sentence of its own.\n"
    )
    assert await bo.sends("edit", base="1", markdown=second) == "/postmortems/1/conflicts"
    page = await bo.page()
    assert "The config was pushed by hand." in page and "A sentence of its own." in page and "two texts for one place" in page
    side = await kim.page("conflicts")
    assert "<mark>pushed by hand</mark>" in side and "<mark>not tested</mark>" in side and "Take what Bo Lindqvist wrote" in side
    assert "Take mine" in await bo.page("conflicts")
    conflict = re.search(r'name="conflict" value="(\d+)"', side)
    assert conflict is not None
    assert await kim.sends("conflicts", conflict=conflict[1], choice="both") == "/postmortems/1"
    page = await bo.page()
    assert "pushed by hand" in page and "not tested" in page and "two texts" not in page
    assert "Everything is decided" in await bo.page("conflicts")


async def test_the_versions_show_what_differs_word_by_word_and_one_can_go_back(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await drafted(house)
    client = await serve(house.web())
    kim = Writer(house, client, KIM)
    text, _ = await kim.editor()
    await kim.sends("edit", base="1", markdown=text.replace("rolled back", "rolled forward <script>"))
    assert ">Version 2</a>" in await kim.page("history")
    differs = await kim.page("history", "&version=2")
    assert "<del>back</del>" in differs and "<ins>forward &lt;script&gt;</ins>" in differs and "the same" in differs
    assert await kim.sends("history", version="1") == "/postmortems/1"
    assert (await kim.editor()) == (text, "3")


async def test_who_may_not_write_reads_and_is_told_how_to(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await drafted(house)
    client = await serve(house.web())
    nobody = Writer(house, client, None)
    assert "Sign in with Slack" in await nobody.page() and "new-comment" not in await nobody.page()
    for tail in ("edit", "unsaved", "preview", "comments", "history", "conflicts", "drop"):
        answer = await nobody.says(tail, base="1", markdown="", version="1", text="x", do="add")
        assert answer["status"] == 401 and "names nobody" in str(answer["error"]), tail
    stranger = Writer(house, client, ActorId("slack:U0STRANGER0"))
    assert (await stranger.says("edit", base="1", markdown="x"))["status"] == 403
    kim = Writer(house, client, KIM)
    for wrong in ({"base": "x"}, {}, {"base": "-1"}, {"base": "99"}):
        assert (await kim.says("edit", markdown="x", **wrong))["status"] in (400, 404)


async def test_comments_are_about_a_paragraph_are_answered_and_resolved(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await drafted(house)
    client = await serve(house.web())
    kim, bo = Writer(house, client, KIM), Writer(house, client, BO)
    block = re.search(r'<h2 data-block="(\d+)" id="contributing-factors">', await kim.page())
    assert block is not None
    await bo.sends("comments", do="add", block=block[1], version="1", text="Who knew? <b>")
    page = await kim.page()
    assert f'data-on="{block[1]}"' in page and "Who knew? &lt;b&gt;" in page and "1 open comment" in page
    await kim.sends("comments", do="answer", comment="1", text="Nobody.")
    await kim.sends("comments", do="resolve", comment="1")
    page = await bo.page()
    assert "Nobody." in page and "Resolved by Kim Ji-woo" in page and "No open comments" in page
    again = await bo.says("comments", do="resolve", comment="1")
    assert again["status"] == 409 and "Kim Ji-woo resolved this" in str(again["error"])
    assert (await bo.says("comments", do="add", version="1", text=" "))["status"] == 400


async def test_a_private_incident_is_for_its_own_people_also_when_others_sign_in(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await drafted(house, is_private=True)
    client = await serve(house.web())
    accounts = Accounts(house.directory, can_sign_in=True)

    async def cookie(person: str) -> dict[str, str]:
        async with house.database.begin(actor=ActorId(person)) as tx:
            return {"Cookie": f"__Host-tocsin={await accounts.begin(tx, ActorId(person), '', '')}"} | HTML

    for tail in ("", ".md", "/edit", "/history", "/conflicts"):
        assert (await client.get(f"/postmortems/1{tail}", headers=await cookie("max"))).status == 404, tail
        assert (await client.get(f"/postmortems/1{tail}", headers=await cookie("kim"))).status == 200, tail
    by_link = Writer(house, client, None)
    assert (await client.get(by_link.at(), headers=await cookie("max"))).status == 200, "who was sent its link"


@pytest.mark.parametrize("markdown", ["# A\n\n- one\n- two\n\n  more\n\n| a | b |\n| --- | --- |\n| c | d |\n\n```\ncode\n```\n\n> said\n"])
def test_each_block_carries_its_number_where_it_is_shown(markdown: str) -> None:
    html = marked(markdown, markdown)
    assert re.findall(r'<(\w+) data-block="(\d+)"', html) == [
        ("h1", "0"), ("li", "1"), ("li", "2"), ("p", "3"), ("tr", "4"), ("tr", "6"), ("code", "7"), ("blockquote", "8"),
    ]  # fmt: skip


async def test_the_review_goes_by_the_buttons_of_the_page(sqlite_house: House, serve: Serve) -> None:
    house = sqlite_house
    await drafted(house)
    client = await serve(house.web())
    kim, bo, ana = Writer(house, client, KIM), Writer(house, client, BO), Writer(house, client, ANA)
    assert "Name an owner" in await kim.page()
    await kim.sends("review", do="give", person="kim")
    await kim.sends("review", **{"do": "ask", "reviewer:bo": "on", "reviewer:ana": "on", "reviewer:<nobody>": "on"})
    page = await kim.page()
    assert "2 more approvals are needed. You own it, so others approve it." in page and "Bo Lindqvist: asked" in page
    assert 'value="approve"' not in page and 'value="approve"' in await bo.page()
    again = await bo.says("review", do="approve", version="7")
    assert again["status"] == 400 and "Look at that, and approve it then" in str(again["error"])
    await bo.sends("review", do="approve", version="1")
    assert "You have approved it." in await bo.page() and "Bo Lindqvist: approved" in await kim.page()
    await ana.sends("review", do="changes", why="The cause is a guess.")
    assert "The cause is a guess." in await kim.page() and ">Draft<" in await kim.page()

    await kim.sends("review", do="meet", at="2026-03-10T14:00")
    page = await kim.page()
    assert "Tuesday, 10 March 14:00, 60 minutes" in page and "/meetings/1?k=" in page
    assert "Tuesday, 10 March 06:00" in await bo.page(), "on Bo's own clock"
    await bo.sends("review", do="call off")
    assert "10 March" not in await kim.page() and "Call a meeting" in await kim.page()
    for wrong in ({"do": "meet", "at": "soon"}, {"do": "dance"}, {}):
        assert (await kim.says("review", **wrong))["status"] == 400


async def test_once_it_is_published_who_does_not_write_reads_that_version_and_not_the_next_ones_drafts(
    sqlite_house: House, serve: Serve
) -> None:
    house = sqlite_house
    await drafted(house, severity=Severity.SEV3)
    client = await serve(house.web())
    kim, bo, anybody = Writer(house, client, KIM), Writer(house, client, BO), Writer(house, client, None)
    await kim.sends("review", **{"do": "ask", "reviewer:bo": "on"})
    await bo.sends("review", do="approve", version="1")
    await bo.sends("review", do="publish")
    text, base = await kim.editor()
    await kim.sends("edit", base=base, markdown=text.replace("## Summary", "## Summary\n\nNot agreed upon yet."))
    page = await anybody.page()
    assert "Not agreed upon yet." not in page and "A newer one is being reviewed" in page and "Versions</a>" not in page
    assert "Not agreed upon yet." in await bo.page()
    assert "this one is newer" in await bo.page()
    markdown = await client.get(path(house.postmortems.url(1, ".md")))
    assert "Not agreed upon yet." not in await markdown.text()
    assert (await client.get(anybody.at("history"), headers=HTML)).status == 401
