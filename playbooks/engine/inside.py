# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core.
"""What happens inside Ansible: loading all of it that a run needs, once; and in a fork, playing a playbook or listing an inventory.

It knows insides of ansible-core 2.19. Whoever uses it tries it at each start, and can do without.
"""

import contextlib
import io
import json
import os
import random
import secrets
import signal
import sys
from pathlib import Path

LISTED_WITHIN_S = 30
SETTINGS = {"ANSIBLE_STDOUT_CALLBACK": "awx_display", "ANSIBLE_RETRY_FILES_ENABLED": "False"}
"""What ansible-runner sets for whatever it runs."""


def warm():
    """Import what any run imports, and read the documents of plugins, from which come their options: that is where the time goes."""
    os.environ.update(SETTINGS, ANSIBLE_CONFIG=str(Path(__file__).resolve().with_name("ansible.cfg")))
    import ansible_runner.utils  # noqa: F401
    from ansible import cli
    from ansible.cli import inventory, playbook  # noqa: F401
    from ansible.plugins import loader

    loader.init_plugin_loader()
    cli.init_plugin_loader = lambda *_: None  # it is done; a second time it warns
    for kind in (loader.connection_loader, loader.shell_loader, loader.become_loader, loader.callback_loader):
        list(kind.all(class_only=True))
    for kind, names in {
        loader.action_loader: ("normal", "debug", "command", "shell", "copy", "template", "set_fact", "fail", "assert", "include_tasks"),
        loader.strategy_loader: ("linear", "free"),
        loader.inventory_loader: ("host_list", "script", "auto", "yaml", "ini", "toml"),
        loader.lookup_loader: ("env", "file", "items", "pipe", "vars"),
    }.items():
        for name in names:
            kind.get(name, class_only=True)
    for kind in (loader.filter_loader, loader.test_loader):
        list(kind.all())


def play(home, arguments, env):
    """`ansible-playbook` with these arguments, in this process; returns its exit status."""
    become(home, env)
    from ansible.cli.playbook import PlaybookCLI
    from ansible.plugins.loader import callback_loader
    from ansible_runner import display_callback

    callback_loader.add_directory(str(Path(display_callback.__file__).parent / "callback"))
    return status_of(lambda: PlaybookCLI.cli_executor(["ansible-playbook", *arguments]))


def listed(order, answer):
    """What `ansible-inventory --list` says of an inventory. A script that hangs is ended with all that it began."""
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(0, signal.SIGKILL))
    signal.alarm(LISTED_WITHIN_S)
    become(order["cwd"], order["env"])
    from ansible.cli.inventory import InventoryCLI

    said, trouble = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(trouble):
        status_of(lambda: InventoryCLI.cli_executor(["ansible-inventory", "--inventory", order["inventory"], "--list"]))
    try:
        answer({"inventory": json.loads(said.getvalue())})
    except ValueError:
        answer({"error": trouble.getvalue()[-2000:]})


def become(folder, env):
    """Be the process that would have been started there with this environment: what Ansible read from the server's is read again."""
    os.environ.clear()
    os.environ.update(SETTINGS | env)
    os.chdir(folder)
    from ansible import constants
    from ansible.utils import vars as ansible_vars

    for name, definition in constants.config.get_configuration_definitions().items():
        if any(one["name"] in env for one in definition.get("env", ())):
            setattr(constants, name, constants.config.get_config_value(name))
    random.seed()
    ansible_vars.random_int = f"{secrets.randbelow(2**32):08x}"  # or two runs would give their tasks the same ids


def status_of(does):
    """How a command of Ansible's ends."""
    try:
        does()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(ValueError, OSError):
                stream.flush()
    return 0
