"""Outer lines: straight lines along the sides of some ink, as an underline or a cell's frame."""

from __future__ import annotations

import numpy as np

from digitlab.images.segmentation.ink import Mask, bounds, extent
from digitlab.images.segmentation.thresholds import THRESHOLDS


def without_outer_lines(mask: Mask) -> Mask | None:
    """Remove the straight lines along the sides of some ink, if what remains may be a digit.

    One line alone, below or above the digit, is removed only if it is longer than the digit at
    both ends: a 2 or a 7 keeps its bar.

    Args:
        mask: bool (H, W), the ink; not empty.

    Returns:
        bool (H, W), the ink without the lines; None without such lines.
    """
    box = bounds(mask)
    inner = mask[box]
    if min(inner.shape) < THRESHOLDS.min_outer_line_side:
        return None
    lines = np.zeros_like(inner)
    sides = []
    for turns in range(4):  # each side in turn is the bottom
        line = _bottom_line(np.rot90(inner, turns))
        if line is not None:
            lines |= np.rot90(line, -turns)
            sides.append(turns)
    remaining = inner & ~lines
    area = int(remaining.sum())
    if not sides or area < THRESHOLDS.min_inner_ink * int(inner.sum()):
        return None
    if extent(bounds(remaining)) < THRESHOLDS.min_inner_extent * extent(box):
        return None
    if len(sides) == 1 and _overhang(np.rot90(remaining, sides[0])) < THRESHOLDS.min_overhang:
        return None
    result = np.zeros_like(mask)
    result[box] = remaining
    return result


def _overhang(mask: Mask) -> float:
    """Return how far a line below some ink reaches beyond its lower part, at the shorter end.

    Args:
        mask: bool (H, W), the ink; the line has the width W.

    Returns:
        A share of the line's length.
    """
    rows, _ = bounds(mask)
    low = mask[rows.stop - max(1, (rows.stop - rows.start) // THRESHOLDS.overhang_divisor) :]
    _, columns = bounds(low)
    return float(min(columns.start, mask.shape[1] - columns.stop) / mask.shape[1])


def _bottom_line(mask: Mask) -> Mask | None:
    """Return the ink of a straight line that is the lower side of some ink; None without one.

    Args:
        mask: bool (H, W), tight around the ink.
    """
    height, width = mask.shape
    rows, x = np.arange(height)[:, None], np.arange(width)
    bottom = np.where(mask, rows, -1).max(axis=0)
    end = max(1, round(THRESHOLDS.outer_line_end * width))
    left, right = float(np.median(bottom[:end])), float(np.median(bottom[-end:]))
    slope = (right - left) / max(1, width - end)
    if abs(slope) > THRESHOLDS.max_outer_line_slope:
        return None
    line = left + slope * (x - (end - 1) / 2)
    paper_above = np.where(~mask & (rows < bottom), rows, -1).max(axis=0)
    thickness = float(np.median(bottom - paper_above))
    tolerance = 1 + thickness / 2
    cover = (np.abs(bottom - line) <= tolerance).mean()
    is_outer = (bottom - line).max() <= tolerance + THRESHOLDS.max_ink_beyond_line * height
    is_thick = thickness > THRESHOLDS.max_outer_line_thickness * width
    if is_thick or not is_outer or cover < THRESHOLDS.min_outer_line_cover:
        return None
    ink: Mask = mask & (rows > line - thickness - tolerance / 2)
    return ink
