"""What is said in a private incident stays in its channel and its document, whatever becomes of it."""

import json

import pytest

from tests.journeys.stories import told
from tests.world import World

TITLE, WORD = "card numbers", "zebrafish"
PEOPLE = ("ana", "bo", "bea", "kim", "lee", "max")


async def everything_outside(world: World) -> str:
    """What is said anywhere else: every other channel, direct messages too, every phone and mailbox.

    Slack's direct messages tell the title to whoever is paged for it, and are the one place that may.
    """
    others = [str(one["id"]) for one in await world.sandbox.channels() if one.get("name") != "inc-1"]
    said = [json.dumps([message.raw for message in await world.sandbox.channel(other).messages()]) for other in others]
    seen = [text.replace(TITLE, "") if other.startswith("D") else text for other, text in zip(others, said, strict=True)]
    for person in PEOPLE:
        seen += [*world.phone(person).received, *(str(call.spoken) for call in world.phone(person).calls)]
        seen += [f"{mail.subject} {mail.text} {mail.html}" for mail in world.sandbox.mailbox(person)]
    return "\n".join(seen)


async def test_what_is_said_in_a_private_incident_is_in_no_shared_output(sqlite_world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world, kim = sqlite_world, sqlite_world.user("kim")
    await kim.command("/inc")
    await world.settled()
    await kim.submit({"title": {"value": f"checkout leaks {TITLE}"}, "severity": {"value": "1"}, "private": {"value": ["private"]}})
    await world.settled()
    root = await kim.message(f"the {WORD} table was public", "inc-1")
    await kim.message(f"rolled back the {WORD} grant", "inc-1", root["ts"])
    await kim.react("memo", "inc-1", root["ts"])
    await kim.post("pin", channel=root["channel"], ts=root["ts"])
    for line in (f"note {WORD} was read by nobody", f"update {WORD} is closed, next 30m", f"task add audit the {WORD} @kim"):
        await kim.command(f"/inc {line}", "inc-1")
        await world.settled()
    await world.advance(minutes=40)
    await kim.command(f"/inc resolve {WORD} is safe", "inc-1")
    await world.settled()
    await world.advance(hours=2)

    document = await world.postmortem(1)
    assert document.count(WORD) >= 6, "all of it is in the document"
    outside = await everything_outside(world)
    assert "SEV1 #1" in outside and WORD not in outside and TITLE not in outside
    for line in ("list", "#1 postmortem", "#1 timeline", "find table public"):
        answer = told(await world.user("lee").command(f"/inc {line}", "general"))
        assert WORD not in answer and TITLE not in answer, line
    printed = capsys.readouterr()
    assert "postmortem drafted" in printed.out + printed.err
    assert WORD not in printed.out + printed.err, "nor in the log"
