"""One suite, every door to Ansible: who runs playbooks does so once, tells what happened without gap or double, and leaves nothing."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from bot.runbooks import processes
from bot.runbooks.ansible import LocalRunner
from bot.runbooks.events import Ended, TaskStarted
from bot.runbooks.progress import fold, started
from bot.runbooks.runner import CannotStart, Life, PlaybookRunner, RunSpec
from tests.runbooks.engine import Engine, fast_runner

DOORS: dict[str, Callable[[Path], PlaybookRunner]] = {"fork server": fast_runner, "ansible-runner start": LocalRunner}
LONG = str(1_000_000 + os.getpid())
"""Seconds that nobody else sleeps."""
SLEEPS = f"""
- name: Begin
  ansible.builtin.debug: {{msg: begins}}
- name: Sleep
  ansible.builtin.command: sleep {LONG}
"""


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> Callable[[Path], PlaybookRunner]:
    return DOORS[request.param]


@pytest.fixture
async def engine(door: Callable[[Path], PlaybookRunner], tmp_path: Path) -> AsyncIterator[Engine]:
    made = Engine(tmp_path, door(tmp_path / "runs"))
    yield made
    await made.close()


def sleepers() -> list[int]:
    return [process.pid for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"] == ["sleep", LONG]]


async def test_a_playbook_runs_on_the_hosts_that_were_named_alone_and_tells_of_each_task(engine: Engine) -> None:
    assert (await engine.runner.look("r1", 0)).life == Life.UNKNOWN
    tasks = """
- name: Say it
  ansible.builtin.debug: {msg: '{{ rb.words }}'}
- name: Leave it to people
  ansible.builtin.copy: {content: '{{ rb.words }}', dest: '{{ rb_files }}/{{ inventory_hostname }}.txt'}
  run_once: true
"""
    progress = await engine.ran(engine.spec(tasks, words="hello"))
    assert progress.succeeded
    assert {name: host.tasks for name, host in progress.hosts.items()} == {"web1": 2, "web2": 1}
    assert "hello" in engine.runner.log("r1").read_text()
    assert "bystander" not in engine.runner.log("r1").read_text()
    assert [path.name for path in (engine.home("r1") / "files").iterdir()] == ["web1.txt"]


async def test_a_host_that_fails_is_named_with_its_reason_and_the_other_goes_on(engine: Engine) -> None:
    tasks = """
- name: Break one
  ansible.builtin.fail: {msg: the disk is full}
  when: inventory_hostname == 'web1'
- name: Go on
  ansible.builtin.debug: {msg: still here}
"""
    progress = await engine.ran(engine.spec(tasks))
    assert not progress.succeeded
    assert progress.failures == ("web1: Break one: the disk is full",)
    assert (progress.hosts["web1"].failed, progress.hosts["web2"].failed, progress.hosts["web2"].tasks) == (True, False, 2)


async def test_a_host_that_cannot_be_reached_is_told_apart(engine: Engine) -> None:
    spec = engine.spec("- ansible.builtin.ping:\n")
    spec.inventory.write_text(
        "web: {hosts: {web1: {ansible_host: 127.0.0.1, ansible_port: 1, ansible_ssh_common_args: -o ConnectTimeout=2}}}\n"
    )
    progress = await engine.ran(RunSpec("r2", spec.playbook, spec.inventory, ("web1",), {}))
    assert progress.ended
    assert progress.hosts["web1"].unreachable


async def test_a_dry_run_says_what_would_change_and_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    target = tmp_path / "flag"
    tasks = f"- name: Set the flag\n  ansible.builtin.copy: {{content: 'on', dest: {target}}}\n"
    progress = await engine.ran(engine.spec(tasks, hosts=("web1",), is_dry=True))
    assert progress.plan == ("web1: nothing → on",)
    assert not target.exists()


async def test_a_run_that_was_begun_is_never_begun_again(engine: Engine, tmp_path: Path) -> None:
    counted = tmp_path / "count"
    spec = engine.spec(f"- ansible.builtin.shell: echo once >> {counted}\n", hosts=("web1",))
    await engine.ran(spec)
    await engine.start(spec)
    await engine.until("r1", Life.FINISHED)
    assert counted.read_text() == "once\n"


async def test_stopping_ends_ansible_its_workers_and_what_they_began(engine: Engine) -> None:
    await engine.start(engine.spec(SLEEPS))
    for _ in range(400):
        if len(sleepers()) == 2:
            break
        await engine.until("r1", seen=0)
    assert len(sleepers()) == 2
    await engine.runner.stop("r1")
    assert sleepers() == []
    _, look = await engine.until("r1", Life.FINISHED)
    assert look.life == Life.FINISHED


async def test_an_ansible_that_was_killed_leaves_nothing_once_it_was_stopped(engine: Engine) -> None:
    await engine.start(engine.spec(SLEEPS, hosts=("web1",)))
    while not sleepers():
        await engine.until("r1", seen=0)
    [ansible] = engine.supervisor("r1").children()
    ansible.kill()
    await engine.runner.stop("r1")
    assert sleepers() == []
    await engine.until("r1", Life.FINISHED)


async def test_a_supervisor_that_was_killed_leaves_a_run_that_is_lost(engine: Engine) -> None:
    await engine.start(engine.spec(SLEEPS, hosts=("web1",)))
    await engine.until("r1", seen=2)
    engine.supervisor("r1").kill()
    await engine.until("r1", Life.LOST)
    await engine.runner.stop("r1")
    assert sleepers() == []


async def test_workers_that_have_lost_everybody_above_them_are_still_found(engine: Engine) -> None:
    await engine.start(engine.spec(SLEEPS, hosts=("web1",)))
    while not sleepers():
        await engine.until("r1", seen=0)
    above = engine.supervisor("r1")
    for process in (*above.children(), above):
        process.suspend()
    for process in (*above.children(), above):
        process.kill()
    await engine.until("r1", Life.LOST)
    await engine.runner.stop("r1")
    assert sleepers() == []
    assert processes.belonging(engine.home("r1")) == []


async def test_events_are_told_from_where_one_left_off_without_gap_or_double(
    engine: Engine, door: Callable[[Path], PlaybookRunner]
) -> None:
    spec = engine.spec("\n".join(f"- name: Task {n}\n  ansible.builtin.debug: {{msg: '{n}'}}" for n in range(20)), hosts=("web1",))
    await engine.start(spec)
    events, _ = await engine.until("r1", Life.FINISHED)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert [event.name for event in events if isinstance(event, TaskStarted)] == [f"Task {n}" for n in range(20)]
    another = door(engine.folder / "runs")  # the bot died; its next life looks at the same run
    again = await another.look("r1", len(events) - 1)
    assert [type(event) for event in again.events] == [Ended]
    assert fold(fold(started(spec.hosts), events), events) == fold(started(spec.hosts), events)


async def test_what_the_bot_knows_reaches_no_playbook_and_no_file(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-planted-7391")
    progress = await engine.ran(
        engine.spec("- ansible.builtin.debug: {msg: \"{{ lookup('env', 'SLACK_BOT_TOKEN') }}!\"}\n", hosts=("web1",))
    )
    assert progress.succeeded
    files = [path for path in (engine.folder / "runs").rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if b"xoxb-planted-7391" in path.read_bytes()] == []
    assert not (engine.home("r1") / "env" / "extravars").exists()


async def test_a_playbook_that_is_no_playbook_ends_without_a_word_of_any_host_and_says_why_in_its_log(engine: Engine) -> None:
    spec = engine.spec("- ansible.builtin.debug: {msg: x}\n")
    spec.playbook.write_text("- hosts: [\n")
    progress = await engine.ran(spec)
    assert not progress.ended
    assert not progress.succeeded
    assert "YAML parsing failed" in engine.runner.log("r1").read_text()


async def test_a_variable_that_is_not_there_fails_its_hosts(engine: Engine) -> None:
    progress = await engine.ran(engine.spec("- name: Say it\n  ansible.builtin.debug: {msg: '{{ rb.nothing }}'}\n", words="hello"))
    assert all(host.failed for host in progress.hosts.values())
    assert "web1: Say it:" in progress.failures[0]
    assert "'nothing'" in progress.failures[0]


async def test_an_inventory_is_read_as_ansible_reads_it(engine: Engine) -> None:
    spec = engine.spec("- ansible.builtin.debug: {msg: x}\n")
    (engine.folder / "group_vars").mkdir()
    (engine.folder / "group_vars" / "web.yaml").write_text("port: 8080\n")
    found = await engine.runner.inventory(spec.inventory)
    assert found["web"]["hosts"] == ["web1", "web2", "bystander"]
    assert found["_meta"]["hostvars"]["web1"]["port"] == 8080
    spec.inventory.write_text("plugin: no.such.plugin\n")
    assert "web" not in await engine.runner.inventory(spec.inventory)


async def test_an_engine_that_cannot_start_says_so_and_nothing_ran(engine: Engine) -> None:
    (engine.folder / "runs").write_text("a file where the directory should be")
    with pytest.raises(CannotStart, match="cannot be written"):
        await engine.runner.start(engine.spec("- ansible.builtin.debug: {msg: x}\n"))


HOSTILE = (
    "{{ lookup('pipe','touch PWNED') }}",
    "{% for x in lookup('pipe','touch PWNED') %}{% endfor %}",
    "$(touch PWNED)",
    "`touch PWNED`",
    "; touch PWNED",
    "| touch PWNED",
    "' && touch PWNED && '",
    '" && touch PWNED && "',
    "\ntouch PWNED\n",
    "#jinja2: variable_start_string:'[['\n[[ lookup('pipe','touch PWNED') ]]",
    "{% endraw %}{{ lookup('pipe','touch PWNED') }}{% raw %}",
    "--extra-vars=@/etc/passwd",
    "!unsafe {{ lookup('pipe','touch PWNED') }}",
)


async def test_hostile_values_are_data_wherever_a_playbook_puts_them(engine: Engine, tmp_path: Path) -> None:
    proof = tmp_path / "PWNED"
    values = {f"v{number}": text.replace("PWNED", str(proof)) for number, text in enumerate(HOSTILE)}
    tasks = "\n".join(
        f"- name: Use {{{{ rb.{name} }}}}\n  ansible.builtin.debug: {{msg: 'is {{{{ rb.{name} }}}}'}}\n"
        f"- ansible.builtin.set_fact: {{again: '{{{{ rb.{name} | trim }}}}'}}\n- ansible.builtin.debug: {{var: again}}\n"
        for name in values
    )
    progress = await engine.ran(engine.spec(tasks, hosts=("web1",), **values))
    assert progress.succeeded
    assert not proof.exists()
