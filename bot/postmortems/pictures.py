"""Pictures: drawn when a draft is, kept, shown on the page, and posted once in the incident's channel."""

import hashlib
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from bot import faultpoints
from bot.db import BOT, Database, Tx
from bot.incidents.service import Incidents
from bot.postmortems.inert import one_line
from bot.postmortems.messages import DrawPicture, PostmortemDrafted
from bot.postmortems.models import PostmortemPicture
from bot.postmortems.picture import Picture, in_words
from bot.postmortems.sketch import Sketcher
from bot.press.press import CannotPress, Press
from bot.slack import uploads
from bot.slack.gateway import Failed, Ok, SlackGateway
from bot.slack.gateway import TryLater as SlackAway
from bot.work import queue
from bot.work.orders import Done, Outcome, TryLater
from bot.work.queue import Claim
from bot.work.worker import Worker

MAKER = "bot.postmortems.drawing:draw"
TRIES = 3
"""How often a picture that cannot be drawn is tried again before its page says so."""
AGAIN_AFTER = timedelta(minutes=1)
SETTLED_AFTER = timedelta(seconds=30)
"""A resolve is followed by the repair of the history, more notes, perhaps by its undoing: what is drawn at once is drawn again."""


class Pictures:
    """Draws, keeps and posts them."""

    def __init__(self, database: Database, gateway: SlackGateway, incidents: Incidents, sketcher: Sketcher, press: Press) -> None:
        self._db = database
        self._slack = gateway
        self._incidents = incidents
        self._sketcher = sketcher
        self._press = press

    def register(self, worker: Worker) -> None:
        """Tell the worker what is done here."""
        worker.handles(DrawPicture, self.draw)

    async def on_drafted(self, tx: Tx, fact: PostmortemDrafted) -> None:
        """A draft has a picture of what it tells, once things have settled."""
        order, about = DrawPicture(incident_id=fact.incident_id), f"incident:{fact.incident_id}"
        await queue.refresh(tx, order, key=f"picture:{fact.incident_id}", about=about, due=tx.now + SETTLED_AFTER)

    async def find(self, tx: Tx, incident_id: int) -> PostmortemPicture | None:
        """The picture, or why there is none, once it was tried."""
        return await tx.session.get(PostmortemPicture, incident_id, populate_existing=True)

    async def draw(self, order: DrawPicture, claim: Claim) -> Outcome:
        """Draw what is not drawn yet, keep it, and post it where it was not posted yet."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            sketch = await self._sketcher.sketch(tx, incident)
            known = await self.find(tx, incident.number)
        shown = await self._sketcher.picture(sketch)
        if shown is None:
            return Done()
        facts = hashlib.sha256(repr(shown).encode()).hexdigest()
        if known is None or known.facts != facts or known.trouble:
            drawn = await self._drawn(shown)
            if isinstance(drawn, str) and claim.attempt < TRIES:
                return TryLater(drawn, AGAIN_AFTER)
            async with self._db.begin(actor=BOT) as tx:
                known = await self._keep(tx, incident.number, facts, one_line(in_words(shown)), drawn)
        if not known.png or known.posted_at is not None or incident.channel_id is None:
            return Done()
        return await self._post(known, incident.channel_id, claim)

    async def _drawn(self, shown: Picture) -> tuple[str, bytes] | str:
        """The picture as SVG and PNG, or why there is none."""
        try:
            made = await self._press.make(MAKER, shown)
        except CannotPress as cannot:
            return str(cannot)
        assert isinstance(made, tuple)
        return made

    async def _keep(self, tx: Tx, incident_id: int, facts: str, words: str, drawn: tuple[str, bytes] | str) -> PostmortemPicture:
        svg, png = ("", b"") if isinstance(drawn, str) else drawn
        trouble = drawn if isinstance(drawn, str) else ""
        row = await self.find(tx, incident_id)
        if row is None:
            row = PostmortemPicture(incident_id=incident_id, facts=facts, words=words, drawn_at=tx.now)
            tx.session.add(row)
        row.facts, row.words, row.svg, row.png, row.trouble, row.drawn_at = facts, words, svg, png, trouble, tx.now
        await tx.session.flush()
        return row

    async def _post(self, known: PostmortemPicture, channel: str, claim: Claim) -> Outcome:
        """Show it in the channel, once. When an earlier try may have, Slack is asked whether it did."""
        if known.slack_id is not None:
            earlier = await uploads.address(self._slack, known.slack_id)
            if earlier is not None:
                return await self._posted(known.incident_id, earlier)
        brought = await uploads.bring(self._slack, f"incident-{known.incident_id}.png", known.png, alt_text=known.words)
        if not isinstance(brought, str):
            return await self._posted(known.incident_id, brought)
        async with self._db.begin(actor=BOT) as tx:
            row = update(PostmortemPicture).where(col(PostmortemPicture.incident_id) == known.incident_id)
            await tx.changed(row.values(slack_id=brought))
            if not await queue.holds(tx, claim):
                return TryLater("somebody else is posting it", timedelta(seconds=5))
        faultpoints.reached("picture: brought, not shared")
        title = f"#{known.incident_id} on one page"
        shared = await uploads.share(self._slack, channel, {brought: title}, f"*{title}*, for its postmortem.")
        faultpoints.reached("picture: shared, not noted")
        return await self._posted(known.incident_id, "" if isinstance(shared, Ok) else shared)

    async def _posted(self, incident_id: int, answer: str | SlackAway | Failed) -> Outcome:
        """Write down that it is shown; where Slack takes no files the page has it all the same, and the channel is told so."""
        if isinstance(answer, SlackAway):
            return answer
        if isinstance(answer, Failed) and answer.slack_is_gone:
            return answer.outcome()
        async with self._db.begin(actor=BOT) as tx:
            row = update(PostmortemPicture).where(col(PostmortemPicture.incident_id) == incident_id)
            await tx.changed(row.values(posted_at=tx.now))
            if isinstance(answer, Failed):
                incident = await self._incidents.held(tx, incident_id)
                await self._incidents.say(
                    tx, incident, f"The incident on one page could not be posted here: {answer.why} Its postmortem has it."
                )
        return Done()
