"""What people answer, and what becomes of it: texts, keys, links and clicks, in the order in which thumbs hit them at night."""

import re
from html import unescape

from tests.journeys import roads
from tests.scenarios.conftest import Play


async def test_a_bare_r_with_two_pages_open_is_refused_and_lists_them(play: Play) -> None:
    scenario = await play()
    await scenario.inc("sev3 search is slow")
    await scenario.inc("sev3 checkout is slow")
    await scenario.at("03:01")
    await scenario.text("ana", "r")
    await scenario.at("03:02")
    await scenario.text("ana", "2r")
    await scenario.at("03:29")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV3 search is slow
        03:00 #inc-2: #2 SEV3 checkout is slow
        03:00 ana sms: SEV3 #1
        03:00 ana sms: SEV3 #2
        03:01 ana sms: Which one? You have 1 and 2 open. Answer like: 2r
        03:02 #inc-2: *Resolved* by @ana. The postmortem is being drafted.
        03:02 #inc-2: Postmortem draft ready: postmortem of #2. Nobody owns it yet: `/inc #2 …
        03:02 ana sms: #2 is resolved. It can be undone in Slack for 5 min.
    """)


async def test_of_three_codes_1a_takes_the_first_alone(play: Play) -> None:
    scenario = await play()
    for service in ("search", "checkout", "mail"):
        await scenario.inc(f"sev3 {service} is slow")
    await scenario.at("03:01")
    await scenario.text("ana", "1a")
    await scenario.at("03:31")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV3 search is slow
        03:00 #inc-2: #2 SEV3 checkout is slow
        03:00 #inc-3: #3 SEV3 mail is slow
        03:00 ana sms: SEV3 #1
        03:00 ana sms: SEV3 #2
        03:00 ana sms: SEV3 #3
        03:01 ana sms: #1 is yours. Still open: 2 (#2), 3 (#3).
        03:30 bo sms: 2 pages: 1 SEV3 #2 checkout is slow; 2 SEV3 #3 mail is slow
    """)


async def test_a_code_rests_for_a_day_before_it_names_another_page(play: Play) -> None:
    scenario = await play()
    await scenario.inc("sev1 checkout is down")
    await scenario.inc("#1 resolve done")
    await scenario.at("03:01")
    await scenario.inc("sev2 search is slow")
    assert roads.page_code(scenario.world, "ana") == "2"
    await scenario.text("ana", "1a")
    await scenario.inc("#2 resolve done")
    await scenario.at("tue 03:02")
    await scenario.inc("sev1 checkout is down")
    assert roads.page_code(scenario.world, "ana") == "1"
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 #inc-1: *Resolved* by @kim: done. The postmortem is being drafted.
        03:00 #inc-1: Postmortem draft ready: postmortem of #1. Nobody owns it yet: `/inc #1 …
        03:00 ana sms: #1: over. You are no longer needed. Thank you.
        03:00 ana sms: SEV1 #1
        03:01 #inc-2: #2 SEV2 search is slow
        03:01 #inc-2: *Resolved* by @kim: done. The postmortem is being drafted.
        03:01 #inc-2: Postmortem draft ready: postmortem of #2. Nobody owns it yet: `/inc #2 …
        03:01 ana sms: #1 needs nobody any more. Nothing to do.
        03:01 ana sms: #2: over. You are no longer needed. Thank you.
        03:01 ana sms: SEV2 #2
        tue 03:02 #inc-3: #3 SEV1 checkout is down
        tue 03:02 ana sms: SEV1 #3
    """)


async def test_two_phones_use_the_same_code_for_different_pages(play: Play) -> None:
    scenario = await play("""
        services:
          search: {owner: discovery}
        teams:
          discovery: {name: Discovery, oncall: {primary: second}}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.inc("sev1 search is down")
    await scenario.at("03:01")
    await scenario.text("bo", "1a")
    await scenario.at("03:04")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 #inc-2: #2 SEV1 search is down
        03:00 ana sms: SEV1 #1
        03:00 bo sms: SEV1 #2
        03:01 bo sms: #2 is yours.
        03:03 bo sms: SEV1 #1
    """)


async def test_a_stranger_gets_silence(play: Play) -> None:
    scenario = await play("""
        people:
          lee: {phone: null, rules: {urgent: [{method: slack}], normal: [{method: slack}]}}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.text("lee", "1a")
    await scenario.text("lee", "help")
    await scenario.at("03:02")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
    """)


async def test_after_stop_the_phone_rings_until_start(play: Play) -> None:
    scenario = await play("""
        people:
          ana: {rules: {urgent: [{method: sms}, {method: voice, after: 2m}]}}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:01")
    await scenario.text("ana", "STOP")
    await scenario.at("03:02")
    await scenario.inc("#1 resolve done")
    await scenario.inc("sev1 search is down")
    await scenario.at("03:04")
    await scenario.text("ana", "START")
    await scenario.inc("#2 resolve done")
    await scenario.inc("sev1 mail is down")
    await scenario.at("03:05")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        03:01 ana voice
        03:01 ana slack: You sent STOP: no SMS reaches you any more, and pages ring your phone …
        03:01 lee slack: Ana Silva has sent STOP: no page reaches them by SMS any more, their …
        03:02 #inc-1: *Resolved* by @kim: done. The postmortem is being drafted.
        03:02 #inc-1: Postmortem draft ready: postmortem of #1. Nobody owns it yet: `/inc #1 …
        03:02 #inc-2: #2 SEV1 search is down
        03:02 ana voice
        03:02:40 bo sms: SEV1 #2
        03:04 #inc-2: *Resolved* by @kim: done. The postmortem is being drafted.
        03:04 #inc-2: Postmortem draft ready: postmortem of #2. Nobody owns it yet: `/inc #2 …
        03:04 #inc-3: #3 SEV1 mail is down
        03:04 ana sms: SEV1 #3
        03:04 ana slack: You get pages by SMS again.
        03:04 ana sms: You get pages by SMS.
        03:04 bo sms: #2: over. You are no longer needed. Thank you.
    """)


async def test_yes_after_stop_takes_the_page_that_is_open(play: Play) -> None:
    scenario = await play("""
        people:
          ana: {rules: {urgent: [{method: sms}, {method: voice, after: 2m}]}}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:01")
    await scenario.text("ana", "STOP")
    await scenario.at("03:01:30")
    await scenario.text("ana", "yes")  # the carrier takes it for START, too
    await scenario.at("03:04")
    await scenario.inc("sev1 search is down")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        03:01 ana voice
        03:01 ana slack: You sent STOP: no SMS reaches you any more, and pages ring your phone …
        03:01 lee slack: Ana Silva has sent STOP: no page reaches them by SMS any more, their …
        03:01:30 ana sms: #1 is yours.
        03:01:30 ana slack: You get pages by SMS again.
        03:04 #inc-2: #2 SEV1 search is down
        03:04 ana sms: SEV1 #2
    """)


async def test_a_wrong_key_explains_itself_and_the_right_one_takes_the_page(play: Play) -> None:
    scenario = await play("""
        people:
          ana: {rules: {urgent: [{method: voice}]}}
    """)
    await scenario.inc("sev1 checkout is down")
    phone = scenario.phone("ana")
    wrong = await phone.keys("7")
    assert wrong["spoken"][-1].startswith("That key does nothing here. Press 4 to take the page.")
    assert not wrong["ended_at"]
    right = await phone.keys("4")
    assert right["spoken"][-1] == "#1 is yours. Goodbye."
    await scenario.at("03:09")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana voice
    """)


async def test_a_link_scanner_changes_nothing(play: Play) -> None:
    scenario = await play("""
        people:
          ana: {rules: {urgent: [{method: email}]}}
    """)
    await scenario.inc("sev1 checkout is down")
    [mail] = scenario.world.sandbox.mailbox("ana")
    links = set(re.findall(rf"{scenario.world.sandbox.url}[^\s\"<>]+", unescape(mail.text + mail.html)))
    assert links
    for link in links:
        for method in ("HEAD", "GET"):
            status, _ = await roads.opened(link, method)
            assert status == 200
    await scenario.at("03:04")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana email: SEV1 #1
        03:03 bo sms: SEV1 #1
    """)


async def test_a_click_after_the_end_changes_nothing_and_says_so(play: Play) -> None:
    scenario = await play("""
        people:
          ana: {rules: {urgent: [{method: slack}]}}
    """)
    world = scenario.world
    await scenario.inc("sev1 checkout is down")
    channel, message = await roads.direct(world, "ana"), await roads.direct_page(world, "ana")
    world.sandbox.fault(service="slack", method="chat.update", status=500, count=0)  # her message keeps its buttons
    await scenario.inc("#1 resolve it was the monitor")
    for label in ("Acknowledge", "Escalate", "I can't"):
        await world.user("ana").click(message.button(label), channel, message.ts)
        await world.settled()
    whispers = [message.shown for message in await world.user("ana").sees(channel) if message.raw.get("is_ephemeral")]
    assert whispers == 3 * ["#1 needs nobody any more. Nothing to do."]
    await scenario.at("03:09")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 #inc-1: *Resolved* by @kim: it was the monitor. The postmortem is being drafted.
        03:00 #inc-1: Postmortem draft ready: postmortem of #1. Nobody owns it yet: `/inc #1 …
        03:00 ana slack: SEV1 #1
    """)


async def test_an_out_of_office_is_no_answer_and_ack_on_the_first_line_is_one(play: Play) -> None:
    scenario = await play("""
        people:
          ana: {rules: {urgent: [{method: email}]}}
    """)
    sandbox = scenario.world.sandbox
    await scenario.inc("sev1 checkout is down")
    await sandbox.mail("ana", "ack\n\nI am away until Monday.", Auto_Submitted="auto-replied")
    await sandbox.mail("ana", "ack\n\nThis list is moderated.", Precedence="bulk")
    await scenario.at("03:03:30")
    await sandbox.mail("ana", "Ack, on my way\n\n> reply with one word on the first line")
    await sandbox.mail("ana", "ack\n\n> reply with one word on the first line")
    await scenario.at("03:12")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana email: SEV1 #1
        03:03 bo sms: SEV1 #1
        03:03:30 ana email: #1 is yours.
        03:03:30 ana email: Nothing was done: the first line of your mail is not an answer. Write …
        03:03:30 bo sms: #1: handled by Ana Silva. You are no longer needed. Thank you.
    """)
