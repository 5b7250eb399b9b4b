"""Ink: the coverage of each pixel of the photograph by the strokes of a digit.

A pen of any width follows the skeleton of the strokes, or the strokes keep the shape that they
have in the digit image. Both use smooth curves, so that no pixel of the digit image shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digitlab.synthetic.photographs.geometry import Box, Floats, project, translation
from digitlab.synthetic.photographs.scene import Scene
from digitlab.synthetic.photographs.skeletonise import Skeleton, enlarge, skeletonise
from digitlab.synthetic.photographs.texture import to_unit_range

_SAMPLES_PER_PIXEL = 8  # of the digit image, per axis, in the distance field
_MIN_HALF_WIDTH = 0.4  # that a thinned stroke keeps, in pixels of MNIST's box
_OUTSIDE_DISTANCE = 100.0  # added to distances, so that a transform's 0 means far outside
_VISIBLE_COVER = 0.25  # from which ink counts as visible


@dataclass(frozen=True, kw_only=True, eq=False)
class InkLayer:
    """Ink of one digit or letter on the photograph.

    Attributes:
        cover: float32 (h, w), the share of each pixel that ink covers, 0-1; may have size 0.
        left: column of the photograph where `cover` begins.
        top: row of the photograph where `cover` begins.
    """

    cover: NDArray[np.float32]
    left: int
    top: int

    @property
    def box(self) -> Box | None:
        """The tight box around the visible ink; None if no ink is visible."""
        rows, columns = np.nonzero(self.cover >= _VISIBLE_COVER)
        if not len(rows):
            return None
        x, y = int(columns.min()), int(rows.min())
        width, height = int(columns.max()) + 1 - x, int(rows.max()) + 1 - y
        return self.left + x, self.top + y, width, height


def ink_digit(
    digit_image: NDArray[np.uint8],
    digit_to_photo: Floats,
    *,
    scene: Scene,
    rng: np.random.Generator,
) -> InkLayer:
    """Write a digit image on the photograph.

    Args:
        digit_image: uint8 (28, 28), bright ink on 0.
        digit_to_photo: homography from the digit image to the photograph.
        scene: how the digit is written.
        rng: draws pressure and gaps.
    """
    scale = _scale(digit_to_photo)
    if scene.pen is None:
        layer = _ink_kept_strokes(digit_image, digit_to_photo, scene)
        skeleton = skeletonise(digit_image) if scene.gaps else None
        width = 3 * scale
    else:
        skeleton = skeletonise(digit_image)
        layer = ink_skeleton(skeleton, digit_to_photo, scene=scene, rng=rng)
        width = scene.pen
    if skeleton is None or not scene.gaps or not len(skeleton.points) or not layer.cover.size:
        return layer
    image = Image.fromarray(np.rint(layer.cover * 255).astype(np.uint8))
    eraser = ImageDraw.Draw(image)
    gaps = project(rng.choice(skeleton.points, scene.gaps), digit_to_photo)
    for x, y in (gaps - (layer.left, layer.top)).tolist():
        radius = width / 2 + rng.uniform(0.2, 0.5) * scale
        eraser.ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
    return InkLayer(cover=to_unit_range(image), left=layer.left, top=layer.top)


def inked_points(digit_image: NDArray[np.uint8], *, scene: Scene) -> Floats:
    """Return the inked points of a digit image, or those on the pen's path; float (N, 2)."""
    if scene.pen is not None:
        return skeletonise(digit_image).points
    rows, columns = np.nonzero(_distance_field(digit_image, scene.widen) > 0)
    return np.stack([columns + 0.5, rows + 0.5], axis=1) / _SAMPLES_PER_PIXEL


def ink_skeleton(
    skeleton: Skeleton, digit_to_photo: Floats, *, scene: Scene, rng: np.random.Generator
) -> InkLayer:
    """Draw a skeleton with the scene's pen; without a pen, as wide as MNIST's strokes."""
    pen = scene.pen or 2.5 * _scale(digit_to_photo)
    if not len(skeleton.points):
        return _no_ink()
    widths = pen * _width_factors(skeleton.points, scene.pressure, rng)
    points = project(skeleton.points, digit_to_photo)
    window = _window(points, widths.max() / 2 + 1, scene.size)
    if window is None:
        return _no_ink()
    left, top, right, bottom = window
    oversampling = 1 if scene.crisp else 4 if pen < 4 else 2
    canvas = Image.new("L", ((right - left) * oversampling, (bottom - top) * oversampling))
    brush = ImageDraw.Draw(canvas)
    points = (points - (left, top)) * oversampling - (0 if scene.crisp else 0.5)
    widths *= oversampling
    for a, b in skeleton.edges.tolist():
        width = max(1, round((widths[a] + widths[b]) / 2))
        brush.line((*points[a], *points[b]), fill=255, width=width)
    for (x, y), radius in zip(points.tolist(), (widths / 2).tolist(), strict=True):
        if radius > 1:
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    cover = to_unit_range(canvas.reduce(oversampling) if oversampling > 1 else canvas)
    return InkLayer(cover=cover, left=left, top=top)


def _scale(homography: Floats) -> float:
    """Return the pixels of the photograph that one pixel of the digit image spans."""
    return math.sqrt(abs(np.linalg.det(homography[:2, :2])))


def _ink_kept_strokes(
    digit_image: NDArray[np.uint8], digit_to_photo: Floats, scene: Scene
) -> InkLayer:
    """Draw the strokes of the digit image with their edges moved by `scene.widen`."""
    rows, columns = np.nonzero(digit_image > 60)
    if not len(rows):
        return _no_ink()
    scale = _scale(digit_to_photo)
    pixels = np.stack([columns + 0.5, rows + 0.5], axis=1)
    margin = (max(scene.widen, 0) + 1.5) * scale + 1
    window = _window(project(pixels, digit_to_photo), margin, scene.size)
    if window is None:
        return _no_ink()
    left, top, right, bottom = window
    to_samples = np.diag([_SAMPLES_PER_PIXEL, _SAMPLES_PER_PIXEL, 1.0])
    inverse = to_samples @ np.linalg.inv(digit_to_photo) @ translation(left, top)
    inverse /= inverse[2, 2]
    distances = _distance_field(digit_image, scene.widen)
    placed = Image.fromarray((distances + _OUTSIDE_DISTANCE).astype(np.float32)).transform(
        (right - left, bottom - top),
        Image.Transform.PERSPECTIVE,
        inverse.ravel()[:8].tolist(),
        Image.Resampling.BILINEAR,
    )
    depth = (np.asarray(placed) - _OUTSIDE_DISTANCE) * scale
    cover = np.clip(depth + 0.5, 0, 1) if not scene.crisp else depth > 0
    return InkLayer(cover=cover.astype(np.float32), left=left, top=top)


def _distance_field(digit_image: NDArray[np.uint8], widen: float) -> Floats:
    """Return the depth in the ink of 224 x 224 samples, in pixels; negative outside the ink."""
    from scipy import ndimage  # takes long to load; a page that only reads pictures needs none

    inside = enlarge(digit_image, _SAMPLES_PER_PIXEL) > 0.5
    if not inside.any():
        return np.full(inside.shape, -_OUTSIDE_DISTANCE / 2)
    edt = partial(ndimage.distance_transform_edt, return_distances=True)
    distance: Floats = ndimage.gaussian_filter(
        (edt(inside) - edt(~inside)) / _SAMPLES_PER_PIXEL, _SAMPLES_PER_PIXEL / 3
    )
    if widen < 0:
        deepest = ndimage.maximum_filter(distance, 2 * _SAMPLES_PER_PIXEL)
        half_width = ndimage.gaussian_filter(deepest, _SAMPLES_PER_PIXEL / 2)
        distance += np.maximum(widen, _MIN_HALF_WIDTH - half_width)  # thin strokes stay whole
        return distance
    distance += widen
    return distance


def _width_factors(points: Floats, pressure: float, rng: np.random.Generator) -> Floats:
    """Return factors around 1 that change slowly along the strokes; float (N,)."""
    if not pressure:
        return np.ones(len(points))
    phase = rng.uniform(0, 2 * np.pi, 2)
    waves = np.sin(points[:, 0] / 2.5 + phase[0]) + np.sin(points[:, 1] / 3.1 + phase[1])
    factors: Floats = 1 + pressure * waves / 2
    return factors


def _window(
    points: Floats, margin: float, size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """Return left, top, right, bottom of the part of the frame that the points reach."""
    left, top = np.floor(points.min(axis=0) - margin).astype(int).tolist()
    right, bottom = np.ceil(points.max(axis=0) + margin).astype(int).tolist()
    left, top, right, bottom = max(0, left), max(0, top), min(size[0], right), min(size[1], bottom)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _no_ink() -> InkLayer:
    return InkLayer(cover=np.zeros((0, 0), np.float32), left=0, top=0)
