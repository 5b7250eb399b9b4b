"""The scheduler that fine-tunes the home while the server runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from digitlab.server.options import ServeOptions
from digitlab.settings import Settings


@contextmanager
def retraining(
    options: ServeOptions, settings: Settings, announce: Callable[[str], None]
) -> Iterator[None]:
    """Run a scheduler while the block runs, if `options.retrain` has a cron expression.

    The scheduler works in its own threads and starts each run as a separate process, so the
    server's event loop never waits for it.
    """
    if not options.retrain:
        yield
        return
    from digitlab.jobs.cron import Cron
    from digitlab.jobs.scheduler import Scheduler
    from digitlab.settings import default_contributor

    cron = Cron(options.retrain)
    with (
        closing(Scheduler(settings, cron, by=default_contributor())) as scheduler,
        scheduler.running(announce),
    ):
        announce(f"digitlab fine-tunes when it is due; next: {scheduler.next_due_text}")
        yield
