"""How severe it is: decided with a reason, confirmed or changed by people; and what is private from its first second."""

import re

from aiohttp import ClientSession

from bot.incidents import timeline
from bot.incidents.lifecycle import IncidentState
from tests.journeys.stories import calls, incident, markup, told
from tests.world import World

SECRET = "card numbers"


async def test_an_unconfirmed_severity_is_confirmed_or_changed_by_a_button(world: World) -> None:
    await world.user("kim").command("/inc checkout is slow")
    await world.settled()
    stored = await incident(world)
    assert (stored.severity, stored.is_confirmed) == (2, False)
    rule = stored.rule
    assert "tier 0" in rule and rule in await world.card(1)

    await world.user("kim").press("Confirm SEV2", "inc-1-checkout-is-slow")
    await world.settled()
    card = await world.card(1)
    assert "unconfirmed" not in card and "Confirm SEV2" not in card
    assert rule in card, "confirming does not hide why"
    pages = len(world.phone("ana").received)

    await world.user("kim").command("/inc storage is slow")
    await world.settled()
    await world.user("kim").press("Make it SEV1", "inc-2-storage-is-slow")
    await world.settled()
    assert "#2 SEV1" in await world.card(2)
    assert "SEV1 #2" in world.phone("bea").last_sms
    assert len(world.phone("ana").received) == pages


async def test_up_pages_anew_and_says_so_and_down_pages_nobody(world: World) -> None:
    await world.user("kim").command("/inc sev2 checkout is slow")
    await world.settled()
    await world.user("ana").command("/inc #1 ack")
    await world.settled()
    before = len(world.phone("ana").received)

    await world.user("kim").command("/inc sev 1 nobody can pay", "inc-1-checkout-is-slow")
    await world.settled()
    assert "SEV1 #1" in world.phone("ana").received[before]
    said = (await world.channel_texts(1))[-1]
    assert "severity SEV2 → SEV1" in said and "nobody can pay" in said and "Paging begins anew, as for a SEV1" in said
    assert "Started: an update every 30m, 10 responders are wanted, executives are told of it." in said
    topic = next(one for one in await world.sandbox.channels() if str(one.get("name")).startswith("inc-1"))["topic"]["value"]
    assert "SEV1" in topic
    assert "SEV1, total outage — nobody can pay" in await world.card(1)

    before = len(world.phone("ana").received)
    await world.user("kim").command("/inc sev3 only the old client", "inc-1-checkout-is-slow")
    await world.settled()
    assert not any("SEV3 #1" in text for text in world.phone("ana").received[before:])
    said = (await world.channel_texts(1))[-1]
    assert "Nobody is paged again" in said and "Started: an update every 4h." in said
    stopped = "2 responders are enough, executives are given the all-clear, no notice for customers is drafted"
    assert f"Stopped: {stopped}." in said
    async with world.bot.database.read() as tx:
        assert any(f"Stopped: {stopped}." in entry.text for entry in await timeline.entries(tx, 1)), "and so does the timeline"
    said = await world.user("kim").command("/inc sev3", "inc-1-checkout-is-slow")
    assert "SEV3 already" in told(said)


async def test_an_alert_below_the_line_opens_no_channel_and_wakes_nobody_until_it_is_accepted(world: World) -> None:
    await alert(world, "DiskFull")
    await world.advance(hours=1)

    stored = await incident(world)
    assert (stored.severity, stored.state) == (4, IncidentState.TRIAGE)
    assert await world.bot_channels() == []
    for person in ("ana", "bo", "kim", "bea", "max", "lee"):
        assert not world.phone(person).received and not world.phone(person).calls and not world.sandbox.mailbox(person)

    assert "is accepted" in told(await world.user("kim").command("/inc #1 accept"))
    await world.settled()
    assert (await incident(world)).state is IncidentState.INVESTIGATING
    assert len(await world.bot_channels()) == 1
    assert "accepted already" in told(await world.user("kim").command("/inc #1 accept"))


async def test_an_alert_in_triage_is_declined_or_made_worse(world: World) -> None:
    await alert(world, "DiskFull")
    await world.settled()
    assert "is declined" in told(await world.user("kim").command("/inc #1 decline known"))
    assert (await incident(world)).state is IncidentState.CANCELLED

    await alert(world, "CacheCold")
    await world.settled()
    await world.user("kim").command("/inc #2 sev 2 nobody can pay")
    await world.settled()
    assert (await incident(world, 2)).state is IncidentState.INVESTIGATING
    assert "SEV2 #2" in world.phone("ana").last_sms
    assert "#2 SEV2" in await world.card(2)


async def test_data_or_security_is_private_from_the_first_second(world: World) -> None:
    kim = world.user("kim")
    await kim.command("/inc")
    await world.settled()
    await kim.submit({"title": {"value": f"checkout leaks {SECRET}"}, "severity": {"value": "1"}, "private": {"value": ["private"]}})
    await world.settled()
    await world.advance(minutes=16)  # everybody on the ladder was paged, in every way

    there = next(one for one in await world.sandbox.channels() if one.get("name") == "inc-1")
    assert there["is_private"] and await world.bot_channels() == ["inc-1"], "a name that says nothing"
    assert f"leaks {SECRET}" in "\n".join(await world.sandbox.channel("inc-1").texts())
    outside = [text for person in ("ana", "bo", "kim", "bea", "max") for text in world.phone(person).received]
    outside += [f"{mail.subject} {mail.text}" for person in ("ana", "bo", "bea", "max") for mail in world.sandbox.mailbox(person)]
    outside += [str(call.spoken) for person in ("ana", "bo", "bea", "max") for call in world.phone(person).calls]
    assert any("SEV1 #1, private" in text for text in outside)
    assert not any(SECRET in text or "heckout" in text for text in outside)
    assert await world.sandbox.channel("ops").texts() == []
    assert await world.sandbox.channel("general").texts() == []

    for line in ("/inc #1", "/inc #1 update hm", "/inc #1 join", "/inc #1 lead me", "/inc #1 note", "/inc #1 resolve x"):
        said = told(await world.user("lee").command(line, "ops"))
        assert SECRET not in said, line
    assert "There is no incident #1" in told(await world.user("lee").command("/inc #1", "ops"))
    assert "There is no incident #99999999999" in told(await world.user("lee").command("/inc #99999999999 status", "ops"))
    assert SECRET not in told(await world.user("lee").command("/inc list", "ops"))
    assert "There is no open incident" in told(await world.user("lee").command("/inc note", "ops"))
    assert SECRET in told(await world.user("kim").command("/inc list", "ops"))
    assert SECRET in told(await world.user("kim").command("/inc #1", "ops"))
    assert (await incident(world)).last_update is None

    said = told(await world.user("lee").command("/inc sev1 checkout is down", "ops"))
    assert "#2" in said and "#1" not in said, "what is private is nobody's twin"


async def test_the_way_that_the_grammar_has_is_as_private(world: World) -> None:
    kim = world.user("kim")
    await world.user("lee").command("/inc sev1 checkout is down", "ops")
    await world.settled()
    said = told(await kim.command(f"/inc private checkout leaks {SECRET}", "ops"))
    assert "Nothing has happened yet" in said
    await kim.press("Declare it privately", "ops")
    await world.settled()

    assert (await incident(world, 2)).is_private, "and it is not taken for the public one about the same service"
    assert "#2, private" in world.phone("ana").last_sms and SECRET not in world.phone("ana").last_sms
    assert [call["args"]["is_private"] for call in calls(world, "conversations.create")] == ["false", "true"]
    for message in await world.sandbox.channel("ops").messages("lee"):
        assert not re.search(SECRET, "\n".join(markup(message.raw)))


async def alert(world: World, name: str) -> None:
    """Alertmanager tells of a warning about Checkout."""
    one = {
        "status": "firing",
        "labels": {"alertname": name, "service": "checkout", "severity": "warning"},
        "annotations": {"summary": "disk 80 % full"},
        "startsAt": "2026-03-02T08:59:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "",
        "fingerprint": f"{abs(hash(name)):016x}"[:16],
    }
    body = {
        "version": "4", "groupKey": f'{{}}:{{alertname="{name}"}}', "truncatedAlerts": 0, "status": "firing", "receiver": "tocsin",
        "groupLabels": {"alertname": name}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": [one],
    }  # fmt: skip
    url = f"{world.sandbox.url}/hooks/alertmanager/sandbox"
    async with ClientSession() as session, session.post(url, json=body) as answer:
        assert answer.status < 300
