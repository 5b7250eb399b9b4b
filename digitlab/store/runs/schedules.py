"""ScheduleBook: the times at which a home fine-tunes by itself, and the claimed due times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from digitlab.store.database import Database, utc_now_or
from digitlab.store.tables import dues, schedules


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One cron expression that a scheduler follows or has followed.

    Attributes:
        name: the expression with its time zone.
        cron: five fields, as in cron(5).
        zone: time zone of the fields, for example "Europe/Berlin".
        next_due: time of the next run; None before it is known.
        heartbeat_at: the last heartbeat of a scheduler that follows it.
        by: the person or service that runs that scheduler.
    """

    name: str
    cron: str
    zone: str
    next_due: datetime | None
    heartbeat_at: datetime
    by: str


class ScheduleBook:
    """The schedules of a home; several schedulers may follow the same one.

    Attributes:
        database: holds the rows.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def heartbeat(self, cron: str, zone: str, *, by: str, now: datetime | None = None) -> Schedule:
        """Record the heartbeat of a scheduler; add the schedule if it is new.

        Args:
            cron: the expression.
            zone: its time zone.
            by: the person or service that runs the scheduler.
            now: the time, aware; None for the current time.

        Returns:
            The schedule as stored now.
        """
        name, time = f"{cron} {zone}", utc_now_or(now)
        is_this = schedules.c.name == name
        with self.database.write() as connection:
            row = connection.execute(sa.select(schedules).where(is_this)).first()
            if row is None:
                new = {"name": name, "cron": cron, "zone": zone, "heartbeat_at": time, "by": by}
                connection.execute(sa.insert(schedules).values(new))
            else:
                connection.execute(
                    sa.update(schedules).where(is_this).values(heartbeat_at=time, by=by)
                )
            return _to_schedule(connection.execute(sa.select(schedules).where(is_this)).one())

    def set_next_due(self, schedule: Schedule, next_due: datetime) -> None:
        """Replace the time of the next run.

        Nothing changes if another scheduler has stored another time since `schedule` was read, or
        if the new time was claimed before: then the clock was set back.

        Args:
            schedule: from `heartbeat`.
            next_due: the due time after now.
        """
        is_unchanged = (
            schedules.c.name == schedule.name,
            schedules.c.next_due.is_not_distinct_from(schedule.next_due),
            ~sa.exists().where(dues.c.due == next_due),
        )
        with self.database.write() as connection:
            connection.execute(sa.update(schedules).where(*is_unchanged).values(next_due=next_due))

    def claim(
        self, schedule: Schedule, *, by: str, upcoming: datetime, now: datetime | None = None
    ) -> bool:
        """Claim the schedule's due time, and store the `upcoming` one as the next.

        Args:
            schedule: from `heartbeat`.
            by: the person or service that claims it.
            upcoming: the due time after this one.
            now: the time, aware; None for the current time.

        Returns:
            False if another scheduler has claimed the time, for this expression or another.
        """
        due = schedule.next_due
        is_due = (schedules.c.name == schedule.name, schedules.c.next_due == due)
        with self.database.write() as connection:
            connection.execute(sa.update(schedules).where(*is_due).values(next_due=upcoming))
            if connection.execute(sa.select(dues.c.due).where(dues.c.due == due)).first():
                return False
            connection.execute(sa.insert(dues).values(due=due, claimed=utc_now_or(now), by=by))
            return True

    def record_run(self, due: datetime, run: str) -> None:
        """Store the name of the run that a due time started."""
        with self.database.write() as connection:
            connection.execute(sa.update(dues).where(dues.c.due == due).values(run=run))

    def all(self) -> list[Schedule]:
        """Return every schedule, the one with the newest heartbeat first."""
        newest_first = sa.select(schedules).order_by(schedules.c.heartbeat_at.desc())
        with self.database.read() as connection:
            return [_to_schedule(row) for row in connection.execute(newest_first)]


def _to_schedule(row: sa.Row[tuple[object, ...]]) -> Schedule:
    return Schedule(**row._mapping)
