"""A hand-off on the whole bot: it is Monday 9 March, 06:00 UTC; at 08:00 Kim, who lives in Seoul, takes over Platform from Bo in
Stockholm."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FakeClock
from tests.journeys.roads import direct
from tests.journeys.stories import calls
from tests.journeys.test_alert_to_incident import alert, post, webhook
from tests.journeys.test_oncall import ask, letters, press, primary
from tests.world import CONFIG, World, running_world


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 3, 9, 6, 0, tzinfo=UTC))


@pytest.fixture
async def sqlite_world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with running_world(sqlite_url, tmp_path, clock) as world:
        yield world


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with running_world(database_url, tmp_path, clock) as world:
        yield world


async def say_it_has(world: World, person: str) -> str:
    return await press(world, person, "I have it", await direct(world, person))


async def test_both_get_a_note_before_and_who_comes_says_that_they_have_it(world: World) -> None:
    await world.user("lee").command("/inc sev3 auth is slow")
    await world.advance(minutes=50)
    assert "come on call" not in await letters(world, "kim")

    await world.advance(minutes=10)
    to_kim, to_bo = await letters(world, "kim"), await letters(world, "bo")
    assert "You come on call as Platform primary at *Mon 9 Mar 17:00* (Asia/Seoul), after Bo Lindqvist." in to_kim
    assert "Your time as Platform primary ends *Mon 9 Mar 09:00* (Europe/Stockholm); Kim Ji-woo takes over." in to_bo
    for note in (to_kim, to_bo):
        assert "*Open incidents*\n• " in note and "auth is slow" in note
        assert "_Nothing under: fired this week, noisy alerts, unfinished action items, unfinished postmortems._" in note
    assert await primary(world, "platform") == "bo"

    await world.user("bo").press("Add something", await direct(world, "bo"))
    await world.user("bo").submit({"words": {"value": "the canary is <!channel> flaky"}})
    await world.settled()
    assert "Bo Lindqvist adds for you (Platform primary):\n&gt;" not in await letters(world, "kim")
    assert "the canary is &lt;!channel&gt; flaky" in await letters(world, "kim")

    assert "Thank you: you have it." in await say_it_has(world, "kim")
    assert "Kim Ji-woo has it: Platform" in await letters(world, "bo")
    await world.advance(hours=3)
    assert await primary(world, "platform") == "kim"
    assert "Do you have it?" not in await letters(world, "kim")
    assert "Kim Ji-woo is Platform primary" not in await letters(world, "lee")


async def test_the_note_says_what_fired_this_week_and_what_is_noisy(sqlite_world: World) -> None:
    world = sqlite_world
    for number in range(5):
        began = world.clock.now()
        await post(world, webhook(alert("QueueGrows", began, service="auth", severity="warning")))
        await post(world, webhook(alert("QueueGrows", began, ends=world.clock.now(), service="auth", severity="warning")))
        if number == 0:
            await post(world, webhook(alert("DiskFull", began, instance="b:9100", service="file-sync", severity="warning")))
            await post(world, webhook(alert("PaymentsFail", began, severity="warning")) | {"groupKey": "another"})
        await world.advance(minutes=10)
    await world.advance(minutes=15)
    for reader in ("kim", "bo"):
        note = await letters(world, reader)
        assert "*Fired this week*\n• QueueGrows (auth): 5 times\n• DiskFull (file-sync): once\n" in note
        assert "*Noisy alerts*\n• QueueGrows (auth) fired 5 times in a week: mend it or make it quieter" in note
        assert "PaymentsFail" not in note.split("Platform primary")[1], "another team's"


async def test_silence_is_asked_about_by_day_and_then_told_to_the_lead_alone(sqlite_world: World) -> None:
    world = sqlite_world
    await world.advance(hours=2)  # 17:00 in Seoul, 09:00 in Stockholm
    assert "Do you have it?" not in await letters(world, "kim")
    await world.advance(minutes=31)
    assert "You are on call as Platform primary since Mon 9 Mar 17:00. Do you have it?" in await letters(world, "kim")
    assert "has not confirmed" not in await letters(world, "lee")
    await world.advance(hours=1)
    assert "Kim Ji-woo is Platform primary since Mon 9 Mar 04:00 and has not confirmed it. Please ask them." in await letters(world, "lee")
    for other in ("bo", "ana", "bea", "max"):
        assert "has not confirmed" not in await letters(world, other)
    assert "Thank you" in await say_it_has(world, "kim"), "late is better than never"


async def test_nobody_is_nudged_at_night(sqlite_world: World) -> None:
    world = sqlite_world
    await ask(world, "bo", "override @bo platform-primary today 8:00 to 17:00")
    await press(world, "bo", "Confirm")
    await world.advance(hours=10, minutes=30)  # at 16:00 UTC Kim comes on call: it is 01:00 in Seoul
    assert await primary(world, "platform") == "kim"
    await world.advance(hours=6)  # 07:30 there
    assert "Do you have it?" not in await letters(world, "kim")
    await world.advance(hours=1)
    assert "Do you have it?" in await letters(world, "kim")


async def test_a_changed_plan_is_told_to_whom_it_was_announced(sqlite_world: World) -> None:
    world = sqlite_world
    await world.advance(hours=1, minutes=10)
    assert "You come on call as Platform primary" in await letters(world, "kim")
    await ask(world, "bo", "override @lee platform-primary 9:00 to 12:00")
    await press(world, "bo", "Confirm")
    assert "The plan changed: you do not come on call as Platform primary Mon 9 Mar 17:00." in await letters(world, "kim")
    assert "You come on call as Platform primary at *Mon 9 Mar 04:00*" in await letters(world, "lee")
    await world.advance(hours=2)
    assert await primary(world, "platform") == "lee"
    assert "Do you have it?" not in await letters(world, "kim")


@pytest.fixture
async def dressed(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A company whose platform team has a channel and a user group that follow whoever is on call."""
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    teams = (config / "teams.yaml").read_text()
    platform = "    oncall: {primary: platform-primary, secondary: platform-secondary}\n"
    (config / "teams.yaml").write_text(teams.replace(platform, platform + "    channel: general\n    usergroup: '@platform-oncall'\n"))
    async with running_world(sqlite_url, tmp_path, clock, config=config) as world:
        yield world


async def test_group_and_topic_follow_whoever_is_on_call_overrides_included(dressed: World) -> None:
    world = dressed
    assert "Slack knows no user group @platform-oncall" in "\n".join(await world.sandbox.channel("ops").texts())
    slack = AsyncWebClient(token=world.environ["SLACK_BOT_TOKEN"], base_url=world.environ["SLACK_API_URL"])
    group = (await slack.usergroups_create(name="Platform on call", handle="platform-oncall"))["usergroup"]["id"]
    channel = next(str(one["id"]) for one in await world.sandbox.channels() if one.get("name") == "general")
    await slack.conversations_join(channel=channel)
    await slack.conversations_setTopic(channel=channel, topic="Deploys only by day | On call: somebody")

    await ask(world, "bo", "override @kim platform-primary +1h")
    await press(world, "bo", "Confirm")
    assert (await slack.usergroups_users_list(usergroup=group))["users"] == ["U0KIM000000"]
    shown = (await slack.conversations_info(channel=channel))["channel"]["topic"]["value"]
    assert shown == "Deploys only by day | On call: Kim Ji-woo, then Kim Ji-woo"

    await world.advance(minutes=70)
    assert (await slack.usergroups_users_list(usergroup=group))["users"] == ["U0BO0000000"]
    shown = (await slack.conversations_info(channel=channel))["channel"]["topic"]["value"]
    assert shown == "Deploys only by day | On call: Bo Lindqvist, then Kim Ji-woo"


@pytest.fixture
async def slack(sqlite_world: World) -> AsyncWebClient:
    return AsyncWebClient(token=sqlite_world.environ["SLACK_BOT_TOKEN"], base_url=sqlite_world.environ["SLACK_API_URL"])


@pytest.fixture
async def payments(sqlite_world: World) -> str:
    """The channel of a team; its topic follows."""
    return next(str(one["id"]) for one in await sqlite_world.sandbox.channels() if one.get("name") == "payments")


async def topic_of(slack: AsyncWebClient, channel: str) -> str:
    return str((await slack.conversations_info(channel=channel))["channel"]["topic"]["value"])


@pytest.mark.parametrize("method", ["conversations.list", "conversations.info", "conversations.join", "conversations.setTopic"])
async def test_slack_that_is_busy_is_asked_again_until_the_topic_follows(
    sqlite_world: World, slack: AsyncWebClient, payments: str, method: str
) -> None:
    world = sqlite_world
    assert await topic_of(slack, payments) == "On call: Ana Silva, then Bo Lindqvist"
    await world.stop()
    await slack.conversations_leave(channel=payments)
    await world.start()  # where the channel is is not known any more
    await ask(world, "ana", "override @kim payments +8h")
    world.sandbox.fault(service="slack", method=method, retry_after_s=20)
    await press(world, "ana", "Confirm")
    assert "Kim Ji-woo" not in await topic_of(slack, payments)
    await world.advance(minutes=2)
    assert await topic_of(slack, payments) == "On call: Kim Ji-woo, then Bo Lindqvist"


async def test_channels_are_not_listed_for_each_handoff(sqlite_world: World) -> None:
    world = sqlite_world
    for who in ("kim", "bo"):
        await ask(world, "ana", f"override @{who} payments +1h")
        await press(world, "ana", "Confirm")
        await press(world, "ana", "Take it back")
    assert len(calls(world, "conversations.setTopic")) == 5
    assert len(calls(world, "conversations.list")) == 1


async def test_a_channel_that_is_gone_is_looked_for_anew(sqlite_world: World, slack: AsyncWebClient, payments: str) -> None:
    world = sqlite_world
    await ask(world, "ana", "override @kim payments +1h")
    world.sandbox.fault(service="slack", method="conversations.info", error="channel_not_found")
    await press(world, "ana", "Confirm")
    await world.advance(minutes=1)
    assert await topic_of(slack, payments) == "On call: Kim Ji-woo, then Bo Lindqvist"
    assert len(calls(world, "conversations.list")) == 2


async def test_a_missing_user_group_does_not_keep_the_topic_back(dressed: World) -> None:
    channel = next(str(one["id"]) for one in await dressed.sandbox.channels() if one.get("name") == "general")
    slack = AsyncWebClient(token=dressed.environ["SLACK_BOT_TOKEN"], base_url=dressed.environ["SLACK_API_URL"])
    assert "On call: Bo Lindqvist, then Kim Ji-woo" in await topic_of(slack, channel)
    assert "Slack knows no user group @platform-oncall" in "\n".join(await dressed.sandbox.channel("ops").texts())


async def test_the_team_is_asked_again_when_slack_is_busy_while_the_bot_joins(
    sqlite_world: World, slack: AsyncWebClient, payments: str
) -> None:
    world = sqlite_world
    await slack.conversations_leave(channel=payments)
    world.sandbox.fault(service="slack", method="conversations.join", retry_after_s=20)
    await ask(world, "ana", "cover wed 18:00 +2h")
    await press(world, "ana", "Ask the team")
    await world.advance(minutes=2)
    asked = [text for text in await world.sandbox.channel("payments").texts() if "asks the team: who takes Payments primary" in text]
    assert len(asked) == 1
    assert "asks the team" not in await letters(world, "kim"), "nobody is asked by name because Slack was busy"


async def test_at_a_set_time_of_day_and_taken_back_when_the_plan_changes_after_it(
    sqlite_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    config = Path(shutil.copytree(CONFIG, tmp_path / "early"))
    teams = (config / "teams.yaml").read_text()
    secondary = "oncall: {primary: platform-primary, secondary: platform-secondary"
    assert secondary in teams
    (config / "teams.yaml").write_text(teams.replace(secondary, f'{secondary}, notice_at: "07:30"'))
    async with running_world(sqlite_url, tmp_path, clock, config=config) as world:
        await world.advance(minutes=20)
        assert "come on call" not in await letters(world, "kim")
        await world.advance(minutes=15)  # 07:35 in Stockholm
        assert "You come on call as Platform primary at *Mon 9 Mar 17:00* (Asia/Seoul)" in await letters(world, "kim")
        await ask(world, "bo", "override me platform-primary 9:00 +2h")
        await press(world, "bo", "Confirm")
        assert "The plan changed: you do not come on call as Platform primary Mon 9 Mar 17:00." in await letters(world, "kim")
        await world.advance(seconds=2)  # Slack takes one message a second for one person
        assert "You come on call as Platform primary at *Mon 9 Mar 19:00*" in await letters(world, "kim"), "its time of day is past"
