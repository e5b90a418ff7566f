"""Secrets of runs: planted everywhere, and looked for everywhere afterwards."""

import asyncio
import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
from aiohttp import ClientSession
from sqlalchemy import make_url
from sqlmodel import SQLModel, select

from bot.clock import FakeClock
from bot.sandbox.testing import BOT_TOKEN
from tests.journeys.runbooks import declared
from tests.journeys.stories import run_card as card
from tests.world import World, running_world

PASSWORD, IN_FILE, INLINE, HANDED, CENSORED = (f"planted-{name}-7391" for name in ("password", "file", "inline", "handed", "censored"))
SECRET = "a secret of these tests"
DATABASE = "planted/database 7391"
"""The password of the bot's database, which stands in its address in another form."""
TELLS = f"""
- hosts: web
  gather_facts: false
  tasks:
    - name: Say {{{{ in_file }}}}
      ansible.builtin.debug: {{msg: "{{{{ in_file }}}} {{{{ inline }}}} {{{{ lookup('env', 'HANDED') }}}} {BOT_TOKEN} {SECRET}"}}
    - ansible.builtin.debug: {{msg: "{DATABASE} postgresql://tocsin:{quote(DATABASE, safe="")}@db/tocsin"}}
    - ansible.builtin.debug: {{msg: "{{{{ ['planted', 'censored', '7391'] | join('-') }}}}"}}
      no_log: true
    - ansible.builtin.copy: {{content: "{{{{ inline }}}}", dest: '{{{{ rb_files }}}}/{{{{ inventory_hostname }}}}.txt'}}
    - ansible.builtin.command: sleep 7395
      when: not ansible_check_mode and inventory_hostname == 'web1'
      ignore_errors: true
    - ansible.builtin.fail: {{msg: "{{{{ in_file }}}} {{{{ 'x' * 1977 }}}}{{{{ in_file }}}} {{{{ inline }}}}"}}
"""


def vaulted(config: Path) -> None:
    """The inventory's variables in a vault, one as a whole file and one inside of another."""
    (config / "password").write_text(f"{PASSWORD}\n")
    (config / "group_vars" / "web").mkdir(parents=True)
    vault = [sys.executable, "-m", "ansible", "vault"]
    password = ["--vault-password-file", str(config / "password")]
    secret = config / "group_vars" / "web" / "vault.yml"
    secret.write_text(f"in_file: {IN_FILE}\n")
    subprocess.run([*vault, "encrypt", *password, str(secret)], check=True, capture_output=True)
    inline = subprocess.run([*vault, "encrypt_string", *password, "--name", "inline", INLINE], check=True, capture_output=True, text=True)
    (config / "group_vars" / "web" / "plain.yml").write_text(inline.stdout)
    (config / "fleet.yaml").write_text(
        "environments:\n  production: {inventory: hosts.ini, vault_password_file: password, env: [HANDED]}\n"
    )
    (config / "playbooks" / "release.yml").write_text(TELLS)


async def stored(world: World) -> str:
    """Everything that stands in the database."""
    async with world.bot.database.read() as tx:
        tables = [await tx.session.execute(select(table)) for table in SQLModel.metadata.sorted_tables]
        return "\n".join(str(row) for table in tables for row in table)


def seen_by(program: psutil.Process) -> str:
    """What a program of a run, and whoever began it, was told of the world."""
    return json.dumps([one.environ() for one in (program, *program.parents()) if one.pid not in (1, os.getpid())])


def sleepers() -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "7395"]]


async def test_what_is_secret_is_found_nowhere_once_a_run_has_shown_it(
    runbook_config: Path, postgres_url: str, tmp_path: Path, clock: FakeClock, capfd: pytest.CaptureFixture[str]
) -> None:
    await asyncio.to_thread(vaulted, runbook_config)
    more = {"TOCSIN_RUNS": str(tmp_path / "runs"), "TOCSIN_RUNS_KEPT": "1h", "HANDED": HANDED, "TOCSIN_SECRET": SECRET}
    url = make_url(postgres_url).set(password=DATABASE).render_as_string(hide_password=False)
    async with running_world(url, tmp_path, clock, config=runbook_config, **more) as world:
        kim, ana, channel = world.user("kim"), world.user("ana"), await declared(world)
        await kim.command("/inc run release to=v41", channel)
        await card(world, 1, "waiting")
        await ana.press("Approve", channel)
        shown = await card(world, 1, "Now: ansible.builtin.command")
        await world.sandbox.until(sleepers)
        environments = "\n".join(seen_by(one) for one in sleepers())
        assert "AWX_ISOLATED_DATA_DIR" in environments
        seen = "\n".join(" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"]))
        for one in sleepers():
            one.kill()
        shown = await card(world, 1, "as a file")
        assert "[secret]" in shown
        [link] = re.findall(r"<(http[^|>]+)\|whole output>", shown)
        async with ClientSession() as browser, browser.get(link) as answer:
            page = await answer.text()
        slack = world.sandbox.outside.workspace.team.world
        files = {file.name: base64.b64decode(file.content or "").decode() for file in slack.files.values()}
        messages = json.dumps([one.raw for place in slack.channels for one in await world.sandbox.channel(place).messages()])
        rows = await stored(world)
        calls = json.dumps([{**one, "caller": ""} for one in world.sandbox.calls()], default=str)
    assert sorted(files) == ["run-1-release.log", "web1.txt", "web2.txt"]
    assert files["web1.txt"] == "[secret]"
    assert "[secret] [secret] [secret] [secret] [secret]" in page
    assert "[secret] postgresql://tocsin:[secret]@db/tocsin" in page
    assert "[secret]" in rows
    assert "TASK [ansible.builtin.debug]" in files["run-1-release.log"]
    left = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert left, "an hour is not over"
    places = {"ps": seen, "page": page, "messages": messages, "calls": calls, "rows": rows, "log": "".join(capfd.readouterr()), **files}
    places |= {str(path): path.read_bytes().decode(errors="replace") for path in left}
    own = (BOT_TOKEN, SECRET, DATABASE, quote(DATABASE, safe=""))
    planted = (PASSWORD, IN_FILE, INLINE, HANDED, CENSORED, *own)
    assert [(value, place) for place, text in places.items() for value in planted if value in text] == []
    assert [value for value in own if value in environments] == []
