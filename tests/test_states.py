"""State machines let through what their table allows, and say what is possible instead."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidTransition, Refusal
from bot.states import move


class Light(StrEnum):
    """A machine of three states."""

    RED = "red"
    GREEN = "green"
    BROKEN = "broken"


states = st.sampled_from(Light)
tables = st.fixed_dictionaries({state: st.frozensets(states) for state in Light})


@given(tables, states, states)
def test_exactly_the_allowed_moves_are_made(allowed: dict[Light, frozenset[Light]], current: Light, wanted: Light) -> None:
    if wanted in allowed[current]:
        assert move(allowed, current, wanted) is wanted
    else:
        with pytest.raises(InvalidTransition):
            move(allowed, current, wanted)


def test_a_refused_move_says_what_can_be_done() -> None:
    allowed = {Light.RED: {Light.GREEN, Light.BROKEN}, Light.GREEN: {Light.RED}, Light.BROKEN: set[Light]()}
    for current, wanted, sentence in (
        (Light.RED, Light.RED, "It is already red. From here it can go to broken, green."),
        (Light.GREEN, Light.BROKEN, "It is green and cannot go to broken from there. From here it can go to red."),
        (Light.BROKEN, Light.RED, "It is broken and cannot go to red from there. Nothing follows that state."),
    ):
        with pytest.raises(Refusal) as refused:
            move(allowed, current, wanted)
        assert str(refused.value) == sentence
