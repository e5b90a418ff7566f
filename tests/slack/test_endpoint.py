"""Only what Slack signed, lately and unaltered, gets in; whatever else is posted gets a clear no, and changes nothing."""

import json
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from bot.slack.replies import Nothing, Say
from tests.slack.ledger import notes
from tests.slack.office import Office, replying, signed

FORM = "application/x-www-form-urlencoded"
BODY = urlencode(
    {"command": "/inc", "text": "sev1 x", "trigger_id": "1.1", "user_id": "U1", "response_url": "", "channel_id": "C1"}
).encode()


@pytest.fixture
async def heard(office: Office) -> list[object]:
    """Everything that got in."""
    seen: list[object] = []
    office.door.command("/inc", replying(Say("done"), seen))
    office.door.event("message", replying(Nothing(), seen))
    return seen


async def test_signed_gets_in(office: Office, heard: list[object]) -> None:
    assert (await office.post(BODY, FORM)).json["text"] == "done"
    assert len(heard) == 1


@pytest.mark.parametrize(
    "headers",
    [
        lambda: {},
        lambda: signed(BODY, secret="another secret"),
        lambda: signed(BODY, age_s=302),
        lambda: signed(BODY, age_s=-302),
        lambda: signed(BODY + b"&text=sev2"),
        lambda: {**signed(BODY), "X-Slack-Signature": "v0="},
        lambda: {**signed(BODY), "X-Slack-Signature": "v0=é"},
        lambda: {**signed(BODY), "X-Slack-Request-Timestamp": "yesterday"},
        lambda: {"X-Slack-Signature": signed(BODY)["X-Slack-Signature"]},
        lambda: {"X-Slack-Request-Timestamp": signed(BODY)["X-Slack-Request-Timestamp"]},
    ],
    ids=["unsigned", "other secret", "stale", "from the future", "altered", "cut", "not ascii", "no number", "no time", "no signature"],
)
async def test_anything_else_is_refused(headers: Callable[[], dict[str, str]], office: Office, heard: list[object]) -> None:
    answer = await office.post(BODY, FORM, headers())
    assert answer.status == 401
    assert "not signed by Slack" in str(answer.json["error"])
    assert heard == []
    assert await notes(office.database) == 0


async def test_what_was_recorded_and_is_played_back_changes_nothing(office: Office, heard: list[object]) -> None:
    headers = signed(BODY)
    answers = [await office.post(BODY, FORM, headers) for _ in range(3)]
    assert [answer.text != "" for answer in answers] == [True, False, False]
    assert len(heard) == 1
    assert await notes(office.database) == 1


@pytest.mark.parametrize(
    ("sent", "content_type", "status"),
    [
        (b"", FORM, 400),
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"payload=%7B", FORM, 400),
        (b"payload=[]", FORM, 400),
        (b"\xff\xfe", FORM, 401),
        (b"{}", "application/json", 400),
        (b'{"type": "moon_phase"}', "application/json", 200),
        (b'{"type": "event_callback"}', "application/json", 200),
        (b'{"type": "event_callback", "event": 7}', "application/json", 500),
        (b'{"type": "block_actions", "actions": []}', "application/json", 200),
    ],
)
async def test_nonsense_gets_a_clear_answer(sent: bytes, content_type: str, status: int, office: Office, heard: list[object]) -> None:
    assert (await office.post(sent, content_type)).status == status
    assert heard == []


async def test_slack_asks_whether_we_are_there(office: Office) -> None:
    raw = json.dumps({"type": "url_verification", "token": "x", "challenge": "3eZbrw1a"}).encode()
    assert (await office.post(raw, "application/json")).json == {"challenge": "3eZbrw1a"}
    assert (await office.post(b"ssl_check=1&token=x", FORM)).status == 200
