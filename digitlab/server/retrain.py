"""A server that also fine-tunes its home when that is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from digitlab.server.options import ServeOptions
from digitlab.settings import Settings


@contextmanager
def retraining(
    options: ServeOptions, settings: Settings, announce: Callable[[str], None]
) -> Iterator[None]:
    """Run the scheduler that `options.retrain` asks for while the block runs, if it asks for one.

    The scheduler looks from threads of its own, and what it starts are processes of their own:
    the server's loop waits for neither.
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
        announce(f"digitlab fine-tunes when it is due; next: {scheduler.next_in_words}")
        yield
