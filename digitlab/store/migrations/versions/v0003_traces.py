"""Create the table of picture fingerprints, by which the memory recognises pictures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; earlier verdicts have no row in it."""
    op.create_table(
        "traces",
        sa.Column("verdict_id", sa.Integer(), nullable=False),
        sa.Column("trace", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["verdict_id"], ["verdicts.id"], name="fk_traces_verdict_id_verdicts"
        ),
        sa.PrimaryKeyConstraint("verdict_id", name="pk_traces"),
    )
