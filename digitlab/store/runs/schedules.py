"""ScheduleBook: when a home fine-tunes by itself, and which due times somebody took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from digitlab.store.database import Database
from digitlab.store.moment import moment
from digitlab.store.tables import dues, schedules


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One expression that a home is, or was, fine-tuned by.

    Attributes:
        name: the expression with its time zone.
        cron: five fields, as in cron(5).
        zone: the time zone that the fields are meant in, for example "Europe/Berlin".
        next_due: when the next run is due; None before that is known.
        heartbeat_at: the last sign of life of a scheduler that goes by it.
        by: who runs that scheduler.
    """

    name: str
    cron: str
    zone: str
    next_due: datetime | None
    heartbeat_at: datetime
    by: str


class ScheduleBook:
    """The schedules of a home; several schedulers may go by the same one.

    Attributes:
        database: where the rows are.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def beat(self, cron: str, zone: str, *, by: str, now: datetime | None = None) -> Schedule:
        """Give a sign of life of a scheduler; the schedule as it is now, made when it is new."""
        name, time = f"{cron} {zone}", moment(now)
        this = schedules.c.name == name
        with self.database.write() as connection:
            row = connection.execute(sa.select(schedules).where(this)).first()
            if row is None:
                new = {"name": name, "cron": cron, "zone": zone, "heartbeat_at": time, "by": by}
                connection.execute(sa.insert(schedules).values(new))
            else:
                connection.execute(
                    sa.update(schedules).where(this).values(heartbeat_at=time, by=by)
                )
            return _to_schedule(connection.execute(sa.select(schedules).where(this)).one())

    def expect(self, schedule: Schedule, next_due: datetime) -> None:
        """Keep when the next run is due, unless another scheduler has done so."""
        this = (schedules.c.name == schedule.name, schedules.c.next_due.is_(None))
        with self.database.write() as connection:
            connection.execute(sa.update(schedules).where(*this).values(next_due=next_due))

    def claim(
        self, schedule: Schedule, *, by: str, upcoming: datetime, now: datetime | None = None
    ) -> bool:
        """Take the schedule's due time for oneself, and keep the `upcoming` one.

        Returns:
            False when somebody else was first, by this expression or by another.
        """
        due = schedule.next_due
        this = (schedules.c.name == schedule.name, schedules.c.next_due == due)
        with self.database.write() as connection:
            connection.execute(sa.update(schedules).where(*this).values(next_due=upcoming))
            if connection.execute(sa.select(dues.c.due).where(dues.c.due == due)).first():
                return False
            connection.execute(sa.insert(dues).values(due=due, claimed=moment(now), by=by))
            return True

    def note_run(self, due: datetime, run: str) -> None:
        """Keep which run a due time has started."""
        with self.database.write() as connection:
            connection.execute(sa.update(dues).where(dues.c.due == due).values(run=run))

    def all(self) -> list[Schedule]:
        """Every schedule; the one with the newest sign of life first."""
        newest = sa.select(schedules).order_by(schedules.c.heartbeat_at.desc())
        with self.database.read() as connection:
            return [_to_schedule(row) for row in connection.execute(newest)]


def _to_schedule(row: sa.Row[tuple[object, ...]]) -> Schedule:
    return Schedule(**row._mapping)
