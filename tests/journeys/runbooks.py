"""A configuration with one runbook whose hosts are this machine, and an incident in which it is run: for stories about runs."""

from pathlib import Path

import yaml

from tests.world import Json, World

HOST = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
RUNBOOK = {
    "title": "Write a release",
    "playbook": "release.yml",
    "group": "web",
    "environments": ["production"],
    "parameters": {"to": {"type": "version", "help": "the release"}, "slow": {"type": "integer", "min": 0, "max": 9999, "default": 0}},
    "reverse": {"runbook": "release", "parameters": {"to": "v1"}},
    "body": "## Meaning\n\nThe release is bad.\n",
}
PLAYBOOK = """
- hosts: web
  gather_facts: false
  tasks:
    - name: Write the release
      ansible.builtin.copy: {content: '{{ rb.to }}', dest: '{{ place }}/{{ inventory_hostname }}'}
    - name: Wait
      ansible.builtin.command: 'sleep {{ rb.slow }}'
      when: rb.slow | int > 0
"""


def written(config: Path, hosts: tuple[str, ...] = ("web1", "web2"), **runbook: object) -> None:
    """A configuration with one runbook and its environment."""
    for folder in ("runbooks", "playbooks"):
        (config / folder).mkdir(exist_ok=True)
    (config / "runbooks" / "release.yaml").write_text(yaml.safe_dump({**RUNBOOK, **runbook}))
    (config / "playbooks" / "release.yml").write_text(PLAYBOOK)
    (config / "fleet.yaml").write_text("environments:\n  production: {inventory: hosts.ini}\n")
    place = config.parent / "released"
    place.mkdir(exist_ok=True)
    said = [f"{host} ansible_connection=local ansible_python_interpreter='{HOST['ansible_python_interpreter']}'" for host in hosts]
    (config / "hosts.ini").write_text("\n".join(["[web]", *said, "[web:vars]", f"place={place}"]) + "\n")


async def declared(world: World) -> str:
    """An incident's channel."""
    await world.user("kim").command("/inc sev2 checkout is down service:checkout")
    await world.settled()
    return await world.channel_name(1)


def released(world: World) -> dict[str, str]:
    """What stands on each host."""
    place = Path(world.environ["TOCSIN_CONFIG"]).parent / "released"
    return {path.name: path.read_text() for path in sorted(place.iterdir())}


def pressed(world: World) -> Json:
    """What Slack sent for the newest press of a button."""
    attempts = world.sandbox.outside.workspace.team.delivery.attempts
    return next(one.payload for one in reversed(attempts) if one.what == "block_actions")


async def press_again(world: World, payload: Json, *, is_new: bool = False) -> None:
    """Deliver a press once more; `is_new`: as somebody would press whose Slack still shows the message as it was."""
    team = world.sandbox.outside.workspace.team
    action = payload["actions"][0]
    sent = {**payload, "actions": [{**action, "action_ts": team.new_ts()}]} if is_new else payload
    app = next(app for app in team.world.apps.values() if app.name == "Tocsin")
    await team.delivery.ask(app, "interactive", sent)
