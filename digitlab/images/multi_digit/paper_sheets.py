"""Paper: sheets on a desk, which stand out like ink and are none."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.components import label_background
from digitlab.images.segmentation.ink import Mask

_ANGLES: Final = np.deg2rad(np.arange(-15, 16, 1.5))


def is_sheet(mask: Mask) -> bool:
    """Whether what stands out is a sheet of paper with digits on it.

    These are holes in it: one or more in a rectangle, or more than a digit has, and all of
    them thinner than the paper around.

    Args:
        mask: bool (H, W), tight around what hangs together.
    """
    paper, areas = label_background(mask)
    holes = [n for n in range(2, len(areas)) if areas[n] > THRESHOLDS.min_sheet_hole * mask.size]
    if not holes:
        return False
    if _squareness((paper != 1)[1:-1, 1:-1]) > THRESHOLDS.min_rectangle_fill:
        return True
    return len(holes) >= THRESHOLDS.min_sheet_holes and thickness(mask) > thickness(
        np.isin(paper, holes)
    )


def thickness(mask: Mask) -> float:
    """Diameter of the largest disc in a mask, in pixels."""
    from scipy import ndimage

    return 2 * float(ndimage.distance_transform_edt(np.pad(mask, 1)).max())


def _squareness(filled: Mask) -> float:
    """0-1: how much of the rectangle around it, turned as fits best, a shape fills."""
    rows = np.flatnonzero(filled.any(1))
    left = filled.argmax(1)[rows]
    right = filled.shape[1] - filled[:, ::-1].argmax(1)[rows]
    x = np.concatenate([left, right]).astype(float)
    y = np.concatenate([rows, rows]).astype(float)
    return max(float(filled.sum()) / _area(x, y, angle) for angle in _ANGLES)


def _area(x: NDArray[np.float64], y: NDArray[np.float64], angle: float) -> float:
    """Area of the rectangle around points, its sides turned by an angle."""
    along = x * np.cos(angle) + y * np.sin(angle)
    down = y * np.cos(angle) - x * np.sin(angle)
    return float((np.ptp(along) + 1) * (np.ptp(down) + 1))
