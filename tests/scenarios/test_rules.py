"""How a person is told: their methods, each after its delay, by the group of the severity."""

import re

from tests.scenarios.conftest import Play


async def test_of_rules_at_0_3_and_10_minutes_an_answer_at_4_calls_off_the_last(play: Play) -> None:
    scenario = await play("""
        people:
          ana: {rules: {urgent: [{method: slack}, {method: sms, after: 3m}, {method: voice, after: 10m}]}}
        policies:
          sev1: {steps: [{after: 0, targets: [primary]}, {after: 15m, targets: [secondary]}]}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:04")
    await scenario.text("ana", "ack")
    await scenario.at("03:13")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana slack: SEV1 #1
        03:03 ana sms: SEV1 #1
        03:04 ana sms: #1 is yours.
    """)


async def test_resolved_before_the_first_send_nobody_is_told(play: Play) -> None:
    scenario = await play("""
        people:
          ana: {rules: {urgent: [{method: sms, after: 2m}]}}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:01:59")
    await scenario.inc("#1 resolve it was the monitor")
    await scenario.at("04:00")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:01 #inc-1: *Resolved* by @kim: it was the monitor. The postmortem is being drafted.
        03:01 #inc-1: Postmortem draft ready: postmortem of #1. Nobody owns it yet: `/inc #1 …
    """)


async def test_delays_of_5_10_and_15_minutes_are_kept_to_the_second(play: Play) -> None:
    scenario = await play("""
        people:
          ana: {rules: {urgent: [{method: sms, after: 5m}, {method: email, after: 10m}, {method: voice, after: 15m}]}}
        policies:
          sev1: {steps: [{after: 0, targets: [primary]}], last_wait: 30m}
          sev2: {steps: [{after: 0, targets: [primary]}], last_wait: 30m}
    """)
    await scenario.at("03:00:20")
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:16")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:05:20 ana sms: SEV1 #1
        03:10:20 ana email: SEV1 #1
        03:15:20 ana voice
    """)


async def test_a_sev1_rings_and_a_sev3_does_not(play: Play) -> None:
    scenario = await play("""
        people:
          ana: {rules: {urgent: [{method: sms}, {method: voice, after: 2m}], normal: [{method: email}, {method: sms, after: 10m}]}}
    """)
    await scenario.inc("sev3 search is slow")
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:02:30")
    await scenario.text("ana", "2a")
    await scenario.at("03:12")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV3 search is slow
        03:00 #inc-2: #2 SEV1 checkout is down
        03:00 ana sms: SEV1 #2
        03:00 ana email: SEV3 #1
        03:02 ana voice
        03:02:30 ana sms: #2 is yours. Still open: 1 (#1).
        03:10 ana sms: SEV3 #1
    """)


async def test_everybody_of_a_step_is_paged_and_whoever_was_slower_may_sleep_on(play: Play) -> None:
    scenario = await play("""
        policies:
          sev1: {steps: [{after: 0, targets: [primary, secondary]}, {after: 5m, targets: [manager]}]}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:02")
    await scenario.text("bo", "ok")
    await scenario.at("03:11")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        03:00 bo sms: SEV1 #1
        03:02 ana sms: #1: handled by Bo Lindqvist. You are no longer needed. Thank you.
        03:02 bo sms: #1 is yours.
    """)


async def test_whoever_is_meant_by_several_routes_is_paged_once(play: Play) -> None:
    scenario = await play("""
        teams:
          payments: {manager: ana}
        policies:
          sev1: {steps: [{after: 0, targets: [primary, manager, "person:ana", "rotation:first", "team:payments"]}]}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:04")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
    """)


async def test_a_person_with_no_method_counts_as_nobody_and_the_next_step_is_taken_now(play: Play) -> None:
    scenario = await play("""
        people:
          max: {name: Max Adeyemi}
        rotations:
          first: {participants: [max]}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:06")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 bo sms: SEV1 #1
        03:00 lee slack: :warning: *Nobody is on call as Payments primary* (UTC); a page then …
        03:05 bea sms: SEV1 #1
    """)
    assert "skipped primary: Max Adeyemi has no way to be reached" in await scenario.told_of(1)


async def test_in_quiet_hours_what_is_not_urgent_waits_for_the_morning(play: Play) -> None:
    scenario = await play("""
        services:
          mail: {quiet_hours: {from: 22:00, to: 07:00}}
          search: {quiet_hours: {from: 22:00, to: 07:00}}
    """)
    await scenario.inc("sev3 mail is slow")
    await scenario.inc("sev3 search is slow")
    await scenario.inc("sev2 checkout is slow")
    await scenario.at("03:01")
    await scenario.text("ana", "1a")
    await scenario.at("03:05")
    await scenario.inc("#2 sev2 nobody finds anything")
    await scenario.at("03:06")
    await scenario.text("ana", "2a")
    for number in (2, 3):
        await scenario.inc(f"#{number} resolve done")
    await scenario.at("07:10")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV3 mail is slow
        03:00 #inc-2: #2 SEV3 search is slow
        03:00 #inc-3: #3 SEV2 checkout is slow
        03:00 ana sms: SEV2 #3
        03:01 ana sms: #3 is yours.
        03:05 #inc-2: *severity SEV3 → SEV2* by @kim: nobody finds anything.
        03:05 ana sms: SEV2 #2
        03:06 #inc-2: *Resolved* by @kim: done. The postmortem is being drafted.
        03:06 #inc-2: Postmortem draft ready: postmortem of #2, owned by @ana. It is to be …
        03:06 #inc-3: *Resolved* by @kim: done. The postmortem is being drafted.
        03:06 #inc-3: Postmortem draft ready: postmortem of #3, owned by @ana. It is to be …
        03:06 ana sms: #2 is yours.
        07:00 ana sms: SEV3 #1
    """)


async def test_an_unverified_method_is_passed_over_until_its_code_is_back(play: Play) -> None:
    scenario = await play("""
        verify_contacts: require
        people:
          ana: {rules: {urgent: [{method: slack}, {method: sms}]}}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:02")
    await scenario.inc("#1 resolve done")
    await scenario.at("08:01")
    await scenario.text("ana", re.findall(r"\d{4,}", scenario.phone("ana").last_sms)[0])
    await scenario.at("08:02")
    await scenario.inc("sev1 search is down")
    await scenario.at("08:04")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana slack: SEV1 #1
        03:00 ana email: Tocsin wants to page you here
        03:00 bea email: Tocsin wants to page you here
        03:00 bo email: Tocsin wants to page you here
        03:00 kim email: Tocsin wants to page you here
        03:00 lee email: Tocsin wants to page you here
        03:02 #inc-1: *Resolved* by @kim: done. The postmortem is being drafted.
        03:02 #inc-1: Postmortem draft ready: postmortem of #1. Nobody owns it yet: `/inc #1 …
        08:00 ana sms: Tocsin wants to page you here. Not Ana Silva? Do nothing.
        08:00:05 bo sms: Tocsin wants to page you here. Not Bo Lindqvist? Do nothing.
        08:00:10 kim sms: Tocsin wants to page you here. Not Kim Ji-woo? Do nothing.
        08:00:15 lee sms: Tocsin wants to page you here. Not Lee O'Hara? Do nothing.
        08:00:20 bea sms: Tocsin wants to page you here. Not Bea Müller? Do nothing.
        08:01 ana sms: Thank you: SMS reaches you. Save our numbers, and let them through Do …
        08:02 #inc-2: #2 SEV1 search is down
        08:02 ana slack, sms: SEV1 #2
    """)
