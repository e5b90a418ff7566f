"""Learning: what past incidents teach. An archive that is searched, tags on postmortems, and a report each quarter.

Nouns: archive (every incident's words, searched by `/inc find` and its page), entry (one incident in it), query, hit, tag (a contributing
factor; suggested by rules, set by people), quarter, report (one value that page, PDF and Slack show), part (a section of it).

A private incident is found by its own people alone; reports count it and never name it. Says nothing upward.
"""
