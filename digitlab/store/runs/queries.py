"""SQL queries on runs and their lease; each runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from digitlab.store.runs.liveness import HOST, is_process_alive
from digitlab.store.runs.types import PHASES, RUN_OUTCOMES, TRIGGERS, Run, to_run
from digitlab.store.tables import aliases, leases, runs

LEASE: Final = "fine-tune"
"""Name of the lease that one run of a home may hold at a time."""

CURVE_POINTS: Final = 80
"""Most points of a stored curve, as many as a page draws; a longer curve is thinned."""

DIED_REASON: Final = "Its process ended before the outcome."


def busy_reason(holder: str) -> str:
    """Return why a run did not start while the run `holder` is under way."""
    return f"The run {holder} is under way, and one runs at a time."


def insert_run(
    connection: sa.Connection,
    name: str,
    *,
    trigger: str,
    by: str,
    parameters: Mapping[str, Any],
    time: datetime,
    pid: int,
) -> None:
    """Insert a run that the process `pid` of this machine supervises."""
    _check_choice(trigger, TRIGGERS, "trigger")
    row = {
        "name": name,
        "trigger": trigger,
        "by": by,
        "started": time,
        "heartbeat_at": time,
        "host": HOST,
        "pid": pid,
        "phase": PHASES[0],
        "step": 0,
        "steps": 0,
        "curve": [],
        "cancel": False,
        "parameters": dict(parameters),
        "reasons": [],
        "metrics": {},
    }
    connection.execute(sa.insert(runs).values(row))


def fetch_run(connection: sa.Connection, name: str) -> Run | None:
    """Return one run; None if there is no such run."""
    row = connection.execute(sa.select(runs).where(runs.c.name == name)).first()
    return None if row is None else to_run(row)


def fetch_unfinished(connection: sa.Connection) -> list[Run]:
    """Return the runs without an outcome, oldest first."""
    unfinished = sa.select(runs).where(runs.c.outcome.is_(None)).order_by(runs.c.id)
    return [to_run(row) for row in connection.execute(unfinished)]


def fetch_lease(connection: sa.Connection) -> sa.Row[Any] | None:
    """Return the row of the lease; None if no run holds it."""
    return connection.execute(sa.select(leases).where(leases.c.name == LEASE)).first()


def update_unfinished(connection: sa.Connection, name: str, **values: Any) -> None:
    """Update a run that has no outcome yet; leave a finished run unchanged."""
    if "phase" in values:
        _check_choice(values["phase"], PHASES, "phase")
    is_unfinished = (runs.c.name == name, runs.c.outcome.is_(None))
    connection.execute(sa.update(runs).where(*is_unfinished).values(values))


def finish(
    connection: sa.Connection, name: str, outcome: str, *, time: datetime, **values: Any
) -> None:
    """Set a run's outcome unless it has one, and release its lease."""
    _check_choice(outcome, RUN_OUTCOMES, "outcome")
    end = {"outcome": outcome, "finished": time, "heartbeat_at": time, "phase": PHASES[-1]}
    update_unfinished(connection, name, seconds_left=None, **end, **values)
    connection.execute(sa.delete(leases).where(leases.c.name == LEASE, leases.c.run == name))


def finish_early(
    connection: sa.Connection, name: str, outcome: str, *, time: datetime, **values: Any
) -> None:
    """Set the outcome of a run that stopped before its end.

    If the run's version serves already, the outcome is "promoted" instead of `outcome`.
    """
    made_champion = (aliases.c.run == name, aliases.c.alias == "champion")
    version = connection.execute(sa.select(aliases.c.version).where(*made_champion)).scalar()
    if version is None:
        finish(connection, name, outcome, time=time, **values)
    else:
        reason = f"{version} was promoted; then the run ended before it could report more."
        values |= {"version": version, "reasons": [reason]}
        finish(connection, name, "promoted", time=time, **values)


def fail_dead_run(connection: sa.Connection, name: str, time: datetime) -> None:
    """Set the outcome of a run whose process died."""
    finish_early(connection, name, "failed", time=time, reasons=[DIED_REASON])


def fail_dead_runs(connection: sa.Connection, time: datetime) -> None:
    """Set the outcome of every run that has none and no living process."""
    lease = fetch_lease(connection)
    for run in fetch_unfinished(connection):
        if not is_run_alive(run, lease, time):
            fail_dead_run(connection, run.name, time)


def is_lease_alive(lease: sa.Row[Any] | None, time: datetime) -> bool:
    """Tell whether the process that holds the lease still runs."""
    return lease is not None and is_process_alive(
        lease.host, lease.pid, heartbeat_at=lease.heartbeat_at, now=time
    )


def is_run_alive(run: Run, lease: sa.Row[Any] | None, time: datetime) -> bool:
    """Tell whether a process of the run still runs: the working or the supervising one."""
    own_lease = lease if lease is not None and lease.run == run.name else None
    return is_lease_alive(own_lease, time) or is_supervised(run, time)


def is_supervised(run: Run, time: datetime) -> bool:
    """Tell whether the process that supervises the run still runs."""
    return is_process_alive(run.host, run.pid, heartbeat_at=run.heartbeat_at, now=time)


def extend_curve(connection: sa.Connection, name: str, point: list[Any]) -> list[Any]:
    """Return a run's curve with one more point, thinned if it is long."""
    curve = connection.execute(sa.select(runs.c.curve).where(runs.c.name == name)).scalar()
    return thin_curve([*(curve or []), point])


def thin_curve(curve: list[list[Any]]) -> list[list[Any]]:
    """Remove every second point from a curve of more than `CURVE_POINTS` points.

    The first and the last point stay, and the few points with a validation accuracy.
    """
    if len(curve) <= CURVE_POINTS:
        return curve
    loss_only = [
        index
        for index, (_, _, validation_accuracy) in enumerate(curve[:-1])
        if index and validation_accuracy is None
    ]
    removed = set(loss_only[::2])
    return [point for index, point in enumerate(curve) if index not in removed]


def _check_choice(value: Any, choices: tuple[str, ...], description: str) -> None:
    if value not in choices:
        raise ValueError(f"expected one of {', '.join(choices)} as {description}, got {value!r}")
