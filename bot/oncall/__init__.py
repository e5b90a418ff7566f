"""On-call: who answers for a team at a moment, and why.

Nouns: rotation (people taking turns), schedule (layers of rotations with restrictions, in dated epochs), override, temporary
schedule, swap (asked, accepted, declined, withdrawn), shift, hand-off, roster (who holds a team's roles).
One truth: `schedule.who` and `schedule.shifts` read one stream of spans, told the time; nothing stores whose turn it is.

Says upward: who is on call changed or will soon, a team could not be told of a gap, overrides and
temporary schedules added and removed, swaps asked and answered.
"""
