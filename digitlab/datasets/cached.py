"""Cache files of arrays: written in one step, and ignored when damaged or outdated."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from digitlab.private_files import make_folder, write_file

log = logging.getLogger(__name__)


def write_cache_file(file: Path, data: bytes) -> None:
    """Write a cache file in one step: a temporary file is moved to its place.

    If the folder cannot be written, log that; the contents are then computed again next time.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        make_folder(file.parent)
        write_file(temporary, data)
        os.replace(temporary, file)
    except OSError as error:
        log.info("The cache file %s cannot be written: %s", file, error)


def cache_file_name(kind: str, *decided_by: object) -> str:
    """Return the name of an `.npz` cache file; other values give another name.

    Args:
        kind: readable name of the contents.
        decided_by: all values that determine the contents; their `repr` is hashed.
    """
    digest = hashlib.sha256(repr(decided_by).encode()).hexdigest()
    return f"{kind}-{digest[:16]}.npz"


def read_arrays(file: Path, **shapes: tuple[int, ...]) -> tuple[NDArray[np.generic], ...] | None:
    """Read arrays of an `.npz` cache file.

    Args:
        file: path of the file, which may be missing.
        shapes: expected shape of each array by name; -1 stands for any length.

    Returns:
        The arrays in the order of `shapes`; None if the file is missing or damaged, or if an
        array is missing or has another shape.
    """
    try:
        with ZipFile(file) as archive:
            if archive.testzip() is not None:
                return None
        with np.load(file, allow_pickle=False) as content:
            arrays = tuple(content[name] for name in shapes)
    except Exception:  # numpy parses a damaged header as Python and raises many types
        return None
    fits = all(
        len(array.shape) == len(shape)
        and all(length in (-1, actual) for length, actual in zip(shape, array.shape, strict=True))
        for array, shape in zip(arrays, shapes.values(), strict=True)
    )
    return arrays if fits else None


def find_arrays(
    folders: Sequence[Path], name: str, **shapes: tuple[int, ...]
) -> tuple[NDArray[np.generic], ...] | None:
    """Read arrays from the first folder that has a whole cache file; see `read_arrays`."""
    for folder in folders:
        arrays = read_arrays(folder / name, **shapes)
        if arrays is not None:
            return arrays
    return None


def write_arrays(file: Path, **arrays: NDArray[np.generic]) -> None:
    """Write arrays by name into an `.npz` cache file; see `write_cache_file`."""
    data = io.BytesIO()
    np.savez(data, **arrays)  # type: ignore[arg-type]  # numpy's stubs mistake a name for an option
    write_cache_file(file, data.getvalue())
