"""What a run printed and left, as files in the incident's channel."""

from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.journeys.runbooks import declared
from tests.journeys.stories import run_card as card
from tests.world import Json, World

LEAVES = """
- hosts: web
  gather_facts: false
  tasks:
    - ansible.builtin.file: {path: '{{ rb_files }}/{{ inventory_hostname }}', state: directory}
    - ansible.builtin.copy: {content: 'load 7.1', dest: '{{ rb_files }}/{{ inventory_hostname }}/top & <all>.txt'}
    - ansible.builtin.file: {src: /etc/passwd, dest: '{{ rb_files }}/passwd', state: link}
      run_once: true
    - ansible.builtin.copy: {content: '', dest: '{{ rb_files }}/empty'}
      run_once: true
"""


async def posted(world: World, channel: str, run: int) -> list[dict[str, str]]:
    """The files of each message about a run's output, with what stands in them."""
    messages = [one for one in await world.sandbox.channel(channel).messages() if one.text.startswith(f"*Output of run {run}*")]
    return [{file["name"]: await content(file) for file in one.raw["files"]} | {"": one.text} for one in messages]


async def content(file: Json) -> str:
    async with ClientSession() as browser, browser.get(file["url_private"]) as answer:
        return await answer.text()


@pytest.mark.parametrize("runbook_config", [{"approvals": [{"needs": 0}], "check_mode": False}], indirect=True)
async def test_output_and_what_a_playbook_left_are_posted_once_whatever_becomes_of_a_try(
    runbook_world: World, runbook_config: Path
) -> None:
    world = runbook_world
    (runbook_config / "playbooks" / "release.yml").write_text(LEAVES)
    kim, channel = world.user("kim"), await declared(world)
    world.sandbox.fault(service="slack", method="files.completeUploadExternal", reset="after", count=1)
    await kim.command("/inc run release to=v41", channel)
    assert "|as a file>" in await card(world, 1, "as a file")
    [files] = await posted(world, channel, 1)
    assert sorted(files) == ["", "run-1-release.log", "web1-top_all_.txt", "web2-top_all_.txt"]
    assert files["web1-top_all_.txt"] == "load 7.1"
    assert "TASK [ansible.builtin.copy]" in files["run-1-release.log"]
    assert files[""] == (
        "*Output of run 1* (Write a release), succeeded, and 2 files that it left. "
        "Left out: empty: is empty; passwd: cannot be read, or is no plain file."
    )
    world.sandbox.fault(service="slack", method="files.getUploadURLExternal", error="file_uploads_disabled", count=1)
    await kim.command("/inc run release to=v42", channel)
    await card(world, 2, "not posted as a file: The workspace's settings do not let the app post such files.")
    assert await posted(world, channel, 2) == []
