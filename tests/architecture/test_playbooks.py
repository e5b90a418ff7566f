"""What a playbook that comes with Tocsin must not do with what people type (`rb`)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
SHIPPED = sorted([*PLAYBOOKS.glob("*.yml"), *PLAYBOOKS.glob("tasks/*.yml")])

THROUGH_A_SHELL = frozenset({"shell", "raw", "script", "win_shell"})
SPLIT_INTO_WORDS = frozenset({"command", "win_command"})
EXECUTES = re.compile(r"\b(?:lookup|query|q)\(\s*['\"](?:ansible\.builtin\.)?(?:pipe|template|lines|vars|varnames)['\"]")
TYPED = re.compile(r"\brb\b")


def parts(node: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Every value of a file under the key it has, in lists too."""
    yield key, node
    if isinstance(node, dict):
        for name, value in node.items():
            yield from parts(value, str(name))
    if isinstance(node, list):
        for one in node:
            yield from parts(one, key)


def wrongs(text: str) -> list[str]:
    """What is dangerous in a playbook."""
    found = [f"{said[0]}…: runs or templates what it reads" for said in EXECUTES.finditer(text)]
    for key, value in parts(yaml.safe_load(text)):
        name, words = key.rpartition(".")[2], str(value)
        if name in THROUGH_A_SHELL and TYPED.search(words):
            found.append(f"{name}: {words}: a shell reads what somebody typed")
        if name in SPLIT_INTO_WORDS and isinstance(value, str) and TYPED.search(words):
            found.append(f"{name}: {words}: one argument may become several; use argv")
        if name == "hosts" and isinstance(value, str) and "{{" in words:
            found.append(f"hosts: {words}: where it runs is the inventory's and the limit's, nobody's words")
        if name in {"include_vars", "template"}:
            found.append(f"{name}: what a file holds is templated")
        if name == "when" and "{{" in words:
            found.append(f"when: {words}: the value would be an expression")
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_people_type_is_never_executed(path: Path) -> None:
    assert wrongs(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "shell: systemctl restart {{ rb.service }}",
        "ansible.builtin.raw: echo '{{ rb.to }}'",
        "ansible.builtin.shell: {cmd: 'ls {{ rb.to }}'}",
        "command: ls {{ rb.to }}",
        "debug: {msg: \"{{ lookup('pipe', 'id') }}\"}",
        "debug: {msg: \"{{ query('ansible.builtin.template', 'x') }}\"}",
        "include_vars: written.yml",
        'when: "{{ rb.to }}"',
    ],
)
def test_what_would_execute_it_is_found(line: str) -> None:
    assert wrongs(f"- hosts: web\n  tasks:\n    - {line}\n")


def test_hosts_that_somebody_typed_are_found() -> None:
    assert wrongs('- hosts: "{{ rb.host }}"\n')
    assert wrongs("- hosts: web\n  tasks:\n    - command: {argv: [ls, '{{ rb.to }}']}\n") == []
