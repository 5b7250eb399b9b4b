"""Digit images extracted from synthetic photographs, as they ship with digitlab.

`scripts/build_photographs.py` makes the file from MNIST's `validation` and `holdout` digits, 1,000
of each split; the front end of an earlier release made this one. Trainings and fits may use those
of `validation`; only the gate uses those of `holdout`.
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

STORED_NAMES: Final = {"validation": "tune", "holdout": "gate"}
"""Splits and their names inside the file, which is older than the present names."""


def load(split: Literal["validation", "holdout"]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return digit images, uint8 (1000, 28, 28), and labels, uint8 (1000,); read-only.

    Raises:
        DataError: the file is missing, or its hash is not the expected one.
    """
    arrays = _arrays()
    stored = STORED_NAMES[split]
    return arrays[f"x_{stored}"], arrays[f"y_{stored}"]


@cache
def _arrays() -> dict[str, NDArray[np.uint8]]:
    names = tuple(f"{array}_{stored}" for stored in STORED_NAMES.values() for array in "xy")
    return read_bundled(FILE, names, sha256=SHA256, description="file of photographs")
