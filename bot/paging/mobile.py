"""The page on a phone's browser: behind a signed link, without app, login or script. Showing changes nothing; a tap acts."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from aiohttp import web

from bot.db import ActorId, Database, Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, NotAllowed
from bot.paging import sink, story
from bot.paging.actions import PageAction, PageActions
from bot.paging.holding import Holding
from bot.paging.models import Page
from bot.paging.notice import one_line
from bot.paging.notices import PURPOSE, Notices
from bot.paging.service import Paging
from bot.paging.states import PageState
from bot.slack.identity import identity
from bot.web import pages
from bot.web.forms import SignedPages
from bot.web.signing import Grant

WAY_OUT = "Open Slack, or answer the SMS by replying with its code, like 4a."
NOBODY = ActorId("")
SNOOZES = (15, 30, 60)
"""Minutes. An hour is the most for what is urgent."""


class MobilePage:
    """Shows a page and takes its answers."""

    def __init__(
        self, database: Database, paging: Paging, holding: Holding, notices: Notices, actions: PageActions, directory: Directory
    ) -> None:
        self._db = database
        self._paging = paging
        self._holding = holding
        self._notices = notices
        self._actions = actions
        self._directory = directory

    def register(self, signed: SignedPages) -> None:
        """Serve `/p/<page>?k=…`."""
        signed.add(PURPOSE, "page", show=self.show, act=self.act, way_out=WAY_OUT)
        signed.add(PURPOSE, "page", "asking", show=self.show, act=self.act, way_out=WAY_OUT)

    async def show(self, grant: Grant) -> web.Response:
        """The page as it stands now."""
        asking = self._actions.find(grant.ids[1]) if len(grant.ids) > 1 else None
        async with self._db.read() as tx:
            page = await self._paging.page(tx, page_id_of(grant), hold=False)
            shown = await self._rendered(tx, page, grant.person or NOBODY, asking)
        if grant.person is not None and page.state == PageState.ACKNOWLEDGED and page.acknowledged_by == grant.person:
            async with self._db.begin(actor=grant.person) as tx:  # the one thing that a visit changes: they are awake
                await self._holding.heard_from(tx, grant.person)
        return shown

    async def act(self, grant: Grant, fields: Mapping[str, str]) -> str | None:
        """Do what was tapped. Being second is no error: the page that follows says who was first."""
        if grant.person is None:
            raise NotAllowed(f"This link names nobody, so nobody can answer with it. {WAY_OUT}")
        page_id, action = page_id_of(grant), fields.get("action", "")
        offered = self._actions.find(action)
        try:
            async with self._db.begin(actor=grant.person) as tx:
                if offered is not None:
                    page = await self._paging.page(tx, page_id)
                    if offered.must_confirm(page.severity) and fields.get("sure") != "yes":
                        return self._notices.link(page_id, grant.person, action)
                    await offered.run(tx, page.incident_id, "")
                else:
                    await self._answer(tx, page_id, action, fields)
        except AlreadyDone:
            pass
        return self._notices.link(page_id, grant.person) if len(grant.ids) > 1 else None

    async def _answer(self, tx: Tx, page_id: int, action: str, fields: Mapping[str, str]) -> None:
        version, minutes = fields.get("version", ""), fields.get("minutes", "")
        match action:
            case "acknowledge":
                await self._paging.acknowledge(tx, page_id)
            case "escalate":
                await self._paging.escalate_page(tx, page_id, int(version) if version.isdecimal() else None)
            case "decline":
                await self._paging.decline(tx, page_id)
            case "snooze" if minutes in map(str, SNOOZES):
                await self._holding.snooze(tx, page_id, timedelta(minutes=int(minutes)))
            case _:
                raise InvalidInput("The page has no such button. Open the link again.")

    async def _rendered(self, tx: Tx, page: Page, person: ActorId, asking: PageAction | None) -> web.Response:
        notice = await self._notices.for_screen(tx, page, person)
        people = story.by_person(await self._paging.story(tx, page.incident_id))
        service = self._directory.service(page.service) if page.service else None
        documents = [one for one in (service.runbooks if service else ()) if one.startswith("http")]
        may_act = person != NOBODY and page.state != PageState.CLOSED
        return pages.page(
            "paging/page.html",
            notice=notice,
            title=one_line(page.title),
            styles_inside=True,
            asking=asking,
            may_answer=person != NOBODY,
            channel_url=await channel_url(tx, notice.channel_id),
            documents=documents,
            links=await self._actions.links(tx, page.incident_id, person) if may_act and page.incident_id != sink.INCIDENT else (),
            snoozes=SNOOZES,
            is_over=page.state == PageState.CLOSED,
            is_mine=page.acknowledged_by == person,
            people=[(self._directory.name(one) + (" (you)" if one == person else ""), state) for one, state in people.items()],
            actions=self._actions.offered,
        )


async def channel_url(tx: Tx, channel_id: str | None) -> str | None:
    """What opens a channel in Slack's app, in the right workspace once Slack has told which that is."""
    us = await identity(tx)
    query = {"team": us.team, "channel": channel_id} if us else {"channel": channel_id}
    return f"https://slack.com/app_redirect?{urlencode(query)}" if channel_id else None


def page_id_of(grant: Grant) -> int:
    """The page that a link is for."""
    if not grant.ids[0].isdecimal() or len(grant.ids[0]) > 15:
        raise InvalidInput(f"This link names no page. {WAY_OUT}")
    return int(grant.ids[0])
