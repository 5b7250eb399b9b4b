"""Pages of digits for tests: rows of MNIST digits of `validation`, written on one sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.datasets import mnist

Sheet = NDArray[np.uint8]
"""uint8 (H, W), dark ink on light paper."""

PAPER, INK = 225, 45


def digit(label: int, n: int = 0) -> NDArray[np.uint8]:
    """The n-th digit image of a label in `validation`, cut to its ink; bright on 0."""
    x, y = mnist.load("validation")
    image = x[np.flatnonzero(y == label)[n]]
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def sheet(
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
        rows: the digits of each, for example "2019"; a space leaves room for one.
        height: of a digit, in pixels.
        gap: between digits, as a share of the height; negative for touching ones.
        leading: from one row to the next, as a share of the height.
        slant: of the rows, in degrees; positive falls to the right.
        jitter: by which sizes and places differ, as a share of the height.
        seed: of the digits and the jitter.
    """
    rng = np.random.default_rng(seed)
    width = round(height * (1.2 + max(map(len, rows)) * (0.9 + max(gap, 0))))
    fall = round(np.tan(np.deg2rad(slant)) * width)
    cover = np.zeros((round(height * (1 + leading * len(rows))) + abs(fall), width))
    for number, row in enumerate(rows):
        x = 0.6 * height
        for label in row:
            if label == " ":
                x += height
                continue
            image = Image.fromarray(digit(int(label), int(rng.integers(60))))
            scale = height * (1 + rng.uniform(-jitter, jitter)) / 20
            size = tuple(max(1, round(side * scale)) for side in image.size)
            ink = np.asarray(image.resize(size, Image.Resampling.BICUBIC)) / 255
            ink = np.clip((ink - 0.5) * 6 + 0.5, 0, 1)
            y = height * (0.6 + leading * number + rng.uniform(-jitter, jitter)) + (
                height - size[1]
            )
            y += x * fall / width + max(0, -fall)
            place = cover[round(y) : round(y) + size[1], round(x) : round(x) + size[0]]
            np.maximum(place, ink[: place.shape[0], : place.shape[1]], out=place)
            x += size[0] + gap * height
    return np.rint(PAPER + (INK - PAPER) * cover).astype(np.uint8)


def photographed(page: Sheet, *, shadow: float = 0.0, noise: float = 3, seed: int = 0) -> Sheet:
    """The sheet under uneven light, with a shadow's hard edge across it, and with noise."""
    rng = np.random.default_rng(seed)
    height, width = page.shape
    y, x = np.mgrid[0:height, 0:width] / max(page.shape)
    light = 1 - 0.25 * x - 0.1 * y
    light *= np.where(x + 0.4 * y > 0.6, 1 - shadow, 1)
    return np.clip(page * light + rng.normal(0, noise, page.shape), 0, 255).astype(np.uint8)


def truth(rows: Sequence[str]) -> list[int]:
    """The digits of rows in reading order."""
    return [int(label) for row in rows for label in row if label != " "]
