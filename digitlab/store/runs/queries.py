"""The rows of runs and of their lease, as steps inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from digitlab.store.runs.liveness import HOST, lives
from digitlab.store.runs.types import PHASES, RUN_OUTCOMES, TRIGGERS, Run, to_run
from digitlab.store.tables import aliases, leases, runs

LEASE: Final = "fine-tune"
"""The name of what only one run of a home may hold."""

CURVE_POINTS: Final = 80
"""So many points of a curve are kept, which a page draws; when there are more, it is thinned."""

DIED: Final = "Its process ended before the outcome."


def busy_reason(holder: str) -> str:
    """Why a run did not start while `holder` is under way."""
    return f"The run {holder} is under way, and one runs at a time."


def insert(
    connection: sa.Connection,
    name: str,
    *,
    trigger: str,
    by: str,
    parameters: Mapping[str, Any],
    time: datetime,
    pid: int,
) -> None:
    """Make the row of a run that the process `pid` of this machine watches over."""
    _check(trigger, TRIGGERS, "trigger")
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


def update(connection: sa.Connection, name: str, **values: Any) -> None:
    """Change the row of a run that has no outcome yet; one with a outcome stays as it is."""
    if "phase" in values:
        _check(values["phase"], PHASES, "phase")
    unfinished = (runs.c.name == name, runs.c.outcome.is_(None))
    connection.execute(sa.update(runs).where(*unfinished).values(values))


def finish(
    connection: sa.Connection, name: str, outcome: str, *, time: datetime, **values: Any
) -> None:
    """Give a run its outcome, unless it has one, and give its lease back."""
    _check(outcome, RUN_OUTCOMES, "outcome")
    done = {"outcome": outcome, "finished": time, "heartbeat_at": time, "phase": PHASES[-1]}
    update(connection, name, seconds_left=None, **done, **values)
    connection.execute(sa.delete(leases).where(leases.c.name == LEASE, leases.c.run == name))


def sweep(connection: sa.Connection, time: datetime) -> None:
    """Give the outcome "failed" to every run that has none and no living process."""
    holder = holder_of(connection)
    for run in unfinished(connection):
        if not is_alive(run, holder, time):
            settle_dead(connection, run.name, time)


def settle_dead(connection: sa.Connection, name: str, time: datetime) -> None:
    """The outcome of a run whose process died."""
    break_off(connection, name, "failed", time=time, reasons=[DIED])


def break_off(
    connection: sa.Connection, name: str, outcome: str, *, time: datetime, **values: Any
) -> None:
    """Give its outcome to a run that did not come to its end: what it had done by then counts.

    Whatever came in between, a run whose version serves has promoted it.
    """
    moved = (aliases.c.run == name, aliases.c.alias == "champion")
    version = connection.execute(sa.select(aliases.c.version).where(*moved)).scalar()
    if version is None:
        finish(connection, name, outcome, time=time, **values)
    else:
        said = [f"{version} was promoted; then it ended before it could say more."]
        values |= {"version": version, "reasons": said}
        finish(connection, name, "promoted", time=time, **values)


def lengthened(connection: sa.Connection, name: str, point: list[Any]) -> list[Any]:
    """The curve of a run with one more point, thinned when it is long."""
    found = connection.execute(sa.select(runs.c.curve).where(runs.c.name == name)).scalar()
    return thinned([*(found or []), point])


def thinned(curve: list[list[Any]]) -> list[list[Any]]:
    """A curve of more than `CURVE_POINTS` points without every second one.

    The first and the last point stay, and each at which `validation_accuracy` was measured: these are few.
    """
    if len(curve) <= CURVE_POINTS:
        return curve
    loss_alone = [
        place
        for place, (_, _, validation_accuracy) in enumerate(curve[:-1])
        if place and validation_accuracy is None
    ]
    gone = set(loss_alone[::2])
    return [point for place, point in enumerate(curve) if place not in gone]


def get(connection: sa.Connection, name: str) -> Run | None:
    """One run; None without one of that name."""
    row = connection.execute(sa.select(runs).where(runs.c.name == name)).first()
    return None if row is None else to_run(row)


def unfinished(connection: sa.Connection) -> list[Run]:
    """The runs without a outcome, oldest first."""
    found = connection.execute(sa.select(runs).where(runs.c.outcome.is_(None)).order_by(runs.c.id))
    return [to_run(row) for row in found]


def holder_of(connection: sa.Connection) -> sa.Row[Any] | None:
    """The row of the lease; None when nobody holds it."""
    return connection.execute(sa.select(leases).where(leases.c.name == LEASE)).first()


def works(holder: sa.Row[Any] | None, time: datetime) -> bool:
    """Whether the process that holds the lease still runs."""
    return holder is not None and lives(
        holder.host, holder.pid, heartbeat_at=holder.heartbeat_at, now=time
    )


def is_alive(run: Run, holder: sa.Row[Any] | None, time: datetime) -> bool:
    """Whether a process of the run still runs: the one that works, or the one that watches."""
    mine = holder if holder is not None and holder.run == run.name else None
    return works(mine, time) or lives(run.host, run.pid, heartbeat_at=run.heartbeat_at, now=time)


def _check(value: Any, known: tuple[str, ...], what: str) -> None:
    if value not in known:
        raise ValueError(f"expected one of {', '.join(known)} as {what}, got {value!r}")
