"""The server of the dashboards: one Voilà process with its own configuration and handlers.

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
        options: the dashboard, its address and its limits.
        settings: the settings of the home that the pages read and write.
        announce: called with each line for the person: the address, once the server listens,
            and a warning if the server needs no token on an address that others can reach, or
            if nothing can be kept in the home.

    Raises:
        StoreError: the home's database is damaged, or a newer digitlab wrote it; or
            `options.retrain` is given and the home cannot be written.
        ServeError: the port is taken or not allowed, or a file is missing or unusable.
        RunError: `options.retrain` is not a cron expression.
    """
    if options.retrain:
        from digitlab.jobs.cron import Cron

        Cron(options.retrain)  # refuse a wrong expression before the server listens
    from digitlab.jobs.environment import hide_modules
    from digitlab.learning.data.examples import evaluation_image_hashes
    from digitlab.learning.label_quality.screening import Screening

    # Prepare what every page needs: the hashes of the checks, an up-to-date database, and the
    # embeddings of MNIST's digits.
    evaluation_image_hashes(settings.cache)
    with FeedbackStore.open(settings) as store:
        if options.retrain:
            store.database.check_writable()  # before the server listens: each run writes
        problem = store.database.problem
        if problem is not None:
            announce(problem.sentence)
        models = ModelRegistry(settings, store.database)
        Screening.for_home(store, models, cache=settings.cache).reference()
    hide_modules("rfc3987_syntax")  # jsonschema would compile its unused grammar: one second
    from digitlab.server.app import run  # voila, tornado and nbconvert: half a second

    run(options, settings, announce)
