"""Asking whether things are well: an address, a query of Prometheus, or a playbook that only looks."""

import asyncio
from collections.abc import Mapping

import aiohttp

from bot.config.runbooks import USED_IN_QUERY, Verification
from bot.errors import Refusal
from bot.prometheus import query
from bot.runbooks import verification
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.models import Run
from bot.runbooks.parameters import Value
from bot.runbooks.records import bound_of, run_id
from bot.runbooks.runner import CannotStart, PlaybookRunner
from bot.runbooks.verification import Reading
from bot.runbooks.watching import watched

ANSWERS_WITHIN_S = 5
BEFORE_WITHIN_S = 2
LOOKS_WITHIN_S = 60
"""A playbook that looks for longer than this says nothing."""


class Checks:
    """Asks what a runbook's verification wants to know, once."""

    def __init__(self, catalogue: Catalogue, runner: PlaybookRunner) -> None:
        self._catalogue = catalogue
        self._runner = runner

    async def ask(self, run: Run, verify: Verification) -> Reading:
        """One answer, as things stand now. Not inside a transaction."""
        if verify.query is not None:
            return await self._value(run, verify, verify.query)
        if verify.playbook is not None:
            return await self._looked(run, verify.playbook)
        return await asked(verify)

    async def ask_before(self, run: Run, verify: Verification) -> Reading:
        """How it stands before the run, which waits for it: not for long. An address is well only if it answers as often as would
        count as recovered."""
        try:
            async with asyncio.timeout(None if verify.playbook is not None else BEFORE_WITHIN_S):
                for _ in range(verify.times if verify.url is not None else 1):
                    reading = await self.ask(run, verify)
                    if not reading.is_good:
                        break
        except TimeoutError:
            return Reading(is_good=False, says=f"no answer within {BEFORE_WITHIN_S} s", is_known=verify.query is None)
        return reading

    async def _value(self, run: Run, verify: Verification, wanted: str) -> Reading:
        server = self._catalogue.prometheus(run.environment)
        if server is None or server.url is None:
            return Reading(is_good=False, says=f"{run.environment} has no Prometheus that could be asked", is_known=False)
        secret = server.authorization.get_secret_value() if server.authorization else None
        try:
            found = await query.values(server.url, filled(wanted, bound_of(run).parameters), secret)
        except query.QueryFailed as failed:
            return Reading(is_good=False, says=str(failed), is_known=False)
        return verification.judged(found, verify.below, verify.above)

    async def _looked(self, run: Run, playbook: str) -> Reading:
        """A run of its own for each look. One that was cut short is found again by its number, not begun anew."""
        bound, number = bound_of(run), verification.read(run.watch).asked
        name = f"{run_id(run)}-check-{number if run.watch else 'before'}"
        try:
            await self._runner.start(self._catalogue.check_spec(playbook, run.environment, bound, name))
        except (Refusal, CannotStart) as no:
            return Reading(is_good=False, says=str(no), is_known=False)
        progress, is_through = await watched(self._runner, name, bound.hosts, LOOKS_WITHIN_S)
        if not is_through:
            return Reading(is_good=False, says=f"{playbook} was not through after {LOOKS_WITHIN_S} s", is_known=False)
        if progress.succeeded:
            return Reading(is_good=True, says=f"{playbook} finds all well")
        return Reading(
            is_good=False, says="; ".join(progress.failures[:2]) or f"{playbook} did not come to its end", is_known=progress.ended
        )


def filled(wanted: str, parameters: Mapping[str, Value]) -> str:
    """A query with the run's parameters in it, as text that no quotation mark ends."""
    quoted = {name: str(value).replace("\\", "\\\\").replace('"', '\\"') for name, value in parameters.items()}
    return USED_IN_QUERY.sub(lambda found: quoted.get(found[1], found[0]), wanted)


async def asked(verify: Verification) -> Reading:
    """Whether the address answers as it should, and what it did."""
    url = verify.url or ""
    try:
        timeout = aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
            text = (await answer.content.read(100_000)).decode(errors="replace")
            has_text = verify.contains is None or verify.contains in text
            says = f"{url} answers {answer.status}" + ("" if has_text else f" without “{verify.contains}”")
            return Reading(is_good=answer.status == verify.status and has_text, says=says)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return Reading(is_good=False, says=f"{url} does not answer ({type(error).__name__})")
