"""Cutouts: digits cut at their ink, as collections and careful people keep them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from common.picture_files import either, encoded

Rng = np.random.Generator


def inked(digit_image: np.ndarray) -> Image.Image:
    """The part of a digit image that holds its ink."""
    rows = np.flatnonzero((digit_image > 30).any(1))
    columns = np.flatnonzero((digit_image > 30).any(0))
    return Image.fromarray(digit_image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def fitted(image: Image.Image, side: int) -> Image.Image:
    """Resized so that the longer side fills a square, black beside it."""
    scale = side / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)
    square = Image.new("L", (side, side))
    small = image.resize((width, height), Image.Resampling.BICUBIC)
    square.paste(small, ((side - width) // 2, (side - height) // 2))
    return square


def file(image: Image.Image, rng: Rng) -> bytes:
    """A PNG, black on white or white on black."""
    return encoded(either(image, rng), "PNG")


def cut_at_its_ink(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """100-300 pixels a side, and no margin."""
    cut = inked(digit_image)
    scale = rng.uniform(100, 300) / max(cut.size)
    size = tuple(max(24, round(length * scale)) for length in cut.size)
    return file(cut.resize(size, Image.Resampling.BICUBIC), rng)


def sixteen(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """16 x 16 pixels, grey, from edge to edge."""
    return file(fitted(inked(digit_image), 16), rng)


def sixteen_two_tones(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """16 x 16 pixels, black and white, from edge to edge; all but a 1 stretched to the square."""
    cut = inked(digit_image)
    square = fitted(cut, 16) if label == 1 else cut.resize((16, 16), Image.Resampling.BOX)
    return file(Image.eval(square, lambda tone: 255 * (tone > 127)), rng)


def eight(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """8 x 8 pixels, grey, from edge to edge."""
    return file(fitted(inked(digit_image), 32).resize((8, 8), Image.Resampling.BOX), rng)


CUTOUTS = {
    "cut at its ink": cut_at_its_ink,
    "16 x 16": sixteen,
    "16 x 16, two tones": sixteen_two_tones,
    "8 x 8": eight,
}
"""Each from a digit image, its label and a generator to the bytes of a file."""
