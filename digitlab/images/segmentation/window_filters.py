"""Filters of windows: the largest or smallest value, and dilation, by shifted copies.

NumPy compares shifted copies with vector instructions; the filters of scipy.ndimage, which go
through each line value by value, take two to ten times as long.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.ink import Floats, Mask

_Value = TypeVar("_Value", bound=np.generic)


def window_maximum(values: NDArray[_Value], size: int) -> NDArray[_Value]:
    """Return the largest value of each square window that lies inside the array.

    Args:
        values: (H, W).
        size: side of the window, in pixels.

    Returns:
        (H - size + 1, W - size + 1).
    """
    return _windows(np.maximum, values, size)


def window_minimum(values: NDArray[_Value], size: int) -> NDArray[_Value]:
    """Return the smallest value of each window; otherwise like `window_maximum`."""
    return _windows(np.minimum, values, size)


def close_windows(values: Floats, size: int) -> Floats:
    """Return the grey closing with a square window; the edge's values continue outside.

    Args:
        values: float32 (H, W).
        size: side of the window, in pixels; odd.
    """
    reach = size - 1
    # The rows first, before the columns that continue outside: less to compare.
    values = _windows(np.maximum, pad_edge(values, reach, 0), size, axes=(0,))
    values = _windows(np.maximum, pad_edge(values, 0, reach), size, axes=(1,))
    return _windows(np.minimum, values, size)


def pad_edge(values: NDArray[_Value], rows: int, columns: int) -> NDArray[_Value]:
    """Repeat the edge of an array outside it, as `np.pad` does in ten times the time.

    Args:
        values: (H, W).
        rows: rows to add above and below.
        columns: columns to add on the left and on the right.

    Returns:
        (H + 2 * rows, W + 2 * columns).
    """
    height, width = values.shape
    padded = np.empty((height + 2 * rows, width + 2 * columns), values.dtype)
    inside = padded[rows : rows + height]
    inside[:, columns : columns + width] = values
    inside[:, :columns] = values[:, :1]
    inside[:, columns + width :] = values[:, -1:]
    padded[:rows] = inside[0]
    padded[rows + height :] = inside[-1]
    return padded


def dilate(mask: Mask, steps: int = 1) -> Mask:
    """Return the pixels that are at most `steps` moves to a neighbour from the mask.

    Args:
        mask: bool (H, W).
        steps: moves to one of the 4 neighbours.
    """
    for _ in range(steps):
        wide = mask.copy()
        wide[1:] |= mask[:-1]
        wide[:-1] |= mask[1:]
        wide[:, 1:] |= mask[:, :-1]
        wide[:, :-1] |= mask[:, 1:]
        mask = wide
    return mask


def _windows(
    extreme: Any, values: NDArray[_Value], size: int, *, axes: tuple[int, ...] = (0, 1)
) -> NDArray[_Value]:
    """Combine windows of `done` values to longer ones, until they have `size` values."""
    for axis in axes:
        done = 1
        while done < size:
            step = min(done, size - done)
            later = values[step:] if axis == 0 else values[:, step:]
            earlier = values[:-step] if axis == 0 else values[:, :-step]
            values = extreme(later, earlier)
            done += step
    return values
