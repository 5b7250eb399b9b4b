"""Make pictures of digits that are cropped to their ink, as many data sets have them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from common.picture_files import encode, invert_at_random

Rng = np.random.Generator


def crop_to_ink(digit_image: np.ndarray) -> Image.Image:
    """Crop a digit image to its ink."""
    rows = np.flatnonzero((digit_image > 30).any(1))
    columns = np.flatnonzero((digit_image > 30).any(0))
    return Image.fromarray(digit_image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def fit_square(image: Image.Image, side: int) -> Image.Image:
    """Resize an image until it fits a square of `side` pixels, and pad it with black."""
    scale = side / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)
    square = Image.new("L", (side, side))
    small = image.resize((width, height), Image.Resampling.BICUBIC)
    square.paste(small, ((side - width) // 2, (side - height) // 2))
    return square


def as_png(image: Image.Image, rng: Rng) -> bytes:
    """Return a PNG file, black on white or white on black."""
    return encode(invert_at_random(image, rng), "PNG")


def tight_crop(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Make a picture of 100-300 pixels without a margin."""
    crop = crop_to_ink(digit_image)
    scale = rng.uniform(100, 300) / max(crop.size)
    size = tuple(max(24, round(length * scale)) for length in crop.size)
    return as_png(crop.resize(size, Image.Resampling.BICUBIC), rng)


def crop_16(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Make a grey picture of 16 x 16 pixels without a margin."""
    return as_png(fit_square(crop_to_ink(digit_image), 16), rng)


def crop_16_two_tones(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Make a black and white picture of 16 x 16 pixels; all digits but 1 are stretched to it."""
    crop = crop_to_ink(digit_image)
    square = fit_square(crop, 16) if label == 1 else crop.resize((16, 16), Image.Resampling.BOX)
    return as_png(Image.eval(square, lambda tone: 255 * (tone > 127)), rng)


def crop_8(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Make a grey picture of 8 x 8 pixels without a margin."""
    return as_png(
        fit_square(crop_to_ink(digit_image), 32).resize((8, 8), Image.Resampling.BOX), rng
    )


TIGHT_CROPS = {
    "cut at its ink": tight_crop,
    "16 x 16": crop_16,
    "16 x 16, two tones": crop_16_two_tones,
    "8 x 8": crop_8,
}
"""Functions from a digit image, its label and a generator to the bytes of a picture file."""
