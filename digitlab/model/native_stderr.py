"""Silencing of native libraries, which write to standard error and have no log level."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silence_native_stderr() -> Iterator[None]:
    """Discard what is written to file descriptor 2 inside the context; exceptions still raise.

    The descriptor belongs to the whole process: output of other threads is discarded too.
    """
    try:
        original = os.dup(2)
    except OSError:  # a windowed program has no standard error
        yield
        return
    with open(os.devnull, "wb") as devnull:
        os.dup2(devnull.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(original, 2)
        os.close(original)
