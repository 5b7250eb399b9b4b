"""Main program of a run's kernel: start ipykernel and load tensorflow at the same time.

Run as `python -P -m digitlab.jobs.run_kernel_main -f CONNECTION_FILE`, in place of
`ipykernel_launcher`. The process that starts a run has checked the parameters and knows that
there are new training examples, so the run will train. Loading tensorflow takes seconds on one
core; the kernel's start, reading the feedback and drawing batches use another. A notebook that
papermill runs directly has an ordinary kernel and loads tensorflow when it trains.
"""

from __future__ import annotations

import logging
import sys
import threading

from digitlab.jobs.environment import hide_modules

log = logging.getLogger(__name__)

_UNUSED = "sklearn"  # where it is installed, keras loads it for wrappers that a run never uses


def main() -> None:
    """Load tensorflow in a thread and run the kernel; return when it is shut down."""
    from ipykernel import kernelapp

    import digitlab.learning.fine_tune  # noqa: F401 # the thread loads some of the same modules

    hide_modules(_UNUSED)
    # Not a daemon: a daemon thread that is stopped inside native code crashes the process.
    threading.Thread(target=_load, name="tensorflow").start()
    kernelapp.launch_new_instance()


def _load() -> None:
    from digitlab.model import network

    try:
        network.preload_keras()
    except Exception:  # the training loads keras too, and reports the error
        log.exception("keras cannot be loaded")
    finally:
        if sys.modules.get(_UNUSED, main) is None:  # another notebook may use it
            del sys.modules[_UNUSED]


if __name__ == "__main__":
    main()
