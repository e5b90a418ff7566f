"""The control API of the workspace, as `bot/sandbox/control.yaml` describes it: what people do, what can be seen, and what goes wrong.

`parse` reads a call's body and finds who and what it names, `people`, `places`, `seeing` and `trouble` carry the calls out.
"""
