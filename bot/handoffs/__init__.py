"""Hand-offs: of a shift, when others come on call, and of an incident's command. Both people know what there is; somebody says "I have it".

Nouns: hand-off (somebody comes on call at a moment), note (open incidents, what fired, what is noisy, what is unfinished), section
(a part of the note that a room offers); hand-over (who leads an incident offers the command to somebody, and leads until they take it).
States of a hand-off: ahead, due, confirmed, silent (the lead was told), void (the plan changed). Of a hand-over: offered, taken,
declined, unanswered, withdrawn. On-call announces that a hand-off is due; the team's Slack user group and channel topic follow whoever is
on call, overrides included.

Says upward: nothing.
"""
