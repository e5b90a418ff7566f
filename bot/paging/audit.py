"""What the auditor asks of paging every minute: is somebody still on the way to every page that nobody has answered?"""

from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from bot.db import Tx
from bot.paging import sink
from bot.paging.models import Page, PageAttempt
from bot.paging.states import AttemptState, PageState
from bot.work.audit import Finding

GRACE = timedelta(minutes=1)
"""A step is due the second its time comes; a minute later nobody is coming."""

_IS_OPEN = (col(Page.state) == PageState.OPEN) & (col(Page.incident_id) != sink.INCIDENT)
"""What becomes of synthetic pages is the watchdog's business."""


async def pages_without_next_step(tx: Tx) -> list[Finding]:
    """Open pages whose next step is overdue or was never ordered."""
    stuck = select(col(Page.id), col(Page.incident_id)).where(
        _IS_OPEN, (col(Page.next_at).is_(None)) | (col(Page.next_at) < tx.now - GRACE)
    )
    return [
        Finding(f"The page of #{row.incident_id} waits for an answer, and no next step is coming.", f"page:{row.id}")
        for row in await tx.session.execute(stuck.limit(20))
    ]


async def pages_never_sent(tx: Tx) -> list[Finding]:
    """Open pages of which, a minute after a person's turn, nothing at all has reached a provider."""
    reached = select(col(PageAttempt.id)).where(
        col(PageAttempt.page_id) == col(Page.id),
        col(PageAttempt.state).not_in([AttemptState.PLANNED, AttemptState.CLAIMED, AttemptState.CALLING, AttemptState.FAILED]),
    )
    unheard = select(col(Page.id), col(Page.incident_id)).where(_IS_OPEN, col(Page.started_at) < tx.now - GRACE, ~reached.exists())
    return [
        Finding(f"The page of #{row.incident_id} has reached nobody yet: every provider fails.", f"page:{row.id}:unsent")
        for row in await tx.session.execute(unheard.limit(20))
    ]
