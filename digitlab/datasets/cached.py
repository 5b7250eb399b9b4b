"""Cached: files that can be made again, written aside and moved into place whole."""

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

log = logging.getLogger(__name__)


def write_cache_file(file: Path, data: bytes) -> None:
    """Write a file of the cache; where the home cannot be written it is made anew next time."""
    aside = file.with_name(f".{file.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(data)
        os.replace(aside, file)
    except OSError as error:
        log.warning("%s cannot be kept: %s", file, error)


def cache_file_name(kind: str, *decided_by: object) -> str:
    """The name of an `.npz` file that follows from these values alone.

    Args:
        kind: what it holds, for people.
        decided_by: everything that it follows from; with another value it is another file.
    """
    digest = hashlib.sha256(repr(decided_by).encode()).hexdigest()
    return f"{kind}-{digest[:16]}.npz"


def read_arrays(file: Path, **shapes: tuple[int, ...]) -> tuple[NDArray[np.generic], ...] | None:
    """Arrays of an `.npz` file, by name; None when it is missing, damaged or of another shape.

    Args:
        file: where it may be.
        shapes: of each array; -1 stands for any length.
    """
    try:
        with ZipFile(file) as whole:
            if whole.testzip() is not None:
                return None
        with np.load(file, allow_pickle=False) as arrays:
            found = tuple(arrays[name] for name in shapes)
    except Exception:  # a damaged header is parsed as Python, and raises whatever it likes
        return None
    fits = all(
        len(array.shape) == len(shape)
        and all(want in (-1, is_) for want, is_ in zip(shape, array.shape, strict=True))
        for array, shape in zip(found, shapes.values(), strict=True)
    )
    return found if fits else None


def find_arrays(
    places: Sequence[Path], name: str, **shapes: tuple[int, ...]
) -> tuple[NDArray[np.generic], ...] | None:
    """As `read_arrays`, from the first folder that has the file whole."""
    for place in places:
        found = read_arrays(place / name, **shapes)
        if found is not None:
            return found
    return None


def write_arrays(file: Path, **arrays: NDArray[np.generic]) -> None:
    """Write an `.npz` file of the cache."""
    data = io.BytesIO()
    np.savez(data, **arrays)  # type: ignore[arg-type]  # numpy's stubs take allow_pickle for one
    write_cache_file(file, data.getvalue())
