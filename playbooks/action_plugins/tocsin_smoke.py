# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""Ask an address until it answers as it should: the path that people use and the version that should answer, not the health check alone.

    - tocsin_smoke: {url: 'http://127.0.0.1:8101/', contains: v41, slowest: 3, within: 10}

An answer that takes longer than `slowest` seconds is none. It reads only, so it asks in check mode, too, unless `skip_in_check`: what it
looks for may not be there before the change.
"""

import time
import urllib.error
import urllib.request

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """The task."""

    _requires_connection = False
    _VALID_ARGS = frozenset({"url", "status", "contains", "slowest", "within", "skip_in_check"})

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        asked = self._task.args
        if self._task.check_mode and asked.get("skip_in_check", True):
            return {**result, "changed": False, "msg": f"would ask {asked['url']}"}
        deadline = time.monotonic() + float(asked.get("within", 10))
        status, contains, slowest = int(asked.get("status", 200)), str(asked.get("contains", "")), float(asked.get("slowest", 3))
        while (trouble := wrong(asked["url"], status, contains, slowest)) and time.monotonic() < deadline:
            time.sleep(0.05)
        if trouble:
            raise AnsibleActionFail(f"{asked['url']} {trouble}")
        return {**result, "changed": False}


def wrong(url, status, contains, slowest):
    """What is wrong with the answer; "" when nothing is."""
    try:
        with urllib.request.urlopen(url, timeout=slowest) as answer:
            found, text = answer.status, answer.read(100_000).decode(errors="replace")
    except urllib.error.HTTPError as refused:
        found, text = refused.code, ""
    except OSError as error:
        return f"does not answer ({error})"
    if found != status:
        return f"answers {found}, not {status}"
    return "" if contains in text else f"answers without {contains!r}"
