"""The front door: HTTP as everybody but Slack knocks. Rooms bring their routes; this room sees to what all of them share.

Nouns: front (the application with its middlewares), link (signed: one purpose, one thing, one person, one expiry), grant (an
opened link), page (HTML from `templates/`), check (one line of `/readyz`).
A GET changes nothing; who acts, posts. Says nothing upward: refusals rise to here and become a status and a sentence.
"""
