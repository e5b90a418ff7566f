"""The mailbox, through a real SMTP client."""

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import pytest

from tests.sandbox.application import Carrier, carrier


@pytest.fixture
async def sandbox() -> AsyncIterator[Carrier]:
    async with carrier() as running:
        yield running


def mail(to: str, subject: str = "SEV1: café is down") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "tocsin@example.com", to, subject
    message["X-Tocsin-Page"] = "7"
    message.set_content("Checkout is down since 09:02. Réponds « ack ».")
    message.add_alternative("<p>Checkout is <b>down</b>.</p>", subtype="html")
    return message


async def send(sandbox: Carrier, message: EmailMessage) -> None:
    await aiosmtplib.send(message, hostname="127.0.0.1", port=sandbox.mailbox.port, timeout=5)


async def test_a_mail_is_shown_to_whom_it_was_sent_with_its_text_html_and_headers(sandbox: Carrier) -> None:
    await send(sandbox, mail("Bo <BO@example.com>"))
    async with sandbox.client.get(f"{sandbox.server.url}/control/mailbox/bo") as answer:
        [received] = await answer.json()
    assert received["subject"] == "SEV1: café is down"
    assert "Réponds « ack »" in received["text"]
    assert "<b>down</b>" in received["html"]
    assert received["headers"]["X-Tocsin-Page"] == "7"
    assert received["at"] == sandbox.clock.now().isoformat()
    assert sandbox.mailbox.of("ana") == []


async def test_an_ordered_refusal_is_an_smtp_answer_and_nothing_is_kept(sandbox: Carrier) -> None:
    sandbox.fault(service="smtp", status=552, error="mailbox full")
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await send(sandbox, mail("bo@example.com"))
    assert refused.value.code == 552
    assert "mailbox full" in refused.value.message
    assert sandbox.mailbox.of("bo") == []
    await send(sandbox, mail("bo@example.com"))
    assert len(sandbox.mailbox.of("bo")) == 1


async def test_a_reset_before_accepting_loses_the_mail_and_one_after_it_does_not(sandbox: Carrier) -> None:
    for reset, kept in (("before", 0), ("after", 1)):
        sandbox.fault(service="smtp", reset=reset)
        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await send(sandbox, mail("bo@example.com"))
        assert len(sandbox.mailbox.of("bo")) == kept


async def test_a_delay_holds_the_mail_up_until_the_faults_are_cleared(sandbox: Carrier) -> None:
    sandbox.fault(service="smtp", delay_s=30, count=0)
    sending = asyncio.ensure_future(send(sandbox, mail("bo@example.com")))
    done, _ = await asyncio.wait([sending], timeout=0.2)
    assert not done
    sandbox.faults.clear()
    await asyncio.wait_for(sending, 2)
    assert len(sandbox.mailbox.of("bo")) == 1


async def test_the_html_of_a_mail_is_a_document_that_can_do_nothing(sandbox: Carrier) -> None:
    await send(sandbox, mail("bo@example.com"))
    async with sandbox.client.get(f"{sandbox.server.url}/sandbox/mail/bo/0") as answer:
        policy, html = answer.headers["Content-Security-Policy"], await answer.text()
    assert "<p>Checkout is <b>down</b>.</p>" in html
    assert {"default-src 'none'", "form-action 'none'", "frame-ancestors 'self'"} <= set(policy.split("; "))
    assert "allow-scripts" not in policy
    assert "script-src" not in policy
    async with sandbox.client.get(f"{sandbox.server.url}/sandbox/mail/bo/1") as answer:
        assert "There is no such mail." in await answer.text()
