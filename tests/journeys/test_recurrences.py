"""Did it come back? It is said once, in the timeline and in both documents, and nothing of a private incident's is."""

from tests.journeys.test_commands import do
from tests.journeys.test_restricting import made_private
from tests.world import World

BACK = "*#1 SEV1 checkout rejects cards* was like this"


async def declared(world: World, title: str, number: int, *, private: bool = False) -> None:
    if private:
        await do(world, "lee", "/inc", "general")
        form = {"title": {"value": title}, "service": {"value": "checkout"}, "private": {"value": ["private"]}}
        await world.user("lee").submit(form)
    else:
        await do(world, "kim", f"/inc sev1 {title} service:checkout separate", "general")
    await world.settled()


async def texts(world: World, number: int) -> str:
    await world.advance(seconds=5)
    return "\n".join(await world.channel_texts(number))


async def test_what_came_back_is_linked_with_what_was_left_to_do(sqlite_world: World) -> None:
    world = sqlite_world
    await do(world, "kim", "/inc sev1 checkout rejects cards service:checkout", "general")
    await world.settled()
    for words in ("add canary alarm @bo fri", "rotate the keys", "raise the limit"):
        await do(world, "kim", f"/inc #1 task {words}", "general")
    await do(world, "kim", "/inc #1 task done 3", "general")
    await do(world, "kim", "/inc #1 resolve rolled back", "general")
    await do(world, "kim", "/inc sev2 batch reports are late service:batch-reports", "general")
    await world.settled()
    await world.advance(minutes=11)
    await do(world, "ana", "/inc sev1 cards are rejected again service:checkout", "general")
    await world.settled()
    said = await texts(world, 3)
    assert f"{BACK} (the same service; both say “cards”). 2 of its action items are not done:" in said
    assert (
        "• 1: add canary alarm (Bo Lindqvist, due Fri 6 Mar)\n• 2: rotate the keys (nobody yet)" in said and "raise the limit" not in said
    )
    assert "was like this" not in await texts(world, 2), "it is like nothing"
    timeline = await do(world, "ana", "/inc #3 timeline", "general")
    assert "like #1 SEV1 checkout rejects cards (the same service; both say “cards”); 2 of its action items are not done" in timeline
    assert "It came back: #3 SEV1 cards are rejected again" in await do(world, "ana", "/inc #1 task list", "general")

    await do(world, "bo", "/inc #1 task done 1", "general")
    await do(world, "ana", "/inc #3 resolve rolled back", "general")
    document = await world.postmortem(3)
    assert "## Did it come back?" in document
    assert "add canary alarm (done by Bo Lindqvist); rotate the keys (nobody yet" in document.replace("\\", "")
    await do(world, "ana", "/inc #3 reopen it is not over", "general")
    await world.advance(minutes=1)
    assert (await texts(world, 3)).count(BACK) == 1

    issues = world.sandbox.outside.github.repositories["example/checkout"].issues
    assert issues[2].title == "rotate the keys"
    await made_private(world, await world.channel_name(1), "names of customers are in it")
    await world.advance(seconds=5)
    assert "rejects cards" not in await texts(world, 3) and "rotate the keys" not in await texts(world, 3), "what was said of it is unsaid"
    assert {(one.title, one.body) for one in issues.values()} == {(f"Action item {n}", "This is private now.") for n in (1, 2, 3)}


async def test_nothing_private_is_told_elsewhere(sqlite_world: World) -> None:
    world = sqlite_world
    await declared(world, "cards leaked", 1, private=True)
    await do(world, "lee", "/inc #1 task revoke the tokens", "general")
    await do(world, "lee", "/inc #1 resolve revoked", "general")
    await do(world, "kim", "/inc sev1 cards leaked from checkout service:checkout", "general")
    await world.settled()
    assert "was like this" not in await texts(world, 2), "of a private incident nobody else hears"
    await do(world, "kim", "/inc #2 task add canary alarm", "general")
    await do(world, "kim", "/inc #2 resolve rolled back", "general")
    await world.advance(minutes=11)
    await declared(world, "cards leaked once more", 3, private=True)
    await world.advance(seconds=5)
    assert "#2 SEV1 cards leaked from checkout" in "\n".join(await world.channel_texts(3)), "its own people may know what was before"
    assert "It came back" not in await do(world, "kim", "/inc #2 task list", "general")
    assert "once more" not in await do(world, "kim", "/inc #2 timeline", "general")
