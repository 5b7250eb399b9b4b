"""Rows: the order in which a person reads marks, line by line and from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.multi_digit.thresholds import THRESHOLDS

_ANGLES: Final = np.deg2rad(np.arange(-12, 12.5, 1))  # by which rows may be turned

Floats64 = NDArray[np.float64]


def in_rows(boxes: Sequence[tuple[slice, slice]]) -> list[list[int]]:
    """Sort marks into rows.

    The rows are turned together by the angle at which they cover the least of the page from
    top to bottom; then marks whose middles share a height stand in one row.

    Args:
        boxes: rows and columns of each mark, in pixels.

    Returns:
        The marks' numbers: rows from top to bottom, each from left to right.
    """
    if not boxes:
        return []
    sides = np.array([(r.start, r.stop, c.start, c.stop) for r, c in boxes], float)
    x, y = sides[:, 2:].mean(1), sides[:, :2].mean(1)
    heights = sides[:, 1] - sides[:, 0]
    angle = _turn(x, y, heights)
    along = x * np.cos(angle) + y * np.sin(angle)
    down = y * np.cos(angle) - x * np.sin(angle)
    rows: list[NDArray[np.intp]] = []
    for share in THRESHOLDS.row_bands:
        rows = _bands(down, share * heights)
        if not any(_stacked(sides[row]) for row in rows):
            break
    return [[int(n) for n in row[np.argsort(along[row])]] for row in rows]


def _turn(x: Floats64, y: Floats64, heights: Floats64) -> float:
    """The rows' angle in radians; the smallest of those that are as good."""
    costs = []
    for angle in _ANGLES:
        down = y * np.cos(angle) - x * np.sin(angle)
        costs.append(_covered(down, 0.25 * heights) * (1 + 0.1 * abs(angle)))
    return float(_ANGLES[int(np.argmin(costs))])


def _covered(middles: Floats64, reach: Floats64) -> float:
    """Length that the intervals middle - reach .. middle + reach cover together."""
    low, high = middles - reach, middles + reach
    order = np.argsort(low)
    low, high = low[order], np.maximum.accumulate(high[order])
    gaps = np.maximum(0, low[1:] - high[:-1]).sum()
    return float(high[-1] - low[0] - gaps)


def _bands(middles: Floats64, reach: Floats64) -> list[NDArray[np.intp]]:
    """The marks whose intervals hang together, from top to bottom."""
    low, high = middles - reach, middles + reach
    order = np.argsort(low)
    ends = np.maximum.accumulate(high[order])
    breaks = np.flatnonzero(low[order][1:] > ends[:-1]) + 1
    return list(np.split(order, breaks))


def _stacked(sides: Floats64) -> bool:
    """Whether one mark of a row stands above another one: then it is two rows."""
    top, bottom, left, right = sides.T
    shared = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    narrow = np.minimum((right - left)[:, None], right - left)
    above = bottom[:, None] <= top + 0.2 * np.minimum((bottom - top)[:, None], bottom - top)
    return bool(((shared > 0.5 * narrow) & above).any())
