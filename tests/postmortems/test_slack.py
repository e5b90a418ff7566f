"""`/inc postmortem …` in words: what is answered, to whom."""

import pytest

from bot.errors import InvalidInput
from bot.incidents.actions import Call
from bot.slack.replies import Nothing, OpenModal, Say
from tests.postmortems.house import ANA, KIM, House
from tests.postmortems.test_review import BO, owned, review
from tests.postmortems.test_service import CAUSES, assembled, edit


async def say(house: House, words: str, by: str = "kim") -> str:
    reply = await house.act("postmortem", by=ANA if by == "ana" else KIM, words=words)
    assert isinstance(reply, Say)
    return reply.text


async def test_the_history_tells_who_wrote_what_and_a_version_is_brought_back(sqlite_house: House) -> None:
    house = sqlite_house
    await owned(house)
    house.later(minutes=5)
    await edit(house, CAUSES, "By hand.", by=BO)
    house.later(minutes=20)
    assert "It says what version 1 said: version 3" in await say(house, "restore 1")
    history = (await say(house, "history")).splitlines()
    assert [line.split(":", 2)[-1].strip() for line in history[1:]] == [
        "brought back, as it was in version 1",
        "edited",
        "assembled from what happened",
    ]
    assert "*2* 18:05 " in history[2], "on the reader's clock"


async def test_where_it_stands_is_told_with_what_it_waits_for(sqlite_house: House) -> None:
    house = sqlite_house
    await owned(house)
    await review(house, "ask", [ANA, BO])
    await review(house, "approve", by=ANA)
    await assembled(house, "resolved: config rolled back", "resolved: config v41 rolled back")
    shown = await say(house, "")
    assert "in review, version 1>" in shown or "in review, version 1" in shown
    assert "Owned by Kim Ji-woo. It is to be published by Thu 12 Mar." in shown
    assert "Approved by Ana Silva." in shown and "`/inc postmortem facts` takes it in." in shown
    assert "The newer facts are in it: version 2" in await say(house, "facts")


async def test_what_fits_into_no_form_is_edited_on_its_page(sqlite_house: House) -> None:
    known = await owned(sqlite_house)
    await edit(sqlite_house, known.markdown, "# All in one\n\n" + "word " * 1000)
    assert "No part of it fits into a form" in await say(sqlite_house, "edit")


async def test_in_the_channel_the_channel_is_the_answer_and_elsewhere_who_asked_reads_one(sqlite_house: House) -> None:
    house = sqlite_house
    await owned(house, severity=3)
    async with house.database.begin(actor=KIM) as tx:
        incident = await house.incidents.get(tx, house.number)
        assert await house.actions.perform(tx, "postmortem", Call(incident, words="review", people=(BO,))) == Nothing()
        elsewhere = await house.actions.perform(tx, "postmortem", Call(incident, words="changes say why", is_elsewhere=True))
        assert isinstance(elsewhere, Say) and "is a draft again; its owner is told why." in elsewhere.text
        assert isinstance(await house.actions.perform(tx, "postmortem", Call(incident, words="edit")), OpenModal)
        with pytest.raises(InvalidInput, match="I do not know `delete` of a postmortem"):
            await house.actions.perform(tx, "postmortem", Call(incident, words="delete"))
