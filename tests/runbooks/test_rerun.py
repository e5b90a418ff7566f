"""Running again means exactly the hosts that came to grief, or not at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import InvalidInput
from bot.runbooks.progress import Host, Progress
from bot.runbooks.rerun import failed_hosts, narrowed

HOSTS = st.lists(st.sampled_from([f"web{n}" for n in range(8)]), unique=True)


def test_the_hosts_that_failed_and_those_that_could_not_be_reached_and_no_other() -> None:
    hosts = {"web3": Host(unreachable=True), "web2": Host(tasks=9, changed=2), "web1": Host(failed=True), "web4": Host()}
    assert failed_hosts(Progress(hosts=hosts)) == ("web1", "web3")


@settings(deadline=None)
@given(HOSTS, HOSTS)
def test_it_never_runs_elsewhere_nor_on_a_part_of_what_was_meant(hosts: list[str], only: list[str]) -> None:
    if set(only) <= set(hosts):
        assert set(narrowed(hosts, only)) == set(only or hosts)
    else:
        with pytest.raises(InvalidInput, match="has left the inventory's group"):
            narrowed(hosts, only)
