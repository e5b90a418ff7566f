"""An approval is worth something only for exactly what was looked at, by somebody else, in time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.runbooks.approval import Bound, differences, is_expired, may_go_alone, why_not

BOUND = Bound("runbook", "playbooks", "inventory", "ansible-core 2.19.14", "production", ("web1", "web2"), {"to": "v41"})
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (replace(BOUND, runbook="edited"), "the runbook was edited"),
        (replace(BOUND, playbooks="edited"), "its playbooks were edited"),
        (replace(BOUND, inventory="edited"), "variables of the inventory were edited"),
        (replace(BOUND, versions="ansible-core 2.19.15"), "Ansible is now ansible-core 2.19.15"),
        (replace(BOUND, environment="staging"), "its parameters are others"),
        (replace(BOUND, parameters={"to": "v42"}), "its parameters are others"),
        (replace(BOUND, hosts=("web1",), inventory="scaled"), "it would no longer run on web2"),
        (replace(BOUND, hosts=("web1", "web2", "web3"), inventory="scaled"), "it would also run on web3"),
    ],
)
def test_whatever_decides_what_runs_changes_the_fingerprint_and_is_named(now: Bound, says: str) -> None:
    assert now.fingerprint != BOUND.fingerprint
    assert differences(BOUND, now) == (says,)


def test_the_same_run_has_the_same_fingerprint_in_whatever_order_it_is_told() -> None:
    one = replace(BOUND, parameters={"to": "v41", "weight": 3})
    other = replace(BOUND, parameters={"weight": 3, "to": "v41"})
    assert one.fingerprint == other.fingerprint
    assert differences(one, other) == ()


def test_whose_approval_does_not_count_is_told_why() -> None:
    assert why_not("ana", "kim", [], is_known=True) is None
    assert "somebody else" in str(why_not("kim", "kim", [], is_known=True))
    assert "another person" in str(why_not("ana", "kim", ["ana"], is_known=True))
    assert "not in it" in str(why_not("slack:U9", "kim", [], is_known=False))


def test_going_alone_is_for_what_is_urgent_and_has_waited() -> None:
    assert may_go_alone(2, timedelta(minutes=3))
    assert not may_go_alone(2, timedelta(minutes=2, seconds=59))
    assert not may_go_alone(3, timedelta(hours=3))


def test_a_request_expires_at_its_time() -> None:
    assert is_expired(NOW, NOW)
    assert not is_expired(NOW, NOW - timedelta(seconds=1))
    assert not is_expired(None, NOW)
