"""The process of a run's kernel: it loads tensorflow beside whatever else a run begins with.

Run as `python -P -m digitlab.jobs.kernel_main -f CONNECTION_FILE` for `ipykernel_launcher`.
Whoever starts a run has checked its parameters and found something new to learn: it will train.
Loading takes seconds and needs one processor, as do the kernel's start, the collecting and the
drawing of batches. Raw papermill has a kernel of its own, and loads when it trains.
"""

from __future__ import annotations

import logging
import sys
import threading

log = logging.getLogger(__name__)

_UNUSED = "sklearn"  # keras has wrappers for it, and loads it for them where it is installed


def main() -> None:
    """Start loading, and be a kernel."""
    from ipykernel import kernelapp

    import digitlab.learning.fine_tune  # noqa: F401 # here: it shares modules with what loads there

    without(_UNUSED)
    # No daemon: one that is stopped inside of native code takes the process down with it.
    threading.Thread(target=_load, name="tensorflow").start()
    kernelapp.launch_new_instance()


def _load() -> None:
    from digitlab.model import network

    try:
        network.load_ahead()
    except Exception:  # it comes again where it is needed
        log.exception("keras cannot be loaded")
    finally:
        if sys.modules.get(_UNUSED, main) is None:  # a notebook of somebody's may use it
            del sys.modules[_UNUSED]


def without(*names: str) -> None:
    """Make modules look absent to those that can do without; for processes that are our own."""
    for name in names:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # as `import` documents


if __name__ == "__main__":
    main()
