"""Scheduler: fine-tunes a home when it is due, however many schedulers watch over it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from digitlab.errors import DigitlabError
from digitlab.jobs.cron import Cron
from digitlab.jobs.launch import start
from digitlab.settings import Settings
from digitlab.store.database import Database
from digitlab.store.moment import moment
from digitlab.store.runs.schedules import Schedule, ScheduleBook
from digitlab.store.runs.types import Run

log = logging.getLogger(__name__)

BEAT_SECONDS: Final = 30
"""Seconds between two signs of life of a scheduler."""


class Scheduler:
    """One scheduler of a home.

    What is due stands in the store, and a due time belongs to whoever takes it first. One that
    passed while no scheduler ran is made up once, however many were missed.

    Attributes:
        settings: of the home.
        cron: when a run is due.
        by: who runs this scheduler.
    """

    def __init__(
        self, settings: Settings, cron: Cron, *, by: str, notebook: Path | None = None
    ) -> None:
        self.settings = settings
        self.cron = cron
        self.by = by
        self._notebook = notebook
        self._database = Database.open(settings.database_url)
        self._book = ScheduleBook(self._database)

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    def look(self, *, wait: bool = False, now: datetime | None = None) -> Run | None:
        """Start a run if one is due and nobody else has started it.

        The first look at a new expression only keeps when it is due next.

        Args:
            wait: return when the run is over, instead of when it has begun.
            now: the time, aware; None for the present.

        Returns:
            The run; None when none is due.

        Raises:
            DigitlabError: it cannot be started; its due time is over all the same.
        """
        time = moment(now)
        schedule = self._beat(time)
        due = schedule.next_due
        if due is None:
            self._book.expect(schedule, self.cron.after(time))
            return None
        if due > time:
            return None
        if not self._book.claim(schedule, by=self.by, upcoming=self.cron.after(time), now=time):
            return None
        run = start(
            self.settings,
            parameters={},
            trigger="schedule",
            by=self.by,
            wait=wait,
            notebook=self._notebook,
        )
        self._book.note_run(due, run.name)
        return run

    @property
    def next_in_words(self) -> str:
        """When the next run is due, in the schedule's time zone."""
        from zoneinfo import ZoneInfo

        due = self.cron.after(moment(None)).astimezone(ZoneInfo(self.cron.zone))
        return f"{due:%Y-%m-%d %H:%M} ({self.cron.zone})"

    @contextmanager
    def running(self, tell: Callable[[str], None] = log.info) -> Iterator[None]:
        """Look whenever a run is due while the block runs, from threads of their own.

        Args:
            tell: called with a line for each run that is started, and each that cannot be.
        """
        from apscheduler.schedulers.background import BackgroundScheduler

        def look() -> None:
            try:
                run = self.look()
            except DigitlabError as error:  # the next due time may have more luck
                tell(f"the run that was due could not be started: {error}")
                return
            if run is not None:
                tell(f"run {run.name}: {run.outcome or 'started'}")

        # Late by however much (a laptop slept): once, and not refused.
        late: dict[str, Any] = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        scheduler = BackgroundScheduler(timezone=self.cron.zone, job_defaults=late)
        scheduler.add_job(look, self.cron.trigger)
        at_once = moment(None)  # what was missed
        scheduler.add_job(look, "interval", seconds=BEAT_SECONDS, next_run_time=at_once)
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=False)

    def _beat(self, time: datetime) -> Schedule:
        return self._book.beat(self.cron.expression, self.cron.zone, by=self.by, now=time)
