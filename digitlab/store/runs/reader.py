"""RunReader: the fine-tunes of a home as any process may look at them."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import sqlalchemy as sa

from digitlab.errors import RunError
from digitlab.settings import Settings
from digitlab.store.closing import Closing
from digitlab.store.database import Database
from digitlab.store.moment import moment
from digitlab.store.runs import queries as rows
from digitlab.store.runs.liveness import lives
from digitlab.store.runs.types import Run, to_run
from digitlab.store.tables import runs


class RunReader(Closing):
    """Everything that can be asked of the runs; `RunLog` adds what can be said.

    Attributes:
        database: where the rows are.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the runs of a home; create or migrate its database when that is due.

        Raises:
            StoreError: the home cannot be written, or is damaged or newer than this program.
        """
        return cls(Database.open(settings.database_url))

    def close(self) -> None:
        """Give the database's connections back."""
        self.database.close()

    def get(self, name: str) -> Run:
        """One run.

        Raises:
            RunError: there is none with that name.
        """
        with self.database.read() as connection:
            run = rows.get(connection, name)
        if run is None:
            raise RunError(f"There is no run {name}.", run=name)
        return run

    def recent(self, n: int = 20) -> list[Run]:
        """The last runs, the newest first."""
        with self.database.read() as connection:
            found = connection.execute(sa.select(runs).order_by(runs.c.id.desc()).limit(n))
            return [to_run(row) for row in found]

    def judged(self, feedback_fingerprint: str) -> Run | None:
        """The last run that was promoted or rejected on the same feedback_fingerprint; None without one."""
        wanted = (
            runs.c.feedback_fingerprint == feedback_fingerprint,
            runs.c.outcome.in_(["promoted", "rejected"]),
        )
        newest = sa.select(runs).where(*wanted).order_by(runs.c.id.desc()).limit(1)
        with self.database.read() as connection:
            row = connection.execute(newest).first()
        return None if row is None else to_run(row)

    def current(self, *, now: datetime | None = None) -> Run | None:
        """The run that is under way: the holder of the lease, else the newest announced one.

        None when no run without a outcome has a living process.
        """
        time = moment(now)
        with self.database.read() as connection:
            holder = rows.holder_of(connection)
            alive = [r for r in rows.unfinished(connection) if rows.is_alive(r, holder, time)]
        held = [run for run in alive if holder is not None and holder.run == run.name]
        newest_first = held or alive[::-1]
        return newest_first[0] if newest_first else None

    def holds(self, name: str) -> bool:
        """Whether the lease is this run's, and its outcome still open."""
        with self.database.read() as connection:
            holder, run = rows.holder_of(connection), rows.get(connection, name)
        return holder is not None and holder.run == name and run is not None and not run.over

    def lives(self, name: str, *, now: datetime | None = None) -> bool:
        """Whether a process of the run still runs: the one that works, or the one that watches."""
        with self.database.read() as connection:
            run, holder = rows.get(connection, name), rows.holder_of(connection)
        return run is not None and rows.is_alive(run, holder, moment(now))

    def is_watched(self, name: str, *, now: datetime | None = None) -> bool:
        """Whether the process that watches over the run still runs, whatever the other does."""
        run = self.get(name)
        return lives(run.host, run.pid, heartbeat_at=run.heartbeat_at, now=moment(now))

    def is_sound(self, name: str, *, now: datetime | None = None) -> bool:
        """Whether no process of the run has died so far: a run that is not is about to fail."""
        time = moment(now)
        with self.database.read() as connection:
            run, holder = rows.get(connection, name), rows.holder_of(connection)
        if run is None or not lives(run.host, run.pid, heartbeat_at=run.heartbeat_at, now=time):
            return False
        return holder is None or holder.run != name or rows.works(holder, time)

    def is_cancelled(self, name: str) -> bool:
        """Whether somebody asked for the run's end."""
        with self.database.read() as connection:
            asked = connection.execute(sa.select(runs.c.cancel).where(runs.c.name == name))
            return bool(asked.scalar())
