"""Start a home's fine-tunes at the times of a cron expression."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from digitlab.errors import DigitlabError
from digitlab.jobs.cron import Cron
from digitlab.jobs.launch import start
from digitlab.settings import Settings
from digitlab.store.database import Database, utc_now_or
from digitlab.store.runs.schedules import ScheduleBook
from digitlab.store.runs.types import Run

log = logging.getLogger(__name__)

HEARTBEAT_INTERVAL_S: Final = 30
"""Time between two heartbeats of a scheduler, in seconds."""


class Scheduler:
    """A scheduler of a home.

    The database holds the next due time. Several schedulers may serve a home: the first one that
    claims a due time starts the run. If due times passed while no scheduler ran, the next
    scheduler makes up for all of them with one run.

    Attributes:
        settings: the settings of the home.
        cron: the due times.
        by: the person or service that runs this scheduler.
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
        """Close the connections to the database."""
        self._database.close()

    def start_if_due(self, *, wait: bool = False, now: datetime | None = None) -> Run | None:
        """Send a heartbeat, and start a run if one is due and no other scheduler has started it.

        The first call for a new expression only stores the next due time.

        Args:
            wait: return when the run is over, instead of when its process has started.
            now: an aware time; None for the current time.

        Returns:
            The run; None if none is due.

        Raises:
            DigitlabError: the run cannot be started. Its due time is not tried again.
        """
        time = utc_now_or(now)
        schedule = self._book.heartbeat(self.cron.expression, self.cron.zone, by=self.by, now=time)
        due = schedule.next_due
        if due is None:
            self._book.set_next_due(schedule, self.cron.after(time))
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
        self._book.record_run(due, run.name)
        return run

    @property
    def next_due_text(self) -> str:
        """The next due time with the schedule's time zone, for example "2026-06-01 03:00 (UTC)"."""
        due = self.cron.after(utc_now_or(None)).astimezone(ZoneInfo(self.cron.zone))
        return f"{due:%Y-%m-%d %H:%M} ({self.cron.zone})"

    @contextmanager
    def running(self, report: Callable[[str], None] = log.info) -> Iterator[None]:
        """Start runs at their due times from background threads while the block runs.

        Args:
            report: called with one line for each run that starts or that cannot be started.
        """
        from apscheduler.schedulers.background import BackgroundScheduler

        def check() -> None:
            try:
                run = self.start_if_due()
            except DigitlabError as error:  # the next due time may succeed
                report(f"the run that was due could not be started: {error}")
                return
            if run is not None:
                report(f"run {run.name}: {run.outcome or 'started'}")

        # After a sleep of the machine, APScheduler calls `check` once, however late it is.
        job_defaults: dict[str, Any] = {
            "coalesce": True,
            "misfire_grace_time": None,
            "max_instances": 1,
        }
        scheduler = BackgroundScheduler(timezone=self.cron.zone, job_defaults=job_defaults)
        scheduler.add_job(check, self.cron.trigger)
        first_check = utc_now_or(None)  # at once, for a due time that was missed
        scheduler.add_job(
            check, "interval", seconds=HEARTBEAT_INTERVAL_S, next_run_time=first_check
        )
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=False)
