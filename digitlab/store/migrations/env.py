"""The script that Alembic runs for migrations, on the connection that the store gives it."""

from __future__ import annotations

from alembic import context

from digitlab.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most properties of a table
)
with context.begin_transaction():
    context.run_migrations()
