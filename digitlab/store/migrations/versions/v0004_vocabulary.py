"""Rename columns and tables to the field's terms, and the same names inside stored JSON.

`label` is the true digit, `predicted` and `digit` the model's; a run has a trigger, a heartbeat
and an outcome; the splits are called validation and holdout.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS: Final = (
    ("predictions", "label", "digit"),
    ("verdicts", "label", "predicted"),
    ("verdicts", "digit", "label"),
    ("reviews", "decision", "state"),
    ("traces", "trace", "fingerprint"),
    ("runs", "door", "trigger"),
    ("runs", "beaten", "heartbeat_at"),
    ("runs", "tune", "validation_accuracy"),
    ("runs", "hash", "inputs_fingerprint"),
    ("runs", "news", "feedback_fingerprint"),
    ("runs", "verdict", "outcome"),
    ("leases", "beaten", "heartbeat_at"),
    ("schedules", "beaten", "heartbeat_at"),
)
"""Table, old name, new name; in this order."""

TABLES: Final = (("traces", "fingerprints"), ("options", "home_settings"))

RENAMED: Final = {"gate": "holdout", "tune": "validation"}
"""Keys of a run's metrics."""


def upgrade() -> None:
    """Rename in place: SQLite and PostgreSQL keep the rows, the keys and the foreign keys."""
    quote = op.get_bind().dialect.identifier_preparer.quote
    for table, old, new in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {quote(old)} TO {quote(new)}")
    for old, new in TABLES:
        op.rename_table(old, new)
    op.drop_index("ix_runs_news", table_name="runs")
    op.create_index("ix_runs_feedback_fingerprint", "runs", ["feedback_fingerprint"])
    op.drop_index("ix_options_name_id", table_name="home_settings")
    op.create_index("ix_home_settings_name_id", "home_settings", ["name", "id"])
    _rename_in_json(op.get_bind())


def _rename_in_json(connection: sa.Connection) -> None:
    runs = sa.table(
        "runs",
        sa.column("id", sa.Integer),
        sa.column("metrics", sa.JSON),
        sa.column("parameters", sa.JSON),
    )
    for row in connection.execute(sa.select(runs)).all():
        values = {"metrics": _metrics(row.metrics), "parameters": _parameters(row.parameters)}
        connection.execute(sa.update(runs).where(runs.c.id == row.id).values(**values))


def _metrics(metrics: Any) -> Any:
    if not isinstance(metrics, dict):
        return metrics
    renamed = {RENAMED.get(name, name): value for name, value in metrics.items()}
    if isinstance(renamed.get("base"), dict):
        renamed["base"] = {RENAMED.get(n, n): value for n, value in renamed["base"].items()}
    return renamed


def _parameters(parameters: Any) -> Any:
    if not isinstance(parameters, dict):
        return parameters
    renamed = {"examples" if name == "lessons" else name: v for name, v in parameters.items()}
    if renamed.get("evaluate_on") == "mnist:tune":
        renamed["evaluate_on"] = "mnist:validation"
    return renamed
