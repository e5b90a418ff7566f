"""Phones and mailbox after a restart: what was on them is on them again, and nothing rings for ever."""

from email.message import EmailMessage
from pathlib import Path

import aiosmtplib

from bot.clock import FakeClock
from bot.sandbox.outside import NUMBERS
from bot.sandbox.phones import sid
from bot.sandbox.testing import Sandbox
from bot.sandbox.voice import Call

US = "+15550100000"
ASKING = "<Response><Say>Checkout is down.</Say><Gather numDigits='1' action='/hooks/keys' timeout='60'/></Response>"


def call(to: str, clock: FakeClock) -> Call:
    return Call(sid("CA"), US, NUMBERS[to], clock.now(), document=ASKING)


async def test_texts_calls_mails_and_settings_are_there_again(tmp_path: Path) -> None:
    clock = FakeClock()
    async with Sandbox(clock=clock, data=tmp_path) as sandbox:
        sandbox.outside.phones.send(US, NUMBERS["ana"], "SEV1 #1 checkout is down. Reply 1a")
        await sandbox.settled()
        await sandbox.phone("ana").reply("stop")
        await sandbox.phone("bo").policy(calls="voicemail", receipts="silent")
        sandbox.outside.phones.call(NUMBERS["kim"], call("kim", clock))
        await sandbox.until(lambda: sandbox.phone("kim").calls[0].status == "ringing")
        await sandbox.phone("kim").answer()
        sandbox.outside.phones.call(NUMBERS["lee"], call("lee", clock))
        await sandbox.until(lambda: sandbox.phone("lee").calls[0].status == "ringing")
        await sandbox.phone("lee").decline()
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "tocsin@example.com", "ana@example.com", "SEV1 checkout"
        mail.set_content("Checkout is down.")
        await aiosmtplib.send(mail, hostname="127.0.0.1", port=sandbox.outside.mailbox.port)
        shown = [await sandbox.get(path) for path in ("/phones/ana", "/phones/bo", "/phones/lee", "/mailbox/ana")]
    async with Sandbox(clock=clock, data=tmp_path) as sandbox:
        assert [await sandbox.get(path) for path in ("/phones/ana", "/phones/bo", "/phones/lee", "/mailbox/ana")] == shown
        phone = await sandbox.get("/phones/ana")
        assert [sms["body"][:12] for sms in phone["sms"]] == ["SEV1 #1 chec", "stop", "You have suc"]
        assert phone["stopped"] == [US]
        [cut_off] = sandbox.phone("kim").calls
        assert (cut_off.status, cut_off.spoken, cut_off.trouble) == ("failed", ["Checkout is down."], "The sandbox ended during this call.")
        assert (await sandbox.get("/phones"))[2]["ringing"] is None


async def test_a_text_is_written_before_the_end(tmp_path: Path) -> None:
    async with Sandbox(data=tmp_path) as sandbox:
        sandbox.outside.phones.send(US, NUMBERS["ana"], "do not forget me")
        path = tmp_path / "drawer.json"
        await sandbox.until(lambda: path.exists() and "do not forget me" in path.read_text())
