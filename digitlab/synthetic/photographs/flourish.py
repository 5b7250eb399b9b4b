"""Flourish: the strokes that some people add: a crossed 7, a slashed 0, a 1 with flag and foot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

_FINER = 8
_STROKE = 2.0  # pixels of the digit image

FLOURISHED = (0, 1, 7)
"""Digits that can be given one."""


def flourish(
    digit_image: NDArray[np.uint8], label: int, *, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A 7 with its bar, a 0 with its slash, a 1 with its flag, perhaps with a foot.

    Args:
        digit_image: uint8 (28, 28), bright ink on 0.
        label: the digit; any but 0, 1 and 7 is given back as it is.
        rng: draws how.

    Returns:
        uint8 (28, 28); the ink may reach beyond MNIST's box of 20 pixels.
    """
    rows, columns = np.nonzero(digit_image > 127)
    if label not in FLOURISHED or not len(rows):
        return digit_image
    top, bottom = float(rows.min()) + 0.5, float(rows.max()) + 0.5
    left, right = float(columns.min()), float(columns.max()) + 1
    height = bottom - top
    ways = []
    if label == 7:
        y = top + height * rng.uniform(0.45, 0.58)
        x = _middle(digit_image, y)
        half, rise = height * rng.uniform(0.2, 0.3), rng.uniform(-1, 1)
        ways.append((x - half, y + rise, x + half, y - rise))
    elif label == 0:
        over = rng.uniform(-0.1, 0.1)
        wide = right - left
        ways.append(
            (left + wide * (0.1 - over), bottom - height * (0.1 - over),
             right - wide * (0.1 - over), top + height * (0.1 - over))
        )  # fmt: skip
    else:
        x, reach = _middle(digit_image, top), height * rng.uniform(0.18, 0.3)
        ways.append((x, top, x - reach, top + reach * rng.uniform(0.8, 1.4)))
        if rng.random() < 0.5:
            x, half = _middle(digit_image, bottom), height * rng.uniform(0.18, 0.28)
            ways.append((x - half, bottom, x + half, bottom))
    return np.maximum(digit_image, _lines(ways))


def _middle(digit_image: NDArray[np.uint8], y: float) -> float:
    """Where the ink's rightmost stroke stands at a height, in pixels from the left."""
    row = digit_image[min(27, max(0, int(y)))]
    inked = np.flatnonzero(row > 100)
    if not len(inked):
        return 14.0
    run = inked[inked > inked[-1] - 4]
    return float(run.mean()) + 0.5


def _lines(ways: list[tuple[float, float, float, float]]) -> NDArray[np.uint8]:
    sheet = Image.new("L", (28 * _FINER, 28 * _FINER))
    pencil = ImageDraw.Draw(sheet)
    radius = _STROKE * _FINER / 2
    for way in ways:
        x0, y0, x1, y1 = (value * _FINER for value in way)
        pencil.line((x0, y0, x1, y1), fill=255, width=round(2 * radius))
        for x, y in ((x0, y0), (x1, y1)):
            pencil.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(sheet.reduce(_FINER))
