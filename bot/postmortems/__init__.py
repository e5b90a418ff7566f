"""Postmortems: drafted from what happened when an incident is resolved, and read in Markdown or in a browser.

Nouns: postmortem, document (what `assemble` makes of an incident), line of the timeline, weight, fold, draft, action item.
States: draft → in review → approved → published (`states.py`); a change takes it back into review, a reopened incident to the draft.

Resolving orders a draft; reopening cancels one that waits; the repair of the channel's history draws it up again. Hand edits are merged.
Says upward: `PostmortemDrafted`, `PostmortemChanged`, `PostmortemPublished`, `PostmortemWithdrawn`.
"""
