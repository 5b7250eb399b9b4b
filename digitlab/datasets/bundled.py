"""Arrays of files that ship with digitlab, checked by their hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets.tables.npz_files import read_npz_arrays
from digitlab.errors import DataError


def read_bundled(
    path: Path, names: tuple[str, ...], *, sha256: str, description: str
) -> dict[str, NDArray[np.uint8]]:
    """Read arrays of a bundled .npz file.

    Args:
        path: the file.
        names: names of the arrays.
        sha256: expected SHA-256 of the file, in hex.
        description: name of the contents in messages, after "the bundled".

    Returns:
        The arrays by name, uint8, read-only.

    Raises:
        DataError: the file is missing, or its hash is not the expected one.
    """
    try:
        actual = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(
            f"{path}: the bundled {description} is missing ({error.strerror}); reinstall digitlab.",
            path=str(path),
            expected=path.name,
        ) from error
    if actual != sha256:
        raise DataError(
            f"{path}: the bundled {description} is damaged (SHA-256 {actual[:12]}..., expected "
            f"{sha256[:12]}...); reinstall digitlab.",
            path=str(path),
            expected=sha256,
        )
    arrays = read_npz_arrays(path, names)
    for array in arrays.values():
        array.flags.writeable = False
    return arrays
