"""The database's history: Alembic revisions, one after the other, for SQLite and PostgreSQL alike.

`bot.migrate` applies them at start. `python -m bot.migrations.generate` writes the first one anew from the tables of all
rooms; `python -m bot.migrations.generate add_bridge` writes the next one. Read what it wrote before you commit it.
"""
