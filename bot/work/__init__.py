"""The post room: due work (outbox and timer in one table) and the inbox.

Nouns: order (what shall happen), work item (its row), lease, outcome, inbox entry.
States of a work item: waiting → leased → done | dead | cancelled (a leased item that is to be tried again goes back to waiting).

Says upward: `WorkDied` when an item is given up, so that a human is told.
"""
