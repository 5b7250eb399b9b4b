"""The tables of the store, in SQLAlchemy Core; `migrations` creates them.

Rows of these tables are only ever added: `predictions` has one small row per prediction,
`verdicts` one per verdict with all its evidence, `fingerprints` one per correction, `reviews` one
per review of a verdict, `aliases` one per move of an alias to a version, and `home_settings` one
per change of a setting. `runs` has one row per fine-tune, which changes while the run lasts.
Processes coordinate through `leases`, `schedules` and `dues`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

HEAD: Final = "0004"
"""The revision that creates these tables; compared with a database without loading Alembic."""


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """Aware times, stored in UTC; also in databases that store no time zone, such as SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Convert a time to UTC; refuse a naive time, because its zone is unknown."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a time with its time zone, got the naive {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

predictions = sa.Table(
    "predictions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("time", UTCDateTime, nullable=False, index=True),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("digit", sa.SmallInteger, nullable=False),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.Column("refused", sa.Boolean, nullable=False),
    sa.Column("remembered", sa.Boolean, nullable=False),
    sqlite_autoincrement=True,
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("time", UTCDateTime, nullable=False, index=True),
    sa.Column("contributor", sa.Text, nullable=False, index=True),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("label", sa.SmallInteger),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("prediction_id", sa.ForeignKey("predictions.id"), index=True),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("predicted", sa.SmallInteger, nullable=False),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.Column("probabilities", sa.JSON, nullable=False),
    sa.Column("refused", sa.Boolean, nullable=False),
    sa.Column("remembered", sa.Boolean, nullable=False),
    sa.Column("picture_sha256", sa.Text, nullable=False),
    sa.Column("picture_bytes", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("x", sa.Integer, nullable=False),
    sa.Column("y", sa.Integer, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("digit_sha256", sa.Text, nullable=False),
    sa.Column("digit_image", sa.LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

KEY: Final = (
    verdicts.c.picture_sha256,
    verdicts.c.x,
    verdicts.c.y,
    verdicts.c.width,
    verdicts.c.height,
    verdicts.c.contributor,
)
"""The key of a verdict: two verdicts with one key are about the same digit by the same person."""

sa.Index("ix_verdicts_key", *KEY)

fingerprints = sa.Table(
    "fingerprints",
    metadata,
    sa.Column("verdict_id", sa.ForeignKey("verdicts.id"), primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
)
"""Fingerprints of the pictures of corrections: `images.similarity.picture_fingerprint`."""

reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("verdict_id", sa.ForeignKey("verdicts.id"), nullable=False, index=True),
    sa.Column("time", UTCDateTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

aliases = sa.Table(
    "aliases",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("time", UTCDateTime, nullable=False),
    sa.Column("alias", sa.Text, nullable=False),
    sa.Column("version", sa.Text),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("run", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

sa.Index("ix_aliases_alias_id", aliases.c.alias, aliases.c.id)

home_settings = sa.Table(
    "home_settings",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("time", UTCDateTime, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

sa.Index("ix_home_settings_name_id", home_settings.c.name, home_settings.c.id)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("trigger", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("started", UTCDateTime, nullable=False),
    sa.Column("heartbeat_at", UTCDateTime, nullable=False),
    sa.Column("finished", UTCDateTime),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("steps", sa.Integer, nullable=False),
    sa.Column("loss", sa.Double),
    sa.Column("validation_accuracy", sa.Double),
    sa.Column("seconds_left", sa.Double),
    sa.Column("curve", sa.JSON, nullable=False),
    sa.Column("cancel", sa.Boolean, nullable=False),
    sa.Column("parameters", sa.JSON, nullable=False),
    sa.Column("inputs_fingerprint", sa.Text),
    sa.Column("feedback_fingerprint", sa.Text),
    sa.Column("outcome", sa.Text),
    sa.Column("version", sa.Text),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("metrics", sa.JSON, nullable=False),
    sa.Column("notebook", sa.Text),
    sqlite_autoincrement=True,
)

sa.Index("ix_runs_feedback_fingerprint", runs.c.feedback_fingerprint)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("heartbeat_at", UTCDateTime, nullable=False),
)

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("cron", sa.Text, nullable=False),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("next_due", UTCDateTime),
    sa.Column("heartbeat_at", UTCDateTime, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
)

dues = sa.Table(
    "dues",
    metadata,
    sa.Column("due", UTCDateTime, primary_key=True),
    sa.Column("claimed", UTCDateTime, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("run", sa.Text),
)
