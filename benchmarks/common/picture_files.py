"""Encode images as picture files."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

Rng = np.random.Generator


def encode(image: Image.Image, file_format: str, **options: object) -> bytes:
    """Return the bytes of an image file in a format of Pillow, for example "JPEG"."""
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def invert_at_random(image: Image.Image, rng: Rng) -> Image.Image:
    """Return the image or, with probability 0.5, its negative."""
    return image if rng.random() < 0.5 else Image.eval(image, lambda tone: 255 - tone)
