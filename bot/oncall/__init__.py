"""On-call: who answers for a team at a moment, and why.

Nouns: rotation (people taking turns), schedule (layers of rotations, restrictions, overrides), shift, hand-off.
One truth: everything asks the same pure functions, told the time; nothing stores whose turn it is.

Says upward: nothing.
"""
