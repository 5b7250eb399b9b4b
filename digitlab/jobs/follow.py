"""follow: how a run goes on, seen from any process."""

from __future__ import annotations

import time
from collections.abc import Iterator

from digitlab.settings import Settings
from digitlab.store.runs.log import RunLog
from digitlab.store.runs.types import Run


def follow(settings: Settings, name: str, *, every_s: float = 0.2) -> Iterator[Run]:
    """The run now and after each change, until it is over and its notebook is written.

    Args:
        settings: of the home.
        name: of the run.
        every_s: seconds between two looks.

    Raises:
        RunError: there is no such run.
    """
    with RunLog.open(settings) as log:
        last = None
        while True:
            watched = log.is_watched(name)  # asked first: what a process wrote at its end counts
            run = log.get(name)
            if run != last:
                yield run
                last = run
            if run.over and (run.notebook is not None or not watched):
                return
            if not run.over and not log.lives(name):
                log.sweep()  # it died; what comes now is its outcome
                continue
            time.sleep(every_s)


def last_of(settings: Settings, name: str) -> Run:
    """The run once it is over; waits for it."""
    *_, run = follow(settings, name)
    return run
