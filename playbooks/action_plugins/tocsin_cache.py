# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""Forget one namespace of a cache that is told over HTTP. In check mode it says how many entries that would be.

    - tocsin_cache: {url: 'http://127.0.0.1:8101/cache', namespace: prices}

GET of `url` answers a JSON object: how many entries each namespace has. DELETE of `url/namespace` forgets them. A namespace that the cache
does not have is an error, since it was meant to have one; an empty one is left alone.
"""

import json
import re
import urllib.error
import urllib.request

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
ANSWERS_WITHIN_S = 5


class ActionModule(ActionBase):
    """The task."""

    _requires_connection = False
    _VALID_ARGS = frozenset({"url", "namespace"})

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        url, namespace = str(self._task.args["url"]), str(self._task.args["namespace"])
        if not NAMESPACE.fullmatch(namespace):
            raise AnsibleActionFail(f"{namespace!r} is no namespace")
        try:
            known = json.loads(asked(url, "GET"))
        except ValueError as error:
            raise AnsibleActionFail(f"{url} tells no JSON: {error}") from error
        if namespace not in known:
            raise AnsibleActionFail(f"{url} has no namespace {namespace}; it has {', '.join(sorted(known)) or 'none'}")
        entries = int(known[namespace])
        if entries and not self._task.check_mode:
            asked(f"{url}/{namespace}", "DELETE")
        plan = [f"cache {namespace}: {entries} {'entry' if entries == 1 else 'entries'} → 0"] if entries else []
        return {**result, "changed": bool(plan), "plan": plan, "before": entries}


def asked(url, method):
    """What the cache answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=ANSWERS_WITHIN_S) as answer:
            return answer.read(1_000_000).decode(errors="replace")
    except OSError as error:
        raise AnsibleActionFail(f"{method} {url}: {error}") from error
