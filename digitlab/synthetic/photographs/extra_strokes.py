"""Extra strokes that some people add to a digit: a crossed 7, a slashed 0, a flag and foot on 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

_OVERSAMPLING = 8
_STROKE_WIDTH = 2.0  # pixels of the digit image

DIGITS_WITH_EXTRA_STROKES = (0, 1, 7)
"""Digits that some people write with an extra stroke."""

Line = tuple[float, float, float, float]
"""x and y of both ends, in pixels of the digit image."""


def add_extra_strokes(
    digit_image: NDArray[np.uint8], label: int, *, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Add a bar to a 7, a slash to a 0, or a flag and perhaps a foot to a 1.

    Args:
        digit_image: uint8 (28, 28), bright ink on 0.
        label: the digit; images of other digits than 0, 1 and 7 are returned unchanged.
        rng: draws position and size of the strokes.

    Returns:
        uint8 (28, 28); the ink may reach beyond MNIST's box of 20 pixels.
    """
    rows, columns = np.nonzero(digit_image > 127)
    if label not in DIGITS_WITH_EXTRA_STROKES or not len(rows):
        return digit_image
    top, bottom = float(rows.min()) + 0.5, float(rows.max()) + 0.5
    left, right = float(columns.min()), float(columns.max()) + 1
    height = bottom - top
    lines: list[Line] = []
    if label == 7:
        y = top + height * rng.uniform(0.45, 0.58)
        x = _rightmost_stroke(digit_image, y)
        half, rise = height * rng.uniform(0.2, 0.3), rng.uniform(-1, 1)
        lines.append((x - half, y + rise, x + half, y - rise))
    elif label == 0:
        overshoot = rng.uniform(-0.1, 0.1)
        width = right - left
        lines.append(
            (left + width * (0.1 - overshoot), bottom - height * (0.1 - overshoot),
             right - width * (0.1 - overshoot), top + height * (0.1 - overshoot))
        )  # fmt: skip
    else:
        x, reach = _rightmost_stroke(digit_image, top), height * rng.uniform(0.18, 0.3)
        lines.append((x, top, x - reach, top + reach * rng.uniform(0.8, 1.4)))
        if rng.random() < 0.5:
            x, half = _rightmost_stroke(digit_image, bottom), height * rng.uniform(0.18, 0.28)
            lines.append((x - half, bottom, x + half, bottom))
    return np.maximum(digit_image, _draw_lines(lines))


def _rightmost_stroke(digit_image: NDArray[np.uint8], y: float) -> float:
    """Return the middle of the rightmost stroke in row y, in pixels from the left."""
    row = digit_image[min(27, max(0, int(y)))]
    inked = np.flatnonzero(row > 100)
    if not len(inked):
        return 14.0
    stroke = inked[inked > inked[-1] - 4]
    return float(stroke.mean()) + 0.5


def _draw_lines(lines: list[Line]) -> NDArray[np.uint8]:
    canvas = Image.new("L", (28 * _OVERSAMPLING, 28 * _OVERSAMPLING))
    pencil = ImageDraw.Draw(canvas)
    radius = _STROKE_WIDTH * _OVERSAMPLING / 2
    for line in lines:
        x0, y0, x1, y1 = (value * _OVERSAMPLING for value in line)
        pencil.line((x0, y0, x1, y1), fill=255, width=round(2 * radius))
        for x, y in ((x0, y0), (x1, y1)):
            pencil.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(canvas.reduce(_OVERSAMPLING))
