"""The acknowledgement: before any call of ours, within Slack's patience, and for an event never before it is kept."""

import asyncio
import time
from collections import Counter

import pytest

from bot.clock import FakeClock
from bot.db import Database, Tx
from bot.errors import Refusal
from bot.events import Listeners
from bot.slack.gateway import SlackGateway
from bot.slack.replies import Nothing, OpenModal, Reply, Say
from bot.slack.requests import Click, Command, Event, Submission
from tests.postgres import Postgres
from tests.slack.ledger import note, notes
from tests.slack.office import FORM, ORDERS, Office, replying, until
from tests.slack.raw import RawSlack, answers


class TestPatience:
    @pytest.mark.parametrize("office", [0.3], indirect=True)
    async def test_a_slow_transaction_is_acknowledged_first_and_answered_later(self, office: Office) -> None:
        released = asyncio.Event()

        async def slow(tx: Tx, _: Command) -> Reply:
            await note(tx, "slow")
            await released.wait()
            return Say("#7 declared.")

        office.door.command("/inc", slow)
        answer = await office.command("sev1 x")
        assert answer.json["text"] == "Still working on it, I will answer here."
        assert office.raw.seen == []
        released.set()
        await office.settled()
        (said,) = office.raw.calls("response_url")
        assert said.fields["text"] == "#7 declared."
        assert await notes(office.database) == 1

    @pytest.mark.parametrize("office", [0.3], indirect=True)
    async def test_a_slow_click_is_told_at_once_as_well(self, office: Office) -> None:
        released = asyncio.Event()

        async def slow(_: Tx, __: Click) -> Reply:
            await released.wait()
            raise Refusal("Bo was first.")

        office.door.click("page.ack", slow)
        assert (await office.click("page.ack")).text == ""
        await until(lambda: office.raw.seen)
        released.set()
        await office.settled()
        assert [seen.fields["text"] for seen in office.raw.seen] == ["Still working on it, I will answer here.", "Bo was first."]

    @pytest.mark.parametrize("office", [0.3], indirect=True)
    async def test_a_slow_form_shows_it_and_is_updated_later(self, office: Office) -> None:
        released = asyncio.Event()

        async def slow(_: Tx, __: Submission) -> Reply:
            await released.wait()
            return Say("#7 declared.")

        office.door.submission("declare", slow)
        answer = await office.submit({})
        assert answer.json["response_action"] == "update"
        assert "Still working" in answer.text
        released.set()
        await office.settled()
        (call,) = office.raw.calls("views.update")
        assert call.fields["view_id"] == "V1"
        assert "#7 declared." in str(call.fields["view"])

    @pytest.mark.parametrize("office", [0.02], indirect=True)
    async def test_an_event_is_never_acknowledged_before_it_is_kept(self, office: Office) -> None:
        released = asyncio.Event()

        async def slow(tx: Tx, _: Event) -> Reply:
            await released.wait()
            await note(tx, "event")
            return Nothing()

        office.door.event("message", slow)
        posting = asyncio.create_task(office.event({"type": "message", "channel": "C1", "ts": "1.1", "user": "U1", "text": "hi"}))
        await asyncio.sleep(0.05)  # longer than its patience
        assert not posting.done()
        released.set()
        assert (await posting).status == 200
        assert await notes(office.database) == 1

    async def test_the_answer_is_quick_and_before_any_call_while_slack_is_slow(self, office: Office) -> None:
        """P17: no call before the acknowledgement, which does not wait for Slack."""

        async def listener(tx: Tx, _: Command) -> Reply:
            await note(tx, str(next(ORDERS)))
            return OpenModal(FORM)

        async def slow(_: object) -> object:
            await asyncio.sleep(0.2)
            return await answers(ok=True)(_)  # type: ignore[arg-type]

        office.raw.behave["views.open"] = slow  # type: ignore[assignment]
        office.door.command("/inc", listener)
        await office.command("warm up")
        await office.settled()
        office.raw.seen.clear()
        took = []
        for _ in range(10):
            started = time.monotonic()
            took.append((await office.command("")).at - started)
            await office.settled()
        assert sorted(took)[8] < 0.2
        assert len(office.raw.calls("views.open")) == 10

    async def test_nothing_is_called_until_the_acknowledgement_is_out(self, office: Office) -> None:
        office.door.click("page.ack", replying(Say("You have it.")))
        body = {
            "type": "block_actions", "user": {"id": "U1"}, "trigger_id": "1.1", "response_url": office.raw.url("/respond"),
            "actions": [{"type": "button", "action_id": "page.ack", "action_ts": "1.2"}],
        }  # fmt: skip
        taken = await office.door.take(body, {})
        await asyncio.sleep(0.05)
        assert taken.response.status == 200
        assert await notes(office.database) == 1  # committed …
        assert office.raw.seen == []  # … and nothing said before Slack has its acknowledgement
        taken.then()
        await office.settled()
        assert [seen.name for seen in office.raw.seen] == ["response_url"]


async def test_two_that_wait_for_each_other_are_both_done_in_the_end(
    postgres_url: str, clock: FakeClock, raw: RawSlack, gateway: SlackGateway
) -> None:
    database = Database(postgres_url, clock, Listeners())
    office, met = Office(database, raw, gateway, patience_s=10.0), asyncio.Barrier(2)

    async def crosswise(tx: Tx, command: Command) -> Reply:
        await note(tx, command.text)
        one, other = ("a", "b") if command.text == "one" else ("b", "a")
        await tx.lock(one)
        if met.n_waiting or not tries[command.text]:
            tries[command.text] += 1
            await met.wait()
        await tx.lock(other)
        return Say(f"{command.text} is done.")

    tries = Counter[str]()
    await office.start()
    office.door.command("/inc", crosswise)
    answers = await asyncio.gather(office.command("one"), office.command("two", user="U2"))
    assert [answer.json["text"] for answer in answers] == ["one is done.", "two is done."]
    assert await notes(database) == 2
    await office.close()
    await database.close()


async def test_a_command_whose_connection_is_lost_is_done_on_another(
    postgres_url: str, postgres_server: Postgres, clock: FakeClock, raw: RawSlack, gateway: SlackGateway
) -> None:
    database = Database(postgres_url, clock, Listeners())
    office, times = Office(database, raw, gateway, patience_s=10.0), []

    async def cut_off_once(tx: Tx, _: Command) -> Reply:
        await note(tx, "done")
        times.append(1)
        if len(times) == 1:
            await postgres_server.cut_off(postgres_server.name(postgres_url))
        return Say("#7 declared.")

    await office.start()
    office.door.command("/inc", cut_off_once)
    assert (await office.command("sev1 x")).json["text"] == "#7 declared."
    assert (len(times), await notes(database)) == (2, 1)
    await office.close()
    await database.close()
