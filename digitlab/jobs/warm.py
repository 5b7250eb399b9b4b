"""The process of a run's kernel: it loads tensorflow beside whatever else a run begins with.

Run as `python -m digitlab.jobs.warm -f CONNECTION_FILE`, in the place of `ipykernel_launcher`.
Whoever starts a run has checked its parameters and found something new to learn: it will train.
Loading takes seconds and needs one processor, as do the kernel's start, the collecting and the
drawing of batches. Raw papermill has a kernel of its own, and loads when it trains.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path


def main() -> None:
    """Start loading, and be a kernel."""
    if Path(sys.path[0]) == Path.cwd():  # as ipykernel_launcher: what lies there is no module
        del sys.path[0]
    from ipykernel import kernelapp

    import digitlab.learning  # noqa: F401 # here: two threads should not load the same modules

    threading.Thread(target=_load, name="tensorflow", daemon=True).start()
    kernelapp.launch_new_instance()


def _load() -> None:
    """Load keras; an error comes again, and is told, where it is needed."""
    without("sklearn")  # keras's wrappers for it would load it, where it is installed: seconds
    try:
        import keras  # noqa: F401
    except Exception:  # whatever it is
        return


def without(*names: str) -> None:
    """Make modules look absent to those that can do without; for processes that are our own."""
    for name in names:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # as `import` documents


if __name__ == "__main__":
    main()
