"""Words about single paragraphs stay with them, whatever is written elsewhere."""

import pytest

from bot.db import ActorId
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.postmortems.comments import Comments
from bot.postmortems.merging import blocks
from tests.postmortems.house import ANA, KIM, House
from tests.postmortems.test_review import BO, owned
from tests.postmortems.test_service import CAUSES, edit


async def say(house: House, text: str, by: ActorId = ANA, of: str = CAUSES, version: int | None = None) -> int:
    """Somebody comments on the paragraph that says this; the comment's number."""
    comments = Comments(house.directory, house.postmortems)
    async with house.database.begin(actor=by) as tx:
        known = await house.postmortems.get(tx, house.number)
        read = (await house.postmortems.version(tx, house.number, version or known.version)).markdown
        place = next(number for number, block in enumerate(blocks(read)) if of in block.text)
        return (await comments.add(tx, house.number, text, place, version)).number


async def stands_at(house: House, number: int) -> str | None:
    """The paragraph that a comment is about now; None when it is gone."""
    async with house.database.read() as tx:
        known = await house.postmortems.get(tx, house.number)
        thread = next(one for one in await Comments(house.directory, house.postmortems).threads(tx, house.number) if one.first.id == number)
        return None if thread.first.block is None else blocks(known.markdown)[thread.first.block].text


async def test_a_comment_follows_its_paragraph_until_that_is_gone(house: House) -> None:
    await owned(house)
    first = await say(house, "who saw it first?")
    await edit(house, "## Summary", "A word above.\n\nAnd another.\n\n## Summary", by=BO)
    assert await stands_at(house, first) == CAUSES
    late = await say(house, "read in the old version", of="Summary", version=1)
    assert await stands_at(house, late) == "## Summary"
    await edit(house, CAUSES, "A deploy flushed the cache.", by=BO)
    assert await stands_at(house, first) == "A deploy flushed the cache."
    await edit(house, "A deploy flushed the cache.\n\n", "", by=BO)
    assert await stands_at(house, first) is None
    async with house.database.read() as tx:
        threads = await Comments(house.directory, house.postmortems).threads(tx, house.number)
    assert [thread.first.quote for thread in threads] == [CAUSES, "## Summary"], "what is gone comes first, with the words it was about"


async def test_a_thread_is_answered_resolved_once_and_opened_again_by_an_answer(sqlite_house: House) -> None:
    house = sqlite_house
    await owned(house)
    comments, number = Comments(house.directory, house.postmortems), await say(house, "who saw <!channel> first?")
    assert await house.worker.drain()
    assert [who for who, _ in house.told] == ["kim"] and "&lt;!channel&gt;" in house.told[0][1]
    async with house.database.begin(actor=BO) as tx:
        await comments.answer(tx, house.number, number, "Support did.")
    assert await house.worker.drain()
    assert [who for who, _ in house.told[1:]] == ["ana", "kim"], "the owner, and whoever spoke"
    async with house.database.begin(actor=KIM) as tx:
        await comments.resolve(tx, house.number, number)
        with pytest.raises(AlreadyDone, match=r"Kim Ji-woo resolved this comment at 18:00\."):
            await comments.resolve(tx, house.number, number)
        answer = await comments.answer(tx, house.number, number, "But when?")
        (thread,) = await comments.threads(tx, house.number)
        assert thread.first.resolved_at is None and [one.text for one in thread.answers] == ["Support did.", "But when?"]
        await comments.answer(tx, house.number, answer.number, "An answer to an answer is of the same thread.")
        assert len((await comments.threads(tx, house.number))[0].answers) == 3


@pytest.mark.parametrize(("text", "block", "refused"), [(" ", 0, InvalidInput), ("x" * 4001, 0, InvalidInput), ("x", 9999, InvalidInput)])
async def test_what_says_nothing_is_not_written_down(sqlite_house: House, text: str, block: int, refused: type[Exception]) -> None:
    await owned(sqlite_house)
    comments = Comments(sqlite_house.directory, sqlite_house.postmortems)
    async with sqlite_house.database.begin(actor=ANA) as tx:
        with pytest.raises(refused):
            await comments.add(tx, sqlite_house.number, text, block)
        with pytest.raises(NotFound, match="no such comment"):
            await comments.answer(tx, sqlite_house.number, 77, "to whom?")
        assert await comments.threads(tx, sqlite_house.number) == []
