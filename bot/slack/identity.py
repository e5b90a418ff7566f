"""Who we are in the workspace: learned from Slack as due work, remembered for the next start."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import delete, select
from sqlmodel import col

from bot import log
from bot.db import BOT, Database, Tx
from bot.slack.gateway import Failed, Ok, SlackGateway, TryLater
from bot.slack.models import SlackIdentity
from bot.work import queue
from bot.work.orders import Order, Outcome, Priority
from bot.work.queue import Claim

logger = log.get(__name__)


@dataclass(frozen=True)
class Identity:
    """Our ids, and the workspace's address (which permalinks begin with)."""

    team: str
    team_name: str
    url: str
    bot_user: str
    bot_id: str


@dataclass(frozen=True, kw_only=True)
class LearnIdentity(Order):
    """Ask Slack who we are."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.URGENT


async def identity(tx: Tx) -> Identity | None:
    """Who we are, as last learned; None before Slack was ever reached."""
    newest = select(SlackIdentity).order_by(col(SlackIdentity.learned_at).desc()).limit(1)
    row = (await tx.session.execute(newest)).scalar()
    return None if row is None else Identity(row.team, row.team_name, row.url, row.bot_user, row.bot_id)


async def order_learning(tx: Tx) -> None:
    """Order that Slack is asked again: at every start, since the token may belong to another workspace now."""
    await queue.refresh(tx, LearnIdentity(), key="slack:identity")


def learning(
    database: Database, gateway: SlackGateway, learned: Callable[[Identity], None]
) -> Callable[[LearnIdentity, Claim], Awaitable[Outcome | None]]:
    """The handler of `LearnIdentity`; `learned` hears the news after it is stored."""

    async def learn(_: LearnIdentity, __: Claim) -> Outcome | None:
        match await gateway.call("auth.test"):
            case TryLater() as later:
                return later
            case Failed() as failed:
                return failed.outcome()
            case Ok() as ok:
                us = Identity(ok.text("team_id"), ok.text("team"), ok.text("url"), ok.text("user_id"), ok.text("bot_id"))
        async with database.begin(actor=BOT) as tx:
            await tx.changed(delete(SlackIdentity))
            tx.session.add(
                SlackIdentity(team=us.team, team_name=us.team_name, url=us.url, bot_user=us.bot_user, bot_id=us.bot_id, learned_at=tx.now)
            )
        learned(us)
        logger.info("slack identity learned", team=us.team, bot_user=us.bot_user)
        return None

    return learn
