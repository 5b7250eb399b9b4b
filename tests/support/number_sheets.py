"""Sheets for tests: rows of MNIST digits from the validation split, written on paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.datasets import mnist

Sheet = NDArray[np.uint8]
"""uint8 (H, W), dark ink on light paper."""

PAPER, INK = 225, 45
"""Grey levels of the clean paper and of the ink."""


def digit_ink(label: int, n: int = 0) -> NDArray[np.uint8]:
    """Return the n-th validation image of a label, cropped to its ink; bright ink on 0."""
    x, y = mnist.load("validation")
    image = x[np.flatnonzero(y == label)[n]]
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def write_sheet(
    *rows: str,
    height: int = 72,
    gap: float = 0.35,
    leading: float = 1.7,
    slant: float = 0.0,
    jitter: float = 0.0,
    seed: int = 0,
) -> Sheet:
    """Write rows of digits on clean paper.

    Args:
        rows: the digits of each row, for example "2019"; a space leaves room for one digit.
        height: height of a digit, in pixels.
        gap: space between digits, as a share of the height; negative for touching digits.
        leading: distance from one row to the next, as a share of the height.
        slant: slope of the rows, in degrees; positive rows fall to the right.
        jitter: variation of sizes and positions, as a share of the height.
        seed: seed of the choice of the digits and of the jitter.
    """
    rng = np.random.default_rng(seed)
    width = round(height * (1.2 + max(map(len, rows)) * (0.9 + max(gap, 0))))
    fall = round(np.tan(np.deg2rad(slant)) * width)
    coverage = np.zeros((round(height * (1 + leading * len(rows))) + abs(fall), width))
    for number, row in enumerate(rows):
        x = 0.6 * height
        for label in row:
            if label == " ":
                x += height
                continue
            image = Image.fromarray(digit_ink(int(label), int(rng.integers(60))))
            scale = height * (1 + rng.uniform(-jitter, jitter)) / 20
            size = tuple(max(1, round(side * scale)) for side in image.size)
            ink = np.asarray(image.resize(size, Image.Resampling.BICUBIC)) / 255
            ink = np.clip((ink - 0.5) * 6 + 0.5, 0, 1)
            y = height * (0.6 + leading * number + rng.uniform(-jitter, jitter)) + (
                height - size[1]
            )
            y += x * fall / width + max(0, -fall)
            region = coverage[round(y) : round(y) + size[1], round(x) : round(x) + size[0]]
            np.maximum(region, ink[: region.shape[0], : region.shape[1]], out=region)
            x += size[0] + gap * height
    return np.rint(PAPER + (INK - PAPER) * coverage).astype(np.uint8)


def photograph_sheet(
    sheet: Sheet, *, shadow: float = 0.0, noise: float = 3, seed: int = 0
) -> Sheet:
    """Return a sheet as a camera sees it: uneven light, the edge of a shadow, and noise.

    Args:
        sheet: the sheet.
        shadow: share of the light that the shadow takes.
        noise: standard deviation of the noise, in grey levels.
        seed: seed of the noise.
    """
    rng = np.random.default_rng(seed)
    height, width = sheet.shape
    y, x = np.mgrid[0:height, 0:width] / max(sheet.shape)
    light = 1 - 0.25 * x - 0.1 * y
    light *= np.where(x + 0.4 * y > 0.6, 1 - shadow, 1)
    return np.clip(sheet * light + rng.normal(0, noise, sheet.shape), 0, 255).astype(np.uint8)


def labels_of(rows: Sequence[str]) -> list[int]:
    """Return the digits of rows in reading order."""
    return [int(label) for row in rows for label in row if label != " "]
