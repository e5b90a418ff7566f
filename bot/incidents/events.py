"""A message's way onto the timeline: the message action "Add to timeline"."""

from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.incidents import timeline, transcript
from bot.incidents.recorder import Recorder, in_plain_words
from bot.slack.door import Door
from bot.slack.replies import Reply, Say
from bot.slack.requests import MessageAction


class TimelineListeners:
    """Listens to what happens to the messages of incidents' channels."""

    def __init__(self, directory: Directory, recorder: Recorder) -> None:
        self._directory = directory
        self._recorder = recorder

    def register(self, door: Door) -> None:
        """Tell the door what comes here."""
        door.event("message", self._recorder.on_message)
        for kind in ("reaction_added", "reaction_removed"):
            door.event(kind, self._recorder.on_reaction)
        for kind in ("pin_added", "pin_removed"):
            door.event(kind, self._recorder.on_pin)
        door.message_action("timeline.add", self.add)

    async def add(self, tx: Tx, action: MessageAction) -> Reply:
        """Put the message on the timeline of the incident whose channel it is in, at the time it was written."""
        incident_id = await transcript.incident_of(tx, action.channel)
        if incident_id is None:
            raise NotFound("This is no incident's channel. Declare one with /inc, or write a note: `/inc #42 note …`.")
        author = await self._directory.actor_of(tx, action.author) if action.author else None
        words = await in_plain_words(await self._recorder.faces(tx), action.text) or "(a message without text)"
        is_new = await timeline.record(
            tx, incident_id, "note", words, key=f"message:{action.channel}:{action.message_ts}", actor=author,
            happened_at=transcript.moment(action.message_ts), channel_id=action.channel, message_ts=action.message_ts,
        )  # fmt: skip
        return Say(f"It is on the timeline of #{incident_id} now." if is_new else f"It was on the timeline of #{incident_id} already.")
