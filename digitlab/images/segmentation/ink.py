"""The arrays that describe ink, and the boxes around it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

Box = tuple[slice, slice]
"""Rows and columns, in pixels."""

FullBox = tuple[int, int, int, int]
"""x, y, width, height in pixels of the full picture."""


def bounds(mask: Mask) -> Box:
    """Return the box tight around the true pixels of a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )


def widened(box: Box, margin: int) -> Box:
    """Return a box with `margin` more pixels on each side, clipped at row and column 0."""
    rows, columns = (slice(max(0, side.start - margin), side.stop + margin) for side in box)
    return rows, columns


def extent(box: Box) -> int:
    """Return the longer side of a box, in pixels."""
    return max(int(side.stop - side.start) for side in box)


def union(one: Box, other: Box) -> Box:
    """Return the box around two boxes."""
    rows, columns = (
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    return rows, columns


def gap(one: Box, other: Box) -> float:
    """Return the distance between two boxes, in pixels; 0 where they overlap."""
    gaps = [max(0, a.start - b.stop, b.start - a.stop) for a, b in zip(one, other, strict=True)]
    return math.hypot(*gaps)


def overlap(one: Box, other: Box) -> float:
    """Return the area that two boxes share, as a share of the larger box."""
    shared, areas = 1.0, [1.0, 1.0]
    for a, b in zip(one, other, strict=True):
        shared *= max(0, min(a.stop, b.stop) - max(a.start, b.start))
        areas = [areas[0] * (a.stop - a.start), areas[1] * (b.stop - b.start)]
    return shared / max(areas)
