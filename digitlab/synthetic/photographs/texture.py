"""Texture: smooth random fields over a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def texture(
    size: tuple[int, int], *, grain: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A random field of mean 0 and standard deviation 1.

    Args:
        size: width and height, in pixels.
        grain: size of its lumps in pixels; 1 leaves every pixel on its own.
        rng: draws it.

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


def unit(image: Image.Image) -> NDArray[np.float32]:
    """A grey image's tones as shares of 1; float32 (height, width)."""
    return np.asarray(image, np.float32) / np.float32(255)
