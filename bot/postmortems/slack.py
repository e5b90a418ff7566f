"""Slack's side of postmortems: `/inc postmortem`, and the link on the card."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, ContextBlock, MarkdownTextObject

from bot.db import Tx
from bot.errors import Refusal
from bot.incidents.actions import Actions, Call
from bot.incidents.models import Incident
from bot.postmortems import blocks
from bot.postmortems.service import OVER, Postmortems
from bot.postmortems.states import takes_new_facts
from bot.slack.replies import Reply, Say


class PostmortemCommand:
    """Answers where the postmortem is, and draws a draft up again."""

    def __init__(self, postmortems: Postmortems) -> None:
        self._postmortems = postmortems

    def register(self, actions: Actions) -> None:
        """Add the verb `postmortem`."""
        actions.add("postmortem", self.act)

    async def act(self, tx: Tx, call: Call) -> Reply:
        """The verb, as the table of verbs calls it."""
        return await self.postmortem(tx, call.incident)

    async def postmortem(self, tx: Tx, incident: Incident) -> Reply:
        """Say where the document is. A draft is assembled again, since more may have been said meanwhile."""
        known = await self._postmortems.find(tx, incident.number)
        is_over = incident.state in OVER
        if known is None and not is_over:
            raise Refusal(
                f"#{incident.number} is {incident.state.value} and has no postmortem. "
                f"One is drafted when it is resolved: `/inc #{incident.number} resolve …`."
            )
        if is_over:
            await self._postmortems.order(tx, incident.number)
        if known is None:
            return Say(f"The postmortem of #{incident.number} is being drafted. It is announced in the incident's channel in a moment.")
        line = blocks.one_line(incident, known, self._postmortems.url(incident.number, reader=tx.actor))
        if not is_over:
            return Say(f"{line}. #{incident.number} is {incident.state.value} again; the draft is amended when it is resolved.")
        return Say(f"{line}. It is brought up to date now." if takes_new_facts(known.state) else f"{line}.")

    async def card_section(self, tx: Tx, incident: Incident) -> Sequence[Block]:
        """The link on the incident's card, once there is a draft."""
        known = await self._postmortems.find(tx, incident.number)
        if known is None:
            return ()
        return (ContextBlock(elements=[MarkdownTextObject(text=blocks.one_line(incident, known, self._postmortems.url(incident.number)))]),)
