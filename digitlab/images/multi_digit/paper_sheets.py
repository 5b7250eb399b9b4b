"""Sheets of paper on a desk, which differ from the desk as ink differs from paper."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.components import label_background
from digitlab.images.segmentation.ink import Mask

_ANGLES: Final = np.deg2rad(
    np.arange(-THRESHOLDS.max_sheet_tilt, THRESHOLDS.max_sheet_tilt + 1, THRESHOLDS.sheet_tilt_step)
)


def is_paper_sheet(mask: Mask) -> bool:
    """Return whether connected ink is in fact a sheet of paper with digits on it.

    The digits are holes in it: one or more in a rectangle, or more than a digit has, all of
    them thinner than the paper around.

    Args:
        mask: bool (H, W), tight around the ink.
    """
    labels, areas = label_background(mask)
    min_area = THRESHOLDS.min_sheet_hole * mask.size
    holes = [number for number in range(2, len(areas)) if areas[number] > min_area]
    if not holes:
        return False
    if _rectangle_fill((labels != 1)[1:-1, 1:-1]) > THRESHOLDS.min_rectangle_fill:
        return True
    return len(holes) >= THRESHOLDS.min_sheet_holes and (
        max_thickness(mask) > max_thickness(np.isin(labels, holes))
    )


def max_thickness(mask: Mask) -> float:
    """Return the diameter of the largest disc in a mask, in pixels."""
    from scipy import ndimage

    return 2 * float(ndimage.distance_transform_edt(np.pad(mask, 1)).max())


def _rectangle_fill(mask: Mask) -> float:
    """Return the share, 0-1, that a mask fills of the smallest rectangle around it."""
    rows = np.flatnonzero(mask.any(1))
    left = mask.argmax(1)[rows]
    right = mask.shape[1] - mask[:, ::-1].argmax(1)[rows]
    x = np.concatenate([left, right]).astype(float)
    y = np.concatenate([rows, rows]).astype(float)
    return max(float(mask.sum()) / _rectangle_area(x, y, angle) for angle in _ANGLES)


def _rectangle_area(x: NDArray[np.float64], y: NDArray[np.float64], angle: float) -> float:
    """Return the area of the rectangle around points whose sides are turned by an angle."""
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    return float((np.ptp(along) + 1) * (np.ptp(across) + 1))
