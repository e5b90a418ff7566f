"""`/runbook`: the library, as somebody reads it in an incident's channel and elsewhere."""

from pathlib import Path

import pytest

from tests.journeys.roads import opened
from tests.journeys.runbooks import declared
from tests.journeys.stories import lines, told, whispered
from tests.world import World

FITS = {"services": ["checkout"], "body": "## Meaning\n\nThe release is **bad**.\n\n## Mitigation\n\n1. Run it.\n"}


@pytest.mark.parametrize("runbook_config", [FITS], indirect=True)
async def test_runbooks_are_listed_read_and_run_and_their_reader_gets_a_page_of_their_own(
    runbook_world: World, runbook_config: Path
) -> None:
    world, kim, channel = runbook_world, runbook_world.user("kim"), await declared(runbook_world)
    shown = told(await kim.command("/runbook", channel))
    fitting, _, others = shown.partition("The others:")
    assert "Those that fit this incident:" in fitting and "`release` Write a release" in fitting
    assert "`maintenance`" in others
    link = shown[shown.index("<http") + 1 :].partition("|")[0]
    status, page = await opened(link)
    assert (status, "Write a release" in page) == (200, True)
    assert "names nobody" not in page

    shown = told(await kim.command("/runbook release", channel))
    for words in (
        "*Meaning*\nThe release is *bad*.",
        "1. Run it.",
        "`to` the release: a version",
        "somebody else must approve",
        "Run it …",
    ):
        assert words in shown
    await kim.press("Read", channel)
    await world.settled()
    assert "needs no approval" in (found := (await whispered(world, "kim", channel))[-1].shown) or "must approve" in found
    await kim.command("/runbook release", channel)
    await kim.press("Run it …", channel)
    assert (view := await kim.view())["callback_id"] == "run.fill:release"
    assert "The release is *bad*." in lines(view)
    assert "Run 1 (Write a release) is being prepared" in told(await kim.command("/runbook release to=v1", channel))

    assert "The others:" not in told(await kim.command("/runbook"))
    assert "this is no incident's channel" in told(await kim.command("/runbook release to=v1"))
    assert "There is no runbook 'relase'" in told(await kim.command("/runbook relase"))
    assert "asks for a run" in told(await kim.command("/runbook help"))
    card = next(text for text in await world.channel_texts(1) if "/i/1?k=" in text)
    nobody = card[card.index("http", card.index("/i/1?k=") - 40) :].partition("|")[0]
    assert "This link names nobody" in (await opened(nobody))[1]
