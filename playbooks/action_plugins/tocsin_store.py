# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""One half of a store that has a primary and a standby: look whether it may lead, or give it a role. The inventory says how it is asked.

    - tocsin_store: {status: "{{ store_status }}", most_lag: 5, explained: 0}
    - tocsin_store: {status: "{{ store_status }}", command: "{{ store_promote }}", role: primary, at_least: 812, can_copy: true}
      register: promoted   # promoted.role, promoted.position, promoted.is_running say how it stands afterwards

`status` is a command that prints a JSON object: `role` (primary, standby or fenced), `is_running`, `position` (a number that grows with
each write), `lag_s` (how far a standby was behind when it last heard of the primary), `heard_s` (how long that is ago) and `says`, if
something is wrong with it. `command` gives it its role.

Without `role` it fails unless this half may lead: a standby that runs and lags `most_lag` seconds at most. Silence counts as lag, unless it
is `explained` by the primary's being down for so many seconds. Before a half leads it has `within` seconds to copy what is `at_least`
there, if the other one `can_copy` to it. `was` is the role that it would have by then, for a rehearsal.
"""

import json
import time

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

ROLES = ("primary", "standby", "fenced")


class ActionModule(ActionBase):
    """The task."""

    _VALID_ARGS = frozenset({"status", "command", "role", "most_lag", "explained", "was", "at_least", "can_copy", "within"})

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        asked, name = self._task.args, self._task.delegate_to or task_vars["inventory_hostname"]
        now = self.status()
        wanted = asked.get("role")
        if wanted is None:
            if trouble := unfit(now, float(asked["most_lag"]), float(asked["explained"])):
                raise AnsibleActionFail(f"{name} {trouble}")
            return {**result, "changed": False, **now}
        if wanted not in ROLES:
            raise AnsibleActionFail(f"role is {wanted!r}; it must be one of {', '.join(ROLES)}")
        if has(now, wanted):
            return {**result, "changed": False, **now}
        plan = f"{name}: {asked.get('was', now['role']) if self._task.check_mode else now['role']} → {wanted}"
        if not self._task.check_mode:
            plan += self.copied(name) if wanted == "primary" else ""
            done = self._low_level_execute_command(str(asked["command"]), sudoable=True)
            if done["rc"]:
                raise AnsibleActionFail(f"{name} cannot become {wanted}: {done['stderr'].strip()}")
            now = self.until(lambda found: has(found, wanted), f"{name} does not become {wanted}")
        return {**result, "changed": True, "plan": [plan], **now}

    def copied(self, name):
        """Wait for what the old primary still has to give; what of it is lost when it gives nothing any more."""
        least = int(self._task.args.get("at_least", 0))
        if self._task.args.get("can_copy", False):
            self.until(lambda found: found["position"] >= least, f"{name} does not copy what the old primary has")
        missing = least - self.status()["position"]
        return f", without {missing} writes that the old primary has" if missing > 0 else ""

    def until(self, is_good, trouble):
        """Look until it stands as it should."""
        within = float(self._task.args.get("within", 10))
        deadline = time.monotonic() + within
        while not is_good(found := self.status()):
            if time.monotonic() > deadline:
                raise AnsibleActionFail(
                    f"{trouble} within {within:g} s; it is {found['role']}{' and ' + found['says'] if found.get('says') else ''}"
                )
            time.sleep(0.05)
        return found

    def status(self):
        """How it stands."""
        done = self._low_level_execute_command(str(self._task.args["status"]), sudoable=True)
        try:
            found = json.loads(done["stdout"])
            return {name: found[name] for name in ("role", "is_running", "position", "lag_s", "heard_s")} | {"says": found.get("says", "")}
        except (ValueError, KeyError, TypeError):
            raise AnsibleActionFail(f"the store does not say how it stands: {(done['stderr'] or done['stdout']).strip()[-300:]}") from None


def has(now, wanted):
    """Has it the role already? A half that follows leads nobody, so it needs no fence; one that does not run can only be fenced."""
    if wanted == "fenced":
        return now["role"] in ("fenced", "standby")
    return now["role"] == wanted and now["is_running"]


def unfit(now, most_lag, explained):
    """Why it may not lead; "" when it may, or does."""
    if not now["is_running"]:
        return "does not run"
    if now["role"] == "fenced":
        return f"is fenced{': ' + now['says'] if now['says'] else ''}; it must follow before it may lead"
    lag = 0.0 if now["role"] == "primary" else now["lag_s"] + max(0.0, now["heard_s"] - explained)
    return f"lags {lag:.1f} s behind, more than {most_lag:g} s: what was written since would be lost" if lag > most_lag else ""
