"""Replies, performed: what goes into the acknowledgement itself, and what is called after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, PlainTextObject, SectionBlock
from slack_sdk.models.views import View

from bot import log
from bot.slack.gateway import Ok, Result, SlackGateway
from bot.slack.replies import FieldErrors, Nothing, OpenModal, Options, Reply, Say, ShowHome, UpdateModal
from bot.slack.requests import Click, Command, Event, MessageAction, Request, Shortcut, Submission, Suggestion
from bot.slack.text import SECTION_LIMIT, clamp

HTTP_OK = 200
TOO_LATE = "Slack gave up waiting before the form could be opened. Please do that once more."
logger = log.get(__name__)


@dataclass(frozen=True)
class Ack:
    """The body of an acknowledgement, and what remains to be done once Slack has it."""

    body: Mapping[str, object]
    then: Reply | None = None


NOTED = Ack({})


def acknowledgement(request: Request, reply: Reply) -> Ack:
    """As much of `reply` as Slack takes with the acknowledgement: that is at once, and cannot be lost on the way."""
    match request, reply:
        case (_, Nothing(close_all=close_all)):
            return Ack({"response_action": "clear"}) if close_all and isinstance(request, Submission) else NOTED
        case (Command(), Say() as say):
            return Ack({"response_type": "in_channel" if say.public else "ephemeral", "text": say.text, **_blocks(say.blocks)})
        case (Submission() as form, FieldErrors(errors)) if form.inputs:
            shown = {block if block in form.inputs else form.inputs[0]: sentence for block, sentence in errors.items()}
            return Ack({"response_action": "errors", "errors": shown})
        case (Submission(), FieldErrors(errors)):
            return Ack(_update(words("\n".join(errors.values()))))
        case (Submission(), UpdateModal(view)):
            return Ack(_update(view))
        case (Submission(), OpenModal(view)):
            return Ack({"response_action": "push", "view": view.to_dict()})
        case (Submission(), Say(channel="") as say):
            return Ack(_update(words(say.text, say.blocks)))
        case (Suggestion(), Options(options)):
            return Ack({"options": [_option(value, label) for value, label in options[:100]]})
        case (_, FieldErrors(errors)):
            return Ack({}, Say("\n".join(errors.values())))
    return Ack({}, reply)


def words(text: str, blocks: Sequence[Block] = ()) -> View:
    """A modal that only says something."""
    said = list(blocks) or [SectionBlock(text=clamp(text, SECTION_LIMIT))]
    return View(type="modal", title=PlainTextObject(text="Tocsin"), close=PlainTextObject(text="Close"), blocks=said)


class Answerer:
    """Performs what remains of a reply after the acknowledgement."""

    def __init__(self, gateway: SlackGateway) -> None:
        self._gateway = gateway

    async def perform(self, request: Request, reply: Reply) -> None:
        """Do it; where Slack refuses one way, another is tried."""
        match reply:
            case Say():
                await self._say(request, reply)
            case OpenModal(view):
                await self._open(request, view)
            case UpdateModal(view):
                await self._update(request, view)
            case FieldErrors(errors):
                await self._say(request, Say("\n".join(errors.values())))
            case ShowHome(view):
                await self._gateway.call("views.publish", user_id=request.user, view=view)
            case Nothing() if isinstance(request, Submission):
                await self._update(request, words("Done. You can close this."))  # the modal still shows that we are at it
            case Nothing() | Options():
                pass

    async def _say(self, request: Request, say: Say) -> None:
        """By the response URL, which needs no scope and works where we are no member; else in the channel; else in a modal."""
        url = request.response_url if isinstance(request, Command | Click | MessageAction) else ""
        if url:
            body = {"response_type": "in_channel" if say.public else "ephemeral", "text": say.text, "replace_original": say.replace}
            if await self._gateway.post_to(url, {**body, **_blocks(say.blocks)}) == HTTP_OK:
                return
        if isinstance(request, Submission) and not say.channel:
            await self._update(request, words(say.text, say.blocks))
            return
        place = say.channel or (request.channel if isinstance(request, Command | Click | MessageAction) else "")
        if place and isinstance(await self._post(place, request, say), Ok):
            return
        trigger = request.trigger_id if isinstance(request, Click | Shortcut) else ""
        if trigger and not url:
            await self._open_by(request, words(say.text, say.blocks))
        elif not isinstance(request, Event):
            await self._gateway.call("chat.postMessage", channel=request.user, text=say.text, blocks=say.blocks or None)

    async def _post(self, channel: str, request: Request, say: Say) -> Result:
        if say.public:
            return await self._gateway.call("chat.postMessage", channel=channel, text=say.text, blocks=say.blocks or None)
        return await self._gateway.call(
            "chat.postEphemeral",
            channel=channel,
            user=request.user,
            text=say.text,
            blocks=say.blocks or None,
            thread_ts=say.thread or None,
        )

    async def _open(self, request: Request, view: View) -> None:
        if not isinstance(await self._open_by(request, view), Ok):
            await self._say(request, Say(TOO_LATE))

    async def _open_by(self, request: Request, view: View) -> Result | None:
        if isinstance(request, Suggestion | Event) or not request.trigger_id:
            logger.error("a modal cannot be opened from here", request=type(request).__name__)
            return None
        if isinstance(request, Submission) or (isinstance(request, Click) and request.in_modal):
            return await self._gateway.call("views.push", trigger_id=request.trigger_id, view=view)
        return await self._gateway.call("views.open", trigger_id=request.trigger_id, view=view)

    async def _update(self, request: Request, view: View) -> None:
        if isinstance(request, Submission | Click) and request.view_id:
            await self._gateway.call("views.update", view_id=request.view_id, view=view)
        else:
            logger.error("there is no modal to update", request=type(request).__name__)


def _blocks(blocks: Sequence[Block]) -> dict[str, object]:
    return {"blocks": [block.to_dict() for block in blocks]} if blocks else {}


def _update(view: View) -> dict[str, object]:
    return {"response_action": "update", "view": view.to_dict()}


def _option(value: str, label: str) -> dict[str, object]:
    return {"text": {"type": "plain_text", "text": clamp(label, 75)}, "value": value}
