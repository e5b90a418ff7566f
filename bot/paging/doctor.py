"""`tocsin doctor`: does paging work right now, and what is wrong if not, in one screen. And a page's story, for the terminal."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import ClientError, ClientSession, ClientTimeout
from sqlalchemy import func, select
from sqlmodel import col

from bot.config.models import Config
from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.paging import daily, story, watchdog
from bot.paging.contacts import Contacts
from bot.paging.models import Page, PageAttempt
from bot.paging.notice import METHOD_NAMES
from bot.paging.states import AttemptState
from bot.paging.throttle import OVER_CAP
from bot.work.models import Alarm, WorkItem
from bot.work.orders import Priority, WorkState

LATE = timedelta(minutes=1)
LOOK_BACK = timedelta(days=1)
TIMEOUT_S = 5


@dataclass(frozen=True)
class Line:
    """One thing that was looked at. What is wrong says what to do."""

    ok: bool
    name: str
    says: str

    def __str__(self) -> str:
        return f"{'ok   ' if self.ok else 'WRONG'}  {self.name:<12} {self.says}"


Probe = Callable[[], Awaitable[str]]
"""Asks an outside whether it would take a page: "" when it would, otherwise what is wrong."""


async def outside(name: str, probe: Probe) -> Line:
    """Whether a provider answers us now."""
    wrong = await probe()
    return Line(not wrong, name, wrong or "answers")


async def bot(url: str) -> Line:
    """Whether the running bot is ready, by its own word."""
    try:
        async with ClientSession(timeout=ClientTimeout(total=TIMEOUT_S)) as session, session.get(f"{url}/readyz") as answer:
            body = await answer.json(content_type=None)
    except (ClientError, TimeoutError, OSError, ValueError) as error:
        return Line(False, "bot", f"does not answer at {url} ({type(error).__name__}): nobody is paged. Start it: tocsin run")
    checks: Mapping[str, Mapping[str, object]] = body.get("checks", {}) if isinstance(body, dict) else {}
    wrong = [f"{name}: {check.get('says')}" for name, check in checks.items() if not check.get("ok")]
    return Line(bool(body.get("ready")) and not wrong, "bot", "; ".join(wrong) or "is ready")


def unsound(problems: Sequence[str]) -> Line:
    """The configuration directory holds what no bot would start with."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return Line(
        False, "configuration", f"is not sound: {problems[0]}{more} A bot that runs goes on with the one before; run `tocsin check`"
    )


async def stored(tx: Tx, config: Config | None) -> list[Line]:
    """What the database knows: alarms, pages that are late, how each method fared, and, by the configuration, who is out of reach."""
    lines = [await _alarms(tx), await _watchdog(tx), await _late(tx)]
    if config and config.paging.watchdog_phone:
        is_well, says = await daily.standing(tx, config.paging.watchdog_phone)
        lines.append(Line(is_well, "own phone", says))
    lines += [await _method(tx, method) for method in METHOD_NAMES]
    return [*lines, _out_of_reach(config), await contacts(tx, config), _last_resort(config)] if config else lines


async def _alarms(tx: Tx) -> Line:
    found = list((await tx.session.execute(select(col(Alarm.sentence)).order_by(col(Alarm.raised_at)))).scalars())
    return Line(not found, "auditor", "; ".join(found[:5]) or "finds nothing wrong")


async def _watchdog(tx: Tx) -> Line:
    is_well, says = await watchdog.standing(tx)
    return Line(is_well, "watchdog", says)


async def _late(tx: Tx) -> Line:
    waiting = select(func.count(), func.min(WorkItem.due_at)).where(
        col(WorkItem.state) == WorkState.WAITING, col(WorkItem.priority) <= Priority.PAGE, col(WorkItem.due_at) < tx.now - LATE
    )
    count, since = (await tx.session.execute(waiting)).one()
    return Line(not count, "due pages", f"{count} wait since {since:%H:%M} UTC; the log of the bot says why" if count else "none is late")


async def _method(tx: Tx, method: str) -> Line:
    recent = col(PageAttempt.method) == method, col(PageAttempt.due_at) > tx.now - LOOK_BACK
    states = select(col(PageAttempt.state), func.count()).where(*recent).group_by(col(PageAttempt.state))
    counts = {row[0]: int(row[1]) for row in await tx.session.execute(states)}
    failed = counts.get(AttemptState.FAILED, 0)
    newest = select(col(PageAttempt.state), col(PageAttempt.reason)).where(*recent, col(PageAttempt.calling_at).is_not(None))
    last = (await tx.session.execute(newest.order_by(col(PageAttempt.id).desc()).limit(1))).first()
    is_broken = last is not None and last.state in (AttemptState.FAILED, AttemptState.CLAIMED)
    reached = sum(counts.get(state, 0) for state in story.ORDER[5:])
    capped = select(func.count()).where(*recent, col(PageAttempt.reason) == OVER_CAP)
    held_back = (await tx.session.execute(capped)).scalar_one()
    says = f"{reached} went out, {failed} failed in a day" if counts else "was not used in a day"
    says += f", {held_back} held back by a cap (paging.most_per_hour)" if held_back else ""
    return Line(not is_broken, METHOD_NAMES[method], f"{says}; the newest: {last.reason}" if is_broken and last else says)


def _out_of_reach(config: Config) -> Line:
    named = {one for rotation in config.rotations.values() for turn in rotation.participants for one in turn if one in config.people}
    silent = sorted(config.people[person].name for person in named if not config.people[person].phone)
    unset = sorted(person.push_env for person in config.people.values() if person.push_env and not person.push)
    wrong = [f"no phone: {', '.join(silent)}; add it to people"] if silent else []
    wrong += [f"push addresses are in {', '.join(unset)}, which this environment lacks"] if unset else []
    return Line(not wrong, "people", "; ".join(wrong) or "all on call have a phone")


async def contacts(tx: Tx, config: Config) -> Line:
    """Who has sent STOP, and, where that is of interest, from whose addresses nothing has come back."""
    known, said = Contacts(Directory(config)), []
    if stopped := await known.stopped(tx):
        said.append(f"no SMS, for they sent STOP: {', '.join(sorted(config.people[one].name for one in stopped))}")
    unverified = {} if config.verify_contacts == "off" else await known.unverified(tx)
    if unverified:
        named = {config.people[one].name: ", ".join(METHOD_NAMES[method] for method in methods) for one, methods in unverified.items()}
        counts = "not paged there" if config.verify_contacts == "require" else "paged there all the same"
        said.append(f"not verified, {counts}: {', '.join(f'{name} ({methods})' for name, methods in named.items())}")
    return Line(not unverified or config.verify_contacts != "require", "contacts", "; ".join(said) or "nobody has stopped SMS")


def _last_resort(config: Config) -> Line:
    says = "is configured" if config.fallback else "nobody is paged when a ladder finds nobody; set `fallback`"
    return Line(bool(config.fallback), "fallback", says)


def report(lines: Sequence[Line]) -> str:
    """The screen."""
    wrong = sum(not line.ok for line in lines)
    head = "Paging works." if not wrong else f"{wrong} thing{'s' if wrong > 1 else ''} wrong:"
    return "\n".join([head, *(str(line) for line in sorted(lines, key=lambda line: line.ok))])


async def told(tx: Tx, directory: Directory, incident_id: int) -> str:
    """The story of an incident's pages: every attempt with its time, how it ended and why. `NotFound` when nobody was paged."""
    pages = (await tx.session.execute(select(Page).where(col(Page.incident_id) == incident_id).order_by(col(Page.id)))).scalars()
    lines = [f"page {page.id}: SEV{page.severity}, {page.state.value}, {page.started_at:%Y-%m-%d %H:%M:%S} UTC" for page in pages]
    if not lines:
        raise NotFound(f"Nobody has been paged for #{incident_id}.")
    for line in await story.of_incident(tx, directory, incident_id):
        label = ", possible duplicate" if line.possible_duplicate else ""
        why = f" [{line.reason}]" if line.reason and line.reason not in line.text else ""
        lines.append(f"  {line.at:%H:%M:%S}  page {line.page_id} step {line.step + 1}  {line.text}, {line.why}{label}{why}")
    return "\n".join(lines)
