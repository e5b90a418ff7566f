# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""Point a host's `current` link at a release, in one step that nobody can see half done. Works wherever Ansible's connection leads.

    - tocsin_release: {home: /srv/shop, to: v41}
      register: released   # released.before is the release that it pointed at

Releases are directories `<home>/releases/<version>`; the link is `<home>/current`.
"""

import shlex

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """The task."""

    _VALID_ARGS = frozenset({"home", "to"})

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        home, to = str(self._task.args["home"]), str(self._task.args["to"])
        if "/" in to or to.startswith("."):
            raise AnsibleActionFail(f"{to!r} is no release")
        before = self.said(f"readlink {quoted(home, 'current')}").rpartition("/")[2]
        self.said(f"test -d {quoted(home, 'releases', to)}", f"there is no release {to} in {home}/releases")
        plan = [f"release: {before or 'none'} → {to}"] if before != to else []
        if plan and not self._task.check_mode:
            draft, link = quoted(home, ".current.new"), quoted(home, "current")
            self.said(f"ln -sfn {shlex.quote('releases/' + to)} {draft} && mv -T {draft} {link}", f"{home}/current cannot be moved")
        return {**result, "changed": bool(plan), "plan": plan, "before": before}

    def said(self, command, trouble=""):
        """What a command on the host printed; fails with a sentence, where there is one for it."""
        done = self._low_level_execute_command(command, sudoable=True)
        if done["rc"] and trouble:
            raise AnsibleActionFail(f"{trouble} {done['stderr'].strip()}".strip())
        return done["stdout"].strip()


def quoted(*parts):
    """A path that no shell takes apart."""
    return shlex.quote("/".join(parts))
