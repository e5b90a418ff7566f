# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""Point a host's `current` link at a release, in one step that nobody can see half done. Works wherever Ansible's connection leads.

    - tocsin_release: {home: /srv/shop, to: v41}
      register: released   # released.before is the release that it pointed at, released.to the one that it points at now

Releases are directories `<home>/releases/<version>`; the link is `<home>/current`. `to` may be the releases of other hosts: then the one
that most of them have is meant. Without `to` it only looks. It reports `left`, the release that it moved away from. In check mode it
cautions of what a release that would be left has brought besides itself, as its `release.json` says (docs/releases.md). What is kept like
releases and is none has another name by `noun`, such as configuration, and nothing to be cautioned of.
"""

import json
import shlex

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

LONGEST_WAY = 20
"""Releases that are looked at, which also ends a way that leads in a circle."""


class ActionModule(ActionBase):
    """The task."""

    _VALID_ARGS = frozenset({"home", "to", "noun"})

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        home, noun = str(self._task.args["home"]), str(self._task.args.get("noun", "release"))
        before = self.said(f"readlink {quoted(home, 'current')}").rpartition("/")[2]
        to = most(self._task.args["to"]) if "to" in self._task.args else before
        if to == before:
            return {**result, "changed": False, "plan": [], "before": before, "to": to}
        if not to or "/" in to or to.startswith("."):
            raise AnsibleActionFail(f"{to!r} is no {noun}")
        self.said(f"test -d {quoted(home, 'releases', to)}", f"there is no {noun} {to} in {home}/releases")
        if not self._task.check_mode:
            draft, link = quoted(home, ".current.new"), quoted(home, "current")
            self.said(f"ln -sfn {shlex.quote('releases/' + to)} {draft} && mv -T {draft} {link}", f"{home}/current cannot be moved")
        found = {**result, "changed": True, "plan": [f"{noun}: {before or 'none'} → {to}"], "before": before, "to": to}
        if self._task.check_mode:
            return {**found, "cautions": self.cautions(home, before, to)} if before and noun == "release" else found
        return {**found, "reports": {"left": before}} if before else found

    def cautions(self, home, left, to):
        """What whoever goes back from `left` to `to` must know: of every release between them, where each names the one before it."""
        way = self.way(home, left, to)
        if way is None and self.way(home, to, left) is not None:
            return []  # forward
        found = []
        for name, about in way or [(left, self.about(home, left))]:
            if about is None:
                found.append(f"{name} has no release.json that can be read: whether it contains a migration is not known")
                continue
            if migrations := listed(about, "migrations"):
                found.append(f"{name} contains a migration ({migrations}), which stays: {to} must be able to live with it")
            if flags := listed(about, "flags"):
                found.append(f"{name} came with a change of flags ({flags}), which stay as they are now")
        return found

    def way(self, home, left, to):
        """The releases from `left` back to the one after `to`, with what is known of each; None when there is no such way."""
        way, name = [], left
        while name != to:
            about = self.about(home, name) if len(way) < LONGEST_WAY else None
            if about is None or not isinstance(about.get("previous"), str):
                return None
            way.append((name, about))
            name = about["previous"]
        return way

    def about(self, home, release):
        """What a release says of itself; None when it says nothing."""
        if "/" in release or release.startswith("."):
            return None
        try:
            about = json.loads(self.said(f"cat {quoted(home, 'releases', release, 'release.json')}"))
        except ValueError:
            return None
        return about if isinstance(about, dict) else None

    def said(self, command, trouble=""):
        """What a command on the host printed; fails with a sentence, where there is one for it."""
        done = self._low_level_execute_command(command, sudoable=True)
        if done["rc"] and trouble:
            raise AnsibleActionFail(f"{trouble} {done['stderr'].strip()}".strip())
        return done["stdout"].strip()


def listed(about, key):
    """Names under a key, as text; a release that says true or 1 has one all the same."""
    found = about.get(key)
    return ", ".join(str(one)[:60] for one in found[:5]) if isinstance(found, list) else str(found)[:60] if found else ""


def most(wanted):
    """The one release, or of several the most frequent."""
    several = [wanted] if isinstance(wanted, str) else [str(one) for one in wanted]
    return max(several, key=several.count, default="")


def quoted(*parts):
    """A path that no shell takes apart."""
    return shlex.quote("/".join(parts))
