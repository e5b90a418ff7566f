"""The snapshot: what was there is there again, and time never runs back."""

from pathlib import Path

from bot.sandbox.workspace.model import World
from tests.sandbox.workspace.apps import listening
from tests.sandbox.workspace.stage import ANA, GENERAL, Stage, modal, until


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        stage.inside()
        slack = stage.slack
        async with listening(stage) as app:
            channel = (await slack.conversations_create(name="inc-1", is_private=True))["channel"]["id"]
            metadata = {"event_type": "t", "event_payload": {"n": 1}}
            ts = (await slack.chat_postMessage(channel=channel, text="card", metadata=metadata))["ts"]
            await slack.pins_add(channel=channel, timestamp=ts)
            await slack.reactions_add(channel=channel, timestamp=ts, name="eyes")
            await slack.files_upload_v2(channel=channel, filename="a.txt", content="x")
            await slack.usergroups_create(name="On call")
            await stage.control("shortcut", user="ana", callback_id="declare")
            await slack.views_open(trigger_id=app.payloads("shortcut")[0]["trigger_id"], view=modal())
            await slack.chat_postEphemeral(channel=GENERAL, user=ANA, text="only you")
        before = stage.team.world
    async with Stage(tmp_path) as stage:
        assert stage.team.world == before
        assert (await stage.slack.auth_test())["user"] == "tocsin"
        history = await stage.slack.conversations_history(channel=channel, include_all_metadata=True)
        assert next(one for one in history["messages"] if one["ts"] == ts)["metadata"] == metadata
        assert "only you" in await stage.texts("general", "ana")


async def test_a_change_is_written_before_the_end(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        await stage.says("ana", "general", "do not forget me")
        await until(
            lambda: "do not forget me" in (tmp_path / "workspace.json").read_text() if (tmp_path / "workspace.json").exists() else False
        )


async def test_timestamps_rise_even_when_the_clock_does_not(tmp_path: Path) -> None:
    async with Stage(tmp_path, now=lambda: 1_800_000_000.0) as stage:
        first = [await stage.says("ana", "general", str(n)) for n in range(3)]
    async with Stage(tmp_path, now=lambda: 1_700_000_000.0) as stage:
        later = await stage.says("ana", "general", "after")
        made = (await stage.slack.conversations_create(name="inc-1"))["channel"]["id"]
    assert [*first, later] == sorted({*first, later})
    assert made.startswith("C") and len(made) == 11


def test_ids_are_never_given_twice() -> None:
    world = World()
    ids = [world.new_id("C") for _ in range(2000)]
    assert len(set(ids)) == 2000 and ids == sorted(ids)
