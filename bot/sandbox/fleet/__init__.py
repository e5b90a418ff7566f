"""The fleet: a small company's machines as real processes on this one, for runbooks to mend. HAProxy before five instances of a service in
two regions, each with releases and configurations to choose from, behind them a store of two halves, all watched over by supervisord; no
root, no container.

Nouns: host (one instance with its releases), region, release, configuration, store (a primary and a standby), fault (something to mend: a
bad release, a dead region …).
"""
