"""Run by Alembic for each upgrade, on the connection that `bot.migrate` gives it (never from a command line)."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
