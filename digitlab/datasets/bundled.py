"""Bundled: the arrays of a file that ships with digitlab, trusted only by its hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets.readers import read_npz_arrays
from digitlab.errors import DataError


def read_bundled(
    path: Path, names: tuple[str, ...], *, sha256: str, what: str
) -> dict[str, NDArray[np.uint8]]:
    """The named arrays of a bundled .npz file, read-only.

    Args:
        path: the file.
        names: of the arrays.
        sha256: what the file's hash must be, in hex.
        what: a word for messages, after "the bundled".

    Raises:
        DataError: the file is missing or its hash is not the expected one.
    """
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(
            f"{path}: the bundled {what} is missing ({error.strerror}); reinstall digitlab.",
            path=str(path),
            expected=path.name,
        ) from error
    if found != sha256:
        raise DataError(
            f"{path}: the bundled {what} is damaged (SHA-256 {found[:12]}..., expected "
            f"{sha256[:12]}...); reinstall digitlab.",
            path=str(path),
            expected=sha256,
        )
    arrays = read_npz_arrays(path, names)
    for array in arrays.values():
        array.flags.writeable = False
    return arrays
