"""Hand-offs: when others come on call, both people know what there is, and somebody has said "I have it".

Nouns: hand-off (somebody comes on call at a moment), note (open incidents, what fired, what is noisy, what is unfinished), section
(a part of the note that a room offers). States: ahead, due, confirmed, silent (the lead was told), void (the plan changed).
On-call announces that a hand-off is due; the team's Slack user group and channel topic follow whoever is on call, overrides included.

Says upward: nothing.
"""
