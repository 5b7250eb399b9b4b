"""Reading order: rows from top to bottom, digits from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.ink import Box

_ANGLES: Final = np.deg2rad(
    np.arange(
        -THRESHOLDS.max_row_tilt,
        THRESHOLDS.max_row_tilt + THRESHOLDS.row_tilt_step / 2,
        THRESHOLDS.row_tilt_step,
    )
)

_ROW_PART: Final = 64  # digits that are compared with all others of a row at once

Floats64 = NDArray[np.float64]


def sort_into_rows(boxes: Sequence[Box]) -> list[list[int]]:
    """Sort digits into rows.

    All rows have the same angle: the one at which they cover the least of the page from top to
    bottom. Digits whose middles have about the same height then stand in one row.

    Args:
        boxes: rows and columns of each digit, in pixels.

    Returns:
        The digits' numbers: rows from top to bottom, each from left to right.
    """
    if not boxes:
        return []
    edges = np.array([(r.start, r.stop, c.start, c.stop) for r, c in boxes], float)
    x, y = edges[:, 2:].mean(1), edges[:, :2].mean(1)
    heights = edges[:, 1] - edges[:, 0]
    angle = _row_angle(x, y, heights)
    along = x * np.cos(angle) + y * np.sin(angle)
    down = y * np.cos(angle) - x * np.sin(angle)
    rows: list[NDArray[np.intp]] = []
    for share in THRESHOLDS.row_bands:
        rows = _overlapping_bands(down, share * heights)
        if not any(_has_stacked_digits(edges[row]) for row in rows):
            break
    return [[int(number) for number in row[np.argsort(along[row])]] for row in rows]


def _row_angle(x: Floats64, y: Floats64, heights: Floats64) -> float:
    """Return the angle of the rows in radians; small angles are preferred."""
    costs = []
    for angle in _ANGLES:
        down = y * np.cos(angle) - x * np.sin(angle)
        covered = _covered_length(down, THRESHOLDS.row_tilt_band * heights)
        costs.append(covered * (1 + THRESHOLDS.row_tilt_cost * abs(angle)))
    return float(_ANGLES[int(np.argmin(costs))])


def _covered_length(middles: Floats64, reach: Floats64) -> float:
    """Return the length that the intervals middle - reach .. middle + reach cover together."""
    low, high = middles - reach, middles + reach
    order = np.argsort(low)
    low, high = low[order], np.maximum.accumulate(high[order])
    gaps = np.maximum(0, low[1:] - high[:-1]).sum()
    return float(high[-1] - low[0] - gaps)


def _overlapping_bands(middles: Floats64, reach: Floats64) -> list[NDArray[np.intp]]:
    """Group the digits whose intervals middle - reach .. middle + reach overlap in a chain.

    Returns:
        The digits' numbers, groups from top to bottom.
    """
    low, high = middles - reach, middles + reach
    order = np.argsort(low)
    ends = np.maximum.accumulate(high[order])
    breaks = np.flatnonzero(low[order][1:] > ends[:-1]) + 1
    return list(np.split(order, breaks))


def _has_stacked_digits(edges: Floats64) -> bool:
    """Return whether a digit of a row stands above another one, so that there are two rows.

    Args:
        edges: (N, 4), top, bottom, left and right of the row's digits.
    """
    # Parts of the row keep the arrays small; a long row without stacked digits cannot exist.
    return any(
        _any_above(part, edges) for part in np.split(edges, range(_ROW_PART, len(edges), _ROW_PART))
    )


def _any_above(some: Floats64, edges: Floats64) -> bool:
    """Return whether any of some digits stands above another one of the row."""
    top, bottom, left, right = edges.T
    some_top, some_bottom, some_left, some_right = (side[:, None] for side in some.T)
    shared_width = np.minimum(some_right, right) - np.maximum(some_left, left)
    narrower = np.minimum(some_right - some_left, right - left)
    lower = np.minimum(some_bottom - some_top, bottom - top)
    is_above = some_bottom <= top + THRESHOLDS.max_stacked_overlap * lower
    return bool(((shared_width > THRESHOLDS.min_stacked_width * narrower) & is_above).any())
