"""Pixel drawings: digits drawn with few pixels or a square brush, and normalised by the front end.

They have staircase strokes and no grey edges, as paint programs and small icons have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.normalise import to_digit_image
from digitlab.images.resize import enlarge
from digitlab.synthetic.handwriting.pen_strokes import Floats, parse_strokes, sample_pen_paths
from digitlab.synthetic.handwriting.writer import sample_strokes

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class _PixelDrawing:
    """How pixel drawings vary.

    Attributes:
        rare: share of the rare shapes, 0-1; square digits are among them.
        variation: how far the handwritings differ from the shape; see `sample_pen_paths`.
        small_share: share of the drawings with few pixels.
        small_side: range of the longer side of a drawing with few pixels, in pixels.
        canvas_side: the same for drawings on a canvas, with a thick brush.
        canvas_brush: range of the width of that brush, as a share of the longer side.
        double_brush_from: pixels of a small drawing's longer side from which on some strokes are
            two pixels wide.
        smooth_share: share of the small drawings that the front end enlarges smoothly, because
            the file itself has few pixels. The others are enlarged with sharp edges.
        normalised_side: pixels of the longer side of an enlarged drawing, at least.
        min_ink: ink of an enlarged pixel, 0-1, from which on the front end marks it as ink.
    """

    rare: float = 0.5
    variation: float = 0.5
    small_share: float = 0.6
    small_side: tuple[int, int] = (7, 16)
    canvas_side: tuple[int, int] = (18, 40)
    canvas_brush: tuple[float, float] = (0.05, 0.17)
    double_brush_from: int = 11
    smooth_share: float = 0.4
    normalised_side: int = 112
    min_ink: float = 0.3


_DRAWING: Final = _PixelDrawing()


def draw_pixel_digits(
    n: int, *, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw n digits with few pixels, in random order; the counts of the labels differ by one.

    Args:
        n: number of digits.
        rng: draws shape, size and brush; equal states give equal images.

    Returns:
        Digit images uint8 (n, 28, 28) and labels uint8 (n,).
    """
    labels = rng.permutation(np.arange(n) % 10).astype(np.uint8)
    strokes = sample_strokes(labels, rng=rng, rare=_DRAWING.rare)
    images = np.zeros((n, 28, 28), np.uint8)
    for notation in dict.fromkeys(strokes):
        rows = [row for row, other in enumerate(strokes) if other == notation]
        paths, pressures = sample_pen_paths(
            parse_strokes(notation), len(rows), rng=rng, variation=_DRAWING.variation
        )
        for row, path, pressure in zip(rows, paths, pressures, strict=True):
            images[row] = _draw_and_normalise(path[pressure > 0], rng)
    return images, labels


def draw_pixels(points: Floats, *, side: int, brush: int) -> Mask:
    """Draw a path with a square brush on a grid, without grey edges.

    Args:
        points: float32 (P, 2), x and y of dense samples, in any unit.
        side: pixels of the longer side of the drawing.
        brush: width of the brush in pixels, less than `side`.

    Returns:
        bool (H, W), tight around the ink; the longer side has `side` pixels.
    """
    low, high = points.min(0), points.max(0)
    scale = (side - brush) / max(float((high - low).max()), 1e-6)
    columns, rows = np.rint((points - low) * scale).astype(int).T
    drawing = np.zeros((rows.max() + brush, columns.max() + brush), bool)
    for row in range(brush):
        for column in range(brush):
            drawing[rows + row, columns + column] = True
    return drawing


def _draw_and_normalise(points: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw one path on a grid of random size, and bring the drawing into MNIST's frame."""
    limits = _DRAWING
    is_small = rng.random() < limits.small_share
    low, high = limits.small_side if is_small else limits.canvas_side
    side = int(rng.integers(low, high + 1))
    if is_small:
        brush = 2 if side >= limits.double_brush_from and rng.random() < 0.5 else 1
    else:
        brush = max(2, round(side * rng.uniform(*limits.canvas_brush)))
    drawing = draw_pixels(points, side=side, brush=brush)
    factor = -(-limits.normalised_side // side)
    if is_small and rng.random() < limits.smooth_share:
        tones = np.pad(drawing, 1).astype(np.uint8) * np.uint8(255)
        ink = enlarge(tones, factor).astype(np.float32) / np.float32(255)
    else:
        ink = np.repeat(np.repeat(drawing, factor, 0), factor, 1).astype(np.float32)
    return to_digit_image(ink, ink > limits.min_ink)
