"""What is meant to be executed, typed for every parameter of every action that comes with Tocsin: at the door, and past it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import resources
from bot.config.runbooks import Runbook
from bot.runbooks.parameters import Known, value
from tests.runbooks.fleet import Drill

RUNBOOKS = {
    path.stem: Runbook.model_validate({"id": path.stem, **yaml.safe_load(path.read_text())})
    for path in sorted(resources.path("runbooks").glob("*.yaml"))
}
KNOWN = Known({"all": ("web1", "lb1"), "web": ("web1",), "lb": ("lb1",)}, ("checkout",), {"to": ("v41",), "release": ("v41",)})
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
HOSTILE = (
    "{{ lookup('pipe', 'touch MARK') }}",
    "{% for _ in lookup('pipe', 'touch MARK') %}{% endfor %}",
    "{% raw %}{% endraw %}{{ lookup('pipe', 'touch MARK') }}",
    "{{ cycler.__init__.__globals__.os.popen('touch MARK').read() }}",
    "#jinja2: variable_start_string:'[%', variable_end_string:'%]'",
    "[% lookup('pipe', 'touch MARK') %]",
    "!unsafe x",
    '{"__ansible_unsafe": "x"}',
    "; touch MARK",
    "$(touch MARK)",
    "`touch MARK`",
    "| touch MARK",
    "&& touch MARK",
    "' touch MARK '",
    '" touch MARK "',
    "v41\ntouch MARK",
    "v41\r",
    "v41\0",
    "--help",
    "-e@/etc/passwd",
    "../../MARK",
    "/etc/passwd",
    "..",
    ".",
    "~/.ssh",
    "file:///etc/passwd",
    "all",
    "*",
    "web*",
    "~.*",
    "!lb1",
    "web[0]",
    "web1:lb1",
    "web1,lb1",
    "@/etc/passwd",
    "web1 ansible_connection=local",
    "v41 ansible_shell_executable=/bin/sh",
    "0x10",
    "1e3",
    "٣",
    "-1",
    "99999999999999999999",
    "true",
    "null",
    "%s%n",
    "v41\u202e",
    "v\u200b41",
    "ｖ41",
    "Ω" * 80,
    "a" * 201,
)
"""Past Ansible's templating, its files, its patterns, a shell, a path, a number. `MARK` is a file that nobody else makes."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("runbook", RUNBOOKS.values(), ids=lambda runbook: runbook.id)
async def test_what_gets_past_a_parameters_type_is_a_plain_name_or_a_number(runbook: Runbook) -> None:
    for name, parameter in runbook.parameters.items():
        for given in HOSTILE:
            try:
                passed = value(name, parameter, given.strip(), KNOWN)
            except ValueError:
                continue
            assert isinstance(passed, int) or PLAIN.fullmatch(passed), (name, given)


@pytest.mark.parametrize("runbook", RUNBOOKS.values(), ids=lambda runbook: runbook.id)
async def test_and_if_it_did_it_would_stay_text(runbook: Runbook, shared_drill: Drill, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    everything = " ".join(HOSTILE).replace("\0", "").replace("MARK", str(mark))
    drill = shared_drill  # nothing is to be mended after what did nothing
    fleet = yaml.safe_load(drill.fleet.layout.inventory.read_text())["all"]
    group = fleet if runbook.group in (None, "all") else fleet["children"][runbook.group]
    typed_past = dict.fromkeys(runbook.parameters, everything)
    is_told = bool(typed_past.keys() - {"host"})  # which only says where
    done = await drill.run(runbook.playbook, tuple(members(group)), is_dry=not is_told, **typed_past)
    assert not mark.exists()
    assert done.hosts, "it began"
    if is_told:
        assert not done.succeeded or not any(host.changed for host in done.hosts.values()), "it took that for a value"
    assert (await drill.sample(10)).failed == 0


def members(group: dict[str, Any]) -> list[str]:
    """The hosts of a group of the inventory, and of the groups in it."""
    inside = [host for one in (group.get("children") or {}).values() for host in members(one or {})]
    return list(dict.fromkeys([*(group.get("hosts") or {}), *inside]))
