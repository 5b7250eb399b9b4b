"""Serving the dashboards: one Voilà, configured, guarded and quiet.

Importing this loads neither voila nor tornado; `serve` does.
"""

from __future__ import annotations

from collections.abc import Callable

from digitlab.server.options import ServeOptions
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, ModelRegistry

__all__ = ["ServeOptions", "serve"]


def serve(
    options: ServeOptions, settings: Settings, *, announce: Callable[[str], None] = print
) -> None:
    """Serve the dashboards until SIGINT or SIGTERM, then end every session.

    Args:
        options: what to serve, where and to whom.
        settings: the home that the pages read and write.
        announce: called with each line meant for the person: the address, once the server
            listens, and a warning if everybody may use it.

    Raises:
        StoreError: the home cannot be written.
        ServeError: the port is taken or not allowed, or a file is missing or unusable.
        RunError: `options.retrain` is no time as in cron(5).
    """
    if options.retrain:
        from digitlab.jobs.cron import Cron  # APScheduler, for those who want a schedule

        Cron(options.retrain)
    from digitlab.jobs.kernel_main import without
    from digitlab.learning.data.examples import held_out
    from digitlab.learning.label_quality.screening import Screen

    held_out(settings.cache)
    with FeedbackStore.open(settings) as store:  # pages find the database made and up to date,
        models = ModelRegistry(settings, store.database)
        Screen.of(store, models, cache=settings.cache).reference()  # and MNIST's digits embedded
    without("rfc3987_syntax")  # jsonschema compiles its grammar, a second, and uses it never
    from digitlab.server.app import run  # voila, tornado and nbconvert: half a second

    run(options, settings, announce)
