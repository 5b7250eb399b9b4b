"""Follow the progress of a run from any process."""

from __future__ import annotations

import time
from collections.abc import Iterator

from digitlab.settings import Settings
from digitlab.store.runs.log import RunLog
from digitlab.store.runs.types import Run


def follow(settings: Settings, name: str, *, every_s: float = 0.2) -> Iterator[Run]:
    """Yield the run now and after each change, until it is over and its notebook is written.

    Args:
        settings: the settings of the home.
        name: the run's name.
        every_s: seconds between two reads of the database.

    Raises:
        RunError: there is no such run.
    """
    with RunLog.open(settings) as log:
        last = None
        while True:
            # Before `get`: the worker may write the notebook's path just before it ends.
            supervised = log.is_supervised(name)
            run = log.get(name)
            if run != last:
                yield run
                last = run
            if run.over and (run.notebook is not None or not supervised):
                return
            if not run.over and not log.is_alive(name):
                log.fail_dead_runs()  # its processes died: this records the outcome "failed"
                continue
            time.sleep(every_s)


def wait_until_over(settings: Settings, name: str) -> Run:
    """Wait for the end of a run and return the run.

    Args:
        settings: the settings of the home.
        name: the run's name.

    Raises:
        RunError: there is no such run.
    """
    *_, run = follow(settings, name)
    return run
