"""MNIST as it ships with digitlab: one hash-checked file, and its four splits.

Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits",
CC BY-SA 3.0; the licence notice stands beside the file. `scripts/build_mnist.py` makes the
file from the four original IDX files.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets.bundled import read_bundled

FILE: Final = Path(__file__).parent / "data" / "mnist.npz"
SHA256: Final = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"

Split = Literal["train", "validation", "holdout", "test"]

SPLITS: Final[dict[Split, tuple[str, slice]]] = {
    "train": ("train", slice(0, 50_000)),  # training and replay
    "validation": ("train", slice(50_000, 55_000)),  # epoch, temperature, thresholds, benchmarks
    "holdout": ("train", slice(55_000, 60_000)),  # only the gate, once a run
    "test": ("test", slice(0, 10_000)),  # only reported; no decision uses it
}
"""Original part and rows of each split, with its permitted uses; see `docs/design.md`."""


def load(split: Split) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return digit images, uint8 (N, 28, 28), and labels, uint8 (N,), of one split.

    The arrays are read-only views of one copy in memory.

    Raises:
        DataError: the bundled file is missing, or its hash is not the expected one.
    """
    part, rows = SPLITS[split]
    arrays = _arrays()
    return arrays[f"x_{part}"][rows], arrays[f"y_{part}"][rows]


@cache
def _arrays() -> dict[str, NDArray[np.uint8]]:
    names = ("x_train", "y_train", "x_test", "y_test")
    return read_bundled(FILE, names, sha256=SHA256, description="MNIST")
