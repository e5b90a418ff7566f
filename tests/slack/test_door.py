"""Requests through the real endpoint, bolt and database: once each, committed before the answer."""

import asyncio
import json
from typing import ClassVar

import pytest
from slack_sdk.models.blocks import SectionBlock
from sqlalchemy import text

from bot.clock import FakeClock
from bot.db import Database, Tx
from bot.errors import Refusal
from bot.slack.door import Door
from bot.slack.gateway import SlackGateway
from bot.slack.identity import Identity
from bot.slack.replies import Nothing, OpenModal, Reply, Say
from bot.slack.requests import Click, Command, Event, MessageBody, MessageChange
from bot.work.worker import Worker
from tests.slack.ledger import note, notes
from tests.slack.office import FORM, Office, replying, who
from tests.slack.raw import RawSlack, answers, fails


class TestCommands:
    async def test_the_answer_comes_with_the_acknowledgement(self, office: Office) -> None:
        seen: list[Command] = []
        office.door.command("/inc", replying(Say("#7 declared.", [SectionBlock(text="*#7*")]), seen))
        answer = await office.command("sev1 checkout &lt;is&gt; down")
        assert answer.json["response_type"] == "ephemeral"
        assert answer.json["text"] == "#7 declared."
        assert answer.json["blocks"] == [{"type": "section", "text": {"type": "mrkdwn", "text": "*#7*"}}]
        assert (seen[0].text, seen[0].user, seen[0].channel, seen[0].name) == ("sev1 checkout &lt;is&gt; down", "U1", "C1", "/inc")
        assert office.raw.seen == []  # no call at all

    async def test_who_acts_is_asked_of_the_directory(self, office: Office) -> None:
        actors: list[str] = []

        async def listener(tx: Tx, _: Command) -> Reply:
            actors.append(tx.actor)
            return Nothing()

        office.door.command("/inc", listener)
        await office.command("ack", user="U1")
        await office.command("ack", user="U9")
        assert actors == ["ana", "slack:U9"]

    async def test_a_doubled_command_is_done_once_and_answered_with_nothing(self, office: Office) -> None:
        office.door.command("/inc", replying(Say("done")))
        first = await office.command("ack", trigger="123.456")
        second = await office.command("ack", trigger="123.456")
        assert first.json["text"] == "done"
        assert (second.status, second.text) == (200, "")
        assert await notes(office.database) == 1

    async def test_a_refusal_is_read_by_who_asked_and_undoes_everything(self, office: Office) -> None:
        office.door.command("/inc", replying(Refusal("Ana took this page at 09:02. Nothing to do.")))
        answer = await office.command("ack", trigger="1.1")
        assert answer.json == {"response_type": "ephemeral", "text": "Ana took this page at 09:02. Nothing to do."}
        assert await notes(office.database) == 0
        assert (await office.command("ack", trigger="1.1")).json["text"] == answer.json["text"]  # not remembered as done

    async def test_a_bug_is_told_with_its_reference_and_changes_nothing(self, office: Office) -> None:
        office.door.command("/inc", replying(ZeroDivisionError("x")))
        answer = await office.command("ack")
        assert answer.status == 200
        assert "Something broke on our side (ref " in str(answer.json["text"])
        assert "Nothing was changed" in str(answer.json["text"])
        assert await notes(office.database) == 0

    async def test_an_answer_that_cannot_be_built_undoes_what_it_would_tell(self, office: Office) -> None:
        office.door.command("/inc", replying(Say("ok", [SectionBlock(text="x" * 3001)])))
        answer = await office.command("ack")
        assert "Something broke" in str(answer.json["text"])
        assert await notes(office.database) == 0

    @pytest.mark.parametrize("words", ["payload", "the payload service is down", "{", "a=b&payload=c", "ping %7B"])
    async def test_no_word_gets_lost_on_the_way(self, words: str, office: Office) -> None:
        seen: list[Command] = []
        office.door.command("/inc", replying(Nothing(), seen))
        await office.command(words)
        assert [command.text for command in seen] == [words]

    async def test_what_no_database_can_hold_is_taken_out(self, office: Office) -> None:
        seen: list[Command] = []
        office.door.command("/inc", replying(Nothing(), seen))
        await office.command("down\x00 \u202ethgir\u202c 💥")
        assert seen[0].text == "down \u202ethgir\u202c 💥"

    async def test_an_unknown_command_says_so(self, office: Office) -> None:
        answer = await office.command("", name="/nope")
        assert "/nope" in str(answer.json["text"])

    async def test_a_form_opens_after_the_acknowledgement(self, office: Office) -> None:
        office.door.command("/inc", replying(OpenModal(FORM)))
        answer = await office.command("", trigger="55.1")
        await office.settled()
        (call,) = office.raw.seen
        assert answer.text == ""
        assert (call.name, call.fields["trigger_id"]) == ("views.open", "55.1")
        assert json.loads(str(call.fields["view"]))["callback_id"] == "declare"

    async def test_a_form_that_came_too_late_is_explained(self, office: Office) -> None:
        office.raw.behave["views.open"] = fails("expired_trigger_id")
        office.door.command("/inc", replying(OpenModal(FORM)))
        await office.command("")
        await office.settled()
        (said,) = office.raw.calls("response_url")
        assert "once more" in str(said.fields["text"])
        assert said.fields["response_type"] == "ephemeral"


class TestEvents:
    MESSAGE: ClassVar = {"type": "message", "channel": "C1", "channel_type": "channel", "ts": "1.1", "user": "U1", "text": "hi"}

    async def test_redelivered_is_done_once(self, office: Office) -> None:
        office.door.event("message", replying(Nothing()))
        for retry in range(3):
            assert (await office.event(self.MESSAGE, event_id="Ev1", retry=retry)).status == 200
        assert await notes(office.database) == 1

    async def test_several_hear_it_in_one_transaction(self, office: Office) -> None:
        office.door.event("message", replying(Nothing()))
        office.door.event("message", replying(ZeroDivisionError()))
        assert (await office.event(self.MESSAGE, event_id="Ev1")).status == 500  # so that Slack sends it again
        assert await notes(office.database) == 0

    async def test_one_that_was_lost_to_a_bug_is_taken_when_slack_sends_it_again(self, office: Office) -> None:
        broken = [True]

        async def listener(tx: Tx, _: Event) -> Reply:
            await note(tx, "kept")
            if broken.pop() if broken else False:
                raise RuntimeError("the database was away")
            return Nothing()

        office.door.event("message", listener)
        assert (await office.event(self.MESSAGE, event_id="Ev1")).status == 500
        assert (await office.event(self.MESSAGE, event_id="Ev1", retry=1)).status == 200
        assert await notes(office.database) == 1

    async def test_nobody_listening_costs_no_transaction(self, office: Office) -> None:
        assert (await office.event(self.MESSAGE)).status == 200
        async with office.database.read() as tx:
            assert (await tx.session.execute(text("SELECT count(*) FROM inbox_entry"))).scalar() == 0

    async def test_our_own_messages_and_edits_are_left_out(self, office: Office) -> None:
        seen: list[Event] = []
        office.door.event("message", replying(Nothing(), seen))
        office.door.event("member_joined_channel", replying(Nothing(), seen))
        office.door.identity = Identity("T1", "Acme", "https://acme.slack.com/", "UBOT", "BBOT")
        ours = {"user": "UBOT", "bot_id": "BBOT", "ts": "1.1", "text": "card"}
        await office.event({**self.MESSAGE, **ours})
        await office.event({"type": "message", "subtype": "message_changed", "channel": "C1", "message": ours, "previous_message": ours})
        assert seen == []
        await office.event({"type": "member_joined_channel", "user": "UBOT", "channel": "C1"})
        await office.event(
            {"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "1.1", "previous_message": ours}
        )
        first, second = seen
        assert first.type == "member_joined_channel"
        assert isinstance(second.body, MessageBody)
        assert second.body.change is MessageChange.DELETED


async def test_identity_survives_a_restart(office: Office, sqlite_database: Database, clock: FakeClock) -> None:
    office.raw.behave["auth.test"] = answers(ok=True, url="https://acme.slack.com/", team="Acme", user="tocsin", team_id="T1",
                                             user_id="UBOT", bot_id="BBOT")  # fmt: skip
    worker = Worker(sqlite_database, clock)
    office.door.work(worker)
    assert office.door.identity is None
    await worker.drain()
    us = Identity("T1", "Acme", "https://acme.slack.com/", "UBOT", "BBOT")
    assert office.door.identity == us
    office.raw.behave["auth.test"] = fails("account_inactive")
    again = Door(sqlite_database, office.gateway, who)
    await again.start()
    assert again.identity == us
    await again.close()


async def test_closing_finishes_what_was_taken_and_takes_no_more(office: Office) -> None:
    started, released = asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx, _: Click) -> Reply:
        started.set()
        await released.wait()
        await note(tx, "slow")
        return Say("Done.")

    office.door.click("slow", slow)
    posting = asyncio.create_task(office.click("slow"))
    await started.wait()
    closing = asyncio.create_task(office.door.close())
    await asyncio.sleep(0.02)
    assert (await office.command("x")).status == 503
    released.set()
    await closing
    assert (await posting).status == 200
    assert await notes(office.database) == 1
    assert [seen.fields["text"] for seen in office.raw.seen] == ["Done."]


async def test_redelivered_while_the_first_is_still_at_work(database: Database, raw: RawSlack, gateway: SlackGateway) -> None:
    """Slack sends an event again after three seconds, whatever has become of the first."""
    office = Office(database, raw, gateway)
    await office.start()
    started, released = asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx, _: Event) -> Reply:
        await note(tx, "kept")
        started.set()
        await released.wait()
        return Nothing()

    office.door.event("message", slow)
    message: dict[str, object] = {"type": "message", "channel": "C1", "ts": "1.1", "user": "U1", "text": "hi"}
    first = asyncio.create_task(office.event(message, event_id="Ev1"))
    await started.wait()
    second = asyncio.create_task(office.event(message, event_id="Ev1", retry=1))
    await asyncio.sleep(0.05)
    assert not first.done()
    assert not second.done()
    released.set()
    assert [(await first).status, (await second).status] == [200, 200]
    assert await notes(database) == 1
    await office.close()
