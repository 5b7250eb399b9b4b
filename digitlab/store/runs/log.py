"""RunLog: the fine-tunes of a home, one at a time, with their progress and outcomes."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, Self

import sqlalchemy as sa

from digitlab.errors import RunError, StoreError
from digitlab.phrases import duration_text
from digitlab.private_files import protect_home
from digitlab.settings import Settings
from digitlab.store.database import ClosesOnExit, Database, utc_now_or
from digitlab.store.runs import queries
from digitlab.store.runs.liveness import HOST, NO_PROCESS
from digitlab.store.runs.types import Run, to_run
from digitlab.store.tables import leases, runs

log = logging.getLogger(__name__)

RESTARTED_REASON: Final = "Another run began in the same process; nothing has changed."


class RunLog(ClosesOnExit):
    """The runs of a home; every process may read the progress of a run and request its end.

    The process that starts a run announces it and supervises it. The notebook's process acquires
    the lease, sends heartbeats, and finishes the run with one outcome. If both processes die
    without an outcome, the next process that checks gives the run the outcome "failed" and
    releases the lease.

    Attributes:
        database: holds the rows.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the runs of a home; create or migrate its database if necessary.

        Raises:
            StoreError: the home cannot be written, is damaged, or is newer than this program.
        """
        database = Database.open(settings.database_url)
        protect_home(settings)
        return cls(database)

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def get(self, name: str) -> Run:
        """Return one run.

        Raises:
            RunError: there is no such run.
        """
        with self.database.read() as connection:
            run = queries.fetch_run(connection, name)
        if run is None:
            raise RunError(f"There is no run {name}.", run=name)
        return run

    def recent(self, n: int = 20) -> list[Run]:
        """Return the last `n` runs, newest first."""
        newest = sa.select(runs).order_by(runs.c.id.desc()).limit(n)
        with self.database.read() as connection:
            return [to_run(row) for row in connection.execute(newest)]

    def last_decided(self, feedback_fingerprint: str) -> Run | None:
        """Return the last run that the gate promoted or rejected on the same feedback, or None."""
        is_decided = (
            runs.c.feedback_fingerprint == feedback_fingerprint,
            runs.c.outcome.in_(["promoted", "rejected"]),
        )
        newest = sa.select(runs).where(*is_decided).order_by(runs.c.id.desc()).limit(1)
        with self.database.read() as connection:
            row = connection.execute(newest).first()
        return None if row is None else to_run(row)

    def current(self, *, now: datetime | None = None) -> Run | None:
        """Return the run under way: the one with the lease, otherwise the newest announced one.

        Returns:
            None if no run without an outcome has a living process.
        """
        time = utc_now_or(now)
        with self.database.read() as connection:
            lease = queries.fetch_lease(connection)
            unfinished = queries.fetch_unfinished(connection)
            alive = [run for run in unfinished if queries.is_run_alive(run, lease, time)]
        with_lease = [run for run in alive if lease is not None and lease.run == run.name]
        candidates = with_lease or alive[::-1]
        return candidates[0] if candidates else None

    def holds_lease(self, name: str) -> bool:
        """Tell whether the run holds the lease and has no outcome yet."""
        with self.database.read() as connection:
            lease, run = queries.fetch_lease(connection), queries.fetch_run(connection, name)
        return lease is not None and lease.run == name and run is not None and not run.over

    def is_alive(self, name: str, *, now: datetime | None = None) -> bool:
        """Tell whether a process of the run still runs: the working or the supervising one."""
        with self.database.read() as connection:
            run, lease = queries.fetch_run(connection, name), queries.fetch_lease(connection)
        return run is not None and queries.is_run_alive(run, lease, utc_now_or(now))

    def is_supervised(self, name: str, *, now: datetime | None = None) -> bool:
        """Tell whether the process that supervises the run still runs.

        Raises:
            RunError: there is no such run.
        """
        return queries.is_supervised(self.get(name), utc_now_or(now))

    def is_healthy(self, name: str, *, now: datetime | None = None) -> bool:
        """Tell whether no process of the run has died; a run that is not healthy soon fails."""
        time = utc_now_or(now)
        with self.database.read() as connection:
            run, lease = queries.fetch_run(connection, name), queries.fetch_lease(connection)
        if run is None or not queries.is_supervised(run, time):
            return False
        return lease is None or lease.run != name or queries.is_lease_alive(lease, time)

    def is_cancel_requested(self, name: str) -> bool:
        """Tell whether the end of the run was requested."""
        with self.database.read() as connection:
            cancel = connection.execute(sa.select(runs.c.cancel).where(runs.c.name == name))
            return bool(cancel.scalar())

    def _repr_html_(self) -> str:
        from digitlab.html.render import render  # loads Jinja2

        return render(
            "table.html.j2",
            caption="The last runs",
            columns=("run", "started (UTC)", "trigger", "by", "status", "version", "time"),
            rows=[
                (
                    run.name,
                    f"{run.started:%Y-%m-%d %H:%M}",
                    run.trigger,
                    run.by,
                    run.status,
                    run.version,
                    duration_text(run.seconds),
                )
                for run in self.recent()
            ],
        )

    def announce(
        self,
        name: str,
        *,
        trigger: str,
        by: str,
        parameters: Mapping[str, Any],
        now: datetime | None = None,
    ) -> None:
        """Add a run that is about to start; this process supervises it.

        Args:
            name: a name from `new_name`.
            trigger: "page", "notebook", "cli", "schedule" or "papermill".
            by: the person, or the name of the schedule.
            parameters: the notebook's parameters as given.
            now: the time, aware; None for the current time.
        """
        request: Any = {"trigger": trigger, "by": by, "parameters": parameters}
        with self.database.write() as connection:
            queries.insert_run(connection, name, **request, time=utc_now_or(now), pid=os.getpid())

    def add_finished(
        self,
        name: str,
        outcome: str,
        *,
        trigger: str,
        by: str,
        parameters: Mapping[str, Any],
        inputs_fingerprint: str | None = None,
        feedback_fingerprint: str | None = None,
        reasons: Sequence[str] = (),
        now: datetime | None = None,
    ) -> None:
        """Add a run whose outcome is known before it starts, so that no process is needed.

        See `announce` for the first arguments and `finish` for the others.
        """
        time = utc_now_or(now)
        request: Any = {"trigger": trigger, "by": by, "parameters": parameters}
        result = {
            "inputs_fingerprint": inputs_fingerprint,
            "feedback_fingerprint": feedback_fingerprint,
            "reasons": list(reasons),
        }
        with self.database.write() as connection:
            queries.insert_run(connection, name, **request, time=time, pid=NO_PROCESS)
            queries.finish(connection, name, outcome, time=time, **result)

    def supervise(self, name: str, *, pid: int | None = None, now: datetime | None = None) -> None:
        """Let a process of this machine supervise the run from now on.

        Args:
            name: the run.
            pid: the process; None for this one.
            now: the time, aware; None for the current time.
        """
        supervisor = os.getpid() if pid is None else pid
        with self.database.write() as connection:
            queries.update_unfinished(
                connection, name, host=HOST, pid=supervisor, heartbeat_at=utc_now_or(now)
            )

    def acquire_lease(
        self,
        name: str,
        *,
        by: str,
        parameters: Mapping[str, Any],
        trigger: str = "papermill",
        now: datetime | None = None,
    ) -> bool:
        """Acquire the lease for a run, in the process that does the work.

        The run is added if it was not announced. Runs whose processes died get the outcome
        "failed". A run that this same process began before gets the outcome "cancelled": a
        person runs the notebook again in the same kernel.

        Returns:
            False if another run is under way; this run's outcome is then "busy".

        Raises:
            RunError: the run is over, or another process works on it. A name is used once.
        """
        time, pid = utc_now_or(now), os.getpid()
        with self.database.write() as connection:
            run, lease = queries.fetch_run(connection, name), queries.fetch_lease(connection)
            if run is None:
                request: Any = {"trigger": trigger, "by": by, "parameters": parameters}
                queries.insert_run(connection, name, **request, time=time, pid=pid)
            elif run.over:
                raise RunError(
                    f"The run {name} is over already: {run.outcome}. Start a new one.", run=name
                )
            if lease is not None:
                is_own = (lease.host, lease.pid) == (HOST, pid)
                is_alive = queries.is_lease_alive(lease, time)
                if lease.run == name and not is_own and is_alive:
                    raise RunError(f"The run {name} is under way already.", run=name)
                if lease.run != name and is_own:
                    queries.finish_early(
                        connection, lease.run, "cancelled", time=time, reasons=[RESTARTED_REASON]
                    )
                elif lease.run != name and is_alive:
                    reasons = [queries.busy_reason(lease.run)]
                    queries.finish(connection, name, "busy", time=time, reasons=reasons)
                    return False
                elif lease.run != name:
                    queries.fail_dead_run(connection, lease.run, time)
            connection.execute(sa.delete(leases).where(leases.c.name == queries.LEASE))
            row = {
                "name": queries.LEASE,
                "run": name,
                "host": HOST,
                "pid": pid,
                "heartbeat_at": time,
            }
            connection.execute(sa.insert(leases).values(row))
            queries.fail_dead_runs(connection, time)
            return True

    def heartbeat(
        self,
        name: str,
        *,
        phase: str | None = None,
        step: int | None = None,
        steps: int | None = None,
        loss: float | None = None,
        validation_accuracy: float | None = None,
        seconds_left: float | None = None,
        now: datetime | None = None,
    ) -> None:
        """Send a heartbeat and store the progress; None leaves a value unchanged.

        A `step` with a `loss` or a `validation_accuracy` becomes a point of the curve. A run that
        is over stays unchanged. See `Run` for the values.
        """
        time = utc_now_or(now)
        progress = {
            "phase": phase,
            "step": step,
            "steps": steps,
            "loss": loss,
            "validation_accuracy": validation_accuracy,
            "seconds_left": seconds_left,
        }
        values: dict[str, Any] = {
            key: value for key, value in progress.items() if value is not None
        }
        with self.database.write() as connection:
            if step is not None and (loss is not None or validation_accuracy is not None):
                point = [step, loss, validation_accuracy]
                values["curve"] = queries.extend_curve(connection, name, point)
            queries.update_unfinished(connection, name, heartbeat_at=time, **values)
            connection.execute(
                sa.update(leases).where(leases.c.run == name).values(heartbeat_at=time)
            )

    @contextmanager
    def send_heartbeats(
        self, name: str, every_s: float = 2.0, *, while_: Callable[[], bool] = lambda: True
    ) -> Iterator[None]:
        """Send heartbeats from a background thread while the block runs.

        Args:
            name: the run.
            every_s: time between two heartbeats, in seconds.
            while_: called before each heartbeat; False ends the heartbeats.
        """
        block_ended = threading.Event()

        def send() -> None:
            while not block_ended.wait(every_s):
                try:
                    if not while_():
                        return
                    self.heartbeat(name)
                except StoreError as error:  # the next heartbeat may succeed
                    log.warning("no heartbeat for run %s: %s", name, error)

        thread = threading.Thread(target=send, name=f"heartbeats of {name}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            block_ended.set()
            thread.join()

    def request_cancel(self, name: str) -> None:
        """Request the end of a run; it ends at its next step, or is ended soon after."""
        with self.database.write() as connection:
            queries.update_unfinished(connection, name, cancel=True)

    def record_fingerprints(
        self, name: str, *, inputs_fingerprint: str, feedback_fingerprint: str
    ) -> None:
        """Store a run's fingerprints before it promotes a version; it may die right after."""
        with self.database.write() as connection:
            queries.update_unfinished(
                connection,
                name,
                inputs_fingerprint=inputs_fingerprint,
                feedback_fingerprint=feedback_fingerprint,
            )

    def finish(
        self,
        name: str,
        outcome: str,
        *,
        version: str | None = None,
        inputs_fingerprint: str | None = None,
        feedback_fingerprint: str | None = None,
        reasons: Sequence[str] = (),
        metrics: Mapping[str, Any] | None = None,
        notebook: str | None = None,
        now: datetime | None = None,
    ) -> None:
        """Store the outcome and release the lease; for a run that is over, store the notebook.

        The outcome is "promoted" instead of "failed" or "cancelled" if the run's version serves
        already. See `Run` for the values.

        Raises:
            RunError: there is no such run.
        """
        optional = {
            "version": version,
            "inputs_fingerprint": inputs_fingerprint,
            "feedback_fingerprint": feedback_fingerprint,
            "notebook": notebook,
        }
        result: dict[str, Any] = {
            key: value for key, value in optional.items() if value is not None
        }
        result |= {"reasons": list(reasons), "metrics": dict(metrics or {})}
        with self.database.write() as connection:
            run = queries.fetch_run(connection, name)
            if run is None:
                raise RunError(f"There is no run {name}.", run=name)
            if not run.over:
                is_early = outcome in {"failed", "cancelled"}
                end = queries.finish_early if is_early else queries.finish
                end(connection, name, outcome, time=utc_now_or(now), **result)
            elif notebook is not None:
                this_run = runs.c.name == name
                connection.execute(sa.update(runs).where(this_run).values(notebook=notebook))

    def fail_dead_runs(self, *, now: datetime | None = None) -> None:
        """Give the outcome "failed" to runs whose processes died; release their lease."""
        with self.database.write() as connection:
            queries.fail_dead_runs(connection, utc_now_or(now))
