"""Whom a ladder pages, and when: steps, rounds, and what becomes of it when somebody took the page or the world changed meanwhile."""

import asyncio

from tests.journeys import roads
from tests.scenarios.conftest import Play


async def test_a_ladder_repeated_twice_is_then_exhausted_and_the_channel_is_told_once(play: Play) -> None:
    scenario = await play("""
        policies:
          sev1: {steps: [{after: 0, targets: [primary]}, {after: 2m, targets: [secondary]}], repeats: 2, last_wait: 3m}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("04:00")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        03:02 bo sms: SEV1 #1
        03:05 ana sms: SEV1 #1
        03:07 bo sms: SEV1 #1
        03:10 ana sms: SEV1 #1
        03:12 bo sms: SEV1 #1
        03:15 #inc-1: *Nobody has answered.* Everybody on its ladder was paged. Press …
        03:15 #ops: *Nobody has answered* #1 SEV1. Everybody on its ladder was paged.
    """)


async def test_a_ladder_that_repeats_forever_goes_on_until_somebody_answers(play: Play) -> None:
    scenario = await play("""
        policies:
          sev1: {steps: [{after: 0, targets: [primary]}, {after: 2m, targets: [secondary]}], repeats: forever, last_wait: 3m}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:11")
    await scenario.text("ana", "ack")
    await scenario.at("03:20")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        03:02 bo sms: SEV1 #1
        03:05 ana sms: SEV1 #1
        03:07 bo sms: SEV1 #1
        03:10 ana sms: SEV1 #1
        03:11 ana sms: #1 is yours.
        03:11 bo sms: #1: handled by Ana Silva. You are no longer needed. Thank you.
    """)


async def test_when_every_step_is_empty_the_fallback_is_paged_and_the_channel_told(play: Play) -> None:
    scenario = await play("""
        teams:
          payments: {manager: null, oncall: null}
        fallback: ["person:lee"]
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("04:00")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 #inc-1: *The fallback is paged:* Lee O'Hara, since no step of its ladder finds …
        03:00 lee sms: SEV1 #1
        03:05 #inc-1: *Nobody has answered.* Everybody on its ladder was paged. Press …
        03:05 #ops: *Nobody has answered* #1 SEV1. Everybody on its ladder was paged.
    """)


async def test_given_back_it_goes_on_at_the_step_at_which_it_stopped(play: Play) -> None:
    scenario = await play()
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:04")
    await scenario.text("ana", "ack")
    await scenario.at("03:06")
    await scenario.inc("#1 unack", by="ana")
    await scenario.at("03:12")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        03:03 bo sms: SEV1 #1
        03:04 ana sms: #1 is yours.
        03:04 bo sms: #1: handled by Ana Silva. You are no longer needed. Thank you.
        03:06 #inc-1: *Paging goes on:* @ana had the page; given back by Ana Silva.
        03:06 bo sms: SEV1 #1
        03:11 bea sms: SEV1 #1
    """)


async def test_an_acknowledgement_lasts_ten_minutes_from_the_last_sign_of_life(play: Play) -> None:
    scenario = await play()
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:01")
    await scenario.text("ana", "ack")
    await scenario.at("03:10")
    await scenario.world.user("ana").message("the pool is empty", await scenario.world.channel_name(1))
    await scenario.at("03:24")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        03:01 ana sms: #1 is yours.
        03:20 #inc-1: *Paging goes on:* @ana had the page; no sign of life for 10 min.
        03:20 ana sms: SEV1 #1
        03:23 bo sms: SEV1 #1
    """)


async def test_escalate_clicked_twice_pages_one_step(play: Play) -> None:
    scenario = await play("""
        people:
          ana: {rules: {urgent: [{method: slack}]}}
    """)
    world = scenario.world
    await scenario.inc("sev1 checkout is down")
    channel, message = await roads.direct(world, "ana"), await roads.direct_page(world, "ana")
    await asyncio.gather(*(world.user("ana").click(message.button("Escalate"), channel, message.ts) for _ in range(2)))
    await scenario.at("03:01")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana slack: SEV1 #1
        03:00 bo sms: SEV1 #1
    """)


async def test_raised_from_sev3_to_sev1_it_pages_anew(play: Play) -> None:
    scenario = await play()
    await scenario.inc("sev3 search is slow")
    await scenario.at("03:05")
    await scenario.text("ana", "ack")
    await scenario.at("03:10")
    await scenario.inc("#1 sev1 nobody finds anything")
    await scenario.at("03:14")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV3 search is slow
        03:00 ana sms: SEV3 #1
        03:05 ana sms: #1 is yours.
        03:10 #inc-1: *severity SEV3 → SEV1* by @kim: nobody finds anything.
        03:10 ana sms: SEV1 #1
        03:13 bo sms: SEV1 #1
    """)


async def test_lowered_from_sev1_to_sev3_it_pages_nobody_again(play: Play) -> None:
    scenario = await play()
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:04")
    await scenario.inc("#1 sev3 only the staff sees it")
    await scenario.at("04:10")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        03:03 bo sms: SEV1 #1
        03:04 #inc-1: *severity SEV1 → SEV3* by @kim: only the staff sees it.
        03:35 #inc-1: *Nobody has answered.* Everybody on its ladder was paged. Press …
        03:35 #ops: *Nobody has answered* #1 SEV3. Everybody on its ladder was paged.
    """)


async def test_a_hand_off_between_two_steps_reaches_the_new_person(play: Play) -> None:
    scenario = await play("""
        rotations:
          first: {start: 2026-03-01 03:04, length: 1d, participants: [lee, ana]}
        policies:
          sev1: {steps: [{after: 0, targets: [primary]}, {after: 5m, targets: [primary]}]}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:09")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana slack: You come on call as Payments primary at *Mon 2 Mar 03:04* (UTC), after …
        03:00 lee sms: SEV1 #1
        03:00 lee slack: Your time as Payments primary ends *Mon 2 Mar 03:04* (UTC); Ana Silva …
        03:05 ana sms: SEV1 #1
    """)


async def test_at_the_very_second_of_a_hand_off_whoever_comes_is_paged(play: Play) -> None:
    scenario = await play("""
        rotations:
          first: {start: 2026-03-01 03:05, length: 1d, participants: [lee, ana]}
        policies:
          sev1: {steps: [{after: 0, targets: [primary]}, {after: 5m, targets: [primary]}]}
    """)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:09")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana slack: You come on call as Payments primary at *Mon 2 Mar 03:05* (UTC), after …
        03:00 lee sms: SEV1 #1
        03:00 lee slack: Your time as Payments primary ends *Mon 2 Mar 03:05* (UTC); Ana Silva …
        03:05 ana sms: SEV1 #1
    """)


async def test_a_policy_that_is_edited_meanwhile_derails_nothing_that_runs(play: Play) -> None:
    scenario = await play()
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:01")
    await scenario.edit("""
        policies:
          sev1: {steps: [{after: 0, targets: ["person:lee"]}, {after: 2m, targets: ["person:lee"]}]}
    """)
    await scenario.at("03:05")
    await scenario.inc("sev1 search is down")
    await scenario.at("03:08")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        03:01 #ops: *A changed configuration is in force*: 5 people, 1 team, 3 services, 2 …
        03:03 bo sms: SEV1 #1
        03:05 #inc-2: #2 SEV1 search is down
        03:05 lee sms: SEV1 #2
        03:07 lee sms: SEV1 #2
        03:08 bea sms: SEV1 #1
    """)


async def test_a_policy_that_is_deleted_meanwhile_derails_nothing_that_runs(play: Play) -> None:
    own = """
        teams:
          payments: {policies: {sev1: ours}}
        policies:
          ours: {steps: [{after: 0, targets: ["person:lee"]}, {after: 4m, targets: ["person:bea"]}]}
    """
    scenario = await play(own)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:01")
    await scenario.edit("")
    await scenario.at("03:05")
    await scenario.inc("sev1 search is down")
    await scenario.at("03:08")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 lee sms: SEV1 #1
        03:01 #ops: *A changed configuration is in force*: 5 people, 1 team, 3 services, 2 …
        03:04 bea sms: SEV1 #1
        03:05 #inc-2: #2 SEV1 search is down
        03:05 ana sms: SEV1 #2
        03:08 bo sms: SEV1 #2
    """)
