"""Runs under an account of their own: what that may not, a playbook may not, and the bot does nothing for it that it could not itself."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.runbooks.account import OWN, Account, account
from bot.runbooks.ansible import LocalRunner
from bot.runbooks.forkserver import server_under
from bot.runbooks.runner import CannotRead, CannotStart, RunSpec

ROOT = Path(__file__).parents[2]
OTHER = "nobody"
PRECIOUS = ("environ", "extravars", "kept.txt")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start something as another account")
# What it does to the bot that looks at it: its directories lead to what only the bot may see, and what the bot removes is not its own.
PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.raw: id -un; id -Gn; cat {secret} || echo denied; echo $HOME
      register: said
    - ansible.builtin.raw: printf '%s' '{{{{ said.stdout }}}} {{{{ rb.word }}}}' > {{{{ rb_files }}}}/said
    - ansible.builtin.raw: cd {{{{ rb_files }}}}/.. && rm -r {{{{ item }}}} && ln -s {precious} {{{{ item }}}}
      loop: [sockets, env, files]
      when: rb.word == 'harm'
    - ansible.builtin.raw: ln -s {secret} {{{{ rb_files | dirname }}}}/more
      when: rb.word == 'harm'
"""
DRIVER = """
import asyncio, json, sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from bot.runbooks import files
from bot.runbooks.account import account
from bot.runbooks.ansible import LocalRunner
from bot.runbooks.fast import FastRunner
from bot.runbooks.forkserver import server_under
from bot.runbooks.hiding import Hiding
from bot.runbooks.progress import fold, started
from bot.runbooks.runner import Life, RunSpec
folder, name = Path(sys.argv[1]), sys.argv[2]

async def trouble(why):
    raise AssertionError(why)

async def played(runner, run_id, word):
    await runner.start(RunSpec(run_id, folder / "play.yml", folder / "hosts.ini", ("here",), {"word": word}))
    progress = started(("here",))
    while True:
        look = await runner.look(run_id, progress.seen)
        progress = fold(progress, look.events)
        if look.life != Life.RUNNING:
            break
        await asyncio.sleep(0.05)
    left, out = await runner.reading(partial(files.collected, runner.files(run_id), Hiding()))
    log = await runner.reading(runner.log(run_id).read_text)
    await runner.scrub(run_id)
    await runner.stop(run_id)
    await runner.forget(run_id)
    return [progress.succeeded, {one.name: one.content.decode() for one in left}, log]

async def main():
    who = replace(account(name), home=str(folder / "home"), trouble="")  # it has none of its own
    fast = FastRunner(folder / "runs", server_under(who), trouble)
    plain = LocalRunner(folder / "runs", account=who)
    inventory = await fast.inventory(folder / "hosts.ini")
    found = [await played(fast, "r1", "fast"), await played(plain, "r2", "plain"), await played(fast, "r3", "harm")]
    print(json.dumps([found, fast.standing.says, "here" in str(inventory), sorted(await fast.kept())]))

asyncio.run(main())
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that everybody finds; those of pytest are for its own account alone."""
    folder = Path(tempfile.mkdtemp(prefix="account"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def interpreter(folder: Path) -> Path | None:
    """A Python with our packages that the other account can start: this one, or the system's where this one stands in somebody's home."""
    candidates = [Path(sys.executable)]
    minor = f"python3.{sys.version_info.minor}"
    if (system := Path("/usr/bin") / minor).exists():
        packages, programs = folder / "venv" / "lib" / minor, folder / "venv" / "bin"
        packages.mkdir(parents=True)
        programs.mkdir()
        (folder / "venv" / "pyvenv.cfg").write_text("home = /usr/bin\n")
        (packages / "site-packages").symlink_to(Path(pytest.__file__).parents[1])
        (programs / "python").symlink_to(system)
        (programs / "ansible-playbook").write_text(f"#!{programs / 'python'}\nfrom ansible.cli.playbook import main\nmain()\n")
        (programs / "ansible-playbook").chmod(0o755)
        candidates.append(programs / "python")
    tries = ("-c", "import ansible.release, ansible_runner, bot.runbooks.fast")
    for found in candidates:
        try:
            done = subprocess.run([str(found), *tries], **account(OTHER).starts, cwd="/", env={"HOME": "/tmp"}, capture_output=True)
        except OSError:
            continue
        if done.returncode == 0:
            return found
    return None


@root_only
def test_a_run_reaches_nothing_of_the_bots_and_leads_it_nowhere(place: Path) -> None:
    if (python := interpreter(place)) is None:
        pytest.skip(f"{OTHER} can start no Python that has our packages")
    secret, precious = place / "secret", place / "precious"
    secret.write_text("for root alone")
    secret.chmod(0o600)
    precious.mkdir(mode=0o700)
    for name in PRECIOUS:
        (precious / name).write_text("for root alone")
    (place / "home").mkdir()
    shutil.chown(place / "home", OTHER)
    (place / "hosts.ini").write_text("here ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'\n")
    (place / "play.yml").write_text(PLAYBOOK.format(secret=secret, precious=precious))
    done = subprocess.run([str(python), "-c", DRIVER, str(place), OTHER], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (fast, plain, harm), standing, is_listed, kept = json.loads(done.stdout.splitlines()[-1])
    groups = subprocess.run(["id", "-Gn", OTHER], capture_output=True, text=True, check=True).stdout.strip()
    for word, (succeeded, files, log) in (("fast", fast), ("plain", plain)):
        assert succeeded, log
        assert [line.strip() for line in files["said"].split("\n")] == [OTHER, groups, "denied", str(place / "home"), word]
    assert harm[1] == {}
    assert "for root alone" not in done.stdout
    assert {path.name: path.read_text() for path in precious.iterdir()} == dict.fromkeys(PRECIOUS, "for root alone")
    assert "under the account nobody" in standing
    assert is_listed
    assert kept == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no-such-account", "there is no account no-such-account here"),
        pytest.param("root", "which is root. Name an account that may do less", marks=root_only),
        pytest.param(
            OTHER,
            "has no home directory, and Ansible needs one" if os.geteuid() == 0 else "only root, on Linux, can start something as nobody",
            marks=pytest.mark.skipif(Path(pwd.getpwnam(OTHER).pw_dir).is_dir(), reason="it has a home here"),
        ),
    ],
)
async def test_an_account_that_cannot_be_had_is_told_and_nothing_runs_under_another(name: str, words: str, tmp_path: Path) -> None:
    runner = LocalRunner(tmp_path / "runs", account=account(name))
    assert not runner.standing.ok
    assert words in runner.standing.says
    with pytest.raises(CannotStart, match=words):
        await runner.start(RunSpec("r1", tmp_path, tmp_path, ("here",), {}))
    with pytest.raises(CannotRead, match=words):
        await runner.inventory(tmp_path)
    assert not (tmp_path / "runs").exists()


@root_only
async def test_what_the_account_cannot_read_is_told_before_anything_runs(tmp_path: Path) -> None:
    (playbook := tmp_path / "play.yml").write_text("[]")  # in a directory for us alone
    runner = LocalRunner(tmp_path / "runs", account=replace(account(OTHER), trouble=""))
    with pytest.raises(CannotStart, match=f"{OTHER}, under which runs work, cannot read {playbook} .Permission denied."):
        await runner.start(RunSpec("r1", playbook, tmp_path, ("here",), {}))
    assert playbook.read_text() == "[]", "our own rights are back"


def test_without_a_name_it_is_the_bots_own_and_there_is_one_server() -> None:
    assert account(None) is OWN
    assert (Account().starts, Account().cannot_read(Path("/nowhere"))) == ({}, "")
    assert server_under(OWN) is server_under(OWN)
