"""A page's kernel: ipykernel without what a page never uses.

Run as `python -m digitlab.server.kernel -f CONNECTION_FILE`. Twenty visitors are twenty of
these processes, so what one of them does not load is saved twenty times: measured, 13 MB of
123 MB after a first prediction, and a second of its start.
"""

from __future__ import annotations

import errno
import logging
import sys
import types
from typing import Any


def main() -> None:
    """Start the kernel of one page; returns when it is shut down."""
    leave_out()
    logging.getLogger("tornado.general").addFilter(is_no_farewell)
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


def is_no_farewell(record: logging.LogRecord) -> bool:
    """Whether a line of the log is worth its place.

    A kernel that is shut down may close a socket while a message is still being answered.
    """
    error = record.exc_info[1] if record.exc_info else None
    return getattr(error, "errno", None) != errno.ENOTSOCK


def leave_out() -> None:
    """Keep a debugger, and NumPy's compiler and test tools, from being loaded by others.

    ipykernel loads debugpy when it can; with None in its place it goes without. SciPy's array
    layer takes every public name of NumPy, and so NumPy's lazy submodules `f2py` and
    `testing`; empty modules under these names satisfy it.
    """
    missing: Any = None
    sys.modules["debugpy"] = missing
    import numpy as np

    for name in ("f2py", "testing"):
        setattr(np, name, types.ModuleType(f"numpy.{name}"))


if __name__ == "__main__":
    main()
