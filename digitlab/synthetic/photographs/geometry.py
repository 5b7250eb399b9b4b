"""Geometry: homographies from a digit image to the sheet and from the sheet to the photograph.

A homography is a float (3, 3) matrix over (x, y, 1); x runs to the right, y downwards, and
the pixel i reaches from i to i + 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digitlab.synthetic.photographs.scene import Scene

Floats = NDArray[np.float64]

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels."""

_IMAGE_MIDDLE = 14.0  # of a digit image, in pixels
_BOX_SIDE = 20.0  # pixels of a digit image that the digit's height stands for


def translation(x: float, y: float) -> Floats:
    """Return the homography that moves points by (x, y)."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def digit_centre(scene: Scene) -> tuple[float, float]:
    """Return `scene.centre` in pixels of the photograph."""
    return scene.centre[0] * scene.size[0], scene.centre[1] * scene.size[1]


def sheet_to_photo(scene: Scene) -> Floats:
    """Return the homography from a sheet, straight before the camera, to the photograph.

    The digit's centre stays in its place.
    """
    x, y = digit_centre(scene)
    side = max(scene.size)
    tilt = np.eye(3)
    tilt[2, :2] = -scene.tilt[0] / side, -scene.tilt[1] / side
    homography: Floats = translation(x, y) @ tilt @ _rotation(scene.rotation) @ translation(-x, -y)
    return homography


def digit_to_sheet(
    x: float, y: float, *, digit_height: float, slant: float = 0.0, rotation: float = 0.0
) -> Floats:
    """Return the homography from a digit image, 28 x 28, to the sheet.

    Args:
        x: column of the sheet where the middle of the digit image goes, in pixels.
        y: row of the sheet where the middle of the digit image goes, in pixels.
        digit_height: height of MNIST's 20-pixel box on the sheet, in pixels.
        slant: degrees by which upright strokes lean to the right.
        rotation: degrees, counter-clockwise.
    """
    scale = digit_height / _BOX_SIDE
    lean = math.tan(math.radians(slant))
    shear = np.array([[scale, -lean * scale, 0], [0, scale, 0], [0, 0, 1.0]])
    shape = _rotation(rotation) @ shear
    homography: Floats = translation(x, y) @ shape @ translation(-_IMAGE_MIDDLE, -_IMAGE_MIDDLE)
    return homography


def project(points: Floats, homography: Floats) -> Floats:
    """Map points (N, 2) through a homography; float (N, 2)."""
    mapped = points @ homography[:, :2].T + homography[:, 2]
    projected: Floats = mapped[:, :2] / mapped[:, 2:]
    return projected


def bounding_box(boxes: Sequence[Box | None]) -> Box | None:
    """Return the smallest box that holds all boxes; None if there is no box."""
    present = [box for box in boxes if box is not None]
    if not present:
        return None
    left, top = min(b[0] for b in present), min(b[1] for b in present)
    right, bottom = max(b[0] + b[2] for b in present), max(b[1] + b[3] for b in present)
    return left, top, right - left, bottom - top


def intersection_over_union(one: Box, other: Box) -> float:
    """Return the shared area of two boxes as a share of the area that they cover, 0-1."""
    shared = 1.0
    for axis in (0, 1):
        low = max(one[axis], other[axis])
        high = min(one[axis] + one[axis + 2], other[axis] + other[axis + 2])
        shared *= max(0, high - low)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def _rotation(degrees: float) -> Floats:
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1.0]])
