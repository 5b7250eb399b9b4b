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
    padded = np.pad(values, size - 1, mode="edge")
    return window_minimum(window_maximum(padded, size), size)


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


def _windows(extreme: Any, values: NDArray[_Value], size: int) -> NDArray[_Value]:
    """Combine windows of `done` values to longer ones, until they have `size` values."""
    done = 1
    while done < size:
        step = min(done, size - done)
        values = extreme(values[step:], values[:-step])
        values = extreme(values[:, step:], values[:, :-step])
        done += step
    return values
