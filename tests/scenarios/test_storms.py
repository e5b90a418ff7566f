"""Many at once: what one phone is told of a storm, and who goes first where a number may only send so much."""

from tests.scenarios.conftest import Play


async def test_two_services_that_break_together_are_two_pages_on_one_phone(play: Play) -> None:
    scenario = await play()
    await scenario.alert("Down", "checkout")
    await scenario.at("03:00:10")
    await scenario.alert("Down", "search")
    await scenario.at("03:01")
    await scenario.text("ana", "a")
    await scenario.text("ana", "1")
    await scenario.at("03:06")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV2 Down
        03:00 #inc-2: #2 SEV2 Down
        03:00 ana sms: SEV2 #1
        03:00:10 ana sms: SEV2 #2
        03:01 ana sms: #1 is yours.
        03:01 ana sms: #2 is yours. Still open: 1 (#1).
    """)


async def test_of_200_alerts_in_a_minute_a_phone_is_told_in_a_few_messages(play: Play) -> None:
    services = [f"shop-{number}" for number in range(10)]
    scenario = await play("services:\n" + "".join(f"  {one}: {{name: {one.title()}, tier: 1, owner: payments}}\n" for one in services))
    for service in services:
        await scenario.alert("Slow", service)
    for wave in range(1, 20):
        await scenario.at(f"03:00:{3 * wave:02}")
        await scenario.alert(f"Slow{wave}", *services)
    await scenario.at("03:02")
    await scenario.text("ana", "aa")
    await scenario.at("03:06")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV2 Slow
        03:00 #inc-10: #10 SEV2 Slow
        03:00 #inc-2: #2 SEV2 Slow
        03:00 #inc-3: #3 SEV2 Slow
        03:00 #inc-4: #4 SEV2 Slow
        03:00 #inc-5: #5 SEV2 Slow
        03:00 #inc-6: #6 SEV2 Slow
        03:00 #inc-7: #7 SEV2 Slow
        03:00 #inc-8: #8 SEV2 Slow
        03:00 #inc-9: #9 SEV2 Slow
        03:00 ana sms: SEV2 #1
        03:00 ana sms: SEV2 #2
        03:00 ana sms: SEV2 #3
        03:00 ana sms: SEV2 #4
        03:00 ana sms: SEV2 #5
        03:00:15 ana sms: 5 pages: 6 SEV2 #6 Slow; 7 SEV2 #7 Slow; 8 SEV2 #8 Slow; 9 SEV2 #9 …
        03:02 ana sms: #6 is yours. #7 is yours. #8 is yours. #9 is yours. #10 is yours. …
        03:05 bo sms: 5 pages: 1 SEV2 #1 Slow; 2 SEV2 #2 Slow; 3 SEV2 #3 Slow; 4 SEV2 #4 …
    """)


async def test_a_limited_sender_lets_the_first_page_of_a_new_incident_go_first(play: Play) -> None:
    scenario = await play(
        """
        policies:
          sev1: {steps: [{after: 0, targets: [primary]}, {after: 3m, targets: [secondary, lead, manager, "person:kim"]}]}
        """,
        TWILIO_SMS_PER_SECOND="1",
    )
    await scenario.inc("sev1 checkout is down")
    await scenario.at("03:03:01")
    await scenario.inc("sev1 search is down")
    await scenario.at("03:05")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV1 checkout is down
        03:00 ana sms: SEV1 #1
        03:03 #inc-2: #2 SEV1 search is down
        03:03 bo sms: SEV1 #1
        03:03:01 ana sms: SEV1 #2
        03:03:01 lee sms: SEV1 #1
        03:03:03 bea sms: SEV1 #1
        03:03:04 kim sms: SEV1 #1
    """)


async def test_an_alert_that_flaps_pages_a_last_time_the_third_time_and_says_so(play: Play) -> None:
    scenario = await play()
    for minute in range(0, 20, 2):
        await scenario.at(f"03:{minute:02}")
        await scenario.alert("Down", "checkout")
        await scenario.at(f"03:{minute + 1:02}")
        await scenario.alert("Down", "checkout", fires=False)
    await scenario.at("04:00")
    scenario.sent_exactly("""
        03:00 #inc-1: #1 SEV2 Down
        03:00 ana sms: SEV2 #1
        03:01 #inc-1: *Resolved* by Alertmanager (monitor): the alert resolved by itself, …
        03:01 #inc-1: Postmortem draft ready: postmortem of #1. Nobody owns it yet: `/inc #1 …
        03:01 ana sms: #1: over. You are no longer needed. Thank you.
        03:02 #inc-1: *Reopened* by Alertmanager (monitor): the alert fires again. On-call …
        03:02 ana sms: SEV2 #1
        03:03 #inc-1: *Resolved* by Alertmanager (monitor): the alert resolved by itself, …
        03:03 ana sms: #1: over. You are no longer needed. Thank you.
        03:04 #inc-1: *Reopened* by Alertmanager (monitor): the alert fires again, flapping: …
        03:04 ana sms: SEV2 #1 (flapping: 3 times in 4 min)
        03:09 bo sms: SEV2 #1 (flapping: 3 times in 4 min)
        03:14 #inc-1: *Nobody has answered.* Everybody on its ladder was paged. Press …
        03:14 #ops: *Nobody has answered* #1 SEV2. Everybody on its ladder was paged.
        03:34 #inc-1: *Resolved* by Tocsin: quiet for 15m after it flapped, and nobody had …
        03:34 ana sms: #1: over. You are no longer needed. Thank you.
        03:34 bo sms: #1: over. You are no longer needed. Thank you.
    """)
