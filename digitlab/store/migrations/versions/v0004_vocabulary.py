"""Rename tables, columns and stored JSON keys to the terms that the rest of digitlab uses.

`label` is the true digit, `predicted` and `digit` are the model's; a run has a trigger, a
heartbeat and an outcome; the splits are called validation and holdout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RENAMED_COLUMNS: Final = (
    ("predictions", "label", "digit"),
    ("verdicts", "label", "predicted"),
    ("verdicts", "digit", "label"),
    ("reviews", "decision", "state"),
    ("runs", "door", "trigger"),
    ("runs", "beaten", "heartbeat_at"),
    ("runs", "tune", "validation_accuracy"),
    ("runs", "hash", "inputs_fingerprint"),
    ("runs", "news", "feedback_fingerprint"),
    ("runs", "verdict", "outcome"),
    ("leases", "beaten", "heartbeat_at"),
    ("schedules", "beaten", "heartbeat_at"),
)
"""Table, old name and new name, in the order in which the columns are renamed."""

RENAMED_METRICS: Final = {"gate": "holdout", "tune": "validation", "asked": "export_checked"}
RENAMED_ALPHA_METRICS: Final = {"readings": "variants"}
RENAMED_PARAMETERS: Final = {"lessons": "examples"}
RENAMED_DATA_SETS: Final = {"mnist:tune": "mnist:validation"}


def upgrade() -> None:
    """Rename columns in place, copy the two renamed tables, and rename the keys in JSON."""
    for table, old_name, new_name in RENAMED_COLUMNS:
        op.alter_column(table, old_name, new_column_name=new_name)
    op.drop_index("ix_runs_news", table_name="runs")
    op.create_index("ix_runs_feedback_fingerprint", "runs", ["feedback_fingerprint"])
    _copy_fingerprints()
    _copy_home_settings()
    _rename_keys_of_runs(op.get_bind())


# A renamed table keeps the names of its constraints, and SQLite cannot rename those. So both
# tables are created again; they are small and no other table refers to them.


def _copy_fingerprints() -> None:
    fingerprints = op.create_table(
        "fingerprints",
        sa.Column("verdict_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["verdict_id"], ["verdicts.id"], name="fk_fingerprints_verdict_id_verdicts"
        ),
        sa.PrimaryKeyConstraint("verdict_id", name="pk_fingerprints"),
    )
    traces = sa.table("traces", sa.column("verdict_id"), sa.column("trace"))
    op.execute(fingerprints.insert().from_select(["verdict_id", "fingerprint"], sa.select(traces)))
    op.drop_table("traces")


def _copy_home_settings() -> None:
    home_settings = op.create_table(
        "home_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_home_settings"),
        sqlite_autoincrement=True,
    )
    columns = ["time", "name", "value", "by"]
    options = sa.table("options", sa.column("id"), *map(sa.column, columns))
    # The ids are given again, in the same order: a copied id would not move the sequence that
    # PostgreSQL draws the next one from. Nothing refers to them.
    rows = sa.select(*(options.c[name] for name in columns)).order_by(options.c.id)
    if op.get_bind().execute(rows.limit(1)).first() is not None:
        op.execute(home_settings.insert().from_select(columns, rows))
    op.drop_table("options")
    op.create_index("ix_home_settings_name_id", "home_settings", ["name", "id"])


def _rename_keys_of_runs(connection: sa.Connection) -> None:
    runs = sa.table(
        "runs",
        sa.column("id", sa.Integer),
        sa.column("metrics", sa.JSON),
        sa.column("parameters", sa.JSON),
    )
    for row in connection.execute(sa.select(runs)).all():
        values = {
            "metrics": _renamed_metrics(row.metrics),
            "parameters": _renamed_parameters(row.parameters),
        }
        connection.execute(sa.update(runs).where(runs.c.id == row.id).values(values))


def _renamed_metrics(metrics: dict[str, Any]) -> dict[str, Any]:
    metrics = _renamed(metrics, RENAMED_METRICS)
    if "base" in metrics:
        metrics["base"] = _renamed(metrics["base"], RENAMED_METRICS)
    if "alphas" in metrics:
        metrics["alphas"] = [_renamed(row, RENAMED_ALPHA_METRICS) for row in metrics["alphas"]]
    if "evaluate_on" in metrics:  # has a source if the data set could not be read
        metrics["evaluate_on"] = _with_current_data_set(metrics["evaluate_on"], "source")
    return metrics


def _renamed_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    return _with_current_data_set(_renamed(parameters, RENAMED_PARAMETERS), "evaluate_on")


def _renamed(values: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in values.items()}


def _with_current_data_set(values: dict[str, Any], key: str) -> dict[str, Any]:
    current_name = RENAMED_DATA_SETS.get(str(values.get(key)))
    return values if current_name is None else values | {key: current_name}
