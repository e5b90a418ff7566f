"""Pages as direct messages in Slack, edited in place when somebody answers."""

from collections.abc import Mapping

from bot.config.escalation import Method
from bot.paging.blocks import page_blocks, page_text
from bot.paging.notice import Accepted, Notice, Receipt, TryLater
from bot.paging.policy import is_place
from bot.slack import gateway
from bot.slack.channels import NOT_THERE, find_channel, join_channel
from bot.slack.gateway import Failed, Ok, Result, SlackGateway
from bot.work.orders import Refused

METADATA = "tocsin_page"
LOOK_BACK = 20


class SlackChannel:
    """One direct message. Its provider id is `channel/ts`."""

    method: Method = "slack"

    def __init__(self, slack: SlackGateway) -> None:
        self._slack = slack

    async def send(self, notice: Notice) -> Receipt:
        """Post the page. Where the app is not in a channel yet, it joins; to a private one somebody must invite it."""
        answer = await self._post(notice, notice.address)
        if isinstance(answer, Failed) and answer.code in NOT_THERE and is_place(notice.person):
            joined = await join_channel(self._slack, notice.address)
            if isinstance(joined, gateway.TryLater):
                return _not_done(joined)
            answer = await self._post(notice, joined) if joined else answer
        if isinstance(answer, Ok):
            return Accepted(f"{answer.text('channel')}/{answer.text('ts')}")
        return _not_done(answer)

    async def _post(self, notice: Notice, to: str) -> Result:
        return await self._slack.call(
            "chat.postMessage",
            channel=to,
            text=page_text(notice),
            blocks=page_blocks(notice),
            metadata={"event_type": METADATA, "event_payload": {"attempt": str(notice.attempt_id), "pages": pages_of(notice)}},
            unfurl_links=False,
            unfurl_media=False,
        )

    async def earlier(self, notice: Notice, known: frozenset[str]) -> Accepted | TryLater | None:
        """The earlier try is the message that carries the attempt's number in its metadata; of several pages, the same pages."""
        channel = await self._channel_of(notice)
        if not isinstance(channel, str):
            return channel
        history = await self._slack.call("conversations.history", channel=channel, limit=LOOK_BACK, include_all_metadata=True)
        if not isinstance(history, Ok):
            return _cannot_tell(history)
        messages = history.data.get("messages")
        for message in messages if isinstance(messages, list) else []:
            if isinstance(message, Mapping) and _is_of(message, notice) and (found := f"{channel}/{message.get('ts')}") not in known:
                return Accepted(found)
        return None

    async def _channel_of(self, notice: Notice) -> str | TryLater | None:
        if is_place(notice.person):
            found = await find_channel(self._slack, notice.address)
            return _cannot_tell(found) if isinstance(found, gateway.TryLater) else found
        opened = await self._slack.call("conversations.open", users=notice.address)
        return opened.text("channel", "id") if isinstance(opened, Ok) else _cannot_tell(opened)

    async def refresh(self, notice: Notice, provider_id: str) -> TryLater | None:
        """Edit a message that was sent to what the notice says now. One that is gone is left gone."""
        channel, _, ts = provider_id.partition("/")
        answer = await self._slack.call("chat.update", channel=channel, ts=ts, text=page_text(notice), blocks=page_blocks(notice))
        return TryLater(answer.why, answer.after) if isinstance(answer, gateway.TryLater) else None


def pages_of(notice: Notice) -> str:
    """The pages that a message tells: whichever of its attempts asks for it again finds it by them."""
    return ",".join(str(page_id) for page_id in sorted(one.page_id for one in notice.bundle or (notice,)))


def _is_of(message: Mapping[str, object], notice: Notice) -> bool:
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, Mapping) and metadata.get("event_type") == METADATA else None
    if not isinstance(payload, Mapping):
        return False
    return payload.get("attempt") == str(notice.attempt_id) or (bool(notice.bundle) and payload.get("pages") == pages_of(notice))


def _not_done(answer: gateway.TryLater | Failed) -> Receipt:
    if isinstance(answer, gateway.TryLater):
        return TryLater(answer.why, answer.after, answer.maybe_done)
    return TryLater(answer.why, gateway.GONE_AGAIN) if answer.slack_is_gone else Refused(answer.why)


def _cannot_tell(answer: gateway.TryLater | Failed) -> TryLater | None:
    """Slack that is away is asked again; Slack that will not say leaves us without an answer."""
    if isinstance(answer, gateway.TryLater) or answer.slack_is_gone:
        after = answer.after if isinstance(answer, gateway.TryLater) else gateway.GONE_AGAIN
        return TryLater(answer.why, after)
    return None
