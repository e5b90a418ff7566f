"""Changes: deployments, flags, configuration, migrations, as the pipelines that make them tell; what most incidents begin with.

Nouns: change (what was changed, by whom, when), before (how long before an incident began).

A program tells of one by HTTP (docs/api.md). Whoever works on an incident sees what changed shortly before it on the card, all of the day
with `/inc changes`; what changes while it is open is on its timeline; the postmortem has both.
"""
