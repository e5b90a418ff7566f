"""Configuration: what an organisation says about itself, once, in YAML reviewed like code, and what a process is told by its environment.

Nouns: person, team, service, rotation, escalation policy, severity policy, alert source; settings of the process.
`loader.load(directory, environ)` gives a frozen `Config`, `settings.read(environ)` frozen `Settings`; both tell every problem at once.
What changes at 03:00 (overrides, roles, severity) is not here: it lives in the database. Nothing is read at import.
Severities are the plain numbers 1 to 4 in this room; the rooms above turn them into their own enum.
"""
