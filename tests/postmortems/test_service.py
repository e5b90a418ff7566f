"""What people write in a postmortem stays, whatever else is learnt and whoever else writes."""

import pytest

from bot.db import BOT, ActorId
from bot.errors import AlreadyDone, NotFound
from bot.postmortems.merging import blocks
from bot.postmortems.messages import PostmortemChanged
from bot.postmortems.models import Postmortem
from bot.postmortems.service import Choice, Saved
from bot.postmortems.states import PostmortemState, VersionKind
from tests.postmortems.house import ANA, KIM, House

BO = ActorId("bo")
CAUSES = "*To be written: what had to come together for this to happen?*"
HELPED = "*To be written: what else helped?*"


async def drafted(house: House, **more: object) -> Postmortem:
    """An incident that is over, and its draft."""
    await house.declare(**more)
    await house.do("resolve", "config rolled back")
    found = await house.drafted()
    assert found is not None
    return found


async def assembled(house: House, old: str, new: str) -> Postmortem | None:
    """The bot has newer facts, which say `new` where it assembled `old` before."""
    async with house.database.begin(actor=BOT) as tx:
        incident = await house.incidents.get(tx, house.number)
        known = await house.postmortems.find(tx, house.number)
        assert known is not None
        before = known.offered or known.generated
        assert old in before
        return await house.postmortems.keep(tx, incident, before.replace(old, new), "<p>newer</p>")


async def edit(house: House, old: str, new: str, by: ActorId = KIM, base: int | None = None) -> Saved:
    """Somebody writes `new` in the place of `old`, in the version they read."""
    async with house.database.begin(actor=by) as tx:
        known = await house.postmortems.find(tx, house.number)
        assert known is not None
        read = await house.postmortems.version(tx, house.number, base or known.version)
        assert old in read.markdown
        return await house.postmortems.edit(tx, house.number, read.markdown.replace(old, new), read.number)


async def test_hand_edits_survive_what_is_assembled_later(house: House) -> None:
    first = await drafted(house)
    saved = await edit(house, CAUSES, "A deploy flushed the cache.", by=ANA)
    assert saved.postmortem.version == 2 and saved.conflicts == ()
    house.later(minutes=5)
    kept = await assembled(house, "**Kim Ji-woo** resolved: config rolled back", "**Kim Ji-woo** resolved: config v41 rolled back")
    assert kept is not None and kept.version == 3
    assert "A deploy flushed the cache." in kept.markdown and "config v41" in kept.markdown
    assert kept.html == "", "it is made anew when it is shown"
    async with house.database.read() as tx:
        versions = await house.postmortems.versions(tx, house.number)
        assert [(one.number, one.kind, one.author) for one in versions] == [
            (1, VersionKind.ASSEMBLED, BOT),
            (2, VersionKind.EDITED, ANA),
            (3, VersionKind.MERGED, BOT),
        ]
        assert (await house.postmortems.version(tx, house.number, 1)).markdown == first.markdown
        assert await house.postmortems.conflicts(tx, house.number) == []


async def test_the_same_facts_again_change_nothing(sqlite_house: House) -> None:
    await drafted(sqlite_house)
    saved = await edit(sqlite_house, CAUSES, "A deploy flushed the cache.")
    kept = await assembled(sqlite_house, "#", "#")
    assert kept is not None
    assert (kept.version, kept.markdown) == (2, saved.postmortem.markdown)


async def test_where_a_person_and_the_facts_say_two_things_both_are_kept_until_somebody_decides(house: House) -> None:
    await drafted(house)
    await edit(house, "resolved: config rolled back", "resolved: config rolled back by hand", by=ANA)
    await assembled(house, "resolved: config rolled back", "resolved: config v41 rolled back")
    await assembled(house, "resolved: config v41 rolled back", "resolved: config v41 and v42 rolled back")
    async with house.database.read() as tx:
        (conflict,) = await house.postmortems.conflicts(tx, house.number)
        known = await house.postmortems.find(tx, house.number)
    assert known is not None and conflict.author == BOT
    assert "rolled back by hand" in conflict.standing and "v41 and v42" in conflict.offered, "the newest facts alone"
    assert "rolled back by hand" in known.markdown and "v42" not in known.markdown

    await edit(house, "## Summary", "A word above.\n\n## Summary", by=BO)
    async with house.database.begin(actor=KIM) as tx:
        saved = await house.postmortems.settle(tx, house.number, conflict.number, Choice.OFFERED)
    assert "v41 and v42" in saved.postmortem.markdown and "by hand" not in saved.postmortem.markdown
    house.later(minutes=3)
    with pytest.raises(AlreadyDone, match=r"^Kim Ji-woo settled this at 09:00\. Nothing to do\.$"):
        async with house.database.begin(actor=ANA) as tx:
            await house.postmortems.settle(tx, house.number, conflict.number, Choice.STANDING)


@pytest.mark.parametrize(
    ("choice", "says"),
    [(Choice.STANDING, "By hand.\n\n##"), (Choice.OFFERED, "In haste.\n\n##"), (Choice.BOTH, "By hand.\n\nIn haste.\n\n##")],
)
async def test_of_two_who_write_at_once_the_second_loses_no_word(sqlite_house: House, choice: Choice, says: str) -> None:
    house = sqlite_house
    await drafted(house)
    await edit(house, CAUSES, "By hand.", by=ANA, base=1)
    saved = await edit(house, CAUSES, "In haste.", by=BO, base=1)
    assert saved.postmortem.version == 2, "there is nothing of it that could be taken"
    ((conflict),) = saved.conflicts
    assert (conflict.standing, conflict.offered) == ("By hand.", "In haste.")
    await edit(house, CAUSES, "In haste.", by=BO, base=1)  # sent twice
    async with house.database.begin(actor=KIM) as tx:
        (kept,) = await house.postmortems.conflicts(tx, house.number)
        assert kept.author == BO
        settled = await house.postmortems.settle(tx, house.number, kept.number, choice)
        assert says in settled.postmortem.markdown
        assert await house.postmortems.conflicts(tx, house.number) == []


async def test_two_who_write_in_two_places_are_merged(house: House) -> None:
    await drafted(house)
    await edit(house, CAUSES, "By hand.", by=ANA, base=1)
    saved = await edit(house, HELPED, "The alert came at once.", by=BO, base=1)
    assert "By hand." in saved.postmortem.markdown and "came at once" in saved.postmortem.markdown
    async with house.database.read() as tx:
        third = (await house.postmortems.versions(tx, house.number))[2]
    assert (third.kind, third.author, third.why) == (VersionKind.MERGED, BO, "with what was changed since version 1")


async def test_words_that_look_for_who_are_pointed_out_and_saved(sqlite_house: House) -> None:
    await drafted(sqlite_house)
    saved = await edit(sqlite_house, CAUSES, "Kim broke it and should have known.")
    assert "should have known" in saved.postmortem.markdown
    assert [found.words for found in saved.wording] == ["Kim broke", "should have known"]
    again = await edit(sqlite_house, HELPED, "We were lucky.")
    assert again.wording == (), "only what was written now is looked at"


async def test_a_version_of_before_can_be_brought_back(sqlite_house: House) -> None:
    house = sqlite_house
    first = await drafted(house)
    await edit(house, CAUSES, "", by=ANA)
    async with house.database.begin(actor=KIM) as tx:
        restored = (await house.postmortems.restore(tx, house.number, 1)).postmortem
        assert (restored.version, restored.markdown) == (3, first.markdown)
        with pytest.raises(AlreadyDone):
            await house.postmortems.restore(tx, house.number, 1)
        with pytest.raises(NotFound, match="has no version 7"):
            await house.postmortems.restore(tx, house.number, 7)
    kept = await assembled(house, "resolved: config rolled back", "resolved: config v41 rolled back")
    assert kept is not None and "v41" in kept.markdown, "it follows the facts still"


async def test_what_people_review_is_offered_newer_facts_and_takes_them_when_somebody_says_so(house: House) -> None:
    await drafted(house)
    await edit(house, CAUSES, "By hand.", by=ANA)
    async with house.database.begin(actor=ANA) as tx:
        incident, known = await house.postmortems.held(tx, house.number)
        await house.postmortems.move(tx, incident, known, PostmortemState.IN_REVIEW)
    kept = await assembled(house, "resolved: config rolled back", "resolved: config v41 rolled back")
    assert kept is not None and kept.offered is not None
    assert (kept.version, "v41" in kept.markdown, "v41" in kept.offered) == (2, False, True)
    await assembled(house, "config v41 rolled back", "config v41 and v42 rolled back")
    assert await house.worker.drain()
    assert len([said for said in house.said if "more has become known" in said]) == 1
    async with house.database.begin(actor=BO) as tx:
        taken = (await house.postmortems.take_offered(tx, house.number)).postmortem
        assert (taken.version, "v41" in taken.markdown, "By hand." in taken.markdown, taken.offered) == (3, True, True, None)
        with pytest.raises(AlreadyDone, match="says all that is known"):
            await house.postmortems.take_offered(tx, house.number)


async def test_of_a_private_incident_only_its_own_people_learn_that_there_is_a_postmortem(sqlite_house: House) -> None:
    house = sqlite_house
    await drafted(house, is_private=True)
    async with house.database.begin(actor=ActorId("slack:U0STRANGER")) as tx:
        with pytest.raises(NotFound, match=r"^There is no incident #1\.$"):
            await house.postmortems.readable(tx, house.number)


async def test_every_change_is_announced_and_dated(sqlite_house: House) -> None:
    house = sqlite_house
    heard: list[PostmortemChanged] = []

    async def hear(tx: object, fact: PostmortemChanged) -> None:
        heard.append(fact)

    house.listeners.on(PostmortemChanged, hear)
    first = await drafted(house)
    assert first.owner is None and first.due_on is not None and first.due_on.isoformat() == "2026-03-09", "five days end on a Saturday"
    await edit(house, CAUSES, "By hand.\r\n")
    await edit(house, "By hand.", "By hand.")
    assert heard == [PostmortemChanged(house.number, 2)]
    assert "\r" not in (await edit(house, "By hand.", "By hand.")).postmortem.markdown
    assert blocks(first.markdown)[0].text.startswith("# ")
