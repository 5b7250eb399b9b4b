"""Ink: the pixels of one digit, and how far they stand out from the paper."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

Box = tuple[slice, slice]
"""Rows and columns, in pixels."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ink:
    """The ink of one digit.

    Attributes:
        contrast: how far the ink stands out from the paper, in grey levels; float32 (H, W),
            0 on paper and on ink that is not the digit's.
        mask: bool (H, W), the pixels of the digit; never empty.
        likeness: 0-1, how far its main piece looks like a digit by its place and form.
        mass: its ink, in pixels times grey levels, weighed by that likeness.
    """

    contrast: Floats
    mask: Mask
    likeness: float
    mass: float


def bounds(mask: Mask) -> Box:
    """Rows and columns tight around the true pixels of a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )


def widened(box: Box, margin: int) -> Box:
    """A box with `margin` more pixels on each side, as far as the picture goes."""
    rows, columns = (slice(max(0, side.start - margin), side.stop + margin) for side in box)
    return rows, columns


def extent(box: Box) -> int:
    """The longer side of a box, in pixels."""
    return max(int(side.stop - side.start) for side in box)


def joined(one: Box, other: Box) -> Box:
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
    """Return the area that two boxes share, as a share of the larger one; 0 to 1."""
    shared, areas = 1.0, [1.0, 1.0]
    for a, b in zip(one, other, strict=True):
        shared *= max(0, min(a.stop, b.stop) - max(a.start, b.start))
        areas = [areas[0] * (a.stop - a.start), areas[1] * (b.stop - b.start)]
    return shared / max(areas)
