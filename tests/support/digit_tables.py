"""Files of labelled MNIST digits in the variants that people have."""

import struct

import numpy as np

from digitlab.datasets import mnist

PIXELS = [f"pixel{i}" for i in range(784)]


def digits(n: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """The first digits of `validation`: uint8 (n, 28, 28) and (n,)."""
    x, y = mnist.load("validation")
    return x[:n], y[:n]


def csv_text(header, rows, delimiter: str = ",", end: str = "\n") -> str:
    """A text with a header, if it is not empty, and rows."""
    lines = ([header] if header else []) + list(rows)
    return end.join(delimiter.join(map(str, line)) for line in lines) + end


def rows_of(x: np.ndarray, y: np.ndarray) -> list[list]:
    """Rows with the label first."""
    pixels = x.reshape(len(x), -1).tolist()
    return [[label, *row] for label, row in zip(y.tolist(), pixels, strict=True)]


def idx_bytes(array: np.ndarray) -> bytes:
    """An IDX file of unsigned bytes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()
