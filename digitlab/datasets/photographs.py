"""Photographs: digit images that came through synthetic photographs, as they ship with the base.

`scripts/make_photographs.py` makes the file from MNIST's `validation` and `holdout` digits with the
front end of this release: 1,000 of each. Those of `validation` may be trained and fitted on, those
of `holdout` are the gate's alone.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets.bundled import read_bundled

FILE: Final = Path(__file__).parent / "data" / "photographs.npz"
SHA256: Final = "f8df7c939caecae0aaf5379f2291a739cdbf5cfd90c2e0b6615d29c826b076f7"


_STORED_NAMES: Final = {"validation": "tune", "holdout": "gate"}
"""Names of the splits inside the file, which was made before they were renamed."""


def load(split: Literal["validation", "holdout"]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Digit images, uint8 (1000, 28, 28), and labels, uint8 (1000,); read-only.

    Raises:
        DataError: the file is missing or its hash is not the expected one.
    """
    arrays = _arrays()
    stored = _STORED_NAMES[split]
    return arrays[f"x_{stored}"], arrays[f"y_{stored}"]


@cache
def _arrays() -> dict[str, NDArray[np.uint8]]:
    names = ("x_tune", "y_tune", "x_gate", "y_gate")
    return read_bundled(FILE, names, sha256=SHA256, what="file of photographs")
