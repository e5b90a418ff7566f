"""What is meant to be executed, typed for every parameter of every action that comes with Tocsin: at the door, and past it."""

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import resources
from bot.config.runbooks import Runbook
from bot.errors import InvalidInput
from bot.runbooks.catalogue import Scene
from bot.runbooks.parameters import Known, typed, value
from bot.runbooks.progress import outcome
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


def is_plain(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name) is not None


@pytest.mark.parametrize("host", [*(one for one in HOSTILE if not is_plain(one)), "all", "lb", "a b", ""])
async def test_a_host_whose_name_could_mean_others_is_not_run_on(host: str) -> None:
    runbook = RUNBOOKS["rolling-restart"]
    known = Known({"all": ("web1", host), "web": ("web1", host), "lb": ("lb1",)}, (), {})
    scene = Scene(runbook, "production", Path("hosts"), Path("playbook"), known, "", "")
    assert scene.bound({"host": "web1"}).hosts == ("web1",)
    with pytest.raises(InvalidInput):
        scene.bound({"host": host})
    with pytest.raises(InvalidInput, match="is no plain name of one host"):
        scene.bound({})


async def test_what_a_release_is_called_and_says_of_itself_stays_text(shared_drill: Drill, tmp_path: Path) -> None:
    drill, mark = shared_drill, f"hostile-{uuid.uuid4().hex[:8]}"
    named = f"{{{{ lookup('pipe', 'touch {mark}') }}}}$(touch {mark})`touch {mark}`;touch {mark} '\""
    home = drill.fleet.layout.home("web1")
    said = {"version": named, "previous": named, "migrations": [named, "<!channel>"], "flags": named}
    (home / "releases" / named).mkdir()
    for release in (named, "v43"):
        (home / "releases" / release / "release.json").write_text(json.dumps(said))
    try:
        drill.fleet.point("web1", "v43")
        planned = await drill.run("rollback.yml", ("web1",), is_dry=True, to="v41")
        assert planned.cautions == (
            f"v43 contains a migration ({named[:60]}, <!channel>), which stays: v41 must be able to live with it",
            f"v43 came with a change of flags ({named[:60]}), which stay as they are now",
        )
        drill.fleet.point("web1", named)
        (cut := tmp_path / "inventory.yaml").write_text(
            drill.fleet.layout.inventory.read_text().replace(str(drill.fleet.layout.supervisor_socket), str(tmp_path / "nobody"))
        )
        assert not (await drill.run("rollback.yml", ("web1",), inventory=cut, to="v40")).succeeded
        assert drill.fleet.releases()["web1"] == named
        done = await drill.run("rollback.yml", ("web1",), to="v41")
        assert done.succeeded, done.failures
        assert outcome(done) == {"left": named}
        with pytest.raises(InvalidInput, match="is no version"):
            typed(RUNBOOKS["rollback"], {"to": named}, KNOWN)
    finally:
        await drill.fleet.mend()
    places = (drill.fleet.layout.root, drill.files().parents[1])
    assert [path for place in places for path in place.rglob(mark)] == []
    assert not any((place / mark).exists() for place in (Path.cwd(), Path.home(), Path("/")))


def members(group: dict[str, Any]) -> list[str]:
    """The hosts of a group of the inventory, and of the groups in it."""
    inside = [host for one in (group.get("children") or {}).values() for host in members(one or {})]
    return list(dict.fromkeys([*(group.get("hosts") or {}), *inside]))
