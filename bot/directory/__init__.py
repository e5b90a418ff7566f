"""Directory: people, teams, services, and how each is reached and named.

Nouns: person, team, service (all from configuration), identity (which Slack user is which person), contact method, actor.
Identities that configuration does not give are found by e-mail address, once, and kept.

Says upward: nothing.
"""
