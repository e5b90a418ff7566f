"""Write a revision from what the tables are now.

python -m bot.migrations.generate               write 0001 anew (only until the first release)
python -m bot.migrations.generate add_bridge    write the next revision: what the tables have and the revisions do not
"""

import asyncio
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from bot import migrate
from bot.clock import WallClock
from bot.db import Database
from bot.events import Listeners
from bot.migrations.tables import metadata, plain_type

VERSIONS = migrate.PLACE / "versions"
REVISION = '''"""{title}"""

import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = {parent}


def upgrade() -> None:
{body}
'''


def main(name: str | None) -> Path:
    """Write the revision and return its file."""
    if name is None:
        number, parent, title = "0001", None, "The tables of the first release."
    else:
        parent = migrate.head()
        number, title = f"{int(parent) + 1:04}", f"{name.replace('_', ' ').capitalize()}."
    body = asyncio.run(_differences(from_scratch=name is None))
    path = VERSIONS / f"{number}_{name or 'first'}.py"
    parent_text = "None" if parent is None else f'"{parent}"'
    body = textwrap.indent(body, "    ")
    path.write_text(REVISION.format(title=title, number=number, parent=parent_text, body=body))
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", path], check=True)
    return path


async def _differences(from_scratch: bool) -> str:
    """The operations that lead from the revisions (or from nothing) to the tables, as Python text."""
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite+inline:///{directory}/generate.db", WallClock(), Listeners())
        try:
            if not from_scratch:
                await migrate.migrate(database)
            async with database.connect() as (connection, _):
                return await connection.run_sync(_compare, not from_scratch)
        finally:
            await database.close()


def _compare(connection: Connection, changes_tables: bool) -> str:
    # SQLite cannot alter a table in place: a "batch" copies it. A first revision has nothing to copy.
    options = {"render_item": plain_type, "render_as_batch": changes_tables, "target_metadata": metadata()}
    context = MigrationContext.configure(connection, opts=options)
    upgrade = produce_migrations(context, metadata()).upgrade_ops
    if upgrade is None or upgrade.is_empty():
        raise SystemExit("The tables and the revisions agree: nothing to write.")
    code = render_python_code(upgrade, migration_context=context, render_item=plain_type, render_as_batch=changes_tables)
    return "\n".join(line for line in code.splitlines() if not line.lstrip().startswith("# ###"))


if __name__ == "__main__":
    print(main(sys.argv[1] if len(sys.argv) > 1 else None))
