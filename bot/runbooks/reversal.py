"""What takes a run back: the parameters of its reverse, from those of the run and from what its playbook reported."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.config.runbooks import OUTCOME, USED_IN_REVERSE, Reverse, Runbook
from bot.runbooks.models import Run


@dataclass(frozen=True)
class Reversal:
    """What takes `run` back, with the words that are known; those that are `missing` must be asked for."""

    run: Run
    runbook: Runbook
    words: Mapping[str, str]
    missing: Collection[str]


def words_of(reverse: Reverse, parameters: Mapping[str, str | int], outcome: Mapping[str, str | int]) -> dict[str, str]:
    """The reverse's parameters, as a person would type them; without those for which a value was not given or not reported."""
    known = {**parameters, **{f"{OUTCOME}{name}": value for name, value in outcome.items()}}
    return {
        name: USED_IN_REVERSE.sub(lambda found: str(known[found[1]]), text)
        for name, text in reverse.parameters.items()
        if all(used in known for used in USED_IN_REVERSE.findall(text))
    }


def missing(runbook: Runbook, words: Collection[str]) -> list[str]:
    """The parameters that a person must still fill in."""
    return [name for name, one in runbook.parameters.items() if one.required and one.default is None and name not in words]
