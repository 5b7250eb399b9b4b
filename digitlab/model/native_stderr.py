"""Keep native libraries quiet: they write to standard error and know no log level."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silence_native_stderr() -> Iterator[None]:
    """Send file descriptor 2 nowhere for a few calls; errors that are raised come through."""
    try:
        kept = os.dup(2)
    except OSError:  # a windowed program has none
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
