"""RunLog: how a fine-tune announces itself, takes its turn, says how far it is, and ends."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from digitlab.errors import RunError, StoreError
from digitlab.store.moment import moment
from digitlab.store.runs import queries as rows
from digitlab.store.runs.liveness import HOST, NO_PROCESS
from digitlab.store.runs.reader import RunReader
from digitlab.store.runs.types import PHASES, RUN_OUTCOMES, TRIGGERS, Run
from digitlab.store.tables import leases, runs

log = logging.getLogger(__name__)

__all__ = ["PHASES", "RUN_OUTCOMES", "TRIGGERS", "Run", "RunLog"]


ANEW: Final = "Another run was begun in the same process; nothing has changed."


class RunLog(RunReader):
    """The runs of a home; any process may read how far one is, and ask for its end.

    A run is announced by who starts it, takes the lease in the notebook's process, gives signs
    of life while it lasts, and finishes with a outcome, once. A process that died without one is
    noticed by the next that looks, and what it held is free.

    Attributes:
        database: where the rows are.
    """

    def announce(
        self,
        name: str,
        *,
        trigger: str,
        by: str,
        parameters: Mapping[str, Any],
        now: datetime | None = None,
    ) -> None:
        """Make the row of a run that is about to start; this process watches over it."""
        said: Any = {"trigger": trigger, "by": by, "parameters": parameters}
        with self.database.write() as connection:
            rows.insert(connection, name, **said, time=moment(now), pid=os.getpid())

    def settle(
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
        """Make the row of a run whose outcome is known before it starts: no notebook follows."""
        time = moment(now)
        said: Any = {"trigger": trigger, "by": by, "parameters": parameters}
        found = {
            "inputs_fingerprint": inputs_fingerprint,
            "feedback_fingerprint": feedback_fingerprint,
            "reasons": list(reasons),
        }
        with self.database.write() as connection:
            rows.insert(connection, name, **said, time=time, pid=NO_PROCESS)
            rows.finish(connection, name, outcome, time=time, **found)

    def watch(self, name: str, *, pid: int | None = None, now: datetime | None = None) -> None:
        """Let a process watch over the run from now on: this one, or `pid` of this machine."""
        watcher = os.getpid() if pid is None else pid
        with self.database.write() as connection:
            rows.update(connection, name, host=HOST, pid=watcher, heartbeat_at=moment(now))

    def take(
        self,
        name: str,
        *,
        by: str,
        parameters: Mapping[str, Any],
        trigger: str = "papermill",
        now: datetime | None = None,
    ) -> bool:
        """Take the lease for a run, in the process that does the work.

        The row is made when nobody announced the run. Runs whose processes died become
        "failed" on the way.

        Returns:
            False when another run is under way; this one's outcome is then "busy".

        Raises:
            RunError: the run has its outcome already, or another process works on it; a name is
                used once.
        """
        time, pid = moment(now), os.getpid()
        with self.database.write() as connection:
            run, holder = rows.get(connection, name), rows.holder_of(connection)
            if run is None:
                said: Any = {"trigger": trigger, "by": by, "parameters": parameters}
                rows.insert(connection, name, **said, time=time, pid=pid)
            elif run.over:
                raise RunError(
                    f"The run {name} is over already: {run.outcome}. Start a new one.", run=name
                )
            mine = holder is not None and (holder.host, holder.pid) == (HOST, pid)
            if holder is not None and holder.run == name and not mine and rows.works(holder, time):
                raise RunError(f"The run {name} is under way already.", run=name)
            if holder is not None and holder.run != name:
                if mine:  # a notebook that is run by hand, again in the same kernel
                    rows.break_off(connection, holder.run, "cancelled", time=time, reasons=[ANEW])
                elif rows.works(holder, time):
                    reasons = [rows.busy_reason(holder.run)]
                    rows.finish(connection, name, "busy", time=time, reasons=reasons)
                    return False
                else:
                    rows.settle_dead(connection, holder.run, time)
            connection.execute(sa.delete(leases).where(leases.c.name == rows.LEASE))
            lease = {
                "name": rows.LEASE,
                "run": name,
                "host": HOST,
                "pid": pid,
                "heartbeat_at": time,
            }
            connection.execute(sa.insert(leases).values(lease))
            rows.sweep(connection, time)
            return True

    def beat(
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
        """Give a sign of life and say how far the run is; None leaves what was said before.

        A `step` with a `loss` or a `validation_accuracy` becomes a point of the curve. A run that is over
        stays as it is.
        """
        time = moment(now)
        said = {
            "phase": phase,
            "step": step,
            "steps": steps,
            "loss": loss,
            "validation_accuracy": validation_accuracy,
            "seconds_left": seconds_left,
        }
        values: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
        with self.database.write() as connection:
            if step is not None and (loss is not None or validation_accuracy is not None):
                values["curve"] = rows.lengthened(
                    connection, name, [step, loss, validation_accuracy]
                )
            rows.update(connection, name, heartbeat_at=time, **values)
            connection.execute(
                sa.update(leases).where(leases.c.run == name).values(heartbeat_at=time)
            )

    @contextmanager
    def beating(
        self, name: str, every_s: float = 2.0, *, while_: Callable[[], bool] = lambda: True
    ) -> Iterator[None]:
        """Give signs of life from a thread of its own while the block runs.

        Args:
            name: of the run.
            every_s: between two of them, in seconds.
            while_: asked before each; where it says no, there are no more.
        """
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(every_s):
                try:
                    if not while_():
                        return
                    self.beat(name)
                except StoreError as error:  # the next one may come through
                    log.warning("no sign of life for run %s: %s", name, error)

        thread = threading.Thread(target=beat, name=f"beating {name}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def note(self, name: str, *, inputs_fingerprint: str, feedback_fingerprint: str) -> None:
        """Keep what a run was about before it moves an alias, for it may not live to say so."""
        with self.database.write() as connection:
            rows.update(
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
        """Keep the outcome and give the lease back; of a run that is over, keep the notebook.

        One that failed or was cancelled after its version had begun to serve has promoted it.

        Raises:
            RunError: there is no such run.
        """
        said = {
            "version": version,
            "inputs_fingerprint": inputs_fingerprint,
            "feedback_fingerprint": feedback_fingerprint,
            "notebook": notebook,
        }
        found: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
        found |= {"reasons": list(reasons), "metrics": dict(metrics or {})}
        with self.database.write() as connection:
            run = rows.get(connection, name)
            if run is None:
                raise RunError(f"There is no run {name}.", run=name)
            if not run.over:
                end = rows.break_off if outcome in {"failed", "cancelled"} else rows.finish
                end(connection, name, outcome, time=moment(now), **found)
            elif notebook is not None:
                this = runs.c.name == name
                connection.execute(sa.update(runs).where(this).values(notebook=notebook))

    def sweep(self, *, now: datetime | None = None) -> None:
        """Give the outcome "failed" to the runs that died without one; free what they held."""
        with self.database.write() as connection:
            rows.sweep(connection, moment(now))

    def ask_cancel(self, name: str) -> None:
        """Ask a run to end; it does so at its next step, or is ended soon after."""
        with self.database.write() as connection:
            rows.update(connection, name, cancel=True)
