"""What takes a run back gets what is known, and nothing that only looks like it."""

from bot.config.runbooks import Parameter, Reverse, Runbook
from bot.runbooks.reversal import missing, words_of


def test_parameters_come_from_the_run_and_from_what_it_reported() -> None:
    reverse = Reverse(runbook="back", parameters={"to": "{outcome.left}", "where": "{region}-1", "weight": "100", "note": "{gone}"})
    words = words_of(reverse, {"region": "eu", "to": "v41"}, {"left": "v42"})
    assert words == {"to": "v42", "where": "eu-1", "weight": "100"}


def test_what_was_typed_is_never_read_as_a_placeholder() -> None:
    reverse = Reverse(runbook="back", parameters={"note": "{note} {outcome.left}"})
    words = words_of(reverse, {"note": "{outcome.left} {note.__class__}"}, {"left": 7})
    assert words == {"note": "{outcome.left} {note.__class__} 7"}


def test_what_nobody_reported_is_asked_for_unless_it_may_be_left_out() -> None:
    parameters = {
        "to": Parameter(type="version"),
        "host": Parameter(type="host", required=False),
        "weight": Parameter(type="integer", min=0, max=9, default=0),
    }
    runbook = Runbook(id="back", title="Back", playbook="back.yml", group="web", parameters=parameters)
    assert missing(runbook, {}) == ["to"]
    assert missing(runbook, {"to": "v41"}) == []
