"""What fails around us, and what fails of ours: nobody is forgotten, nobody is paged for what is over, and what comes late says so."""

from datetime import timedelta

from tests.scenarios.conftest import Play

RINGS = """
    people:
      ana: {rules: {urgent: [{method: sms}, {method: voice, after: 2m}]}}
"""


async def test_a_provider_that_fails_three_times_is_asked_again_while_the_phone_rings(play: Play) -> None:
    scenario = await play(RINGS)
    scenario.world.sandbox.fault(service="sms", status=500, count=3)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:02:59")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana voice
        03:00:07 ana sms: SEV1 #1 (possible duplicate)
    """)


async def test_with_a_second_provider_the_page_leaves_at_once(play: Play) -> None:
    scenario = await play(RINGS)
    world = scenario.world
    await world.stop()
    await world.start(BACKUP_SMS_URL=f"{world.sandbox.url}/sandbox/hooks/second")
    world.sandbox.fault(service="sms", status=500, count=3)
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:01:59")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 second webhook: SEV1 #1 (possible duplicate)
    """)


async def test_a_text_that_was_accepted_and_never_delivered_makes_the_phone_ring_after_a_minute(play: Play) -> None:
    scenario = await play(RINGS)
    await scenario.phone("ana").policy(receipts="silent")
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:02:59")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        03:01 ana voice
    """)


async def test_a_text_that_the_carrier_cannot_deliver_makes_the_phone_ring_now(play: Play) -> None:
    scenario = await play(RINGS)
    await scenario.phone("ana").policy(receipts="undelivered")
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:02:59")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana voice
        03:00 ana sms: SEV1 #1 (undelivered)
        03:00:40 bo sms: SEV1 #1
    """)


async def test_after_an_hours_outage_of_ours_what_is_open_pages_the_newest_step_alone(play: Play) -> None:
    scenario = await play()
    world = scenario.world
    await scenario.inc("sev1 checkout is down")
    await scenario.inc("sev1 search is down")
    await scenario.inc("sev3 mail is slow")
    await scenario.inc("#2 resolve done")
    await scenario.at("03:02")
    await world.stop()
    world.clock.advance(timedelta(hours=1))
    await world.start()
    await scenario.at("04:30")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 #inc-2: #2 SEV1 search is down
        03:00 #inc-2: *Resolved* by @kim: done. The postmortem is being drafted.
        03:00 #inc-2: Postmortem draft ready: postmortem of #2. Nobody owns it yet: `/inc #2 …
        03:00 #inc-3: #3 SEV3 mail is slow
        03:00 ana sms: #2: over. You are no longer needed. Thank you.
        03:00 ana sms: SEV1 #1
        03:00 ana sms: SEV1 #2
        03:00 ana sms: SEV3 #3
        04:02 bea sms: SEV1 #1 (late by 54 min)
        04:02 bo sms: SEV3 #3 (late by 32 min)
        04:07 #inc-1: *Nobody has answered.* Everybody on its ladder was paged. Press …
        04:07 #inc-3: *Nobody has answered.* Everybody on its ladder was paged. Press …
        04:07 #ops: *Nobody has answered* #1 SEV1. Everybody on its ladder was paged.
        04:07 #ops: *Nobody has answered* #3 SEV3. Everybody on its ladder was paged.
    """)


async def test_with_slack_down_people_are_paged_all_the_same(play: Play) -> None:
    scenario = await play("""
        people:
          ana: {rules: {urgent: [{method: slack}, {method: sms}]}}
    """)
    await scenario.at("03:00:10")
    scenario.world.sandbox.fault(service="slack", status=503, count=0)
    await scenario.text("lee", "sev1 checkout is down")
    await scenario.at("03:04")
    scenario.world.sandbox.clear_faults()
    await scenario.text("bo", "a")
    await scenario.at("03:10")
    scenario.sent_exactly("""
        03:00:10 ana sms: SEV1 #1
        03:00:10 lee sms: #1 SEV1 declared.
        03:03:10 bo sms: SEV1 #1
        03:04 #inc-1: #1 SEV1 checkout is down
        03:04 ana sms: #1: handled by Bo Lindqvist. You are no longer needed. Thank you.
        03:04 bo sms: #1 is yours.
    """)


async def test_a_clock_that_jumps_ahead_an_hour_takes_the_newest_step_once(play: Play) -> None:
    scenario = await play()
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:01")
    scenario.world.clock.advance(timedelta(hours=1))
    await scenario.at("04:30")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        04:01 bea sms: SEV1 #1 (late by 53 min)
        04:06 #inc-1: *Nobody has answered.* Everybody on its ladder was paged. Press …
        04:06 #ops: *Nobody has answered* #1 SEV1. Everybody on its ladder was paged.
    """)


async def test_a_clock_that_is_set_back_an_hour_takes_no_step_twice_and_keeps_none_waiting_for_that_hour(play: Play) -> None:
    scenario = await play()
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:01")
    scenario.world.clock.set_back(timedelta(hours=1))
    await scenario.world.bot.setback.look()  # as it does every ten seconds
    await scenario.at("04:30")
    scenario.sent_exactly("""
        02:04 bo sms: SEV1 #1
        02:09 bea sms: SEV1 #1
        02:14 #inc-1: *Nobody has answered.* Everybody on its ladder was paged. Press …
        02:14 #ops: *Nobody has answered* #1 SEV1. Everybody on its ladder was paged.
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
    """)
