# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""Switch a feature flag in a file of flagd's format, replaced in one step so that no reader sees half of it.

    - tocsin_flag: {file: /srv/flags.json, flag: new-checkout, state: 'off'}

`state` is on or off: the variant that everybody gets. A flag that is not in the file is an error, not a new flag.
"""

import json
import os
import tempfile

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """The task."""

    _requires_connection = False
    _VALID_ARGS = frozenset({"file", "flag", "state"})

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        path, name, state = (str(self._task.args[key]) for key in ("file", "flag", "state"))
        try:
            with open(path, encoding="utf-8") as file:
                whole = json.load(file)
            flag = whole["flags"][name]
        except (OSError, ValueError) as error:
            raise AnsibleActionFail(f"the flags in {path} cannot be read: {error}") from error
        except (KeyError, TypeError):
            raise AnsibleActionFail(f"there is no flag {name} in {path}") from None
        if state not in flag["variants"]:
            raise AnsibleActionFail(f"flag {name} has no variant {state!r}; it has {', '.join(flag['variants'])}")
        before = flag["defaultVariant"]
        plan = [f"flag {name}: {before} → {state}"] if before != state else []
        if plan and not self._task.check_mode:
            flag["defaultVariant"] = state
            with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(path), delete=False, encoding="utf-8") as draft:
                json.dump(whole, draft, indent=2)
            os.chmod(draft.name, os.stat(path).st_mode)
            os.replace(draft.name, path)
        return {**result, "changed": bool(plan), "plan": plan, "before": before}
