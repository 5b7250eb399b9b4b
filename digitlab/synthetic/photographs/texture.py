"""Texture: random noise fields over a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def noise_texture(
    size: tuple[int, int], *, grain: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw a noise field of mean 0 and standard deviation 1.

    Args:
        size: width and height, in pixels.
        grain: size of the lumps in pixels; with 1 all pixels are independent.
        rng: draws the noise.

    Returns:
        float32 (height, width).
    """
    width, height = size
    if grain <= 1:
        return rng.standard_normal((height, width), np.float32)
    coarse = (max(2, round(height / grain)), max(2, round(width / grain)))
    field = Image.fromarray(rng.standard_normal(coarse, np.float32))
    large = np.array(field.resize(size, Image.Resampling.BICUBIC), np.float32)
    large /= max(float(large.std()), 1e-6)
    return large


def to_unit_range(image: Image.Image) -> NDArray[np.float32]:
    """Convert the tones of a grey image from 0-255 to 0-1; float32 (height, width)."""
    return np.asarray(image, np.float32) / np.float32(255)
