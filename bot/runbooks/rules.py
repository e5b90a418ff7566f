"""Slack's side of rules: `/inc rules`, and the button that pauses them all."""

from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput
from bot.incidents.actions import Actions
from bot.runbooks import blocks
from bot.runbooks.models import ALL_RULES
from bot.runbooks.remedies import Remedies
from bot.slack.door import Door
from bot.slack.replies import Reply, Say
from bot.slack.requests import Click


class RuleCommand:
    """Listeners of everything that shows and switches rules."""

    def __init__(self, directory: Directory, remedies: Remedies) -> None:
        self._directory = directory
        self._remedies = remedies

    def register(self, actions: Actions, door: Door) -> None:
        """Add the verb `rules`, and put the listener on the door."""
        actions.add_look("rules", self.rules)
        door.click(blocks.PAUSE_RULES, self.pause)

    async def rules(self, tx: Tx, line: str) -> Reply:
        """`rules`, `rules pause we test by hand`, `rules resume`, `rules off restart-leaky`, `rules on restart-leaky`."""
        wanted, _, words = line.strip().partition(" ")
        command = f"{self._directory.config.commands.incident} rules"
        match wanted.lower():
            case "":
                lines = await self._remedies.listed(tx)
                return Say("\n".join(lines) or "There are no rules: nothing is run with nobody asking. `remediations` would hold them.")
            case "pause":
                return await self._paused(tx, words)
            case "resume":
                await self._remedies.switch_on(tx, ALL_RULES)
                return Say("Rules may start runs again, except those that are off by themselves.")
            case "off" | "on" if words.strip():
                name, _, because = words.strip().partition(" ")
                if wanted.lower() == "off":
                    await self._remedies.switch_off(tx, name, because)
                    return Say(f"Rule {name} only proposes, until `{command} on {name}`.")
                await self._remedies.switch_on(tx, name)
                return Say(f"Rule {name} may start runs again.")
            case _:
                raise InvalidInput(f"Write `{command}`, `{command} pause` and `resume`, or `{command} off` and `on` with a rule's name.")

    async def pause(self, tx: Tx, click: Click) -> Reply:
        """The button on the card of a rule's run."""
        return await self._paused(tx, "")

    async def _paused(self, tx: Tx, because: str) -> Reply:
        try:
            await self._remedies.switch_off(tx, ALL_RULES, because)
            told = "All rules are paused: none starts anything"
        except AlreadyDone:
            told = "All rules were paused already: none starts anything"
        at_work = [f"run {run.number} of #{run.incident_id}" for run in await self._remedies.at_work(tx)]
        still = f" Still at work, to be stopped on its card: {', '.join(at_work)}." if at_work else ""
        return Say(f"{told} until `{self._directory.config.commands.incident} rules resume`.{still}")
