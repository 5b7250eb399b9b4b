"""Start a home's fine-tunes at the times of a cron expression."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
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
"""Longest time between two heartbeats of a scheduler, in seconds."""

_STOP_WAIT_S: Final = 10.0  # for a run that starts at this moment

_INSTANT: Final = timedelta(seconds=1)


class Scheduler:
    """A scheduler of a home.

    The database holds the next due time. Several schedulers may serve a home: the first one that
    claims a due time starts the run. If due times passed while no scheduler ran, the next
    scheduler makes up for all of them with one run. A claimed time is never due again, also after
    the clock was set back.

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
        due = self._claim_due(utc_now_or(now))
        return None if due is None else self._start(due, wait=wait)

    @property
    def next_due_text(self) -> str:
        """The next due time with the schedule's time zone, for example "2026-06-01 03:00 (UTC)"."""
        due = self.cron.after(utc_now_or(None)).astimezone(ZoneInfo(self.cron.zone))
        return f"{due:%Y-%m-%d %H:%M} ({self.cron.zone})"

    @contextmanager
    def running(self, report: Callable[[str], None] = log.info) -> Iterator[None]:
        """Start runs at their due times from a background thread while the block runs.

        Args:
            report: called with one line for each run that starts or that cannot be started, and
                when the schedule cannot be read.
        """
        stopped = threading.Event()

        def follow() -> None:
            problem = ""
            while True:
                problem = self._check(report, problem)
                if stopped.wait(self._seconds_to_next_check()):
                    return

        thread = threading.Thread(target=follow, name="schedule", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join(_STOP_WAIT_S)

    def _check(self, report: Callable[[str], None], problem: str) -> str:
        """Start the run that is due; return why the schedule cannot be read, or an empty text.

        Args:
            report: as for `running`.
            problem: the result of the check before, which is not reported again.
        """
        try:
            due = self._claim_due(utc_now_or(None))
        except DigitlabError as error:
            if str(error) != problem:
                report(f"the schedule cannot be read: {error}")
            return str(error)
        if due is None:
            return ""
        try:
            run = self._start(due, wait=False)
        except DigitlabError as error:  # the next due time may succeed
            report(f"the run that was due could not be started: {error}")
        except Exception:
            log.exception("the run that was due could not be started")
        else:
            report(f"run {run.name}: {run.outcome or 'started'}")
        return ""

    def _seconds_to_next_check(self) -> float:
        """Return the wait until the next due time, but never longer than the heartbeat's.

        The wait ignores the clock, so a clock that is set back delays no later check.
        """
        now = utc_now_or(None)
        return min(HEARTBEAT_INTERVAL_S, (self.cron.after(now) - now).total_seconds())

    def _claim_due(self, time: datetime) -> datetime | None:
        """Send a heartbeat; claim and return the due time that has come, or return None."""
        schedule = self._book.heartbeat(self.cron.expression, self.cron.zone, by=self.by, now=time)
        due, upcoming = schedule.next_due, self.cron.after(time)
        if due is not None and due <= time:
            # Another time only if the rules of the time zone have changed since it was stored.
            due = self.cron.after(due - _INSTANT)
        if due is None or due > time:
            # The stored time differs after a change of the rules, or if the clock was ahead.
            if schedule.next_due != upcoming:
                self._book.set_next_due(schedule, upcoming)
            return None
        claimed = self._book.claim(schedule, by=self.by, upcoming=upcoming, now=time)
        return schedule.next_due if claimed else None

    def _start(self, due: datetime, *, wait: bool) -> Run:
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
