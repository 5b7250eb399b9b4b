"""Migrations of the store, run by Alembic from inside the package; no ini file is needed.

A new one: write `versions/vNNNN_<subject>.py` by the last one's example, and raise `HEAD` in
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
    """The migrations as Alembic sees them."""
    from alembic.script import ScriptDirectory  # only a migration that is due may load Alembic

    return ScriptDirectory.from_config(_config())


def is_known(revision: str) -> bool:
    """Whether this program knows `revision`; if not, a newer program wrote the database."""
    return any(script.revision == revision for script in scripts().walk_revisions())


def upgrade(connection: sa.Connection) -> None:
    """Bring the database to the newest revision, inside the connection's own transaction."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    # Alembic's options are interpolated: a "%" in the folder's name must be doubled.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
