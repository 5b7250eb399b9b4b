"""Pen: how much ink each pixel of the photograph gets from the strokes of a digit.

Strokes are either drawn along their centreline with a pen of any width, or kept as they are
in the digit image; both come from smooth curves, so that no pixel of the digit image shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digitlab.synthetic.photographs.geometry import Floats, project, shift
from digitlab.synthetic.photographs.scene import Scene
from digitlab.synthetic.photographs.skeletonise import Centreline, centreline
from digitlab.synthetic.photographs.texture import unit

Cover = NDArray[np.float32]

_FINE = 8  # samples per pixel of the digit image in the field of distances
_HAIRLINE = 0.4  # pixels of MNIST's box: half the width that a thinned stroke keeps
_FAR = 100.0
_SEEN = 0.25  # cover from which ink counts as seen


@dataclass(frozen=True, kw_only=True, eq=False)
class Stamp:
    """Ink of one digit on the photograph.

    Attributes:
        cover: how much ink covers each pixel, 0-1; float32 (h, w), perhaps of size 0.
        left: column of the photograph where it begins.
        top: row of the photograph where it begins.
    """

    cover: Cover
    left: int
    top: int

    @property
    def box(self) -> tuple[int, int, int, int] | None:
        """x, y, width, height tight around the ink that can be seen; None without any."""
        rows, columns = np.nonzero(self.cover >= _SEEN)
        if not len(rows):
            return None
        x, y = int(columns.min()), int(rows.min())
        width, height = int(columns.max()) + 1 - x, int(rows.max()) + 1 - y
        return self.left + x, self.top + y, width, height


def write(
    digit_image: NDArray[np.uint8], homography: Floats, *, scene: Scene, rng: np.random.Generator
) -> Stamp:
    """The ink of a digit image, uint8 (28, 28), put on the photograph by a homography."""
    pixel = math.sqrt(abs(np.linalg.det(homography[:2, :2])))
    if scene.pen is None:
        stamp = _keep(digit_image, homography, pixel, scene)
        line = centreline(digit_image) if scene.gaps else None
        width = 3 * pixel
    else:
        line = centreline(digit_image)
        stamp = draw(line, homography, scene=scene, rng=rng)
        width = scene.pen
    if line is None or not scene.gaps or not len(line.points) or not stamp.cover.size:
        return stamp
    image = Image.fromarray(np.rint(stamp.cover * 255).astype(np.uint8))
    eraser = ImageDraw.Draw(image)
    breaks = project(rng.choice(line.points, scene.gaps), homography)
    for x, y in (breaks - (stamp.left, stamp.top)).tolist():
        radius = width / 2 + rng.uniform(0.2, 0.5) * pixel
        eraser.ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
    return Stamp(cover=unit(image), left=stamp.left, top=stamp.top)


def outline(digit_image: NDArray[np.uint8], *, scene: Scene) -> Floats:
    """Points of a digit image that are inked, or that the pen's middle passes; float (N, 2)."""
    if scene.pen is not None:
        return centreline(digit_image).points
    rows, columns = np.nonzero(_distances(digit_image, scene.widen) > 0)
    return np.stack([columns + 0.5, rows + 0.5], axis=1) / _FINE


def draw(line: Centreline, homography: Floats, *, scene: Scene, rng: np.random.Generator) -> Stamp:
    """A centreline drawn with the scene's pen; without a pen, with a stroke like MNIST's."""
    pixel = math.sqrt(abs(np.linalg.det(homography[:2, :2])))
    pen = scene.pen or 2.5 * pixel
    if not len(line.points):
        return _nothing()
    widths = pen * _uneven(line.points, scene.pressure, rng)
    points = project(line.points, homography)
    window = _window(points, widths.max() / 2 + 1, scene.size)
    if window is None:
        return _nothing()
    left, top, right, bottom = window
    finer = 1 if scene.crisp else 4 if pen < 4 else 2
    canvas = Image.new("L", ((right - left) * finer, (bottom - top) * finer))
    brush = ImageDraw.Draw(canvas)
    points = (points - (left, top)) * finer - (0 if scene.crisp else 0.5)
    widths *= finer
    for a, b in line.edges.tolist():
        width = max(1, round((widths[a] + widths[b]) / 2))
        brush.line((*points[a], *points[b]), fill=255, width=width)
    for (x, y), radius in zip(points.tolist(), (widths / 2).tolist(), strict=True):
        if radius > 1:
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    cover = unit(canvas.reduce(finer) if finer > 1 else canvas)
    return Stamp(cover=cover, left=left, top=top)


def _keep(digit_image: NDArray[np.uint8], homography: Floats, pixel: float, scene: Scene) -> Stamp:
    """The strokes as they are, their edges moved by `scene.widen`."""
    rows, columns = np.nonzero(digit_image > 60)
    if not len(rows):
        return _nothing()
    corners = np.stack([columns + 0.5, rows + 0.5], axis=1)
    margin = (max(scene.widen, 0) + 1.5) * pixel + 1
    window = _window(project(corners, homography), margin, scene.size)
    if window is None:
        return _nothing()
    left, top, right, bottom = window
    back = np.diag([_FINE, _FINE, 1.0]) @ np.linalg.inv(homography) @ shift(left, top)
    back /= back[2, 2]
    field = Image.fromarray((_distances(digit_image, scene.widen) + _FAR).astype(np.float32))
    placed = field.transform(
        (right - left, bottom - top),
        Image.Transform.PERSPECTIVE,
        back.ravel()[:8].tolist(),
        Image.Resampling.BILINEAR,
    )
    edge = (np.asarray(placed) - _FAR) * pixel
    cover = np.clip(edge + 0.5, 0, 1) if not scene.crisp else edge > 0
    return Stamp(cover=cover.astype(np.float32), left=left, top=top)


def _distances(digit_image: NDArray[np.uint8], widen: float) -> Floats:
    """How deep in the ink each of 224 x 224 samples lies, in pixels; negative outside."""
    from scipy import ndimage

    # An enlargement first, so that the half-way contour has no stairs.
    large = ndimage.zoom(digit_image / 255.0, _FINE, order=3, grid_mode=True, mode="grid-constant")
    inside = large > 0.5
    if not inside.any():
        return np.full(large.shape, -_FAR / 2)
    edt = partial(ndimage.distance_transform_edt, return_distances=True)
    distance: Floats = ndimage.gaussian_filter((edt(inside) - edt(~inside)) / _FINE, _FINE / 3)
    if widen < 0:
        deepest = ndimage.maximum_filter(distance, 2 * _FINE)
        half_width = ndimage.gaussian_filter(deepest, _FINE / 2)
        distance += np.maximum(widen, _HAIRLINE - half_width)  # thinned, but not broken
        return distance
    distance += widen
    return distance


def _uneven(points: Floats, pressure: float, rng: np.random.Generator) -> Floats:
    """Factors around 1 that change slowly along the strokes; float (N,)."""
    if not pressure:
        return np.ones(len(points))
    phase = rng.uniform(0, 2 * np.pi, 2)
    waves = np.sin(points[:, 0] / 2.5 + phase[0]) + np.sin(points[:, 1] / 3.1 + phase[1])
    factors: Floats = 1 + pressure * waves / 2
    return factors


def _window(
    points: Floats, margin: float, size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the part of the frame that the points reach."""
    left, top = np.floor(points.min(axis=0) - margin).astype(int).tolist()
    right, bottom = np.ceil(points.max(axis=0) + margin).astype(int).tolist()
    left, top, right, bottom = max(0, left), max(0, top), min(size[0], right), min(size[1], bottom)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _nothing() -> Stamp:
    return Stamp(cover=np.zeros((0, 0), np.float32), left=0, top=0)
