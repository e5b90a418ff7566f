"""Trackers: action items are issues where a team plans its work, too, and both say the same.

Nouns: tracker (where issues are: GitHub, or none), place (a repository), issue, draft, agreement (what each side has to take over),
dispute (both sides changed the same thing), trouble (why an item and its issue are not in step).

An item becomes an issue when it is made or changed and its service or team names a place. Any sign that one side changed (a fact here, a
webhook, the poll) orders the same thing: look at both sides, and let them agree.
Says upward: nothing.
"""
