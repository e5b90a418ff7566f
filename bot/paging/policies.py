"""A policy that is edited while a page runs by it: the page keeps the steps it began with until somebody applies the new ones."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block
from sqlalchemy import select
from sqlmodel import col

from bot.db import Tx
from bot.errors import AlreadyDone
from bot.paging import blocks, sink
from bot.paging.climbing import Climbing
from bot.paging.ladders import freeze, thaw
from bot.paging.messages import PolicyApplied, PolicyChanged
from bot.paging.models import Page, number
from bot.paging.notice import span
from bot.paging.policy import EscalationPolicy
from bot.paging.service import Paging
from bot.paging.states import PageState


class Policies:
    """Compares running pages with the configuration, and applies it where a person says so."""

    def __init__(self, paging: Paging, climbing: Climbing) -> None:
        self._paging = paging
        self._climbing = climbing

    def newer(self, page: Page) -> EscalationPolicy | None:
        """What this page's policy says by now; None when it says the same, or pages nobody any more: then the page goes on as it began."""
        if page.asked_by is not None or page.state == PageState.CLOSED:
            return None
        policy = self._paging.policy(page.severity, page.team, drill=page.drill)
        return policy if policy.steps and policy != thaw(page.policy) else None

    async def offer(self, tx: Tx, incident_id: int) -> Sequence[Block]:
        """What the incident's card says about it: a sentence and a button, or nothing."""
        page = await self._paging.ladder_page(tx, incident_id)
        newer = self.newer(page) if page is not None else None
        return [] if page is None or newer is None else [blocks.policy_offer(number(page), page.version, newer.id)]

    async def on_configuration(self, tx: Tx) -> None:
        """Another configuration is in force: say it where it would change a running page."""
        running = select(Page).where(
            col(Page.state) != PageState.CLOSED, col(Page.asked_by).is_(None), col(Page.incident_id) != sink.INCIDENT
        )
        for page in list((await tx.session.execute(running.order_by(col(Page.id)))).scalars()):
            if (newer := self.newer(page)) is not None:
                await tx.announce(PolicyChanged(number(page), page.incident_id, newer.id, freeze(newer)))

    async def apply(self, tx: Tx, page_id: int, version: int | None) -> str:
        """Follow the policy as it is now, from its first step on; returns what was done. With a `version`: if nothing happened since."""
        page = await self._paging.page(tx, page_id)
        if page.state == PageState.CLOSED:
            raise self._paging.not_needed(page, tx.actor, tx.now)
        if version is not None and version != page.version:
            standing = self._paging.standing(page, tx.actor, tx.now)
            raise AlreadyDone(f"Nothing was done: this page has moved on meanwhile. {standing} Press the button on the card as it is now.")
        newer = self.newer(page)
        if newer is None:
            raise AlreadyDone("Nothing to do: this page follows its policy as it is now.")
        is_held = page.state in (PageState.ACKNOWLEDGED, PageState.SNOOZED)
        started = f"{'should it come back' if is_held else 'its ladder begins anew'}: {told(newer)}"
        stopped = left_of(thaw(page.policy), page.taken)
        await tx.announce(PolicyApplied(page_id, page.incident_id, tx.actor, newer.id, started, stopped))
        page.policy = freeze(newer)
        if is_held:  # nobody is paged now
            page.taken, page.version = 0, page.version + 1
        else:
            await self._paging.call_off(tx, page)
            self._paging.reopen(page, tx.now)
            self._paging.begin_anew(page, tx.now)
            await self._climbing.climb(tx, page)
        await self._paging.refresh_messages(tx, page)
        return f"Policy {newer.id} is applied as it is now; {started}."


def told(policy: EscalationPolicy) -> str:
    """The steps of a policy, for people."""
    parts = [f"{' and '.join(step.targets)} {f'after {span(step.after)}' if step.after else 'at once'}" for step in policy.steps]
    again = f", {policy.repeats} times more" if policy.repeats > 0 else ", again and again" if policy.repeats else ""
    return ", ".join(parts) + again


def left_of(policy: EscalationPolicy, taken: int) -> str:
    """Which steps of the old ladder will not be taken any more."""
    if policy.total is not None and taken >= policy.total:
        return "nothing, all its steps had been taken"
    return ", ".join(" and ".join(step.targets) for step in policy.steps[taken % len(policy.steps) :])
