"""Cached: files that can be made again, written aside and moved into place whole."""

from __future__ import annotations

import io
import logging
import os
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)


def write_aside(file: Path, data: bytes) -> None:
    """Write a file of the cache; where the home cannot be written it is made anew next time."""
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(data)
        os.replace(aside, file)
    except OSError as error:
        log.warning("%s cannot be kept: %s", file, error)


def read_arrays(file: Path, *names: str) -> tuple[NDArray[np.generic], ...] | None:
    """The named arrays of an `.npz` file; None when it is missing or damaged."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return tuple(arrays[name] for name in names)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def write_arrays(file: Path, **arrays: NDArray[np.generic]) -> None:
    """Write an `.npz` file of the cache."""
    data = io.BytesIO()
    np.savez(data, **arrays)  # type: ignore[arg-type]  # numpy's stubs take allow_pickle for one
    write_aside(file, data.getvalue())
