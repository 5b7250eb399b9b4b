"""Geometry: where a point of the paper or of a digit image falls on the photograph.

A homography is a float (3, 3) matrix over (x, y, 1); x runs to the right, y downwards, and
the pixel i reaches from i to i + 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from digitlab.synthetic.photographs.scene import Scene

Floats = NDArray[np.float64]

_MIDDLE = 14.0  # of a digit image
_BOX = 20.0  # pixels of a digit image that a digit's height stands for


def shift(x: float, y: float) -> Floats:
    """The homography that moves by (x, y)."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def centre(scene: Scene) -> tuple[float, float]:
    """Where `scene.centre` is, in pixels."""
    return scene.centre[0] * scene.size[0], scene.centre[1] * scene.size[1]


def camera(scene: Scene) -> Floats:
    """From the sheet, straight before the camera, to the photograph; the digit's centre stays."""
    x, y = centre(scene)
    angle = math.radians(scene.rotation)
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1.0]])
    side = max(scene.size)
    tilt = np.eye(3)
    tilt[2, :2] = -scene.tilt[0] / side, -scene.tilt[1] / side
    moved: Floats = shift(x, y) @ tilt @ turn @ shift(-x, -y)
    return moved


def place(
    x: float, y: float, *, height: float, slant: float = 0.0, rotation: float = 0.0
) -> Floats:
    """From a digit image, 28 x 28, to the sheet.

    Args:
        x: where the middle of the digit image goes, in pixels.
        y: likewise.
        height: pixels of MNIST's 20-pixel box.
        slant: degrees by which upright strokes lean to the right.
        rotation: degrees, counter-clockwise.
    """
    scale = height / _BOX
    lean = math.tan(math.radians(slant))
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    shape = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1.0]])
    shape = shape @ np.array([[scale, -lean * scale, 0], [0, scale, 0], [0, 0, 1.0]])
    placed: Floats = shift(x, y) @ shape @ shift(-_MIDDLE, -_MIDDLE)
    return placed


def project(points: Floats, homography: Floats) -> Floats:
    """Points (N, 2) through a homography; float (N, 2)."""
    moved = points @ homography[:, :2].T + homography[:, 2]
    projected: Floats = moved[:, :2] / moved[:, 2:]
    return projected
