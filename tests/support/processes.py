"""Runs that seem to belong to another process."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from digitlab.store import RunLog
from digitlab.store.runs.liveness import HOST
from digitlab.store.tables import leases, runs


def hand_over(
    log: RunLog, name: str, *, pid: int, host: str = HOST, heartbeat_at: datetime | None = None
) -> None:
    """Change run and lease as if another process had announced the run and acquired the lease."""
    values = {"pid": pid, "host": host} | ({"heartbeat_at": heartbeat_at} if heartbeat_at else {})
    with log.database.write() as connection:
        connection.execute(sa.update(runs).where(runs.c.name == name).values(values))
        connection.execute(sa.update(leases).where(leases.c.run == name).values(values))
