"""Accounts: who reads a page. People sign in with Slack (OpenID Connect); a signed link goes on being a way in, too.

Nouns: reader (actor, access, what they may), access (viewer < responder < commander < admin, decided in `access.py` alone),
session (a browser that somebody signed in with), attempt (one way to Slack and back), visit (one request, with its reader).

A page asks `ReaderPages` who reads: `readers.add("learning", show=…)` serves `/learning` to whoever signed in, or holds a link
for "learning"; `show(visit)` finds `visit.reader`, answers with `visit.page(template, …)`, and a verb begins with
`visit.reader.must(Access.RESPONDER)`. What somebody may see of incidents is the incidents' own rule, asked with their actor.
"""
