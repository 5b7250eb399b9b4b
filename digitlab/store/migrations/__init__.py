"""The migrations of the store's database; Alembic runs them without an ini file.

To add one, write `versions/vNNNN_<subject>.py` like the last one, and raise `HEAD` in
`digitlab/store/tables.py`. Tests compare the result with the tables, column by column.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.config import Config
    from alembic.script import ScriptDirectory


def scripts() -> ScriptDirectory:
    """Return the migrations as Alembic's script directory."""
    from alembic.script import ScriptDirectory  # opening a current database loads no Alembic

    return ScriptDirectory.from_config(_config())


def is_known(revision: str) -> bool:
    """Tell whether this program has the migration `revision`; a newer program may have more."""
    return any(script.revision == revision for script in scripts().walk_revisions())


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Migrate the database to `revision`, in the transaction that `connection` has begun."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    # Alembic interpolates its options, so a "%" in the folder's name must be doubled.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
