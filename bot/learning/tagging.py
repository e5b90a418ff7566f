"""`/inc postmortem tag deploy`, and the buttons that set what is suggested."""

from collections.abc import Sequence

from bot.db import Tx
from bot.errors import InvalidInput, NotFound
from bot.incidents.actions import Call
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.learning import blocks
from bot.learning.service import Learning
from bot.learning.tags import apart
from bot.postmortems.service import Postmortems
from bot.postmortems.slack import PostmortemCommand
from bot.slack.door import Door
from bot.slack.replies import Reply, Say
from bot.slack.requests import Click
from bot.slack.text import escape


class TagCommand:
    """Reads what was typed or pressed, and calls one verb."""

    def __init__(self, incidents: Incidents, postmortems: Postmortems, learning: Learning) -> None:
        self._incidents = incidents
        self._postmortems = postmortems
        self._learning = learning

    def register(self, command: PostmortemCommand, door: Door) -> None:
        """Add what follows `postmortem`, and hear the buttons."""
        command.add("tag", self.tag)
        command.add("tags", self.show)
        command.add("untag", self.untag)
        door.click(f"{blocks.TAG}:*", self.press)

    async def tag(self, tx: Tx, call: Call) -> Reply:
        """These contributed; without a word, what there is and what may fit."""
        if not call.words:
            return await self.show(tx, call)
        number = call.incident.number
        fresh = await self._learning.tag(tx, number, apart(call.words, self._learning.vocabulary))
        free = [tag for tag in fresh if tag not in self._learning.vocabulary]
        note = (
            f" {named(free)} {'is a word' if len(free) == 1 else 'are words'} of your own: the report counts alike what is spelled alike."
            if free
            else ""
        )
        return Say(f"#{number} is tagged {named(fresh)}.{note}")

    async def untag(self, tx: Tx, call: Call) -> Reply:
        """These did not."""
        if not call.words:
            raise InvalidInput("Say which tag to take away: `/inc postmortem untag deploy`.")
        number = call.incident.number
        gone = await self._learning.untag(
            tx, number, apart(call.words, [*self._learning.vocabulary, *await self._learning.tags(tx, number)])
        )
        return Say(f"#{number} is not tagged {named(gone)} any more.")

    async def show(self, tx: Tx, call: Call) -> Reply:
        """What is said to have contributed, and what may fit."""
        return await self._standing(tx, call.incident)

    async def press(self, tx: Tx, click: Click) -> Reply:
        """A suggestion is right. The answer takes the place of the question."""
        number, _, tag = click.value.partition(":")
        if not number.isdecimal() or len(number) > 9:
            raise InvalidInput("This button is of another version of the bot. Nothing was changed.")
        incident = await self._incidents.get(tx, int(number))
        if incident.channel_id != click.channel and not await self._postmortems.sees(tx, incident, tx.actor):
            raise NotFound(f"There is no incident #{number}.")
        await self._learning.tag(tx, incident.number, [tag])
        reply = await self._standing(tx, incident)
        return Say(reply.text, reply.blocks, replace=True)

    async def _standing(self, tx: Tx, incident: Incident) -> Say:
        tags, fitting = await self._learning.tags(tx, incident.number), await self._learning.suggestions(tx, incident)
        has = f"#{incident.number} is tagged {named(tags)}." if tags else f"#{incident.number} has no tag yet."
        others = [tag for tag in self._learning.vocabulary if tag not in tags]
        return blocks.tags(incident.number, has, fitting, others)


def named(tags: Sequence[str]) -> str:
    """Tags in mrkdwn."""
    return " ".join(f"`{escape(tag)}`" for tag in tags)
