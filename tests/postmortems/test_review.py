"""From the draft to what everybody reads: who agrees, who was first, and what a change takes back."""

import asyncio

import pytest

from bot.db import ActorId
from bot.errors import AlreadyDone, InvalidInput, InvalidTransition, NotAllowed, Refusal
from bot.incidents import roles
from bot.postmortems.messages import PostmortemPublished, PostmortemWithdrawn
from bot.postmortems.models import Postmortem
from bot.postmortems.states import PostmortemState as S
from tests.postmortems.house import ANA, KIM, House
from tests.postmortems.test_service import CAUSES, HELPED, assembled, edit

BO, LEE = ActorId("bo"), ActorId("lee")


async def owned(house: House, **more: object) -> Postmortem:
    """An incident that Kim led, over, and its draft."""
    await house.declare(**more)
    async with house.database.begin(actor=KIM) as tx:
        await roles.lead(tx, house.number, KIM)
    await house.do("resolve", "config rolled back")
    found = await house.drafted()
    assert found is not None and found.owner == KIM
    return found


async def review(house: House, verb: str, *words: object, by: ActorId = KIM) -> Postmortem:
    """Somebody uses a verb of the review."""
    async with house.database.begin(actor=by) as tx:
        known: Postmortem = await getattr(house.reviews, verb)(tx, house.number, *words)
    assert await house.worker.drain()
    return known


async def test_a_severe_one_is_published_after_two_others_agree_with_the_same_text(house: House) -> None:
    facts: list[object] = []

    async def hear(tx: object, fact: object) -> None:
        facts.append(fact)

    house.listeners.on(PostmortemPublished, hear)
    house.listeners.on(PostmortemWithdrawn, hear)
    await owned(house)
    assert "owned by <@U0KIM000000>. It is to be in review by Mon 9 Mar." in house.said[-1]
    await review(house, "ask", [ANA, BO])
    assert [who for who, _ in house.told] == ["ana", "bo"] and "2 approvals are wanted" in house.said[-1]
    house.later(minutes=5)
    await review(house, "approve", 1, by=ANA)
    assert house.said[-1].endswith("one more approval is wanted.")

    await edit(house, CAUSES, "A deploy flushed the cache.", by=BO)
    assert await house.worker.drain()
    assert "the approval of <@U0ANA000000> is withdrawn: version 2 is another text" in house.said[-1]
    assert house.told[-1][0] == "ana" and "is withdrawn: version 2 is another text (Bo Lindqvist)." in house.told[-1][1]
    with pytest.raises(Refusal, match=r"Version 1 was changed meanwhile: it is version 2 now\."):
        await review(house, "approve", 1, by=ANA)

    await review(house, "approve", 2, by=BO)
    known = await review(house, "approve", 2, by=ANA)
    assert known.state is S.APPROVED and house.told[-1][0] == "kim"
    known = await review(house, "publish")
    assert (known.state, known.published_version, known.due_on) == (S.PUBLISHED, 2, None)

    await edit(house, "A deploy", "A deploy of v42", by=KIM)
    async with house.database.read() as tx:
        known = await house.postmortems.get(tx, house.number)
        published = await house.postmortems.published(tx, house.number)
    assert (known.state, known.version, known.due_on) == (S.IN_REVIEW, 3, None)
    assert published is not None and published.number == 2, "what was published stays until the new text is"
    known = await review(house, "request_changes", "no version belongs there", by=ANA)
    assert (known.state, known.published_version) == (S.DRAFT, 2)

    await house.do("reopen", "errors are back")
    async with house.database.read() as tx:
        known = await house.postmortems.get(tx, house.number)
        assert (known.state, known.published_version) == (S.DRAFT, None)
        assert await house.postmortems.approvals(tx, house.number) == []
    assert await house.worker.drain()
    assert "*Postmortem:* #1 is open again, so it is withdrawn, and a draft again." in house.said
    assert facts == [PostmortemPublished(house.number, 2), PostmortemWithdrawn(house.number)]


async def test_of_two_who_press_at_once_the_second_is_told_who_was_first_and_when(house: House) -> None:
    await owned(house, severity=2)
    await review(house, "ask", [ANA, BO])
    house.later(minutes=2)
    with pytest.raises(AlreadyDone, match=r"^It is already in review, by Kim Ji-woo at 09:00\. Nothing to do\.$"):
        await review(house, "ask", [ANA], by=ANA)
    await review(house, "approve", by=ANA)
    house.later(minutes=1)
    with pytest.raises(AlreadyDone, match=r"^You approved version 1 at 09:02\. Nothing to do\.$"):
        await review(house, "approve", by=ANA)
    with pytest.raises(AlreadyDone, match=r"^It is already approved, by Ana Silva at 10:02\. Nothing to do\.$"):
        await review(house, "approve", by=BO)
    await review(house, "publish", by=ANA)
    with pytest.raises(AlreadyDone, match=r"^It is already published, by Ana Silva at 18:03\. Nothing to do\.$"):
        await review(house, "publish")


async def test_two_at_the_same_moment_both_lose_nothing_and_one_is_first(house: House) -> None:
    """Two transactions at once, as two replicas have them."""
    await owned(house, severity=3)
    saved = await asyncio.gather(edit(house, CAUSES, "By hand.", by=ANA, base=1), edit(house, HELPED, "At once.", by=KIM, base=1))
    assert sorted(one.postmortem.version for one in saved) == [2, 3]
    async with house.database.read() as tx:
        known = await house.postmortems.get(tx, house.number)
    assert "By hand." in known.markdown and "At once." in known.markdown
    await review(house, "ask", [BO, LEE])
    for verb, people in (("approve", (BO, LEE)), ("publish", (KIM, BO))):
        answers = await asyncio.gather(*(review(house, verb, by=person) for person in people), return_exceptions=True)
        (second,) = [one for one in answers if isinstance(one, BaseException)]
        assert isinstance(second, AlreadyDone) and "It is already" in str(second) and ", by " in str(second)


async def test_an_owner_or_author_alone_approves_nothing(sqlite_house: House) -> None:
    house = sqlite_house
    await owned(house, severity=3)
    with pytest.raises(InvalidInput, match="Say who reviews it"):
        await review(house, "ask")
    with pytest.raises(InvalidTransition, match="It is a draft, and in review first"):
        await review(house, "approve", by=ANA)
    for person, why in ((KIM, "Kim Ji-woo owns this postmortem"), (ActorId("slack:U0STRANGER"), "not in Tocsin's directory")):
        with pytest.raises(NotAllowed, match=why):
            await review(house, "ask", [ANA, person], by=ANA)
    await edit(house, CAUSES, "A deploy flushed the cache.", by=ANA)
    await review(house, "ask", [ANA])
    with pytest.raises(NotAllowed, match="You own this postmortem"):
        await review(house, "approve")
    with pytest.raises(NotAllowed, match="not in Tocsin's directory"):
        await review(house, "approve", by=ActorId("slack:U0STRANGER"))
    known = await review(house, "approve", by=ANA)
    assert known.state is S.IN_REVIEW and "by somebody who wrote nothing of it" in house.said[-1]
    with pytest.raises(InvalidTransition, match="It is in review, and approved first: one more approval is wanted"):
        await review(house, "publish")
    assert (await review(house, "approve", by=BO)).state is S.APPROVED
    assert (await review(house, "give", BO)).state is S.IN_REVIEW, "whoever owns it has not approved it"
    assert (await review(house, "give", KIM)).state is S.IN_REVIEW
    assert (await review(house, "approve", by=LEE)).state is S.APPROVED
    with pytest.raises(NotAllowed, match="Kim Ji-woo owns it"):
        await review(house, "publish", by=ActorId("slack:U0STRANGER"))


async def test_who_wants_changes_says_why_and_the_owner_reads_it(sqlite_house: House) -> None:
    house = sqlite_house
    await owned(house, severity=3)
    await review(house, "ask", [ANA, BO])
    await review(house, "approve", by=BO)
    with pytest.raises(InvalidInput, match="Say what is to change"):
        await review(house, "request_changes", "  ", by=ANA)
    known = await review(house, "request_changes", "the cause is a guess\nso far", by=ANA)
    assert known.state is S.DRAFT
    assert (house.told[-1][0], house.told[-1][1][:26]) == ("kim", "Ana Silva asks for changes")
    assert house.told[-1][1].endswith(":\n>the cause is a guess\n>so far")
    async with house.database.read() as tx:
        assert await house.postmortems.approvals(tx, house.number) == []
    house.told.clear()
    house.later(minutes=30)
    await review(house, "ask")
    assert [who for who, _ in house.told] == ["ana", "bo"], "whoever was asked before is asked again"
    await review(house, "ask", [LEE], by=ANA)
    assert [who for who, _ in house.told] == ["ana", "bo", "lee"], "and one more alone"


async def test_the_owner_can_be_another_one_and_both_are_told(sqlite_house: House) -> None:
    house = sqlite_house
    await owned(house)
    known = await review(house, "give", BO, by=ANA)
    assert known.owner == BO
    assert [(who, text.split(" ")[2]) for who, text in house.told] == [("bo", "made"), ("kim", "gave")]
    assert "It is to be in review by Mon 9 Mar." in house.told[0][1]
    with pytest.raises(AlreadyDone, match="owns the postmortem of #1 already"):
        await review(house, "give", BO)
    with pytest.raises(NotAllowed, match="could not be reminded"):
        await review(house, "give", ActorId("slack:U0STRANGER"))


async def test_of_a_private_one_nobody_else_is_asked(sqlite_house: House) -> None:
    house = sqlite_house
    await owned(house, is_private=True, severity=3)
    with pytest.raises(NotAllowed, match=r"#1 is private, and .* has no part in it"):
        await review(house, "ask", [LEE])
    async with house.database.begin(actor=ANA) as tx:
        await roles.take_part(tx, house.number, ANA)
    await review(house, "ask", [ANA])
    assert house.told and all("checkout" not in text for _, text in house.told)


async def test_what_has_two_texts_for_one_place_is_not_published(sqlite_house: House) -> None:
    house = sqlite_house
    await owned(house, severity=3)
    await edit(house, "resolved: config rolled back", "resolved: config rolled back by hand", by=ANA)
    await assembled(house, "resolved: config rolled back", "resolved: config v41 rolled back")
    await review(house, "ask", [BO])
    await review(house, "approve", by=BO)
    with pytest.raises(Refusal, match="two texts for one place in it"):
        await review(house, "publish")
